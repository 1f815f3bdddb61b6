"""Accuracy as counts, and the Wilson interval."""

import math
from statistics import NormalDist

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights, predict
from benign_osc_lib.metrics import (
    Proportion,
    accuracy,
    accuracy_of_outputs,
    correct,
    correct_outputs,
)
from tests.library.common import seeded

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


# --- The outputs of another network ------------------------------------------------------------


def relu_outputs(weights, x):
    """The network of eq. (1) with the plain ReLU, (..., n)."""
    answers = torch.einsum("...jrd,...npd->...njrp", weights, x).clamp(min=0).sum(-1).mean(-1)
    return answers[..., 0] - answers[..., 1]


def test_the_accuracy_of_another_network_needs_its_outputs():
    """The weights of a ReLU network in the book's network are another network."""
    data = MODEL.sample(200, generator=generators(range(3)))
    w = init_weights(4, 8, 1.0, generator=generators(range(3, 6)))
    outputs = relu_outputs(w, data.x)
    right = data.y * outputs > 0
    assert torch.equal(correct_outputs(outputs, data), right)
    found = accuracy_of_outputs(outputs, data, level=0.9)
    assert found.all.successes == int(right.sum()) != accuracy(w, data).all.successes
    assert found.weak.successes == int((right & data.is_weak).sum())
    assert found.strong.successes == int((right & ~data.is_weak).sum())
    assert found.all.n == 600 and found.all.level == 0.9
    assert "accuracy_of_outputs" in accuracy.__doc__ and "squared ReLU" in accuracy.__doc__


def test_the_accuracy_of_the_books_network_is_that_of_its_outputs():
    data, w = MODEL.sample(50, generator=generators(range(2))), init_weights(3, 8, 0.5)
    assert accuracy_of_outputs(predict(w, data.x), data) == accuracy(w, data)


def test_outputs_of_zero_and_infinity_are_wrong():
    data = MODEL.sample(4, generator=seeded(0))
    for bad in (0.0, math.inf, -math.inf, math.nan):
        outputs = data.y.clone()
        outputs[1] = data.y[1] * bad
        assert correct_outputs(outputs, data).tolist() == [True, False, True, True]


def test_outputs_may_be_of_another_precision_and_carry_a_gradient():
    data = MODEL.sample(4, generator=seeded(0))
    outputs = data.y.float().requires_grad_()
    assert accuracy_of_outputs(outputs.expand(3, 4), data).all.successes == 12


@pytest.mark.parametrize(
    ("outputs", "error", "says"),
    [
        (torch.ones(5), ValueError, r"outputs must have shape \(\.\.\., 4\), got \(5,\)"),
        (torch.ones(4, 1), ValueError, r"outputs must have shape \(\.\.\., 4\), got \(4, 1\)"),
        (torch.ones(4, dtype=torch.int64), TypeError, "outputs must have a floating dtype"),
        ([1.0] * 4, TypeError, r"outputs must be a torch\.Tensor, got list"),
        (torch.ones(4, device="meta"), ValueError, "outputs must be on the device of data, cpu"),
    ],
)
def test_bad_outputs(outputs, error, says):
    data = MODEL.sample(4, generator=seeded(0))
    for function in (correct_outputs, accuracy_of_outputs):
        with pytest.raises(error, match=f"^{says}"):
            function(outputs, data)
        with pytest.raises(TypeError, match="^data must be a PatchData"):
            function(torch.ones(4), data.x)
    with pytest.raises(ValueError, match=r"broadcast.*outputs has \(2,\)"):
        accuracy_of_outputs(torch.ones(2, 4), MODEL.sample(4, generator=generators(range(3))))
