"""The formulas of the theory against simulation, against autograd and against each other."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    init_weights,
    predict,
    sgd_step,
    theory,
    train,
)
from benign_osc_lib.one_point import orbit, signals
from tests.library.common import assert_close, normal

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


def test_a_number_that_overflows_is_infinite():
    """As for arrays and tensors: Python's own x**2 raises an OverflowError."""
    assert theory.kappa(1.0, 1e200, 1) == math.inf
    assert theory.nu(1e-300, 1.0) == math.inf
    assert theory.two_cycle(1e200)[1] == math.inf


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


# --- Small rates -------------------------------------------------------------------------------


@st.composite
def starts_below(draw):
    """Any start with e_0 > 0: signals of the class below 1 + c, c that of the other filters."""
    c = draw(st.sampled_from([0.0]) | st.floats(1e-3, 5))
    total, share, other = (draw(st.floats(1e-4, 0.999)) for _ in range(3))
    s, q = (share * total * (1 + c), (1 - share) * total * (1 + c))
    return s, q, other * c, (1 - other) * c


@given(start=starts_below(), nu=st.floats(0.01, 1), part=st.floats(0.05, 0.999))
def test_no_oscillation_below_the_smooth_limit(start, nu, part):
    """The residual stays positive and falls, whether or not c exceeds s + q at the start."""
    s, q, s_other, q_other = start
    kappa = part * theory.smooth_limit(s_other + q_other)
    e = orbit(kappa, nu, s, q, s_other=s_other, q_other=q_other, steps=150).e
    assert e[0] > 0
    assert e.min() > -1e-13
    seen = e > 1e-9
    assert (np.diff(e)[seen[:-1]] < 0).all()


def test_the_smooth_limit_is_sharp_without_opposing_filters():
    """Between 1/2 and 1 the run still converges, but it overshoots."""
    assert theory.smooth_limit(0) == 0.5
    assert theory.smooth_limit(0.5) == 0.25
    below, above = orbit(np.array([0.499, 0.51]), 0.04, 1e-6, 1e-12, steps=400).e.min(0)
    assert below > -1e-15
    assert above < -1e-5


@given(
    kappa=st.floats(0.02, 0.49),
    nu=st.floats(0.01, 0.95),
    log_s=st.floats(-7, -0.7),
    log_q=st.floats(-12, -0.7),
)
def test_the_smooth_exponents_bound_the_run(kappa, nu, log_s, log_q):
    run = orbit(kappa, nu, math.exp(log_s), math.exp(log_q), steps=round(40 / kappa))
    grown = [math.log(x[-1] / x[0]) for x in (run.s, run.q)]
    assume(grown[0] > 1e-3)
    low, high = theory.smooth_exponents(kappa, nu, max(run.e[0], 0))
    assert low == nu
    assert low - 1e-9 <= grown[1] / grown[0] <= high + 1e-9


def test_gradient_flow_has_the_lower_exponent():
    """As κ → 0 the exponent tends to ν, in proportion to κ, and so does its bound."""
    kappa = np.array([0.04, 0.02, 0.01])
    run = orbit(kappa, 0.1, 0.01, 1e-4, steps=3000)
    exponent = np.log(run.q[-1] / run.q[0]) / np.log(run.s[-1] / run.s[0])
    low, high = theory.smooth_exponents(kappa, 0.1, run.e[0])
    assert (exponent > low).all()
    assert (exponent - low)[:-1] / (exponent - low)[1:] == pytest.approx([2, 2], rel=0.03)
    assert (high - low)[:-1] / (high - low)[1:] == pytest.approx([2, 2], rel=0.03)


# --- What a visit adds to the potential --------------------------------------------------------

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
    assert theory.potential_gain(e, kappa, nu) == pytest.approx(square, rel=1e-3)
    assert theory.potential_gain_bound(e, kappa, nu) == pytest.approx(square, rel=1e-3)
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


# --- The growth of the weak signal -------------------------------------------------------------

stable = st.floats(1.02, 1.22)


@given(kappa=oscillating)
def test_the_two_cycle_multiplier_is_the_derivative(kappa):
    """Of two steps of the odd map, by autograd, at either point of the cycle."""
    for s in theory.two_cycle(kappa):
        z = torch.tensor(max(s, 0), dtype=torch.float64).sqrt().requires_grad_()
        odd_map(odd_map(z, kappa), kappa).backward()
        multiplier = theory.two_cycle_multiplier(kappa)
        assert multiplier == pytest.approx(z.grad.item(), rel=1e-7, abs=1e-6)


def test_the_two_cycle_multiplier_leaves_the_unit_interval_where_the_cycle_stops_to_attract():
    assert theory.two_cycle_multiplier(1) == 1
    assert theory.two_cycle_multiplier(theory.STABLE_CYCLE_LIMIT) == pytest.approx(-1, rel=1e-13)


@given(kappa=stable, nu=st.floats(0, 1))
@settings(max_examples=15)
def test_the_growth_rate_on_the_two_cycle(kappa, nu):
    """The product of the two factors of the weak signal; and a run whose weak signal is tiny."""
    rate = theory.growth_rate(kappa, nu)
    low, high = theory.two_cycle(kappa)
    factors = (1 + kappa * nu * (1 - low)) * (1 + kappa * nu * (1 - high))
    assert 2 * rate == pytest.approx(math.log(factors), rel=1e-9, abs=1e-13)
    run = orbit(kappa, nu, low * 1.001, 1e-200, steps=1000)
    settled = run.q[-401::2]
    assert np.log(settled[-1] / settled[0]) / 2 == pytest.approx(400 * rate, rel=1e-3, abs=1e-10)


@given(kappa=oscillating, nu=st.floats(1e-4, 1e-3))
def test_the_growth_rate_to_leading_order(kappa, nu):
    assert theory.growth_rate(kappa, nu) == pytest.approx(nu * (kappa - 1) / 2, rel=4 * nu)


@given(kappa=oscillating)
def test_the_mean_residual_is_that_of_the_two_cycle(kappa):
    low, high = theory.two_cycle(kappa)
    assert theory.mean_residual(kappa) == pytest.approx(1 - (low + high) / 2, rel=1e-9, abs=1e-12)


def test_the_mean_residual_of_a_long_run():
    """Not 0: the oscillation does not cancel. Below κ = 1 it does."""
    kappa = np.array([1.05, 1.1, 1.2])
    e = orbit(kappa, 0.0, 0.3, 0.0, steps=1000).e[-400:]
    np.testing.assert_allclose(e.mean(0), theory.mean_residual(kappa), rtol=1e-6)
    assert abs(orbit(0.9, 0.0, 0.3, 0.0, steps=1000).e[-400:].mean()) < 1e-12


def test_the_logistic_curve_against_simulation():
    """From the cycle with a small weak signal; the error is of the order of ν."""
    kappa = np.linspace(1.05, 1.2, 4)
    ceiling, low = 1 - 1 / kappa, theory.two_cycle(kappa)[0]
    errors = []
    for nu in (0.04, 0.02):
        q = orbit(kappa, nu, low, 1e-3, steps=round(200 / nu)).q
        t = np.arange(len(q))[:, None]
        curve = theory.weak_signal_curve(t, 1e-3, kappa, nu)
        assert (q[-1] > 0.9 * ceiling).all()
        errors.append((abs(curve - q) / ceiling).max(0))
    assert (errors[0] < 0.06).all()
    assert (errors[1] < 0.03).all()
    np.testing.assert_allclose(errors[0] / errors[1], 2, rtol=0.1)


@given(kappa=stable, nu=st.floats(0.005, 0.1), q_0=st.floats(1e-6, 1e-3))
def test_the_logistic_curve_starts_grows_and_ends_as_it_should(kappa, nu, q_0):
    def curve(t):
        return theory.weak_signal_curve(t, q_0, kappa, nu)

    rate, ceiling = theory.growth_rate(kappa, nu), 1 - 1 / kappa
    assert curve(0) == pytest.approx(q_0, rel=1e-12)
    assert curve(1e6) == pytest.approx(ceiling, rel=1e-9)
    t = 1 / rate
    slope = (curve(t + 0.01) - curve(t - 0.01)) / 0.02
    logistic = 2 * rate * curve(t) * (1 - curve(t) / ceiling)
    assert slope == pytest.approx(logistic, rel=1e-4)


def test_the_time_to_learn_against_simulation():
    """Within 3 % for weak starts below 10⁻³."""
    rng = np.random.default_rng(1)
    kappa, nu = rng.uniform(1.05, 1.2, 60), rng.uniform(0.01, 0.08, 60)
    s_0, q_0 = np.exp(rng.uniform(-9, -2.3, 60)), np.exp(rng.uniform(-16, -7, 60))
    learned = orbit(kappa, nu, s_0, q_0, steps=30_000).q >= (1 - 1 / kappa) / 2
    assert learned[-1].all()
    predicted = theory.time_to_learn(s_0, q_0, kappa, nu)
    np.testing.assert_allclose(predicted, learned.argmax(0), rtol=0.03)


@given(
    kappa=stable,
    nu=st.floats(0.01, 0.1),
    log_s=st.floats(-9, -0.1),
    log_q=st.floats(-14, -1),
)
def test_the_time_to_learn_is_that_of_its_two_stages(kappa, nu, log_s, log_q):
    """The curve from the end of the climb is at half of its ceiling then, or was before: NaN."""
    s_0, q_0 = math.exp(log_s), math.exp(log_q)
    time = theory.time_to_learn(s_0, q_0, kappa, nu)
    climb = math.log(1 / s_0) / (2 * math.log(1 + kappa))
    q = q_0 * (1 + kappa * nu) ** (2 * climb)
    half = (1 - 1 / kappa) / 2
    assert math.isnan(time) == (q > half)
    for part, late in ((0.99, False), (1.01, True), (1.9, True), (2.1, True)):
        start = q_0 * part * half / q
        assert math.isnan(theory.time_to_learn(s_0, start, kappa, nu)) == late
    if q < half:
        reached = theory.weak_signal_curve(time - climb, q, kappa, nu)
        assert time >= climb
        assert reached == pytest.approx(half, rel=1e-9)


# --- Where one point lands ---------------------------------------------------------------------


def test_the_landing_law_against_simulation():
    """Its relative error falls like ν²; that of the bound itself, which it divides by, like ν."""
    kappa = np.array([1.1, 1.2, 1.4, 1.55])
    law, bound = [], []
    for nu in (0.08, 0.04, 0.02):
        run = orbit(kappa, nu, 1e-2, 1e-2, steps=round(400 / nu))
        assert abs(run.e[-1]).max() < 1e-7
        law.append(run.q[-1] / theory.landing_weak_signal(kappa, nu) - 1)
        bound.append(run.q[-1] / theory.terminal_weak_signal(kappa, nu) - 1)
    assert (np.abs(law[-1]) < 2e-4).all()
    assert (bound[-1] > 20 * np.abs(law[-1])).all()
    for k in range(2):
        np.testing.assert_allclose(law[k] / law[k + 1], 4, rtol=0.15)
        np.testing.assert_allclose(bound[k] / bound[k + 1], 2, rtol=0.1)


@given(
    m=st.integers(1, 4),
    u_norm=st.floats(0.5, 3),
    ratio=st.floats(0.1, 1),
    lr=st.floats(0.05, 2),
    y=st.sampled_from([-1.0, 1.0]),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=15)
def test_relative_sharpness_is_the_hessian(m, u_norm, ratio, lr, y, seed):
    """η/2 times the top eigenvalue where y f = 1, with filters of both signs."""
    x = y * torch.diag(torch.tensor([u_norm, ratio * u_norm], dtype=torch.float64))
    w = normal(seed, 2, m, 2)
    w[0 if y == 1 else 1, 0] = y * torch.ones(2)  # so that some filter of the class is active
    own = 0 if y == 1 else 1

    def output(weights):
        return predict(weights.reshape(2, m, 2), x[None])[0]

    # scale the class's own filters until y f = 1
    silent = w.clone()
    silent[own] = 0
    against = -y * output(silent)
    silent = w.clone()
    silent[1 - own] = 0
    w[own] *= ((1 + against) / (y * output(silent))).sqrt()
    assert output(w).item() == pytest.approx(y, rel=1e-12)

    def loss(flat):
        return (output(flat) - y).square() / 2

    top = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, w.flatten()))[-1].item()
    s, q, s_other, q_other = signals(w, y * x[0], y * x[1], int(y))
    kappa, nu = theory.kappa(lr, u_norm, m), theory.nu(u_norm, ratio * u_norm)
    sharpness = theory.relative_sharpness(s + s_other, q + q_other, kappa, nu)
    assert sharpness.item() == pytest.approx(lr * top / 2, rel=1e-8)


@given(kappa=st.floats(1.0, 3.0), nu=st.floats(0, 0.9))
def test_at_the_terminal_signal_the_relative_sharpness_is_one(kappa, nu):
    q = theory.terminal_weak_signal(kappa, nu)
    assert theory.relative_sharpness(1 - q, q, kappa, nu) == pytest.approx(1, rel=1e-12)


# --- How far a run can go ----------------------------------------------------------------------


@given(
    kappa=st.floats(0.05, 3),
    nu=st.floats(0, 1),
    opposite=st.floats(0, 2),
    total=st.floats(0, 1),
    share=st.floats(0, 1),
    other=st.floats(0, 1),
    part=st.floats(0, 1),
)
def test_the_largest_signal_bounds_a_step(kappa, nu, opposite, total, share, other, part):
    s_other, q_other = opposite * part * other, opposite * part * (1 - other)
    signal = total * (1 + s_other + q_other)
    run = orbit(
        kappa,
        nu,
        signal * share,
        signal * (1 - share),
        s_other=s_other,
        q_other=q_other,
        steps=1,
    )
    assume(run.e[0] >= 0)
    bound = theory.largest_signal(kappa, opposite)
    assert run.s[1] + run.q[1] <= bound * (1 + 1e-12)
    assert 1 + kappa * run.e[1] >= theory.smallest_factor(kappa, opposite) - 1e-11 * (1 + bound)


@given(kappa=st.floats(0.5, 3), opposite=st.floats(0, 2))
def test_the_largest_signal_is_reached(kappa, opposite):
    """By s alone, from a third of the way to the sign change."""
    start = (1 + kappa * (1 + opposite)) / (3 * kappa)
    run = orbit(kappa, 0.0, start, 0.0, s_other=0.0, q_other=opposite, steps=1)
    assume(run.e[0] >= 0)
    assert run.s[1] == pytest.approx(theory.largest_signal(kappa, opposite), rel=1e-12)


@given(
    kappa=st.floats(0.05, 1.59),
    nu=st.floats(0, 1),
    total=st.floats(0.001, 1),
    share=st.floats(0, 1),
)
def test_no_factor_of_a_run_is_smaller_than_the_smallest(kappa, nu, total, share):
    """And it is positive up to the sign limit, where it vanishes."""
    run = orbit(kappa, nu, total * share, total * (1 - share), steps=100)
    smallest = theory.smallest_factor(kappa)
    assert smallest > 0
    assert (1 + kappa * run.e[1:]).min() >= min(1, smallest) - 1e-12
    assert theory.smallest_factor(theory.SIGN_LIMIT) == pytest.approx(0, abs=1e-14)
    assert theory.smallest_factor(1.0) == pytest.approx(22 / 27, rel=1e-14)


@given(
    kappa=st.floats(1, 1.55),
    nu=st.floats(0, 0.1),
    log_total=st.floats(-8, 0),
    share=st.floats(0, 1),
)
def test_strong_signal_floor(kappa, nu, log_total, share):
    """The strong signal never falls below its start or ε, whichever is smaller."""
    total = theory.smallest_factor(kappa) ** 2 * math.exp(log_total)
    s_0 = total * share
    run = orbit(kappa, nu, s_0, total * (1 - share), steps=400)
    floor = theory.strong_signal_floor(kappa, nu)
    assert 0 < floor < 1
    assert run.s.min() >= min(s_0, floor) * (1 - 1e-12)


@given(
    kappa=st.floats(1, 1.55),
    nu=st.floats(0.001, 0.2),
    q_other=st.floats(0, 0.1),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
def test_under_the_stopping_margins_signs_are_kept(kappa, nu, q_other, log_total, share):
    """And the floor holds, with B = 2 q⁻_0; and 1 − q + q⁻ shrinks by N at most where e > 0."""
    opposite = 2 * q_other
    factor = theory.smallest_factor(kappa, opposite)
    assume(factor > 0)
    total = factor**2 * math.exp(log_total)
    s_0, q_0 = total * share, total * (1 - share)
    margins = theory.stopping_margins(s_0, q_0, kappa, nu, q_other)
    assume(min(margins) >= 0)
    run = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=400)
    assert (1 + kappa * run.e).min() >= factor - 1e-12
    assert (kappa * nu * np.abs(run.e)).max() < 1
    assert run.q_other.max() <= opposite
    floor = theory.strong_signal_floor(kappa, nu, opposite)
    assert 0 < floor < 1 / 9
    assert run.s.min() >= min(s_0, floor) * (1 - 1e-12)
    left, rising = 1 - run.q + run.q_other, run.e[:-1] > 0
    least = margins[1] + 1 / 3
    assert (left[1:] >= least * left[:-1] - 1e-12)[rising].all()


@given(
    s_0=st.floats(0, 1),
    q_0=st.floats(0, 1),
    kappa=st.floats(0.1, 2),
    nu=st.floats(0, 0.9),
    q_other=st.floats(0, 0.5),
)
def test_the_stopping_margins_by_their_formulas(s_0, q_0, kappa, nu, q_other):
    h1, h2, h3 = theory.stopping_margins(s_0, q_0, kappa, nu, q_other)
    c, x, bound = theory.smallest_factor(kappa, 2 * q_other), kappa * nu, 2 * q_other
    assert h1 == pytest.approx(min(kappa - 1, c), abs=1e-12)
    barrier = 1 - 2 * x - 4 * x * bound - x * x - x * x * bound
    assert h2 + 1 / 3 == pytest.approx(barrier, rel=1e-12, abs=1e-12)
    assert h3 == pytest.approx(max(c, 0) ** 2 - s_0 - q_0, abs=1e-12)


def test_the_stopping_margins_vanish_at_the_borders_of_the_hypotheses():
    """κ = 1, the sign limit, κν = √(5/3) − 1 and s_0 + q_0 = c²."""
    for kappa in (1.0, theory.SIGN_LIMIT):
        assert theory.stopping_margins(0.1, 0.1, kappa, 0.04)[0] == pytest.approx(0, abs=1e-13)
    nu = (math.sqrt(5 / 3) - 1) / 1.2
    assert theory.stopping_margins(0.1, 0.1, 1.2, nu)[1] == pytest.approx(0, abs=1e-14)
    c = theory.smallest_factor(1.2)
    assert theory.stopping_margins(c**2 - 0.01, 0.01, 1.2, 0.1)[2] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize(("kappa", "q_other"), [(1.5, 0.5), (1.65, 0.0)])
def test_where_a_stopping_margin_is_negative_the_strong_signal_can_die(kappa, q_other):
    """Signs turn, by the opposing filters already below the sign limit."""
    assert theory.stopping_margins(0.01, 0.01, kappa, 0.04, q_other)[0] < 0
    s_0 = (1 + kappa * (1 + q_other)) / (3 * kappa)  # steps highest
    run = orbit(kappa, 0.04, s_0, 0.001, q_other=q_other, steps=20)
    assert run.s[-1] == 0


@pytest.mark.parametrize("opposite", [0.0, 0.05])
def test_the_squared_residual_budget(opposite):
    """Of whole runs, under the hypotheses of the stopping theorem."""
    rng = np.random.default_rng(4)
    kappa, nu = rng.uniform(1.1, 1.45, 80), rng.uniform(0.005, 0.1, 80)
    floor = theory.strong_signal_floor(kappa, nu, opposite)
    factor = theory.smallest_factor(kappa, opposite)
    assert (factor > 0).all()
    s_0 = floor * rng.uniform(0.001, 1, 80)
    q_0 = (factor**2 - s_0) * np.exp(rng.uniform(-9, -4, 80))
    assert (np.min(theory.stopping_margins(s_0, q_0, kappa, nu, opposite / 2), axis=0) >= 0).all()
    run = orbit(kappa, nu, s_0, q_0, q_other=opposite / 2, steps=8000)
    spent = (run.e**2).sum(0)
    budget = theory.squared_residual_budget(q_0, kappa, nu, opposite)
    assert (spent <= budget).all()
    assert (spent > 0.1 * budget).all()


@given(q_0=st.floats(1e-6, 0.9), kappa=st.floats(1, 1.4), nu=st.floats(0.01, 0.9))
def test_the_squared_residual_budget_counts_gains_of_the_potential(q_0, kappa, nu):
    """A run of residuals of the size 1 + B is the cheapest: ½ log((1 + B)/q_0) over its gain."""
    for opposite in (0.0, 0.05):
        e = 1 + opposite
        visits = math.log(e / q_0) / 2 / theory.potential_gain(e, kappa, nu)
        budget = theory.squared_residual_budget(q_0, kappa, nu, opposite)
        assert budget == pytest.approx(visits * e**2, rel=1e-12)


def test_where_signs_may_turn_there_is_no_floor_and_no_budget():
    assert math.isnan(theory.strong_signal_floor(1.2, 0.04, 1.0))
    assert math.isnan(theory.squared_residual_budget(0.01, 1.2, 0.04, 1.0))
    assert math.isnan(theory.squared_residual_budget(0.01, 1.7, 0.04))


# --- The oscillation while the weak signal grows -----------------------------------------------


def frozen(s, q, kappa):
    """One step of the strong signal while the weak one is held at q."""
    return s * (1 + kappa * (1 - q - s)) ** 2


@given(q=st.floats(0, 0.9), kappa=st.floats(1.0, 4.0))
def test_oscillation_amplitude_is_that_of_the_cycle(q, kappa):
    """With q frozen, e = −δ comes back after two steps; the residual between is larger."""
    delta = theory.oscillation_amplitude(q, kappa)
    if kappa * (1 - q) <= 1:
        assert delta == 0
        return
    high = 1 - q + delta
    low = frozen(high, q, kappa)
    assert frozen(low, q, kappa) == pytest.approx(high, rel=1e-8, abs=1e-9)
    assert 1 - q - low >= delta - 1e-9


def test_oscillation_amplitude_against_simulation():
    kappa, q = np.array([1.05, 1.1, 1.2, 1.4])[:, None], np.array([0.0, 0.02, 0.16, 0.5])
    s = np.full((4, 4), 0.2)
    for _ in range(3000):
        s = frozen(s, q, kappa)
    e = 1 - q - s
    smaller = np.minimum(abs(e), abs(1 - q - frozen(s, q, kappa)))
    here = (kappa * (1 - q) < 1.22) & (abs(kappa * (1 - q) - 1) > 0.01)
    assert here.sum() == 13
    expected = theory.oscillation_amplitude(q, kappa)
    np.testing.assert_allclose(smaller[here], expected[here], atol=1e-9)
    assert (expected == 0).any()


@given(kappa=oscillating)
def test_at_the_birth_of_the_weak_signal_the_amplitude_is_that_of_the_two_cycle(kappa):
    high = theory.two_cycle(kappa)[1]
    assert theory.oscillation_amplitude(0, kappa) == pytest.approx(high - 1, rel=1e-7, abs=1e-7)
    assert theory.oscillation_amplitude(1 - 1 / kappa, kappa) == pytest.approx(0, abs=1e-7)


@given(part=st.floats(0, 1), kappa=oscillating)
def test_the_weak_signal_at_an_amplitude_has_it(part, kappa):
    """It inverts the amplitude, from 1 − 1/κ at δ = 0 down to 0 at the amplitude of q = 0."""
    delta = part * theory.oscillation_amplitude(0, kappa)
    q = theory.weak_signal_at_amplitude(delta, kappa)
    assert -1e-7 <= q <= 1 - 1 / kappa + 1e-12
    assert theory.oscillation_amplitude(max(q, 0), kappa) == pytest.approx(delta, abs=1e-6)
    assert theory.weak_signal_at_amplitude(0, kappa) == pytest.approx(1 - 1 / kappa, abs=1e-12)
    beyond = 0.5 * (theory.oscillation_amplitude(0, kappa) + 1 / kappa)
    assert theory.weak_signal_at_amplitude(beyond, kappa) < 0


def test_the_weak_signal_at_an_amplitude_against_simulation():
    """When a run's |e| first falls below δ, its weak signal is there up to O(ν)."""
    kappa, delta = np.array([1.1, 1.15, 1.2]), np.array([0.06, 0.1, 0.14])
    errors = []
    for nu in (0.02, 0.01):
        run = orbit(kappa, nu, theory.two_cycle(kappa)[0], 1e-3, steps=round(150 / nu))
        stopped = (abs(run.e) < delta).argmax(0)
        assert (stopped > 100).all()
        expected = theory.weak_signal_at_amplitude(delta, kappa)
        errors.append(abs(run.q[stopped, range(3)] - expected))
    assert (errors[0] < 0.1 * 0.02 + 0.02 * expected).all()
    assert (errors[1] < errors[0]).all()


@given(kappa=oscillating)
def test_the_self_consistent_delta_solves_its_equation(kappa):
    delta = theory.self_consistent_delta(kappa)
    assert theory.oscillation_amplitude(delta, kappa) == pytest.approx(delta, rel=1e-7, abs=1e-9)
    if kappa > 1.001:
        for part in (0.9, 1.1):
            gap = theory.oscillation_amplitude(part * delta, kappa) - part * delta
            assert gap * (1 - part) > 0


def test_the_self_consistent_delta_parts_the_deltas_for_which_theorem_2_holds():
    """When |e| >= δ stops to hold, q >= δ for a δ a little below, and not for one above."""
    kappa = np.array([1.05, 1.1, 1.2])
    run = orbit(kappa, 0.01, theory.two_cycle(kappa)[0], 1e-3, steps=15_000)
    largest = theory.self_consistent_delta(kappa)
    for part, concluded in ((0.95, True), (1.05, False)):
        delta = part * largest
        stopped = (abs(run.e) < delta).argmax(0)
        assert (stopped > 100).all()
        assert ((run.q[stopped, range(3)] >= delta) == concluded).all()


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


@given(
    kappa=st.floats(1.05, 1.3),
    nu=st.floats(0.05, 0.18),
    s_0=st.floats(1e-4, 0.05),
    q_0=st.floats(1e-4, 0.01),
    q_other=st.floats(0, 0.01),
)
@settings(max_examples=30)
def test_the_stopping_theorem(kappa, nu, s_0, q_0, q_other):
    """Under its hypotheses the run meets the label and q − q⁻ has passed the terminal signal."""
    assume(min(theory.stopping_margins(s_0, q_0, kappa, nu, q_other)) >= 0)
    path = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=20_000)
    assert abs(path.e[-1]) < 1e-6
    learned = path.q[-1] - path.q_other[-1]
    assert learned >= theory.terminal_weak_signal(kappa, nu) - 1e-6


@pytest.mark.parametrize(
    ("kappa", "nu", "s_0", "violated"), [(1.2, 0.9, 0.01, 1), (1.4, 0.04, 1.8, 2)]
)
def test_what_breaks_the_stopping_theorem(kappa, nu, s_0, violated):
    """Without (H2) the strong signal dies and the residual stays, without (H3) a sign is lost."""
    margins = theory.stopping_margins(s_0, 0.001, kappa, nu)
    assert [margin < 0 for margin in margins] == [k == violated for k in range(3)]
    path = orbit(kappa, nu, s_0, 0.001, steps=20_000)
    if violated == 1:
        assert 1 + kappa * path.e.min() > theory.smallest_factor(kappa)
        assert path.s[-1] < 1e-80 and np.abs(path.e[-100:]).min() > 0.1
    else:
        assert 1 + kappa * path.e[0] < 0 and path.s[1] == 0


def test_a_start_on_the_null_set_stays_on_the_unstable_line():
    """In exact fractions: all hypotheses hold, e_1 = 0, and q stays below the terminal law."""
    kappa, nu, e = Fraction(6, 5), Fraction(1, 25), Fraction(7, 10)
    strong, weak = (1 + kappa * e) ** 2, (1 + kappa * nu * e) ** 2
    q = ((1 - e) * strong - 1) / (strong - weak)
    s = 1 - e - q
    assert min(theory.stopping_margins(float(s), float(q), 1.2, 0.04)) > 0.05
    assert s * strong + q * weak == 1
    assert float(q * weak) < 0.1 * theory.terminal_weak_signal(1.2, 0.04)


@given(
    kappa=st.floats(1, 1.55),
    weak=st.floats(0.29, 0.414),
    q_other=st.floats(0, 0.02),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
def test_the_floor_under_the_weaker_hypothesis(kappa, weak, q_other, log_total, share):
    """N > 0 in place of (H2), and N c² s_c in place of ε; weak is κν."""
    bound = 2 * q_other
    c, n = theory.smallest_factor(kappa, bound), 1 - 2 * weak * (1 + 2 * bound)
    n -= weak**2 * (1 + bound)
    assume(c > 0 and n > 0)
    total = c**2 * math.exp(log_total)
    s_0, q_0 = total * share, total * (1 - share)
    path = orbit(kappa, weak / kappa, s_0, q_0, q_other=q_other, steps=400)
    floor = n * c**2 * n / (kappa * (2 + kappa * (1 + bound)))
    assert path.s.min() >= min(s_0, floor) * (1 - 1e-12)
    assert (1 + kappa * path.e).min() >= c - 1e-12
    assert path.q_other.max() <= bound


@given(
    kappa=st.floats(1.02, 1.5),
    nu=st.floats(0.02, 0.18),
    delta=st.floats(0.02, 0.8),
    q_other=st.floats(0, 0.01),
    log_s=st.floats(-8, -2),
    log_q=st.floats(-9, -2),
)
@settings(max_examples=40)
def test_assumption_4_holds_for_a_bounded_number_of_steps(kappa, nu, delta, q_other, log_s, log_q):
    """|e| >= δ at F/(2g(κδ)) steps at most; and what q gains while it holds from the start on."""
    s_0, q_0, bound = math.exp(log_s), math.exp(log_q), 2 * q_other
    assume(min(theory.stopping_margins(s_0, q_0, kappa, nu, q_other)) >= 0)
    path = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=4000)
    gain = theory.potential_gain(delta, kappa, nu)
    floor = min(s_0, theory.strong_signal_floor(kappa, nu, bound))
    room = math.log((1 + bound) / q_0) + nu * math.log(s_0 / floor)
    large = np.abs(path.e) >= delta
    assert large.sum() <= room / (2 * gain)
    first = len(large) if large.all() else int(large.argmin())
    last = min(first, 4000)
    least = q_0 * (path.s[last] / s_0) ** nu * math.exp(2 * last * gain)
    assert path.q[last] >= least * (1 - 1e-9)


def test_the_weak_signal_passes_its_limit_by_nu_squared():
    """It does pass it; the excess over ν² hardly depends on ν."""
    nu = np.array([0.02, 0.04, 0.08])
    for kappa, low, high in ((1.2, 0.008, 0.010), (1.5, 0.042, 0.049)):
        path = orbit(kappa, nu, 0.0078, 0.0003, steps=40_000)
        excess = (path.q.max(0) - path.q[-1]) / nu**2
        assert (excess > low).all() and (excess < high).all()
    path = orbit(1.2, 0.04, 0.0078, 0.0003, steps=20_000)
    assert path.q.max() == pytest.approx(0.175301, abs=2e-6)
    assert path.q[-1] == pytest.approx(0.175286, abs=2e-6)


# --- The ledger of constants -------------------------------------------------------------------


@given(kappa=st.floats(1.01, 1.55), nu=st.floats(0.01, 0.2))
def test_the_constants_fit_together(kappa, nu):
    """Each constant against another one, or against the map."""
    ledger = {constant.name: constant.value for constant in theory.constants(kappa, nu)}
    low, high = ledger["2-cycle, lower strong signal"], ledger["2-cycle, upper strong signal"]
    assert low * high == pytest.approx(1 / kappa**2, rel=1e-9)
    assert low + high == pytest.approx(2 - 2 * ledger["mean residual on the 2-cycle"], rel=1e-9)
    slopes = [1 + kappa - 3 * kappa * s for s in (low, high)]
    assert math.prod(slopes) == pytest.approx(ledger["multiplier of the 2-cycle"], abs=1e-9)
    assert high <= ledger["largest signal after a step"] < 1 + 1 / kappa
    factor = ledger["smallest factor of strong overlaps"]
    assert factor == pytest.approx(1 + kappa * (1 - ledger["largest signal after a step"]))
    assert 0 < ledger["floor of the strong signal"] < factor**2
    budget = ledger["squared residuals per log(1/q_0), at most"]
    assert budget * ledger["gain per squared residual, at least"] == pytest.approx(0.5, rel=1e-12)
    growth = math.exp(2 * ledger["growth of log weak overlap per step"])
    assert growth == pytest.approx(1 + nu * (1 - nu) * (kappa - 1), rel=1e-9)
    least, landing = (
        ledger[f"weak signal at the end, {kind}"] for kind in ("at least", "landing law")
    )
    assert landing / least == pytest.approx(1 + nu / 4, rel=1e-9)
    assert ledger["self-consistent delta"] <= ledger["largest delta on the 2-cycle"]


def test_the_constants_say_where_they_come_from():
    ledger = theory.constants(1.2, 0.04)
    assert len({constant.name for constant in ledger}) == len(ledger)
    assert [constant.chapter for constant in ledger] == sorted(c.chapter for c in ledger)
    assert all(constant.formula and isinstance(constant.value, float) for constant in ledger)


@pytest.mark.parametrize(
    "kappa, nu", [(0.9, 0.04), (1.6, 0.04), (1.2, 0), (1.2, 1), (math.nan, 0.1)]
)
def test_constants_outside_their_range(kappa, nu):
    with pytest.raises(ValueError, match="^(kappa|nu) must be finite"):
        theory.constants(kappa, nu)


def test_constants_of_something_else():
    with pytest.raises(TypeError, match="^kappa must be a number"):
        theory.constants("1.2", 0.04)
