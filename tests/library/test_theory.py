"""The formulas of the theory against simulation, against autograd and against each other."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from benign_osc_lib import FeatureNoiseModel, PatchData, init_weights, sgd_step, theory, train

oscillating = st.floats(1.0, 4.0)


def strong_map(s, kappa):
    """One step of the strong signal of one data point without a weak feature."""
    return s * (1 + kappa * (1 - s)) ** 2


# --- κ and ν -----------------------------------------------------------------------------------


@given(lr=st.floats(1e-3, 1e3), u_norm=st.floats(1e-2, 1e2), m=st.integers(1, 64))
def test_kappa_by_its_formula(lr, u_norm, m):
    assert theory.kappa(lr, u_norm, m) == pytest.approx(2 * lr * u_norm * u_norm / m, rel=1e-13)


@given(
    lr=st.floats(0.01, 2),
    u_norm=st.floats(0.1, 3),
    v_norm=st.floats(0.1, 3),
    m=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_kappa_and_nu_are_those_of_a_step(lr, u_norm, v_norm, m, seed):
    """A step on (u, v) multiplies ⟨w, u⟩ by 1 + κ e and ⟨w, v⟩ by 1 + κ ν e, e = 1 - f."""
    x_i = torch.diag(torch.tensor([u_norm, v_norm], dtype=torch.float64))
    generator = torch.Generator().manual_seed(seed)
    w = torch.rand(2, m, 2, generator=generator, dtype=torch.float64) + 0.1
    w[1] = -w[1]
    e = 1 - (w[0] @ x_i).square().sum().item() / m
    grown = sgd_step(w, x_i, 1, lr)[0] / w[0]
    kappa, nu = theory.kappa(lr, u_norm, m), theory.nu(u_norm, v_norm)
    np.testing.assert_allclose(grown[:, 0], 1 + kappa * e, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(grown[:, 1], 1 + kappa * nu * e, rtol=1e-10, atol=1e-10)


def test_nu_is_that_of_the_model():
    assert theory.nu(2.0, 0.4) == pytest.approx(0.04, rel=1e-14)
    assert FeatureNoiseModel(8, 2.0, 0.4, 1.0).nu == pytest.approx(theory.nu(2.0, 0.4), rel=1e-14)


# --- The 2-cycle -------------------------------------------------------------------------------


@given(kappa=oscillating)
def test_the_two_cycle_is_one(kappa):
    low, high = theory.two_cycle(kappa)
    assert 0 <= low <= 1 <= high
    assert strong_map(low, kappa) == pytest.approx(high, rel=1e-9, abs=1e-9)
    assert strong_map(high, kappa) == pytest.approx(low, rel=1e-9, abs=1e-9)


@given(kappa=oscillating)
def test_the_residuals_of_the_cycle_do_not_cancel(kappa):
    """The mean of 1 - s over the cycle is (κ - 1)/(2κ)."""
    low, high = theory.two_cycle(kappa)
    assert 1 - (low + high) / 2 == pytest.approx((kappa - 1) / (2 * kappa), rel=1e-12, abs=1e-12)


def test_the_cycle_is_born_from_the_fixed_point():
    assert theory.two_cycle(1.0) == (1.0, 1.0)
    low, high = theory.two_cycle(1.001)
    assert low < 1 < high


@given(kappa=st.floats(1.02, 1.2), start=st.floats(0.05, 0.95))
@settings(max_examples=15)
def test_the_cycle_attracts(kappa, start):
    s = start
    for _ in range(4000):
        s = strong_map(s, kappa)
    reached = sorted([s, strong_map(s, kappa)])
    assert reached == pytest.approx(theory.two_cycle(kappa), abs=1e-9)


def test_the_cycle_loses_stability_at_root_five_minus_one():
    """The multiplier of two steps along the cycle, by autograd, falls through -1 there."""

    def multiplier(kappa):
        product = 1.0
        for s in theory.two_cycle(kappa):
            s = torch.tensor(s, dtype=torch.float64, requires_grad=True)
            strong_map(s, kappa).backward()
            product *= s.grad.item()
        return product

    assert multiplier(1.0001) == pytest.approx(1, abs=1e-3)
    assert multiplier(1.1) > -1 > multiplier(1.3)
    crossing = brentq(lambda kappa: multiplier(kappa) + 1, 1.1, 1.3, xtol=1e-12)
    assert crossing == pytest.approx(math.sqrt(5) - 1, abs=1e-6)


# --- The sign limit ----------------------------------------------------------------------------


def odd_map(z, kappa):
    return z * (1 + kappa - kappa * z**2)


def edge(kappa):
    """Beyond this z the odd map changes the sign."""
    return math.sqrt((1 + kappa) / kappa)


@given(kappa=st.floats(0.05, theory.SIGN_LIMIT), start=st.floats(0.001, 0.999))
def test_up_to_the_limit_the_sign_is_kept(kappa, start):
    z = start * edge(kappa)
    for _ in range(200):
        z = odd_map(z, kappa)
        assert 0 < z <= edge(kappa) * (1 + 1e-12)


def test_at_the_limit_the_highest_point_is_the_edge():
    kappa = theory.SIGN_LIMIT
    top = odd_map(math.sqrt((1 + kappa) / (3 * kappa)), kappa)
    assert top == pytest.approx(edge(kappa), rel=1e-14)


@pytest.mark.parametrize("above", [1e-6, 1e-3, 0.1])
def test_above_the_limit_the_sign_is_lost(above):
    """From its highest point the map leaves the interval and then changes the sign."""
    kappa = theory.SIGN_LIMIT + above
    top = odd_map(math.sqrt((1 + kappa) / (3 * kappa)), kappa)
    assert top > edge(kappa)
    assert odd_map(top, kappa) < 0


# --- Where oscillation ends --------------------------------------------------------------------


@given(kappa=st.floats(1.0, 3.0), nu=st.floats(0, 0.9))
def test_the_terminal_signal_is_at_the_edge_of_stability(kappa, nu):
    """κ (s + ν q) = 1 on s + q = 1."""
    q = theory.terminal_weak_signal(kappa, nu)
    assert q >= 0
    assert kappa * (1 - q + nu * q) == pytest.approx(1, rel=1e-12)


@given(kappa=st.floats(0.01, 1.0), nu=st.floats(0, 0.99))
def test_without_oscillation_there_is_no_bound(kappa, nu):
    assert theory.terminal_weak_signal(kappa, nu) == 0


@given(kappa=st.floats(1.1, 1.5), log_s=st.floats(-7, -1), log_q=st.floats(-14, -7))
@settings(max_examples=12)
def test_simulation_lands_just_above_the_terminal_signal(kappa, log_s, log_q):
    nu, s, q = 0.04, math.exp(log_s), math.exp(log_q)
    for _ in range(30_000):
        e = 1 - s - q
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
    bound = theory.terminal_weak_signal(kappa, nu)
    assert s + q == pytest.approx(1, abs=1e-9)
    assert bound <= q <= 1.03 * bound


@given(kappa=st.floats(0.1, 0.9), q=st.floats(1e-6, 1e-4))
@settings(max_examples=12)
def test_below_the_threshold_the_weak_signal_stays_small(kappa, q):
    nu, s, start = 0.04, 0.01, q
    for _ in range(2000):
        e = 1 - s - q
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
    assert s + q == pytest.approx(1, abs=1e-9)
    assert start < q < 2 * start


# --- The potential -----------------------------------------------------------------------------


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
    assert banked[0] / banked[1] == pytest.approx(2, rel=0.03)
    assert banked[1] / banked[2] == pytest.approx(2, rel=0.02)


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


# --- Numbers, arrays and tensors ---------------------------------------------------------------

FORMULAS = {
    "kappa": (lambda k: theory.kappa(k, 2.0, 8), 1.2),
    "kappa of u_norm": (lambda u: theory.kappa(0.5, u, 8), 2.0),
    "nu": (lambda v: theory.nu(2.0, v), 0.4),
    "nu of u_norm": (lambda u: theory.nu(u, 0.4), 2.0),
    "two_cycle, low": (lambda k: theory.two_cycle(k)[0], 1.2),
    "two_cycle, high": (lambda k: theory.two_cycle(k)[1], 1.2),
    "terminal_weak_signal": (lambda k: theory.terminal_weak_signal(k, 0.04), 1.2),
    "terminal_weak_signal of nu": (lambda nu: theory.terminal_weak_signal(1.2, nu), 0.04),
    "potential": (lambda s: theory.potential(s, s / 2, 0.04), 1.2),
    "potential of weak": (lambda q: theory.potential(1.2, q, 0.04), 0.3),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_numbers_arrays_and_tensors_come_back_as_what_they_were(name):
    formula, value = FORMULAS[name]
    number = formula(value)
    assert isinstance(number, float)
    values = [value, value + 0.1, value + 0.2]
    numbers = [formula(v) for v in values]
    assert numbers[0] == number
    assert len(set(numbers)) == 3

    array = formula(np.array([values]))
    assert isinstance(array, np.ndarray)
    assert array.shape == (1, 3)
    np.testing.assert_allclose(array[0], numbers, rtol=1e-13)

    for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 1e-5)):
        tensor = formula(torch.tensor([values], dtype=dtype))
        assert tensor.dtype == dtype
        assert tensor.shape == (1, 3)
        np.testing.assert_allclose(tensor[0].numpy(), numbers, rtol=tolerance)


def test_the_potential_takes_an_array_of_nu():
    for kind in (np.array, lambda x: torch.tensor(x, dtype=torch.float64)):
        nu = kind([0.1, 0.2])
        value = theory.potential(0.5, 0.25, nu)
        assert type(value) is type(nu)
        assert value.tolist() == pytest.approx(
            [math.log(0.25) - k * math.log(0.5) for k in (0.1, 0.2)]
        )
    assert theory.potential(np.array([2, 4]), np.array([4, 2]), 0.5).dtype == np.float64
    with pytest.raises(ValueError, match="broadcast"):
        theory.potential(torch.ones(2), torch.ones(3), 0.1)
