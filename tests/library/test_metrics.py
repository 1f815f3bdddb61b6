"""Accuracy as counts, and the Wilson interval."""

import math
from statistics import NormalDist

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights, predict
from benign_osc_lib.metrics import Proportion, accuracy, correct, learned_signal

MODEL = FeatureNoiseModel(d=8, u_norm=2.0, v_norm=0.4, noise_norm=0.8, rho=0.3)


def wilson(k, n, level):
    """The interval {p : |k/n - p| <= z √(p (1 - p)/n)}, by solving the quadratic for its ends."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(k * (n - k) / n + z**2 / 4)
    return middle - half, middle + half


@st.composite
def counts(draw, largest=200):
    n = draw(st.integers(1, largest))
    return draw(st.integers(0, n)), n


@given(counts=counts(), level=st.floats(0.01, 0.999))
def test_the_wilson_interval_by_its_formula(counts, level):
    low, high = Proportion(*counts, level).interval
    assert (low, high) == pytest.approx(wilson(*counts, level), abs=1e-10)
    assert 0 <= low <= Proportion(*counts).rate <= high <= 1


def test_the_default_level_is_95_percent():
    for k, n in ((0, 1), (3, 7), (150, 160)):
        assert Proportion(k, n).interval == pytest.approx(wilson(k, n, 0.95), abs=1e-10)


@given(n=st.integers(1, 40), level=st.floats(0.5, 0.99))
def test_more_successes_move_both_ends_up(n, level):
    intervals = [Proportion(k, n, level).interval for k in range(n + 1)]
    for (low, high), (next_low, next_high) in zip(intervals, intervals[1:], strict=False):
        assert low < next_low
        assert high < next_high


@given(counts=counts())
def test_failures_mirror_successes(counts):
    k, n = counts
    low, high = Proportion(k, n).interval
    assert Proportion(n - k, n).interval == pytest.approx((1 - high, 1 - low), abs=1e-12)


@given(counts=counts(), level=st.floats(0.1, 0.9))
def test_more_trials_and_less_confidence_narrow_the_interval(counts, level):
    def width(*arguments):
        low, high = Proportion(*arguments).interval
        return high - low

    k, n = counts
    assert width(4 * k, 4 * n, level) < width(k, n, level) < width(k, n, level + 0.05)


def test_without_trials_nothing_is_known():
    nothing = Proportion(0, 0)
    assert math.isnan(nothing.rate)
    assert nothing.interval == (0.0, 1.0)
    assert str(nothing) == "no trials"


def test_a_proportion_reads_as_a_sentence():
    assert str(Proportion(150, 160)).startswith("93.8% (150/160, 88.")


@given(n=st.integers(1, 12), seed=st.integers(0, 10**6), scale=st.floats(0.01, 10))
@example(n=9, seed=12706, scale=1.0)  # one output is exactly 0: no filter is active on that point
def test_accuracy_counts_the_points_whose_sign_is_right(n, seed, scale):
    """Over all runs of a batch together, and split into strong and weak points."""
    data = MODEL.sample(n, generator=generators([seed, seed + 1, seed + 2]))
    w = init_weights(2, 8, scale, generator=generators([seed, seed + 1]))[:, None]
    f = predict(w, data.x)
    right = {False: 0, True: 0}
    points = {False: 0, True: 0}
    for a in range(2):
        for b in range(3):
            for i in range(n):
                weak = data.is_weak[b, i].item()
                points[weak] += 1
                right[weak] += f[a, b, i].item() * data.y[b, i].item() > 0

    found = accuracy(w, data)

    assert (found.strong.successes, found.strong.n) == (right[False], points[False])
    assert (found.weak.successes, found.weak.n) == (right[True], points[True])
    assert found.all.n == 6 * n
    weighted = sum(p.n * p.rate for p in (found.strong, found.weak) if p.n)
    assert found.all.rate * found.all.n == pytest.approx(weighted)
    assert torch.equal(correct(w, data), f.sign() == data.y)


def test_the_level_reaches_the_intervals():
    found = accuracy(init_weights(2, 8, 1.0), MODEL.sample(20, n_weak=5), level=0.5)
    for share in (found.all, found.strong, found.weak):
        assert share.interval == pytest.approx(wilson(share.successes, share.n, 0.5), abs=1e-10)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, -math.inf, 1e200])
def test_no_clear_sign_is_wrong(value):
    """An output of 0, NaN or ±∞ is no prediction, for either label."""
    data = MODEL.sample(8, n_weak=4, generator=torch.Generator().manual_seed(1))
    assert set(data.y.tolist()) == {-1, 1}
    w = torch.full((2, 2, 8), value, dtype=torch.float64)
    w[1] = 0
    if value == 0:
        assert (predict(w, data.x) == 0).all()
    else:
        active = (data.x.sum(-1) > 0).any(-1)
        data = PatchData(x=data.x[active], y=data.y[active], is_weak=data.is_weak[active])
        assert not predict(w, data.x).isfinite().any()
    found = accuracy(w, data)
    assert found.all.n == len(data.y) > 0
    assert found.all.successes == found.strong.successes == found.weak.successes == 0


@given(m=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_learned_signals_are_the_parts_of_the_output(m, seed):
    """On the point (u, v, 0) the output is s - s' + q - q', for filters of sign + and of sign -."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(2, m, 8, generator=generator, dtype=torch.float64)
    x = torch.stack([MODEL.u, MODEL.v, torch.zeros(8).double()])[None]
    s, q = learned_signal(w @ MODEL.u), learned_signal(w @ MODEL.v)
    assert s.shape == q.shape == (2,)
    assert predict(w, x).item() == pytest.approx((s[0] - s[1] + q[0] - q[1]).item(), rel=1e-10)
