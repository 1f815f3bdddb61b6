"""What chapter 16 says of its recorded runs."""

import numpy as np
import pytest
from scipy.stats import sem
from scipy.stats import t as student

from benign_osc_lib.deep import at_training_loss, load_runs, select_runs

RATES = (0.01, 0.03, 0.1, 0.3, 0.75)
USUAL = {"shortcut": 0.875, "strength": 1.0, "loss": "cross-entropy"}


@pytest.fixture(scope="module")
def main():
    """The runs of the main grid by their first rate, each a list with one run a seed."""
    runs = load_runs("digits")
    found = {
        lr: select_runs(runs, lr=lr, epochs=30, schedule=((20, 0.01),), **USUAL) for lr in RATES
    }
    for group in found.values():
        assert sorted(run.settings["seed"] for run in group) == [0, 1, 2, 3, 4]
    return found


def last(group, column):
    return np.array([run.last[column] for run in group])


def test_a_larger_first_rate_ends_higher(main):
    means = [last(main[lr], "test_removed").mean() for lr in RATES]
    assert (np.diff(means) > 0).all()
    assert (last(main[0.75], "test_removed") - last(main[0.01], "test_removed")).min() > 0.15


def lead(first, second, column, level):
    """Of the first group at one training loss, in points: mean and 95 % half-width."""
    pair = [
        np.array([at_training_loss(run.rows, column, [level])[0] for run in group])
        for group in (first, second)
    ]
    more = 100 * (pair[0] - pair[1])
    assert len(more) == 5 and np.isfinite(more).all()
    return more.mean(), student.ppf(0.975, 4) * sem(more)


def test_at_one_training_loss_the_rates_agree_without_the_shortcut(main):
    for level, points in ((0.1, 5), (0.02, 3)):
        for lr in (0.1, 0.3):
            mean, half = lead(main[0.75], main[lr], "test_removed", level)
            assert abs(mean) + half < points
    for lr in (0.01, 0.03):
        assert min(row["train_loss"] for run in main[lr] for row in run.rows) > 0.1


def test_at_one_training_loss_the_large_rate_trusts_the_shortcut_less(main):
    small = select_runs(load_runs("digits"), lr=0.01, epochs=210, schedule=(), **USUAL)
    for level in (0.5, 0.2, 0.1, 0.05, 0.02):
        mean, half = lead(main[0.75], main[0.1], "test_wrong", level)
        assert mean - half > 9
    for group, wanted in ((main[0.1], (22, 5)), (small, (23, 4))):
        found = lead(main[0.75], group, "test_wrong", 0.02)
        assert tuple(map(round, found)) == wanted
    mean, half = lead(main[0.1], small, "test_wrong", 0.02)
    assert abs(mean) < half < 3


def test_a_fair_small_rate_trusts_the_shortcut_more(main):
    runs = load_runs("digits")
    fair = {
        0.1: select_runs(runs, lr=0.1, epochs=151, schedule=(), **USUAL),
        0.01: select_runs(runs, lr=0.01, epochs=210, schedule=(), **USUAL),
    }
    lead = last(main[0.75], "test_wrong") - last(fair[0.1], "test_wrong")
    assert len(lead) == 5 and lead.min() > 0.05 and round(100 * lead.mean()) == 20
    assert last(main[0.75], "train_loss").mean() / last(fair[0.1], "train_loss").mean() < 1.2
    lead = last(main[0.1], "test_wrong") - last(fair[0.01], "test_wrong")
    assert len(lead) == 5 and abs(lead.mean()) < 0.02


def test_no_group_is_at_the_edge_after_twenty_epochs(main):
    for lr, group in main.items():
        tops = {
            name: np.array([run.at(20)[f"sharpness_{name}"] for run in group])
            for name in ("shortcut", "rest", "all", "batch")
        }
        assert all((lr / 2 * top < 1).all() for top in tops.values())
        if lr > 0.01:
            assert (tops["shortcut"] < tops["rest"]).all()


def test_the_edge_is_early():
    runs = load_runs("digits")
    fast, slow = (select_runs(runs, lr=lr, epochs=5, schedule=(), **USUAL) for lr in (0.75, 0.1))
    assert len(fast) == len(slow) == 5

    def mean(group, name, epoch):
        lr = group[0].settings["lr"]
        return lr / 2 * np.mean([run.at(epoch)[f"sharpness_{name}"] for run in group])

    def ends(group, name, epoch):
        lr = group[0].settings["lr"]
        tops = [lr / 2 * run.at(epoch)[f"sharpness_{name}"] for run in group]
        return min(tops), max(tops)

    assert all(0.7 < mean(fast, "batch", epoch) < 1.5 for epoch in (1, 2, 3))
    assert all(mean(fast, "batch", epoch) < 0.7 for epoch in (4, 5))
    assert all(0.095 < mean(slow, "batch", epoch) < 0.135 for epoch in range(1, 6))
    # The curvature of all images does not tell the rates apart: their ranges overlap.
    assert ends(fast, "all", 1)[0] < ends(slow, "all", 1)[0] < 0.7 < mean(slow, "all", 1)
    assert mean(fast, "all", 1) < 1 and mean(fast, "shortcut", 5) < 0.3
    assert 1 < max(ends(slow, "rest", epoch)[1] for epoch in range(1, 6)) < 1.15


def test_the_trial_as_the_ledger_quotes_it():
    runs = load_runs("trial")

    def ends(lr, schedule=(), shortcut=0.0):
        group = select_runs(runs, lr=lr, schedule=schedule, shortcut=shortcut)
        return sorted((100 * last(group, "test_removed")).round(1))

    assert ends(0.01) == [92.5, 92.7]
    assert ends(0.75) == [90.0, 91.6]
    assert ends(0.75, shortcut=0.875) == [82.3, 84.9]
    assert [round(x) for x in ends(0.75, ((10, 0.01),))] == [94, 94]
    assert ends(0.01, shortcut=0.875) == [86.6, 86.8]
    assert ends(0.75, ((10, 0.01),), shortcut=0.875) == [88.9, 89.6]
    at = [
        sorted(100 * at_training_loss(run.rows, "test_removed", [5e-4])[0] for run in group)
        for group in (
            select_runs(runs, lr=0.01, schedule=(), shortcut=0.875),
            select_runs(runs, lr=0.1, schedule=((10, 0.01),), shortcut=0.875),
        )
    ]
    assert [[round(x, 1) for x in group] for group in at] == [[86.4, 86.7], [88.4]]
