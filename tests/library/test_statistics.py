"""Means by run and laws of counts, against exact sums and against samples."""

from itertools import product
from math import comb, sqrt

import numpy as np
import pytest
import torch
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm, ttest_1samp

from benign_osc_lib import statistics
from tests.library.common import FALSE_ALARM


def test_the_mean_by_run_by_hand():
    mean, half = statistics.mean_by_run([0.5, 1.0, 0.75])
    assert mean == pytest.approx(0.75)
    assert half == pytest.approx(1.959963984540054 * 0.25 / sqrt(3))
    wide = statistics.mean_by_run([0.5, 1.0, 0.75], level=0.99)[1]
    assert wide / half == pytest.approx(norm.ppf(0.995) / norm.ppf(0.975))


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, xarray.DataArray])
def test_any_kind_of_array_and_runs_that_are_left_out(kind):
    found = statistics.mean_by_run(kind([0.5, float("nan"), 1.0]))
    assert found == statistics.mean_by_run([0.5, 1.0])
    assert all(type(x) is float for x in found)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    """2000 samples of 40: 95 % of the intervals, up to the t distribution and chance."""
    samples = np.random.default_rng(0).exponential(size=(2000, 40))
    hits = 0
    for sample in samples:
        mean, half = statistics.mean_by_run(sample)
        hits += abs(mean - 1) < half
        error = half / norm.ppf(0.975)
        assert ttest_1samp(sample, 1).statistic == pytest.approx((mean - 1) / error)
    assert binomtest(hits, 2000, 0.925).pvalue > FALSE_ALARM


@settings(max_examples=20)
@given(n=st.integers(1, 60), p=st.floats(0, 1), data=st.data())
def test_few_points_without_bias(n, p, data):
    k = data.draw(st.integers(0, n))
    right = np.arange(n + 1)
    laws = statistics.law_of_few(right, n, k)
    assert laws.shape == (n + 1, k + 1)
    np.testing.assert_allclose(laws.sum(-1), 1)
    found = binom.pmf(right, n, p) @ laws
    np.testing.assert_allclose(found, binom.pmf(np.arange(k + 1), k, p), atol=1e-12)


def test_few_points_are_drawn_without_replacement():
    found = statistics.law_of_few(7, 10, 3)
    wanted = [comb(7, c) * comb(3, 3 - c) / comb(10, 3) for c in range(4)]
    np.testing.assert_allclose(found, wanted)
    assert statistics.law_of_few([[3, 4]], 5, 2).shape == (1, 2, 3)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_sum_by_hand(times):
    law = np.array([0.2, 0.5, 0.3])
    found = statistics.law_of_sum(law, times)
    wanted = np.zeros(2 * times + 1)
    for counts in product(range(3), repeat=times):
        wanted[sum(counts)] += law[list(counts)].prod()
    np.testing.assert_allclose(found, wanted)


def test_two_sided_is_the_smaller_tail_twice():
    five = statistics.law_of_sum([0.5, 0.5], 5)
    assert [statistics.two_sided(five, c) for c in (0, 5)] == pytest.approx([2 / 32] * 2)
    for count in range(6):  # a fair coin's law is symmetric: the exact binomial test
        assert statistics.two_sided(five, count) == pytest.approx(binomtest(count, 5).pvalue)
    skew = [0.7, 0.2, 0.1]
    assert [statistics.two_sided(skew, c) for c in range(3)] == pytest.approx([1, 0.6, 0.2])


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: statistics.mean_by_run("ab"), TypeError, "values must be an array of numbers"),
        *(
            (lambda x=x, call=call: call([x, x]), TypeError, "must be an array of numbers")
            for x in (True, "1", 1j, None, b"1", [1, [2]])
            for call in (statistics.mean_by_run, lambda x: statistics.law_of_few(x, 3, 1))
        ),
        (lambda: statistics.mean_by_run([1, 2, -np.inf]), ValueError, "finite or NaN, got -inf"),
        (lambda: statistics.mean_by_run([[1, 2]]), ValueError, r"values must have shape \(n,\)"),
        (lambda: statistics.mean_by_run([1, np.nan]), ValueError, "values must hold at least two"),
        (lambda: statistics.mean_by_run([1, 2], "x"), TypeError, "level must be a number"),
        (lambda: statistics.mean_by_run([1, 2], 1.0), ValueError, "level must be finite, > 0"),
        (lambda: statistics.law_of_few(1, 0, 0), ValueError, "n must be at least 1"),
        (lambda: statistics.law_of_few(1, 2, 3), ValueError, r"k must be in 0\.\.2"),
        (lambda: statistics.law_of_few(3, 2, 1), ValueError, "right must be finite, >= 0 and <= 2"),
        (lambda: statistics.law_of_few(0.5, 2, 1), ValueError, "right must hold whole numbers"),
        (lambda: statistics.law_of_few("x", 2, 1), TypeError, "right must be an array of numbers"),
        (lambda: statistics.law_of_sum([0.5, 0.4], 2), ValueError, "law must hold probabilities"),
        (lambda: statistics.law_of_sum([-0.5, 1.5], 2), ValueError, "law must hold probabilities"),
        (lambda: statistics.law_of_sum([[1.0]], 2), ValueError, "law must have shape"),
        (lambda: statistics.law_of_sum([1.0], 0), ValueError, "times must be at least 1"),
        (lambda: statistics.two_sided([1.0], 1), ValueError, r"count must be in 0\.\.0"),
        (lambda: statistics.two_sided([1.0], 0.0), TypeError, "count must be an integer"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
