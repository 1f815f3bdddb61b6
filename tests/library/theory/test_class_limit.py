"""Where a class of many points stops: accounts, floor, edge and limit against the exact map."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from benign_osc_lib import many_points as mp
from benign_osc_lib import theory

NU, KAPPA = 0.04, 1.2


def start(seed, n_s=None, n_w=0, scale=1e-2, opposite=True, nu=NU):
    """A random start of a class with noise of several lengths."""
    dice = np.random.default_rng(seed)
    n_s = n_s or int(dice.integers(1, 5))
    n, draw = n_s + n_w, lambda *size: scale * dice.uniform(0.1, 2.0, *size)
    other = (0.0, 0.2 * draw(), 0.2 * draw(n)) if opposite else (0.0, 0.0, np.zeros(n))
    chi = dice.uniform(1.5 * nu, 0.3, n)
    return mp.ClassSignals(draw(), draw(), draw(n), *other, nu, chi, np.arange(n) < n_s)


@cache
def path_of(seed, n_w, epochs=300, **kind):
    state = start(seed, n_w=n_w, **kind)
    e = mp.class_residuals(state, KAPPA, epochs=epochs)
    return state, e, mp.class_path(state, KAPPA, e), mp.limit_margins(state, KAPPA, e)


each_class = pytest.mark.parametrize("seed, n_w", [(s, w) for s in range(4) for w in (0, 1, 2)])


@each_class
def test_the_weak_signal_never_falls_below_its_floor(seed, n_w):
    state, _, path, found = path_of(seed, n_w)
    assert found.factor > 0
    ratio = path.q / mp.growth_floor(state, path.noise)
    assert (ratio >= 1 - 1e-12).all() and ratio[-1] > 1.01
    assert (np.diff(np.log(ratio)) >= -1e-14).all()  # every visit has a gain


def test_the_floor_needs_noise_longer_than_v():
    state = replace(start(1, n_s=2, n_w=2), chi=np.full(4, NU / 4))
    e = mp.class_residuals(state, KAPPA, epochs=30)
    path = mp.class_path(state, KAPPA, e)
    assert (path.q < mp.growth_floor(state, path.noise)).any()


@each_class
def test_the_accounts(seed, n_w):
    """U pays out (Δ_a − κ s) e² at least, H never falls, and U has a floor."""
    _, e, path, found = path_of(seed, n_w)
    assert found.least > 0
    e, strong = e.ravel(), np.tile(path.strong, len(e))
    paid = -np.diff(mp.energy_account(path, KAPPA))
    due = (found.steepness - KAPPA * path.s[:-1] * strong) * e**2
    assert (paid >= due - 1e-10).all()
    gain = np.diff(mp.growth_account(path))
    assert (gain >= -1e-9).all()
    exact = theory.potential_gain(e[strong], KAPPA, NU) / NU
    np.testing.assert_allclose(gain[strong], exact, atol=1e-8)
    assert (mp.energy_account(path, KAPPA) >= 1 / (KAPPA * NU)).all()


def test_without_weak_points_the_account_is_the_potential():
    state = start(3)
    phi = theory.potential(math.sqrt(state.s), math.sqrt(state.q), NU)
    assert mp.growth_account(state) == pytest.approx(phi / NU, rel=1e-12, abs=0)


@given(
    seed=st.integers(0, 10**6),
    n_w=st.integers(0, 2),
    kappa=st.floats(1.05, 1.5),
    scale=st.floats(1e-6, 0.1),
    silent=st.booleans(),
)
def test_the_limit_solves_its_equation(seed, n_w, kappa, scale, silent):
    state = start(seed, n_w=n_w, scale=scale)
    if silent:
        state = replace(state, noise=np.where(np.arange(len(state.chi)) == 0, 0.0, state.noise))
    strong, weak, tau, b = state.strong, ~state.strong, state.tau, 0.01
    room = 1 - 2 * kappa * state.chi[weak] * (1 + 2 * b)
    assume(room.min(initial=1.0) > 0)
    goal = 1 - (1 + np.prod(room) ** (-1 / strong.sum())) / (2 * kappa)
    assume(goal > 1e-3)
    mean = np.exp(np.average(np.log(np.maximum(state.noise[strong], 1e-300)), weights=tau[strong]))

    def excess(q):
        inner = q / state.q * ((state.noise[weak] / (1 - q)) ** tau[weak]).prod()
        own = mean * inner ** (1 / tau[strong].sum()) * (not silent)
        return (1 - NU) * q + (1 - state.chi[strong].min()) * own - goal

    found = mp.weak_signal_at_rest(state, kappa, b)
    assert found == pytest.approx(brentq(excess, 1e-250, 1 - 1e-12, xtol=1e-14), rel=1e-6, abs=0)


@pytest.mark.parametrize("n_w", [0, 1])
def test_the_limit_as_the_start_shrinks(n_w):
    """It is the edge of one point if Σ τ > 1, and nothing if Σ τ < 1."""
    for n_s, chi, many in ((6, 0.16, True), (3, 0.28, False), (3, 0.16 - n_w * 0.02, n_w > 0)):
        state = start(1, n_s=n_s, n_w=n_w, opposite=False)
        state = replace(state, chi=np.full(n_s + n_w, chi))
        assert (state.tau.sum() > 1) == many
        tiny = [state.s, state.q, state.noise, 0.0, 0.0, 0 * state.noise]
        tiny = state.with_signals(*(1e-200 * x for x in tiny))
        rho = (1 - 2 * KAPPA * chi) ** (-n_w / n_s)
        edge = (1 - (1 + rho) / (2 * KAPPA)) / (1 - NU)
        found = mp.weak_signal_at_rest(tiny, KAPPA)
        assert found == pytest.approx(edge, rel=1e-4, abs=0) if many else found < 1e-4


def test_more_is_promised_from_more_and_at_a_larger_rate():
    state = start(2, n_s=5, n_w=1, scale=1e-3)
    rates = [mp.weak_signal_at_rest(state, kappa) for kappa in (0.9, 1.0, 1.1, 1.2, 1.4)]
    assert rates[0] == rates[1] == 0 and (np.diff(rates[1:]) > 0).all()
    signals = [mp.weak_signal_at_rest(replace(state, q=q), KAPPA) for q in (1e-5, 1e-4, 1e-3, 1e-2)]
    assert (np.diff(signals) > 0).all()
    louder = [mp.weak_signal_at_rest(state, KAPPA, b) for b in (0.0, 0.1, 0.3, 10.0)]
    assert (np.diff(louder) < 0).all() and louder[-1] == 0


def test_without_weak_points_silent_noise_leaves_the_edge_of_one_point():
    state = start(4, n_s=3)
    state = replace(state, noise=0 * state.noise)
    found = mp.weak_signal_at_rest(state, KAPPA)
    assert found == pytest.approx(theory.terminal_weak_signal(KAPPA, NU), rel=1e-12, abs=0)


@pytest.mark.parametrize("kind", ["both signs", "silent noise", "large start", "even", "odd"])
@pytest.mark.parametrize("n_w", [0, 1])
def test_no_run_comes_to_rest_below_the_limit(kind, n_w):
    """Brute force: lengths, numbers and starts at random; runs that settled, with margins > 0."""
    settled = 0
    for seed in range(8):
        n_s = {"even": 2, "odd": 3}.get(kind)
        scale = 0.1 if kind == "large start" else 10.0 ** -(1 + seed % 4)
        state = start(seed, n_s=n_s, n_w=n_w, scale=scale, opposite=kind == "both signs")
        state = replace(state, nu=0.05)
        if kind == "silent noise":
            state = replace(state, noise=np.where(state.strong, 0.0, state.noise))
        e = mp.class_residuals(state, KAPPA, epochs=1500)
        found = mp.limit_margins(state, KAPPA, e)
        if found.least <= 0 or abs(e[-1]).max() > 1e-4:
            continue
        end = mp.class_path(state, KAPPA, e).at(-1)
        limit = mp.weak_signal_at_rest(state, KAPPA, found.opposite)
        settled += limit > 0
        assert end.q >= limit * (1 - 1e-3)
        assert mp.edge_determinant(end, KAPPA) <= 1 + 1e-3
        lead = limit - state.q * state.q_other / limit if limit else 0.0
        assert end.q - end.q_other >= lead - 1e-3
    assert settled >= 2


@given(seed=st.integers(0, 10**6), n_w=st.integers(0, 2))
def test_the_edge_determinant_is_that_of_an_epoch(seed, n_w):
    """Against differences of the map of an epoch, close to a point where all e = 0."""
    state = start(seed, n_w=n_w, scale=0.1)
    q, q_other = 0.3, 0.1
    other = state.noise_other
    noise = np.where(state.strong, 0.05, 0.0) + other + np.where(state.strong, 0, 1 - q + q_other)
    rest = state.with_signals(1 - q + q_other - 0.05, q, noise, 0.0, q_other, other)
    np.testing.assert_allclose(mp.margins(rest), 1, rtol=1e-12)

    def epoch(z):
        moved = rest.with_signals(z[0], z[1], z[3 : 3 + n], 0.0, z[2], z[3 + n :])
        end = mp.class_path(moved, KAPPA, mp.class_residuals(moved, KAPPA, epochs=1)).at(-1)
        return np.array([end.s, end.q, end.q_other, *end.noise, *end.noise_other])

    n, h = len(state.chi), 1e-6
    z = np.array([rest.s, q, q_other, *noise, *other])
    columns = [(epoch(z + h * row) - epoch(z - h * row)) / (2 * h) for row in np.eye(len(z))]
    found = mp.edge_determinant(rest, KAPPA)
    assert abs(np.linalg.det(np.array(columns))) == pytest.approx(found, rel=1e-5, abs=1e-8)


@each_class
def test_squared_residuals_at_a_large_rate(seed, n_w):
    """Below the bound; and the capped account of the proof falls by Δ_a e²/2 at every visit."""
    state, e, path, found = path_of(seed, n_w)
    bound = mp.squared_residuals_at_a_large_rate(state, KAPPA, found)
    assert (e**2).sum() <= bound < math.inf
    phi, delta, b, mu = found.factor, found.steepness, found.opposite, found.room
    rise = theory.potential_gain_bound(1 + b, KAPPA, NU) / NU / (1 + b) ** 2
    top = np.log((2 - delta - KAPPA * NU / phi) / (KAPPA * NU)) / (2 * NU)
    top -= np.log(phi**2 * delta / (2 * KAPPA)) / 2
    for i in np.flatnonzero(~state.strong):
        top -= np.log(min(state.noise[i], mu * phi**2)) / (2 * state.chi[i])
    share = (1 + KAPPA + KAPPA * b) / rise
    account = mp.energy_account(path, KAPPA) - share * np.minimum(mp.growth_account(path), top)
    assert (np.diff(account) <= -delta / 2 * e.ravel() ** 2 + 1e-7).all()
    spent = account[0] - 1 / (KAPPA * NU) + share * top
    assert bound == pytest.approx(2 / delta * spent, rel=1e-9, abs=0)


def test_no_bound_of_the_squares_without_the_hypotheses():
    state, _, _, found = path_of(0, 1)
    for name in ("factor", "steepness", "room"):
        broken = replace(found, **{name: 0.0})
        assert mp.squared_residuals_at_a_large_rate(state, KAPPA, broken) == math.inf
    with pytest.raises(TypeError, match="margins must be a LimitMargins"):
        mp.squared_residuals_at_a_large_rate(state, KAPPA, 1.0)
    with pytest.raises(TypeError, match="state must be a ClassSignals"):
        mp.squared_residuals_at_a_large_rate(1.0, KAPPA, found)


@pytest.mark.parametrize("n_w", [0, 1, 2])
def test_squared_residuals_at_a_small_rate(n_w):
    for seed in range(5):
        state, kappa = start(seed, n_w=n_w), 0.1
        e = mp.class_residuals(state, kappa, epochs=400)
        path = mp.class_path(state, kappa, e)
        rate = np.where(state.strong, kappa, kappa * state.chi)
        phi = (1 + rate * e).min(initial=1.0)
        margin = 2 - (mp.sharpness(path, kappa) + rate / phi).max()
        assert (e**2).sum() <= mp.squared_residuals_at_a_small_rate(state, kappa, margin)
        half = mp.squared_residuals_at_a_small_rate(state, kappa, margin / 2)
        assert half == pytest.approx(
            2 * mp.squared_residuals_at_a_small_rate(state, kappa, margin), rel=1e-12, abs=0
        )


def test_margins_name_what_fails():
    state = start(0, n_s=3, n_w=1, scale=1e-3)
    e = mp.class_residuals(state, KAPPA, epochs=50)
    assert mp.limit_margins(state, KAPPA, e).least > 0

    def after(state, kappa=KAPPA):
        return mp.limit_margins(state, kappa, mp.class_residuals(state, kappa, epochs=50))

    assert after(replace(state, s_other=1e-4)).start < 0
    assert after(replace(state, noise=0 * state.noise)).start == 0
    assert after(replace(state, chi=np.full(4, NU / 2))).lengths < 0
    assert after(state, 1.9).factor <= 0
    assert after(state, 1.9).steepness == -math.inf
    long = replace(state, chi=np.array([0.1, 0.1, 0.1, 0.5]))
    assert after(long).weak < 0
    assert math.isinf(after(start(0, n_s=3)).weak) and math.isinf(after(start(0, n_s=3)).room)
    noisy = replace(state, noise_other=np.full(4, 2.0), noise=np.full(4, 2.0), chi=np.full(4, 0.9))
    assert after(noisy).steepness < 0


def test_bad_input_is_named():
    state = start(0, n_s=2, n_w=1)
    for wrong in (
        replace(state, q=0.0),
        replace(state, noise=0 * state.noise),
        replace(state, strong=np.zeros(3, bool)),
    ):
        with pytest.raises(ValueError, match="state must be one state with a strong point"):
            mp.weak_signal_at_rest(wrong, KAPPA)
    with pytest.raises(ValueError, match="state.noise must be"):
        mp.growth_floor(replace(state, noise=0 * state.noise), state.noise)
    with pytest.raises(ValueError, match="leading axes must broadcast"):
        mp.growth_floor(state, np.ones(2))
    with pytest.raises(TypeError, match="state must be a ClassSignals"):
        mp.squared_residuals_at_a_small_rate(1.0, 0.1, 1.0)
