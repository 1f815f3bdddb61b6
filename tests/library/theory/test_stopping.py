"""Where one point stops, and how far a run can go, against simulation and autograd."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benign_osc_lib import (
    predict,
    theory,
)
from benign_osc_lib.one_point import orbit, signals
from tests.library.common import normal
from tests.library.theory.common import small_start

# --- Where oscillation ends ----------------------------------------------------------------------


@given(kappa=st.floats(1.0, 3.0), nu=st.floats(0, 0.9))
def test_the_terminal_signal_is_at_the_edge_of_stability(kappa, nu):
    """κ (s + ν q) = 1 on s + q = 1."""
    q = theory.terminal_weak_signal(kappa, nu)
    assert q >= 0
    assert kappa * (1 - q + nu * q) == pytest.approx(1, rel=1e-12, abs=0)


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


# --- Where one point lands -----------------------------------------------------------------------


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
    assert output(w).item() == pytest.approx(y, rel=1e-12, abs=0)

    def loss(flat):
        return (output(flat) - y).square() / 2

    top = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, w.flatten()))[-1].item()
    s, q, s_other, q_other = signals(w, y * x[0], y * x[1], int(y))
    kappa, nu = theory.kappa(lr, u_norm, m), theory.nu(u_norm, ratio * u_norm)
    sharpness = theory.relative_sharpness(s + s_other, q + q_other, kappa, nu)
    assert sharpness.item() == pytest.approx(lr * top / 2, rel=1e-8, abs=0)


@given(kappa=st.floats(1.0, 3.0), nu=st.floats(0, 0.9))
def test_at_the_terminal_signal_the_relative_sharpness_is_one(kappa, nu):
    q = theory.terminal_weak_signal(kappa, nu)
    assert theory.relative_sharpness(1 - q, q, kappa, nu) == pytest.approx(1, rel=1e-12, abs=0)


# --- How far a run can go ------------------------------------------------------------------------


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
    assert run.s[1] == pytest.approx(theory.largest_signal(kappa, opposite), rel=1e-12, abs=0)


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
    assert theory.smallest_factor(1.0) == pytest.approx(22 / 27, rel=1e-14, abs=0)


@given(
    kappa=st.floats(1, 1.55),
    nu=st.floats(0, 0.1),
    log_total=st.floats(-8, 0),
    share=st.floats(0, 1),
)
def test_strong_signal_floor(kappa, nu, log_total, share):
    """The strong signal never falls below its start or ε, whichever is smaller."""
    s_0, q_0 = small_start(theory.smallest_factor(kappa), log_total, share)
    run = orbit(kappa, nu, s_0, q_0, steps=400)
    floor = theory.strong_signal_floor(kappa, nu)
    assert 0 < floor < 1
    assert run.s.min() >= min(s_0, floor) * (1 - 1e-12)


@given(
    kappa=st.floats(1, 1.55),
    nu=st.floats(0.001, 0.5),
    q_other=st.floats(0, 0.1),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
def test_under_the_stopping_margins_signs_are_kept(kappa, nu, q_other, log_total, share):
    """And, where k_room >= 0, the floor holds; 1 − q + q⁻ shrinks by k_room at most where e > 0."""
    opposite = 2 * q_other
    factor = theory.smallest_factor(kappa, opposite)
    assume(factor > 0)
    s_0, q_0 = small_start(factor, log_total, share)
    assume(min(theory.stopping_margins(s_0, q_0, kappa, nu, q_other)) >= 0)
    least = theory.barrier_factor(kappa, nu, opposite)
    assume(least >= 0)
    run = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=400)
    assert (1 + kappa * run.e).min() >= factor - 1e-12
    assert (kappa * nu * np.abs(run.e)).max() < 1
    assert run.q_other.max() <= opposite
    floor = theory.strong_signal_floor(kappa, nu, opposite)
    assert 0 < floor < 1 / 3
    assert run.s.min() >= min(s_0, floor) * (1 - 1e-12)
    left, rising = 1 - run.q + run.q_other, run.e[:-1] > 0
    assert (left[1:] >= np.maximum(least * left[:-1], run.s[:-1]) - 1e-12)[rising].all()


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
    assert h2 == pytest.approx(1 - kappa * nu, abs=1e-12)
    barrier = 1 - 2 * x - 4 * x * bound
    found = theory.barrier_factor(kappa, nu, bound)
    assert found == pytest.approx(barrier, rel=1e-12, abs=1e-12)
    assert h3 == pytest.approx(max(c, 0) ** 2 - s_0 - q_0, abs=1e-12)


def test_the_stopping_margins_vanish_at_the_borders_of_the_hypotheses():
    """κ = 1, the sign limit, κν = 1 and s_0 + q_0 = c²; and k_room at κν = 1/2."""
    for kappa in (1.0, theory.SIGN_LIMIT):
        assert theory.stopping_margins(0.1, 0.1, kappa, 0.04)[0] == pytest.approx(0, abs=1e-13)
    assert theory.stopping_margins(0.1, 0.1, 1.2, 1 / 1.2)[1] == pytest.approx(0, abs=1e-14)
    assert theory.barrier_factor(1.2, 0.5 / 1.2) == pytest.approx(0, abs=1e-14)
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


@given(q_0=st.floats(1e-6, 0.9), kappa=st.floats(1, 1.4), nu=st.floats(0.01, 0.25))
def test_the_squared_residual_budget_counts_gains_of_the_potential(q_0, kappa, nu):
    """A run of residuals of the size 1 + B is the cheapest: ½ log((1 + B)/q_0) over its gain."""
    for opposite in (0.0, 0.05):
        e = 1 + opposite
        visits = math.log(e / q_0) / 2 / theory.potential_gain(e, kappa, nu)
        budget = theory.squared_residual_budget(q_0, kappa, nu, opposite)
        assert budget == pytest.approx(visits * e**2, rel=1e-12, abs=0)


def test_where_signs_may_turn_there_is_no_floor_and_no_budget():
    assert math.isnan(theory.strong_signal_floor(1.2, 0.04, 1.0))
    assert math.isnan(theory.squared_residual_budget(0.01, 1.2, 0.04, 1.0))
    assert math.isnan(theory.squared_residual_budget(0.01, 1.7, 0.04))


def test_where_the_barrier_is_gone_there_is_no_floor_and_no_budget():
    """Beyond κν = 1/2: the strong signal survives, and no explicit floor is known."""
    for kappa_nu, gone in ((0.49, False), (0.51, True), (0.9, True)):
        assert math.isnan(theory.strong_signal_floor(1.2, kappa_nu / 1.2)) == gone
        assert math.isnan(theory.squared_residual_budget(0.01, 1.2, kappa_nu / 1.2)) == gone


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


def test_from_above_the_law_the_weak_signal_passes_its_limit_by_nu():
    """The strong signal overshoots before it settles: the excess goes like ν, not like ν²."""
    nu = np.array([0.01, 0.02, 0.04])
    path = orbit(1.2, nu, 0.0078, 0.3, steps=4000)
    assert np.abs(path.e[-1]).max() < 1e-12
    excess = (path.q.max(0) - path.q[-1]) / nu
    assert (excess > 0.019).all() and (excess < 0.022).all()
