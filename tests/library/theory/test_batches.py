"""Thresholds of random batches: against every arrangement, and in runs of the network's own map."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import theory


def train(miss, kappa, own, sizes):
    """1 − s after batches with own[..., b] points of the class among sizes[b]: the real map."""
    s = np.full(own.shape[:-1], 1 - miss)
    for b, size in enumerate(sizes):
        s = s * (1 + kappa * own[..., b] / size * (1 - s)) ** 2
    return 1 - s


def arrangements(points, own, batch_size):
    """Every way to lay the points of a class into an epoch: (ways, batches), and the sizes."""
    sizes = [batch_size] * (points // batch_size) + [points % batch_size] * (
        points % batch_size > 0
    )
    ends = np.cumsum([0, *sizes])
    found = np.array(list(itertools.combinations(range(points), own)))
    return np.stack(
        [((found >= a) & (found < b)).sum(1) for a, b in itertools.pairwise(ends)], 1
    ), sizes


@pytest.mark.parametrize("factor", [0.98, 1.02])
@pytest.mark.parametrize(
    ("points", "own", "batch_size"),
    [(8, 4, 2), (8, 4, 4), (8, 2, 4), (9, 3, 4), (6, 3, 1), (6, 3, 6)],
)
def test_the_mean_square_over_every_arrangement(points, own, batch_size, factor):
    kappa = factor * theory.batch_limit(batch_size, own, points, shuffled=True)
    laid, sizes = arrangements(points, own, batch_size)
    grown = (train(1e-8, kappa, laid, sizes) ** 2).mean() / 1e-16
    assert (grown > 1) == (factor > 1)
    at_limit = train(1e-8, kappa / factor, laid, sizes)
    assert (at_limit**2).mean() / 1e-16 == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("points", "own", "batch_size"), [(8, 4, 4), (9, 3, 4), (8, 4, 2)])
def test_the_exponent_over_every_arrangement(points, own, batch_size):
    laid, sizes = arrangements(points, own, batch_size)
    for kappa in (0.7, 1.3, 1.9):
        grown = np.log(np.abs(train(1e-9, kappa, laid, sizes)) / 1e-9).mean() / len(sizes)
        found = theory.batch_exponent(kappa, batch_size, own, points, shuffled=True)
        assert found == pytest.approx(grown, abs=1e-5)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("batch_size", [2, 4])
def test_the_almost_sure_threshold_in_runs(batch_size, shuffled):
    """2000 runs of 16 batches on each side of the threshold, from the same draws."""
    rng, runs, steps = np.random.default_rng(batch_size), 2000, 16
    if shuffled:
        labels = rng.permuted(np.arange(steps * runs * batch_size).reshape(-1, 32) % 2, axis=1)
        own = labels.reshape(runs, steps, batch_size).sum(-1)
    else:
        own = rng.binomial(batch_size, 0.5, (runs, steps))
    limit = theory.batch_limit_almost_surely(batch_size, 16, 32, shuffled=shuffled)
    for factor in (0.96, 1.04):
        miss = train(1e-7, factor * limit, own, [batch_size] * steps)
        rounded = np.maximum(np.abs(miss), 1e-17)
        assert (np.log(rounded / 1e-7).mean() > 0) == (factor > 1)


def test_between_the_two_thresholds_a_run_settles_and_the_mean_square_grows():
    """B = 2 and κ = 1.45: of 20 000 runs nearly all are quieter after 30 steps than before."""
    assert theory.batch_limit(2) < 1.45 < theory.batch_limit_almost_surely(2)
    own = np.random.default_rng(0).binomial(2, 0.5, (20_000, 30))
    factors = np.abs(train(1e-13, 1.45, own, [2] * 30)) / 1e-13
    exact = (np.abs(1 - 2 * 1.45 * np.arange(3) / 2) ** 2 @ np.array([1, 2, 1]) / 4) ** 30
    assert exact > 100 and (factors < 1).mean() > 0.7


def test_known_values():
    assert theory.batch_limit(2) == pytest.approx(4 / 3, rel=1e-12, abs=0)
    assert theory.batch_limit_almost_surely(2) == pytest.approx(
        max(np.roots([2, -5, 4, -2]).real), abs=1e-9
    )  # (κ − 1)² (2κ − 1) = 1
    assert theory.batch_limit_almost_surely(4) == pytest.approx(2.358, abs=1e-3)
    assert theory.batch_limit(1) == theory.batch_limit_almost_surely(1) == 1
    for limit in (theory.batch_limit, theory.batch_limit_almost_surely):
        assert limit(1, 2, 8, shuffled=True) == 1
        for own, points in ((8, 16), (2, 8)):  # the full batch, also for larger B
            for size in (points, points + 5):
                found = limit(size, own, points, shuffled=True)
                assert found == pytest.approx(points / own, rel=1e-9, abs=0)
                assert found == pytest.approx(
                    theory.kappa_limit(share=own / points), rel=1e-9, abs=0
                )


@given(batch_size=st.integers(1, 20), points=st.integers(2, 40), data=st.data())
def test_the_order_of_the_thresholds(batch_size, points, data):
    """Jensen: where the mean square shrinks, the exponent is negative."""
    given = batch_size, data.draw(st.integers(1, points - 1)), points
    square, sure = theory.batch_limit(*given), theory.batch_limit_almost_surely(*given)
    assert 1 <= square <= sure * (1 + 1e-9)
    assert square <= points / given[1]
    assert theory.batch_exponent(np.linspace(0.01, 0.999, 20), *given).max() < 0
    if batch_size > 1:
        assert theory.batch_exponent(sure, *given) == pytest.approx(0, abs=1e-6)
        assert theory.batch_exponent(sure * (1 - 1e-6), *given) < 0


def test_the_exponent_can_fall_again():
    """B = 6: near κ = 3 a batch with one point of the class undoes the miss."""
    assert theory.batch_limit_almost_surely(6) == pytest.approx(2.172, abs=1e-3)
    assert theory.batch_exponent(2.5, 6) > 0 > theory.batch_exponent(3.001, 6)
    assert theory.batch_exponent(3.01, 6) > 0
    assert theory.batch_exponent(3.0, 6) == -math.inf
