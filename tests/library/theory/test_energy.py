"""The energy of one step against sgd_step, for arbitrary points."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import noiseless_point, one_point, predict, sgd_step, theory
from tests.library.common import normal


@given(
    seed=st.integers(0, 10**6),
    m=st.integers(1, 5),
    patches=st.integers(1, 4),
    scale=st.floats(0.01, 2),
    lr=st.floats(0.001, 3),
    y=st.sampled_from([-1.0, 1.0]),
)
def test_the_energy_of_a_step(seed, m, patches, scale, lr, y):
    """Any patches, repeated or not orthogonal, and any weights; the slope by autograd."""
    x = normal(seed, patches, 6)
    x[-1] = x[0]
    w = (scale * normal(seed + 1, 2, m, 6)).requires_grad_()
    f = predict(w, x[None])[0]
    (slope,) = torch.autograd.grad(f, w)
    e, sharpness = 1 - y * f.detach(), lr * slope.square().sum() / 2
    w = w.detach()
    after = sgd_step(w, x, y, lr)
    change = (after.square().sum() - w.square().sum()) / (2 * lr)
    size = after.square().sum() / lr + 1
    gain = theory.energy_gain(e, sharpness)
    assert float(gain - change) == pytest.approx(0, abs=1e-12 * float(size))


@given(seed=st.integers(0, 10**6), y=st.sampled_from([-1, 1]), kappa=st.floats(0.1, 2))
def test_at_a_noiseless_point_the_slope_is_the_relative_sharpness(seed, y, kappa):
    """At every residual, with filters of both signs; s, q and the rest are all that moves."""
    u, v = 2.0 * torch.eye(4).double()[0], 0.5 * torch.eye(4).double()[1]
    w, lr = normal(seed, 2, 3, 4), kappa * 3 / 8
    s, q, s_other, q_other = (float(x) for x in one_point.signals(w, u, v, y))
    sharpness = theory.relative_sharpness(s + s_other, q + q_other, kappa, 1 / 16)
    e = 1 - s - q + s_other + q_other
    after = sgd_step(w, noiseless_point(u, v, y=y).x[0], y, lr)
    change = (after.square().sum() - w.square().sum()) / (2 * lr)
    size = float(after.square().sum() / lr) + 1
    assert theory.energy_gain(e, sharpness) == pytest.approx(float(change), abs=1e-12 * size)


def test_the_energy_by_its_formula():
    assert theory.energy_gain(0.5, 1.2) == pytest.approx(1 - 0.8 * 0.25, rel=1e-15, abs=0)
    assert theory.energy_gain(-0.5, 2.0) == -1
    assert theory.energy_gain(0.0, 5.0) == 0
