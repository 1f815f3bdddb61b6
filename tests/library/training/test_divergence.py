"""Runs that diverge, against a plain NumPy loop."""

import dataclasses
import re
import warnings

import numpy as np
import pytest
import torch

from benign_osc_lib import PatchData, sgd_step, train
from tests.library.common import MODEL, assert_close, problem, seeded
from tests.library.training.common import FIELDS, cyclic, train_plainly


@pytest.mark.parametrize(
    ("lr", "seed"),
    [(2.0, 2), (3.0, 2), (6.0, 2), (20.0, 0), (20.0, 1), (20.0, 2)]
    + [(lr, seed) for lr in (100.0, 1e4, 1e20, 1e77, 1e100, 1e150) for seed in (0, 1, 2)],
)
def test_a_run_diverges_where_the_plain_loop_does(lr, seed):
    """The number of updates, the path up to there and the weights that stay."""
    data, w = problem(seed=seed)
    plain = train_plainly(data, w, lr, cyclic(data, 5))
    stop = plain.diverged_at
    assert stop >= 1
    run = train(data, w, lr, epochs=5)
    assert run.diverged_at.item() == stop
    assert_close(run.weights, plain.weights, 1e-8)
    assert_close(run.strong, plain.strong, 1e-8)
    assert_close(run.weak, plain.weak, 1e-8)
    before = np.arange(20).reshape(5, 4) < stop
    assert_close(run.margins[before], plain.margins[before], 1e-8)


@pytest.mark.parametrize("epochs", range(1, 7))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_of_any_length_diverges_where_the_plain_loop_does(epochs, seed):
    """Where a run diverges does not depend on how long it was meant to be."""
    data, w = problem(n=3, seed=seed)
    rates = [1.0, 3.0, 10.0, 30.0, 100.0]
    expected = [train_plainly(data, w, lr, cyclic(data, epochs)).diverged_at for lr in rates]
    run = train(data, w, torch.tensor(rates, dtype=torch.float64), epochs=epochs)
    assert run.diverged_at.tolist() == expected


def test_every_update_is_tested_on_every_point():
    """A run whose update throws the output on another point than its own has diverged.

    One filter w = (0, 0, -3) of sign +, with η = 1. Point 0, at (0, 0, 10⁴), does not activate it.
    On point 1, at (0, 0, -1), f = 9: w moves by -(9 - 1)·2·3·(0, 0, -1), to (0, 0, 45). There
    point 1 gives 0 and point 0 gives (45·10⁴)² > 10⁶.
    """
    x = torch.zeros(2, 1, 3, dtype=torch.float64)
    x[0, 0, 2], x[1, 0, 2] = 1e4, -1
    y, u, v = torch.ones(2).double(), *torch.eye(3).double()[:2]
    data = PatchData(x=x, y=y, is_weak=torch.zeros(2, dtype=torch.bool), u=u, v=v)
    w = torch.zeros(2, 1, 3, dtype=torch.float64)
    w[0, 0, 2] = -3
    run = train(data, w, 1.0, epochs=1)
    assert run.margins.tolist() == [[0, 9]]
    assert run.weights[0, 0].tolist() == [0, 0, 45]
    assert run.diverged_at.item() == 2


@pytest.mark.parametrize("lr", [1e150, 1e154, 1e160, 1e200, 1e300, 1e307, 1.7e308])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_overflow_is_divergence(lr, seed):
    """At rates whose updates overflow there is no exception, warning or NaN in the state."""
    data, w = problem(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = train(data, w, lr, epochs=5)
    assert run.diverged_at == train_plainly(data, w, lr, cyclic(data, 5)).diverged_at
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).isfinite().all()


def test_overflow_does_not_reach_the_signals():
    """Features with entries of both signs meet huge weights: neither ∞ nor ∞ - ∞ must arise."""
    data, w = problem(m=2)
    u = torch.ones(8, dtype=torch.float64)
    v = torch.tensor([1.0, -1.0] * 4, dtype=torch.float64)
    x = torch.randn(4, 3, 8, generator=seeded(1), dtype=torch.float64)
    x[:, 0], x[:, 1] = data.y[:, None] * u, data.y[:, None] * v
    data = PatchData(x=x, y=data.y, is_weak=torch.zeros(4, dtype=torch.bool), u=u, v=v)
    run = train(data, w, torch.linspace(1e306, 1.7e308, 400, dtype=torch.float64), epochs=2)
    assert (run.diverged_at >= 0).all()
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).isfinite().all()


@pytest.mark.parametrize(
    ("dtype", "scale"), [(torch.float32, 1e-10), (torch.float64, 1e-60), (torch.float64, 1e40)]
)
def test_scaling_the_data_changes_nothing(dtype, scale):
    """x → ax, W → W/a, η → η/a² is a symmetry, also of what counts as divergence."""
    data, w = problem(n=6, m=8, seed=3)
    rates = torch.tensor([1.0, 10.0], dtype=torch.float64)
    data, w = dataclasses.replace(data, x=data.x, u=None, v=None), w
    scaled = PatchData((scale * data.x).to(dtype), data.y.to(dtype), data.is_weak)
    run = train(data, w, rates, epochs=4)
    other = train(scaled, (w / scale).to(dtype), rates / scale**2, epochs=4)
    assert run.diverged_at[0] == -1 < run.diverged_at[1]
    assert torch.equal(other.diverged_at, run.diverged_at)
    tolerance = 1e-4 if dtype == torch.float32 else 1e-9
    assert_close(other.margins[0].double(), run.margins[0], tolerance)


def test_a_diverged_run_is_frozen():
    data, w = problem(seed=2)
    run = train(data, w, 10.0, epochs=5)
    stop = run.diverged_at.item()
    assert 1 < stop < 20
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    assert_close(run.strong[stop], j * (run.weights @ MODEL.u))
    assert_close(run.weak[stop], j * (run.weights @ MODEL.v))
    assert not torch.allclose(run.strong[stop - 1], run.strong[stop])
    for row in range(stop, 21):
        assert torch.equal(run.strong[row], run.strong[stop])
        assert torch.equal(run.weak[row], run.weak[stop])


def test_a_run_may_start_out_diverged():
    data, w = problem()
    run = train(data, 1e5 * w, 0.1, epochs=2)
    assert run.diverged_at.item() == 0
    assert torch.equal(run.weights, 1e5 * w)


@pytest.mark.parametrize("lr", [10.0, 1e200, 1e308])
def test_a_diverged_run_does_not_touch_the_others(lr):
    data, w = problem(seed=2)
    good = torch.tensor([0.1, 0.5, 0.4], dtype=torch.float64)
    mixed = torch.tensor([0.1, lr, 0.5, 0.4], dtype=torch.float64)
    without, batch = train(data, w, good, epochs=5), train(data, w, mixed, epochs=5)
    assert batch.diverged_at[1] >= 0
    assert without.diverged_at.tolist() == [-1, -1, -1]
    for name in FIELDS:
        assert_close(getattr(batch, name)[[0, 2, 3]], getattr(without, name))


@pytest.mark.parametrize("engine", ["reduced", "reference"])
@pytest.mark.parametrize("lr", [1e-50, 1e39, 1e308])
def test_rates_that_float32_cannot_hold_are_refused(lr, engine):
    """They would become 0 or infinite."""
    data = MODEL.sample(4, generator=seeded(0), dtype=torch.float32)
    w = problem(m=8)[1].float()
    message = rf"^lr must .* as torch.float32, got {re.escape(str(lr))}"
    for rates in (lr, [0.1, lr], torch.tensor([lr, 0.1], dtype=torch.float64)):
        with pytest.raises(ValueError, match=message):
            train(data, w, rates, epochs=1, engine=engine)
    with pytest.raises(ValueError, match="^lr must be .* as torch.float32"):
        sgd_step(w, data.x[0], data.y[0], lr)
    assert train(data, w, [1e-38, 3e38], epochs=1).diverged_at.tolist() == [-1, 1]


@pytest.mark.parametrize("lr", [20.0, 1e15, 1e18, 1e25, 1e38])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_float32_divergence(lr, seed):
    """Rates whose updates overflow float32 diverge like the others."""
    w = problem(seed=seed)[1].float()
    data = MODEL.sample(4, generator=seeded(seed), dtype=torch.float32)
    run = train(data, w, lr, epochs=5)
    assert run.diverged_at.item() >= 0
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).dtype == torch.float32
        assert getattr(run, name).isfinite().all()
