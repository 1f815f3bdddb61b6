"""The four signals of weights: one order, and each what it says."""

import dataclasses

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, metrics, one_point, predict, signal_noise, signals
from benign_osc_lib.many_points import class_lead
from tests.library.common import assert_close, normal, seeded

ORDER = ("s", "q", "s_other", "q_other")
MODEL = FeatureNoiseModel(d=8, u_norm=2.0, v_norm=0.4, noise_norm=1.0)


def point(y):
    """The network's input at the noiseless point (y u, y v)."""
    return y * torch.stack([MODEL.u, MODEL.v])[None]


# --- One order ---------------------------------------------------------------------------------


def test_every_record_of_signals_has_the_one_order():
    assert signals.Signals._fields == ORDER
    for orbit in (one_point.Orbit, signal_noise.Orbit):
        fields = [field.name for field in dataclasses.fields(orbit)]
        assert tuple(fields[:4]) == ORDER


def test_the_chapters_names_are_the_same_functions():
    assert one_point.signals is signals.at_point
    assert signal_noise.signals is signals.of_signal_and_noise
    assert signal_noise.Signals is signals.Signals
    assert metrics.learned_signal is signals.learned_signal
    assert class_lead is signals.class_lead


# --- Of one sign -------------------------------------------------------------------------------


@given(m=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_learned_signals_are_the_parts_of_the_output(m, seed):
    """On the point (u, v, 0) the output is s - s' + q - q', for filters of sign + and of sign -."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(2, m, 8, generator=generator, dtype=torch.float64)
    x = torch.stack([MODEL.u, MODEL.v, torch.zeros(8).double()])[None]
    s, q = signals.learned_signal(w @ MODEL.u), signals.learned_signal(w @ MODEL.v)
    assert s.shape == q.shape == (2,)
    assert predict(w, x).item() == pytest.approx(
        (s[0] - s[1] + q[0] - q[1]).item(), rel=1e-10, abs=0
    )


# --- At a point --------------------------------------------------------------------------------


@given(m=st.integers(1, 5), y=st.sampled_from([-1, 1]), seed=st.integers(0, 10**6))
def test_the_four_signals_make_the_margin(m, y, seed):
    weights = normal(seed, 2, m, 8)
    found = signals.at_point(weights, MODEL.u, MODEL.v, y)
    margin = y * predict(weights, point(y))[0]
    assert_close(found.s + found.q - found.s_other - found.q_other, margin)


@given(m=st.integers(1, 5), y=st.sampled_from([-1, 1]), seed=st.integers(0, 10**6))
def test_each_signal_is_the_mean_answer_of_its_filters(m, y, seed):
    weights = normal(seed, 2, m, 8)
    own, other = (weights[0], weights[1]) if y == 1 else (weights[1], weights[0])
    found = signals.at_point(weights, MODEL.u, MODEL.v, y)
    for filters, feature, name in (
        (own, MODEL.u, "s"), (own, MODEL.v, "q"),
        (other, MODEL.u, "s_other"), (other, MODEL.v, "q_other"),
    ):  # fmt: skip
        answers = [max(float(y * w @ feature), 0) ** 2 for w in filters]
        assert float(getattr(found, name)) == pytest.approx(sum(answers) / m, rel=1e-12, abs=0)


def test_features_may_have_leading_axes():
    """As many features as dimensions, where a plain product would mix the axes."""
    weights, u, v = normal(0, 2, 3, 8), normal(1, 8, 8), normal(2, 8, 8)
    found = signals.at_point(weights, u, v, -1)
    lead = signals.class_lead(weights, v, -1)
    for k in range(8):
        one = signals.at_point(weights, u[k], v[k], -1)
        for part, expected in zip(found, one, strict=True):
            assert part.shape == (8,)
            assert_close(part[k], expected)
        assert_close(lead[k], one.q - one.q_other)


def test_leading_axes_must_broadcast():
    with pytest.raises(ValueError, match=r"weights has \(2,\), v has \(3,\)"):
        signals.class_lead(normal(0, 2, 2, 3, 8), normal(1, 3, 8), 1)


def test_the_lead_needs_the_weak_feature_only():
    weights = normal(3, 4, 2, 5, 8)
    for y in (-1, 1):
        found = signals.at_point(weights, MODEL.u, MODEL.v, y)
        assert_close(signals.class_lead(weights, MODEL.v, y), found.q - found.q_other)
    with pytest.raises(ValueError, match="^v must have shape"):
        signals.class_lead(weights, MODEL.v[:7], 1)
    with pytest.raises(ValueError, match=r"^y must be -1 or \+1"):
        signals.class_lead(weights, MODEL.v, 0)


# --- With one signal and noise -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "error", "says"),
    [
        (normal(0, 2, 3, 7), ValueError, r"weights must have shape \(\.\.\., 2, m, 5\)"),
        (normal(0, 3, 3, 5), ValueError, r"weights must have shape \(\.\.\., 2, m, 5\)"),
        (normal(0, 2, 3, 5).numpy(), TypeError, r"weights must be a torch\.Tensor"),
        (normal(0, 2, 3, 5).long(), TypeError, "weights must have a floating dtype"),
    ],
)
def test_signal_and_noise_checks_the_weights(weights, error, says):
    data = signal_noise.SignalNoiseModel(5, 1.0).sample(3, generator=seeded(0))
    with pytest.raises(error, match=f"^{says}"):
        signals.of_signal_and_noise(weights, data)
