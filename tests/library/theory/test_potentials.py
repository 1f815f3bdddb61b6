"""The potential, its gain and the surplus, against training."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    init_weights,
    theory,
    train,
)
from benign_osc_lib.one_point import orbit
from tests.library.common import assert_close

# --- The potential -------------------------------------------------------------------------------


def one_point(kappa, epochs):
    """A run on one point with ν = 0.09, and its filters of the point's own sign, (T, m) each."""
    model, m = FeatureNoiseModel(d=6, u_norm=2.0, v_norm=0.6, noise_norm=1.0), 4
    x = torch.stack([model.u, model.v, torch.zeros(6).double()])[None]
    data = PatchData(
        x=x, y=torch.ones(1).double(), is_weak=torch.tensor([False]), u=model.u, v=model.v
    )
    w = init_weights(m, 6, 0.1, generator=torch.Generator().manual_seed(3))
    run = train(data, w, kappa * m / (2 * model.u_norm**2), epochs=epochs)
    assert run.diverged_at == -1
    return model.nu, run.strong[:, 0], run.weak[:, 0], 1 - run.margins[:, 0]


@pytest.mark.parametrize("kappa", [0.01, 0.3, 0.99, 1.05, 1.2, 1.4, 1.55])
def test_the_potential_never_decreases(kappa):
    """For every pair of active filters, at every step, at small and large rates."""
    nu, strong, weak, e = one_point(kappa, epochs=1000)
    assert (1 + kappa * e > 0).all()
    phi = theory.potential(strong[:, :, None], weak[:, None, :], nu).flatten(1)
    active = ~phi[0].isnan()
    assert active.any()
    assert torch.equal(phi.isnan(), ~active.expand_as(phi))
    steps = phi[:, active].diff(dim=0)
    assert steps.min() >= -1e-14
    assert (phi[-1] - phi[0])[active].min() > 1e-4


@pytest.mark.parametrize("kappa", [0.05, 1.2])
def test_the_potential_banks_squared_residuals(kappa):
    """Its increment is log(1 + κ ν e) - ν log(1 + κ e)."""
    nu, strong, weak, e = one_point(kappa, epochs=200)
    phi = theory.potential(strong[:, :, None], weak[:, None, :], nu)
    increment = (kappa * nu * e).log1p() - nu * (kappa * e).log1p()
    active = ~phi[0].isnan()
    for path in phi[:, active].T:
        torch.testing.assert_close(path.diff(), increment, rtol=1e-9, atol=1e-13)


def test_gradient_flow_conserves_the_potential():
    """Over the same time κ · steps, half the rate banks half as much."""
    banked = []
    for kappa in (0.04, 0.02, 0.01):
        nu, strong, weak, _ = one_point(kappa, epochs=round(20 / kappa))
        phi = theory.potential(strong[:, :, None], weak[:, None, :], nu)
        banked.append((phi[-1] - phi[0])[~phi[0].isnan()][0].item())
    assert banked[0] / banked[1] == pytest.approx(2, rel=0.03, abs=0)
    assert banked[1] / banked[2] == pytest.approx(2, rel=0.02, abs=0)


@given(
    strong=st.floats(1e-3, 1e3),
    weak=st.floats(1e-3, 1e3),
    nu=st.floats(0, 1),
    c=st.floats(1e-2, 1e2),
)
def test_invariance_of_the_potential(strong, weak, nu, c):
    """Growth of the strong signal by c and of the weak one by c^ν is free; scaling weak is not."""
    strong, weak = torch.tensor([strong, weak], dtype=torch.float64)
    phi = theory.potential(strong, weak, nu).item()
    assert theory.potential(c * strong, c**nu * weak, nu).item() == pytest.approx(phi, abs=1e-9)
    scaled = theory.potential(strong, c * weak, nu).item()
    assert scaled - phi == pytest.approx(math.log(c), abs=1e-9)


def test_the_potential_of_an_inactive_filter_is_nan():
    signals = torch.tensor([-1.0, 0.0, 1.0, math.nan], dtype=torch.float64)
    phi = theory.potential(signals[:, None], signals, 0.1)
    assert (~phi.isnan()).nonzero().tolist() == [[2, 2]]


# --- What a visit adds to the potential ----------------------------------------------------------


residuals = st.floats(-1, 20)


@given(e=residuals, kappa=st.floats(0.01, 3), nu=st.floats(0, 1))
def test_the_gain_is_at_least_its_quadratic_bound(e, kappa, nu):
    gain = theory.potential_gain(e, kappa, nu)
    if kappa * e <= -1:
        assert math.isnan(gain)
        return
    bound = theory.potential_gain_bound(e, kappa, nu)
    z = kappa * e
    assert bound >= 0
    assert gain >= bound - 1e-15 * nu * (1 + abs(math.log1p(z))) - 1e-300
    if nu * (1 - nu) * z**2 > 1e-9:
        assert gain > 0


@given(kappa=st.floats(0.5, 2), nu=st.floats(0.05, 0.95), sign=st.sampled_from([-1, 1]))
def test_for_small_residuals_the_gain_and_its_bound_are_one_square(kappa, nu, sign):
    """Both are ν (1 − ν) (κ e)²/2 to leading order; the gain vanishes at e = 0, ν = 0 and ν = 1."""
    e = sign * 1e-4
    square = nu * (1 - nu) * (kappa * e) ** 2 / 2
    assert theory.potential_gain(e, kappa, nu) == pytest.approx(square, rel=1e-3, abs=0)
    assert theory.potential_gain_bound(e, kappa, nu) == pytest.approx(square, rel=1e-3, abs=0)
    assert theory.potential_gain(0.0, kappa, nu) == 0
    assert theory.potential_gain(0.5, kappa, 0) == 0
    assert theory.potential_gain(0.5, kappa, 1) == 0


@given(kappa=st.floats(0.1, 1.55), nu=st.floats(0, 1), s=st.floats(0.01, 1), q=st.floats(1e-4, 0.3))
def test_the_gain_is_the_step_of_the_potential(kappa, nu, s, q):
    assume(kappa * (s + q - 1) < 0.9)
    run = orbit(kappa, nu, s, q, steps=1)
    phi = theory.potential(np.sqrt(run.s), np.sqrt(run.q), nu)
    gain = theory.potential_gain(run.e[0], kappa, nu)
    assert phi[1] - phi[0] == pytest.approx(gain, rel=1e-9, abs=1e-13)


@given(kappa=st.floats(0.05, 1.55), nu=st.floats(0, 0.2), s=st.floats(1e-3, 0.9))
def test_the_balance_identity(kappa, nu, s):
    """Σ κ e = ½ log(s_T/s_0) + Σ R, with R >= 0: residuals of a balanced window do not cancel."""
    run = orbit(kappa, nu, s, 1e-4, steps=60)
    e = run.e[:-1]
    surplus = theory.residual_surplus(e, kappa)
    assert (surplus >= 0).all()
    growth = math.log(run.s[-1] / run.s[0]) / 2
    assert (kappa * e).sum() == pytest.approx(growth + surplus.sum(), rel=1e-10, abs=1e-11)


@pytest.mark.parametrize("kappa", [1.05, 1.2, 1.5])
def test_the_two_bounds_of_eq_7_and_what_breaks_them(kappa):
    """Over one period of the 2-cycle α returns: Σ e >= κ Σ e²/(2(1 + κE)) >= κδ²/(1 + κE)."""
    e = 1 - np.array(theory.two_cycle(kappa))
    largest, delta = e.max(), np.abs(e).min()
    mean_square = kappa * (e**2).sum() / 2
    assert e.sum() >= mean_square / (1 + kappa * largest)
    assert mean_square >= kappa * delta**2
    assert e.sum() < mean_square  # E = 0, which e exceeds
    assert e.sum() < kappa * (4 * delta) ** 2 / (1 + kappa * largest)  # |e| is below 4δ


def test_the_balance_identity_of_a_trained_network():
    for kappa in (0.3, 1.2, 1.5):
        _, strong, _, e = one_point(kappa, epochs=300)
        used = theory.residual_surplus(e, kappa).sum()
        for path in strong[:, strong[0] > 0].T:
            growth = (path[-1] / path[0]).log()
            assert_close(kappa * e.sum(), growth + used, 1e-9)


@given(z=st.floats(-0.99, 50), kappa=st.floats(0.1, 3))
def test_the_surplus_by_its_formula(z, kappa):
    surplus = theory.residual_surplus(z / kappa, kappa)
    assert surplus == pytest.approx(z - math.log1p(z), rel=1e-9, abs=1e-14)
    assert math.isnan(theory.residual_surplus(-1.0 - abs(z), 1.0))
