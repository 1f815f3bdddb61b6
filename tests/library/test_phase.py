"""Phase diagrams: runs reduced to cells, the regimes, and the test of agreement."""

from math import comb

import numpy as np
import pytest
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import phase
from tests.library.common import FALSE_ALARM


def made_up(seed, *, runs=50, shape=(2, 3), diverged=0.3):
    """Runs as sweep returns them, with drawn numbers; accuracies are out of 100."""
    rng = np.random.default_rng(seed)
    dims, size = ("kappa", "nu", "seed"), (*shape, runs)
    gone = rng.random(size) < diverged
    signals = rng.normal(size=(2, *size, 2))
    signals[:, gone] *= 1e9
    signals[1] = signals[1].clip(min=0)  # a quarter of the runs keeps both labels
    signals[1][rng.random((*size, 2)) < 0.1] = 0.0005
    return xarray.Dataset(
        {
            "accuracy_weak": (dims, rng.integers(40, 101, size) / 100),
            "accuracy_strong": (dims, rng.integers(80, 101, size) / 100, {"long_name": "share"}),
            "diverged": (dims, gone, {"long_name": "whether"}),
            "oscillation": (dims, np.where(rng.random(size) < 0.1, np.nan, rng.random(size))),
            "weak_gap": ((*dims, "label"), signals[0]),
            "strong_signal": ((*dims, "label"), signals[1]),
        },
        {"kappa": list(range(shape[0])), "nu": list(range(shape[1])), "seed": list(range(runs))},
        {"epochs": 200},
    )


def one_cell(*outcomes, signals=(0.5, 0.5)):
    """A Dataset of one cell: each run is (accuracy on strong, on weak points, diverged)."""
    strong, weak, gone = np.array(outcomes, dtype=float).T
    runs = made_up(0, runs=len(outcomes), shape=(1, 1))
    for name, values in (("accuracy_strong", strong), ("accuracy_weak", weak)):
        runs[name][:] = values
    runs["diverged"][:] = gone.astype(bool)
    runs["strong_signal"].values[:] = signals
    return phase.reduce_runs(runs)


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_cell_says_what_its_runs_say(seed, diverged):
    runs = made_up(seed, diverged=diverged)
    cells = phase.reduce_runs(runs)
    assert cells.attrs == runs.attrs
    for i, j in np.ndindex(2, 3):
        run, cell = runs.isel(kappa=i, nu=j), cells.isel(kappa=i, nu=j)
        alive = ~run.diverged.values
        assert cell.runs == 50 and cell.diverged == 50 - alive.sum()
        for kind in phase.KINDS:
            share = run[f"accuracy_{kind}"].values[alive]
            np.testing.assert_allclose(cell[f"{kind}_sum"], share.sum())
            np.testing.assert_allclose(cell[f"{kind}_squares"], (share**2).sum())
        for strong in phase.LEVELS:
            for weak in phase.LEVELS:
                ok = (run.accuracy_strong.values * 100).round() >= round(100 * strong)
                ok &= (run.accuracy_weak.values * 100).round() >= round(100 * weak)
                at = {"strong_level": strong, "weak_level": weak}
                assert cell.reached.sel(at) == (ok & alive).sum()
                for signal in phase.SIGNALS:
                    kept = ok & alive & (run.strong_signal.values > signal).all(-1)
                    assert cell.kept.sel(signal_level=signal, **at) == kept.sum()
        for name, values in (
            ("gap", run.weak_gap.values.min(-1)),
            ("strong", run.strong_signal.values.min(-1)),
            ("oscillation", run.oscillation.values),
        ):
            values = values[alive & np.isfinite(values)]
            wanted = np.quantile(values, phase.QUANTILES) if len(values) else np.full(5, np.nan)
            np.testing.assert_allclose(cell[name], wanted)


@pytest.mark.filterwarnings("error")
def test_a_cell_without_a_finished_run_makes_no_warning():
    cells = phase.reduce_runs(made_up(0, diverged=1.0))
    assert cells.gap.isnull().all() and cells.gap.dims == ("kappa", "nu", "quantile")


@settings(max_examples=10)
@given(
    st.integers(0, 10**6),
    st.sampled_from(phase.SIGNALS),
    st.sampled_from(phase.LEVELS),
    st.sampled_from(phase.LEVELS),
)
def test_every_run_has_one_regime(seed, signal, strong, weak):
    cells = phase.reduce_runs(made_up(seed))
    counts = phase.regimes(cells, signal=signal, strong=strong, weak=weak)
    assert (counts >= 0).all() and (counts.sum("regime") == 50).all()


@pytest.mark.parametrize(
    "outcome, signals, regime",
    [
        ((1.0, 0.5, False), (1, 0.1), "too small"),
        ((0.9, 0.89, False), (1, 0.1), "too small"),
        ((0.89, 1.0, False), (1, 0.1), "too small"),
        ((0.9, 0.9, False), (1, 0.1), "benign"),
        ((1.0, 1.0, False), (1e-30, 1), "benign"),
        ((1.0, 1.0, False), (0, 1), "malignant"),
        ((0.5, 0.5, False), (1, 0), "malignant"),
        ((1.0, 1.0, True), (0, 1), "diverged"),
    ],
)
def test_the_four_regimes(outcome, signals, regime):
    counts = phase.regimes(one_cell(outcome, signals=signals)).squeeze().values
    assert counts.tolist() == [int(name == regime) for name in phase.REGIMES]


def test_another_signal_level():
    cell = one_cell((1.0, 1.0, False), signals=(0.005, 1))
    found = [phase.regimes(cell, signal=x).argmax("regime").item() for x in phase.SIGNALS]
    assert [phase.REGIMES[i] for i in found] == ["benign", "benign", "malignant"]


@pytest.mark.parametrize("share", range(60, 101))
def test_a_level_is_reached_by_the_share_itself(share):
    cell = one_cell((share / 100, share / 100, False))
    for level in phase.LEVELS:
        reached = cell.reached.sel(strong_level=level, weak_level=level).item()
        assert reached == (share >= round(100 * level))


@settings(max_examples=10)
@given(st.integers(0, 10**6), st.sampled_from(phase.KINDS))
def test_mean_accuracy_counts_by_run(seed, kind):
    runs = made_up(seed)
    mean, error = phase.mean_accuracy(phase.reduce_runs(runs), kind)
    alive = runs[f"accuracy_{kind}"].where(~runs.diverged)
    n = (~runs.diverged).sum("seed")
    np.testing.assert_allclose(mean, alive.mean("seed"))
    np.testing.assert_allclose(error, alive.std("seed", ddof=1) / n**0.5)


def test_one_run_has_no_standard_error():
    mean, error = phase.mean_accuracy(one_cell((1, 1, False), (1, 1, True)), "weak")
    assert mean.isnull().all() and error.isnull().all()


@settings(max_examples=8)
@given(st.integers(0, 10**6))
def test_samples_of_one_law_rarely_disagree(seed):
    """The bound is one of a probability: of n comparisons about n p at most have it below p."""
    runs = made_up(seed, runs=300, shape=(10, 10), diverged=0.2)
    parts = (
        phase.reduce_runs(runs.isel(seed=range(40))),
        phase.reduce_runs(runs.isel(seed=range(40, 300))),
    )
    bounds = phase.disagreement(*parts).values
    assert bounds.shape == (10, 10, 3) and ((bounds > 0) & (bounds <= 1)).all()
    assert bounds.min() >= FALSE_ALARM / bounds.size
    # 300 comparisons below 0.05 with probability 0.05 at most: 15 expected, 50 practically never.
    assert (bounds < 0.05).sum() < 50


def test_the_bound_is_bennetts():
    first = one_cell(*[(1, 1, False)] * 10, *[(1, 0, False)] * 10)
    second = one_cell(*[(1, 1, False)] * 60)
    n, mean = 20, 70 / 80
    variance, epsilon = mean * (1 - mean), mean - 10 / 20
    x = epsilon / variance
    wanted = 2 * np.exp(-n * variance * ((1 + x) * np.log(1 + x) - x))
    found = phase.disagreement(first, second).sel(quantity="weak").item()
    assert found == pytest.approx(wanted) and wanted < 0.01
    # Sharper than Bernstein's, which follows from it.
    assert found < 2 * np.exp(-n * epsilon**2 / (2 * (variance + epsilon / 3)))


@pytest.mark.parametrize("ones, n", [(1, 5), (6, 20), (30, 20), (57, 40)])
def test_the_bound_holds_for_samples_without_replacement(ones, n):
    """60 numbers, each 0 or 1: the count in a sample of n is hypergeometric, exactly."""
    total = comb(60, n)
    chance = np.array([comb(ones, k) * comb(60 - ones, n - k) / total for k in range(n + 1)])
    mean = ones / 60
    distance = abs(np.arange(n + 1) / n - mean)
    for epsilon in distance[distance > 0]:
        tail = chance[distance >= epsilon - 1e-12].sum()
        assert phase.sampling_bound(epsilon, mean * (1 - mean), n) >= tail - 1e-12


def test_the_bound_of_no_distance():
    assert phase.sampling_bound(0.0, 0.0, 10) == 1
    assert phase.sampling_bound(1e-16, 0.0, 200) == 1
    assert phase.sampling_bound([0.0, 0.5], 0.0, 200).tolist() == [1, 0]


@pytest.mark.parametrize("other", [(0.5, 1, False), (1, 0.5, False), (1, 1, True)])
def test_samples_of_two_laws_disagree(other):
    first, second = one_cell(*[other] * 60), one_cell(*[(1, 1, False)] * 300)
    assert phase.disagreement(first, second).min() < FALSE_ALARM
    assert (phase.disagreement(second, second) == 1).all()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: phase.reduce_runs(3), TypeError, "runs must be a Dataset"),
        (
            lambda: phase.reduce_runs(made_up(0).isel(seed=0)),
            ValueError,
            "runs must have an axis 'seed' and the variables accuracy_strong",
        ),
        (
            lambda: phase.reduce_runs(made_up(0).drop_vars("weak_gap")),
            ValueError,
            "weak_gap",
        ),
        (lambda: phase.load("kappa"), ValueError, "name must be one of 'nu', 'rho', 'noise'"),
        (lambda: phase.regimes(3), TypeError, "cells must be a Dataset"),
        (
            lambda: phase.regimes(one_cell((1, 1, False)), weak=0.5),
            ValueError,
            "weak must be one of 0.0, 0.6, 0.7, 0.8, 0.9, 0.95, got 0.5",
        ),
        (
            lambda: phase.regimes(one_cell((1, 1, False)), signal=0.1),
            ValueError,
            "signal must be one of 0.0, 0.001, 0.01, got 0.1",
        ),
        (
            lambda: phase.regimes(one_cell((1, 1, False)), strong=np.zeros(2)),
            ValueError,
            "strong must be one of",
        ),
        (lambda: phase.sampling_bound(-0.1, 0.1, 5), ValueError, "epsilon must be finite, >= 0"),
        (lambda: phase.sampling_bound(0.1, [-1.0], 5), ValueError, "variance must be finite, >= 0"),
        (lambda: phase.sampling_bound(0.1, 0.1, 0), ValueError, "n must be finite, >= 1"),
        (lambda: phase.sampling_bound("a", 0.1, 5), TypeError, "epsilon must be a number"),
        (
            lambda: phase.mean_accuracy(one_cell((1, 1, False)), "all"),
            ValueError,
            "kind must be one of 'weak', 'strong', got 'all'",
        ),
        (
            lambda: phase.disagreement(one_cell((1, 1, False)), 3),
            TypeError,
            "second must be a Dataset",
        ),
        (
            lambda: phase.disagreement(one_cell((1, 1, False)), phase.reduce_runs(made_up(0))),
            ValueError,
            "second must have the cells of first",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
