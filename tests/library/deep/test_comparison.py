"""Runs by their settings, and at one training loss."""

import numpy as np
import pytest

from benign_osc_lib.deep import Recorded, at_training_loss, select_runs


def rows(losses, values):
    return [{"train_loss": a, "test_removed": b} for a, b in zip(losses, values, strict=True)]


def test_between_two_epochs_the_logarithm_counts():
    log = rows([1.0, 0.1, 0.5, 0.01], [0.1, 0.3, 0.0, 0.7])
    levels = [2.0, 1.0, 10**-0.5, 0.1, 10**-1.5, 0.01, 0.001]
    found = at_training_loss(log, "test_removed", levels)
    # The third epoch has a higher loss than the second, and does not count.
    assert np.isnan(found[[0, -1]]).all()
    assert found[[1, 2]] == pytest.approx([0.1, 0.2])
    assert found[-3:-1] == pytest.approx([0.5, 0.7])
    for wrong in ([0.0], [-1.0], [[0.1]], 0.1):
        with pytest.raises(ValueError, match="^levels must be a vector of numbers > 0"):
            at_training_loss(log, "test_removed", wrong)


def test_an_epoch_whose_loss_is_no_record_does_not_count():
    log = rows([1.0, 0.5, 3.0, 0.4], [60.0, 70.0, 30.0, 72.0])
    between = np.log(0.5 / 0.45) / np.log(0.5 / 0.4)
    found = at_training_loss(log, "test_removed", [0.7, 0.5, 0.45])
    assert found[1:] == pytest.approx([70.0, 70.0 + 2.0 * between])
    again = at_training_loss([log[0], log[1], log[1], log[3]], "test_removed", [0.7, 0.5, 0.45])
    assert again == pytest.approx(found)


def test_runs_by_their_settings():
    runs = [Recorded({"lr": lr, "seed": seed}, {}, []) for lr in (0.1, 0.2) for seed in (0, 1)]
    assert select_runs(runs, lr=0.2) == runs[2:]
    assert select_runs(runs, lr=0.1, seed=1) == [runs[1]]
    assert select_runs(runs) == runs and select_runs(runs, lr=3) == []
    with pytest.raises(ValueError, match="^settings must be of the runs, got rate"):
        select_runs(runs, rate=0.1)
