"""The cubic map: its thresholds, cycles and bounds, each found in a second way."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from mpmath import iv
from scipy.optimize import OptimizeResult

from benign_osc_lib import (
    FeatureNoiseModel,
    cubic_map,
    metrics,
    noiseless_point,
    one_point,
    theory,
    train,
)

kappas = st.floats(0.05, 2.0)
keeping_signs = st.floats(0.51, theory.SIGN_LIMIT - 1e-3)


def edge(kappa):
    """The positive zero of the map."""
    return np.sqrt(1 + 1 / kappa)


# --- The map -----------------------------------------------------------------------------------


@given(kappa=kappas, z=st.floats(-3, 3))
def test_the_map_is_the_odd_cubic_map_in_other_units(kappa, z):
    x, r = math.sqrt(kappa) * z, 1 + kappa
    assert math.sqrt(kappa) * cubic_map.step(z, kappa) == pytest.approx(r * x - x**3, abs=1e-11)
    assert cubic_map.step(-z, kappa) == -cubic_map.step(z, kappa)


@given(kappa=kappas, z=st.floats(-3, 3))
def test_the_distance_from_one_is_multiplied_by_a_polynomial(kappa, z):
    """h(z) − 1 = (z − 1)(1 − κ z (z + 1)); its value at 1 is the multiplier 1 − 2κ."""
    distance = (z - 1) * (1 - kappa * z * (z + 1))
    assert cubic_map.step(z, kappa) - 1 == pytest.approx(distance, abs=1e-11)
    assert cubic_map.slope(1.0, kappa) == pytest.approx(1 - 2 * kappa, abs=1e-12)
    assert cubic_map.slope(0.0, kappa) == pytest.approx(1 + kappa)


@given(kappa=kappas, z=st.floats(-3, 3))
def test_the_residual_follows_a_cubic_map_too(kappa, z):
    """x = −κ e with e = 1 − z²: the map of Chen et al. (2024)."""
    x = -kappa * (1 - z**2)
    after = -kappa * (1 - cubic_map.step(z, kappa) ** 2)
    assert after == pytest.approx(x**3 + (kappa - 2) * x**2 + (1 - 2 * kappa) * x, abs=1e-8)


@given(kappa=kappas, z=st.floats(-3, 3))
def test_the_slope_by_autograd(kappa, z):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    cubic_map.step(z, kappa).backward()
    assert cubic_map.slope(z.item(), kappa) == pytest.approx(z.grad.item(), abs=1e-11)


@given(kappa=kappas)
def test_the_critical_point_is_the_top(kappa):
    c = cubic_map.critical_point(kappa)
    assert cubic_map.slope(c, kappa) == pytest.approx(0, abs=1e-12)
    others = cubic_map.step(np.linspace(0, edge(kappa), 200), kappa)
    top = cubic_map.step(c, kappa)
    assert others.max() <= top + 1e-12
    assert top**2 == pytest.approx(theory.largest_signal(kappa), rel=1e-12, abs=0)
    assert top**2 == pytest.approx(4 * (1 + kappa) ** 3 / (27 * kappa), rel=1e-12, abs=0)


@pytest.mark.parametrize("kappa", [0.3, 1.2])
def test_the_strong_signal_of_one_point_follows_the_map(kappa):
    """The network with no part along v, and the map of the signals, both from chapter 4's side."""
    model = FeatureNoiseModel(d=3, u_norm=1.5, v_norm=0.4, noise_norm=1.0)
    data = noiseless_point(model.u, model.v)
    w = torch.zeros(2, 3, 3).double()
    w[0, :, 0] = torch.tensor([0.1, 0.2, -0.3])
    run = train(data, w, kappa * 3 / (2 * 1.5**2), epochs=40)
    s = metrics.learned_signal(run.strong)[:, 0].numpy()
    z = cubic_map.iterate(math.sqrt(s[0]), kappa, steps=40)
    np.testing.assert_allclose(z**2, s, atol=1e-9)
    path = one_point.orbit(kappa, 0.04, s[0], 0.0, steps=40)
    np.testing.assert_allclose(path.s, s, atol=1e-9)


def test_iterate_is_repeated_steps_on_a_grid():
    z, kappa = np.array([[0.2], [-0.4]]), np.array([0.5, 1.2, 1.5])
    states = cubic_map.iterate(z, kappa, steps=3)
    assert states.shape == (4, 2, 3)
    for before, after in itertools.pairwise(states):
        np.testing.assert_allclose(cubic_map.step(before, kappa), after, rtol=1e-14)
    assert cubic_map.iterate(1.0, 1.2, steps=0).tolist() == [1.0]


def test_iterate_reports_escape_without_a_warning():
    assert not np.isfinite(cubic_map.iterate(3.0, 2.0, steps=50)[-1])


# --- Fixed point and 2-cycle -------------------------------------------------------------------


@given(kappa=st.floats(0.1, 0.95), fraction=st.floats(0.01, 0.99))
@settings(max_examples=20)
def test_below_one_every_start_settles(kappa, fraction):
    z = cubic_map.iterate(fraction * edge(kappa), kappa, steps=2000)
    assert (z > 0).all()
    assert z[-1] == pytest.approx(1, abs=1e-9)


@given(kappa=st.floats(0.05, 0.5), start=st.floats(0.01, 0.99))
@settings(max_examples=20)
def test_up_to_one_half_the_approach_is_monotone(kappa, start):
    z = cubic_map.iterate(start, kappa, steps=300)
    assert (np.diff(z) >= -1e-15).all()


def test_at_one_it_settles_slowly():
    z = cubic_map.iterate(np.linspace(0.13, 1.33, 13), 1.0, steps=10_000)
    late = np.abs(z[-1] - 1)
    assert (late < np.abs(z[1000] - 1)).all()
    assert late.max() < 0.01


@given(kappa=st.floats(1.01, 1.59), start=st.floats(0.05, 0.95))
@settings(max_examples=20)
def test_above_one_orbits_keep_away_from_the_fixed_point(kappa, start):
    """limsup |z − 1| >= (3 − √(1 + 8/κ))/2."""
    z = cubic_map.iterate(start, kappa, steps=3000)
    assume(z[-1] != 1)
    bound = (3 - math.sqrt(1 + 8 / kappa)) / 2
    assert np.abs(z[-300:] - 1).max() >= bound > 0


@given(kappa=st.floats(1.001, 3.0))
def test_the_two_cycle_in_terms_of_p(kappa):
    """s_low = 1/(κ p) and s_high = p/κ with p + 1/p = 1 + κ: product 1/κ², sum 1 + 1/κ."""
    low, high = theory.two_cycle(kappa)
    assert low * high == pytest.approx(1 / kappa**2, rel=1e-9, abs=0)
    assert low + high == pytest.approx(1 + 1 / kappa, rel=1e-12, abs=0)
    step = cubic_map.step(math.sqrt(low), kappa)
    assert step == pytest.approx(math.sqrt(high), rel=1e-9, abs=0)


@pytest.mark.parametrize(("kappa", "crossings"), [(0.2, 1), (0.95, 1), (1.05, 3), (1.5, 3)])
def test_the_positive_two_cycle_exists_only_above_one(kappa, crossings):
    """h(h(z)) − z crosses zero at the fixed point and, for κ > 1, at the two cycle points."""
    z = np.linspace(1e-3, edge(kappa) - 1e-3, 4001)
    gap = cubic_map.step(cubic_map.step(z, kappa), kappa) - z
    assert (np.diff(np.sign(gap)) != 0).sum() == crossings


@given(kappa=st.floats(1.0, 3.0))
def test_the_multiplier_of_the_two_cycle_is_the_product_of_slopes(kappa):
    low, high = (cubic_map.slope(math.sqrt(s), kappa) for s in theory.two_cycle(kappa))
    formula = theory.two_cycle_multiplier(kappa)
    assert low * high == pytest.approx(formula, rel=1e-7, abs=1e-7)


def test_the_multiplier_is_minus_one_at_the_limit_and_zero_at_the_superstable_cycle():
    assert theory.two_cycle_multiplier(1.0) == 1
    limit = theory.STABLE_CYCLE_LIMIT
    assert theory.two_cycle_multiplier(limit) == pytest.approx(-1, abs=1e-12)
    assert theory.two_cycle_multiplier(cubic_map.superstable(1)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("kappa", "returns"), [(1.05, True), (1.23, True), (1.25, False)])
def test_the_two_cycle_attracts_up_to_root_five_minus_one(kappa, returns):
    z = math.sqrt(theory.two_cycle(kappa)[0])
    late = cubic_map.iterate(z + 1e-5, kappa, steps=1000)[-1]
    assert (abs(late - z) < 1e-9) == returns


# --- Trapping, signs, escape -------------------------------------------------------------------


@given(kappa=keeping_signs, fraction=st.floats(0.01, 0.99))
def test_the_trapping_interval_traps(kappa, fraction):
    low, high = cubic_map.trapping_interval(kappa)
    assert 0 < low <= 1 <= high < edge(kappa)
    inside = cubic_map.step(np.linspace(low, high, 200), kappa)
    assert low - 1e-12 <= inside.min() <= inside.max() <= high + 1e-12
    z = cubic_map.iterate(fraction * edge(kappa), kappa, steps=1000)[-1]
    assert low - 1e-9 <= z <= high + 1e-9


@pytest.mark.parametrize("kappa", [0.1, 0.4, 0.5])
def test_up_to_one_half_nothing_from_below_is_trapped(kappa):
    """There [h(h(c)), h(c)] lies at or above 1, and z rises to 1 without reaching it."""
    high = cubic_map.step(cubic_map.critical_point(kappa), kappa)
    low = cubic_map.step(high, kappa)
    assert 1 - 1e-12 <= low <= high
    assert cubic_map.iterate(np.linspace(0.01, 0.9, 50), kappa, steps=300).max() <= low + 1e-12


@pytest.mark.parametrize("beyond", [1e-9, 1e-3, 0.1])
def test_the_sign_limit(beyond):
    for kappa, positive in (
        (theory.SIGN_LIMIT - beyond, True),
        (theory.SIGN_LIMIT + beyond, False),
    ):
        z = cubic_map.iterate(cubic_map.critical_point(kappa), kappa, steps=2)
        assert (z[-1] > 0) == positive


def test_beyond_the_sign_limit_the_network_settles_but_not_at_the_label():
    """At y f = 0, with the weak signal off: all signs are lost and nothing moves any more."""
    path = one_point.orbit(1.7, 0.04, np.linspace(0.01, 1.4, 200), 0.0, steps=1000)
    assert (path.e[-100:] == 1).all()


def test_the_sign_limit_in_interval_arithmetic():
    limit = iv.sqrt(27) / 2 - 1
    assert iv.mpf(theory.SIGN_LIMIT - 1e-15) < limit < iv.mpf(theory.SIGN_LIMIT + 1e-15)


@given(kappa=st.floats(0.02, 4.0))
def test_the_map_is_bounded_up_to_two(kappa):
    """It takes |z| <= √(1 + 2/κ) into itself iff κ <= 2, and [−√2, √2] as well for κ <= 2."""
    radius = math.sqrt(1 + 2 / kappa)
    top = cubic_map.step(cubic_map.critical_point(kappa), kappa)
    assert cubic_map.step(radius, kappa) == pytest.approx(-radius, rel=1e-12, abs=0)
    if abs(kappa - theory.ESCAPE) > 1e-6:
        assert (top <= radius) == (kappa < theory.ESCAPE)
    if kappa < theory.ESCAPE:
        values = cubic_map.step(np.linspace(-math.sqrt(2), math.sqrt(2), 401), kappa)
        assert np.abs(values).max() <= math.sqrt(2) + 1e-12


@given(kappa=st.floats(0.1, 3.0), excess=st.floats(0.01, 1.0))
def test_beyond_the_radius_orbits_escape(kappa, excess):
    z = cubic_map.iterate(math.sqrt(1 + 2 / kappa) + excess, kappa, steps=6)
    assert (np.diff(np.abs(z[np.isfinite(z)])) > 0).all()


@pytest.mark.parametrize("kappa", [1.65, 1.8])
def test_a_point_that_loses_its_strong_signal_falls_back_on_the_weak_one(kappa):
    s = np.linspace(1e-3, 5e-2, 40)
    path = one_point.orbit(kappa, 0.04, s, 1e-4, steps=3000)
    assert (path.s[-1] == 0).all()
    np.testing.assert_allclose(path.q[-1], 1, atol=1e-9)


def test_a_strong_weak_feature_alone_oscillates():
    """With κ ν = 1.1 the weak signal is the cubic map in its 2-cycle."""
    path = one_point.orbit(2.2, 0.5, 0.0, 0.5, steps=3000)
    np.testing.assert_allclose(sorted(path.q[-2:]), theory.two_cycle(1.1), atol=1e-9)


def test_a_step_can_end_both_signals():
    path = one_point.orbit(1.65, 0.04, 1.0, 17.0, steps=1)
    assert path.s[1] == path.q[1] == 0


# --- Period doubling ---------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(9))
def test_the_superstable_cycle_has_the_length_it_says(k):
    kappa = cubic_map.superstable(k)
    c = cubic_map.critical_point(kappa)
    path = cubic_map.iterate(c, kappa, steps=2**k)
    assert path[-1] == pytest.approx(c, abs=1e-9)
    if k:
        assert np.abs(path[1:-1] - c).min() > 1e-6


def test_the_superstable_four_cycle_in_interval_arithmetic():
    """h⁴(c) − c changes its sign within 2e-11 of the library's κ: the 4-cycle exists."""

    def miss(kappa):
        c = z = iv.sqrt((1 + kappa) / (3 * kappa))
        for _ in range(4):
            z = z * (1 + kappa - kappa * z**2)
        return z - c

    kappa = cubic_map.superstable(2)
    assert miss(iv.mpf(kappa - 1e-11)) < 0
    assert miss(iv.mpf(kappa + 1e-11)) > 0


@pytest.mark.parametrize("k", range(1, 6))
def test_a_doubling_doubles(k):
    kappa = cubic_map.period_doubling(k)
    gap = cubic_map.superstable(k) - cubic_map.superstable(k - 1)
    for near, length in ((kappa - gap / 8, 2 ** (k - 1)), (kappa + gap / 8, 2**k)):
        late = cubic_map.iterate(0.3, near, steps=20_000)[-128:]
        assert len(np.unique(late.round(8))) == length


def test_a_search_that_fails_is_reported(monkeypatch):
    failed = OptimizeResult(success=False, message="no progress", x=np.ones(2))
    monkeypatch.setattr("scipy.optimize.root", lambda *args, **options: failed)
    with pytest.raises(RuntimeError, match="k = 3: no progress"):
        cubic_map.period_doubling(3)


def test_doublings_and_superstable_cycles_take_turns():
    stable = [cubic_map.superstable(k) for k in range(7)]
    doubling = [cubic_map.period_doubling(k) for k in range(1, 7)]
    mixed = [x for pair in itertools.zip_longest(stable, doubling) for x in pair if x is not None]
    assert mixed == sorted(mixed)
    for found in (stable, doubling):
        gaps = np.diff(found)
        assert gaps[-2] / gaps[-1] == pytest.approx(4.669, abs=0.01)


# --- Lyapunov exponent -------------------------------------------------------------------------


@given(kappa=st.floats(0.2, 0.9))
@settings(max_examples=20)
def test_the_exponent_of_the_fixed_point(kappa):
    exact = math.log(max(abs(1 - 2 * kappa), 1e-12))
    if exact > -8:
        assert cubic_map.lyapunov_exponent(kappa) == pytest.approx(exact, abs=1e-6)


@given(kappa=st.floats(1.05, 1.21))
@settings(max_examples=20)
def test_the_exponent_of_the_two_cycle(kappa):
    exact = math.log(max(abs(theory.two_cycle_multiplier(kappa)), 1e-12)) / 2
    if exact > -4:
        assert cubic_map.lyapunov_exponent(kappa) == pytest.approx(exact, abs=1e-6)


def test_the_exponent_at_two_is_log_three():
    """There z = √2 sin θ turns the map into θ ← 3θ."""
    angle = np.linspace(-4, 4, 50)
    image = cubic_map.step(math.sqrt(2) * np.sin(angle), 2.0)
    np.testing.assert_allclose(image, math.sqrt(2) * np.sin(3 * angle), atol=1e-13)
    assert cubic_map.lyapunov_exponent(2.0) == pytest.approx(math.log(3), abs=0.01)
    assert cubic_map.lyapunov_exponent(np.array([0.8, 1.5])).shape == (2,)


# --- Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "word"),
    [
        (lambda: cubic_map.step(0.5, 0.0), ValueError, "kappa"),
        (lambda: cubic_map.step("z", 1.0), TypeError, "z"),
        (lambda: cubic_map.slope(0.5, -1.0), ValueError, "kappa"),
        (lambda: cubic_map.critical_point(math.inf), ValueError, "kappa"),
        (lambda: cubic_map.trapping_interval(0.4), ValueError, "0.5"),
        (lambda: cubic_map.trapping_interval(0.5), ValueError, "kappa"),
        (lambda: cubic_map.trapping_interval(theory.SIGN_LIMIT), ValueError, "kappa"),
        (lambda: cubic_map.iterate(0.5, 1.0, steps=-1), ValueError, "steps"),
        (lambda: cubic_map.iterate(np.ones(2), np.ones(3), steps=1), ValueError, "broadcast"),
        (lambda: cubic_map.iterate(None, 1.0, steps=1), TypeError, "z"),
        (lambda: cubic_map.lyapunov_exponent(2.1), ValueError, "kappa"),
        (lambda: cubic_map.lyapunov_exponent(1.0, steps=0), ValueError, "steps"),
        (lambda: cubic_map.lyapunov_exponent(1.0, skip=0.5), TypeError, "skip"),
        (lambda: cubic_map.superstable(9), ValueError, "k must be"),
        (lambda: cubic_map.superstable(1.0), TypeError, "k must be"),
        (lambda: cubic_map.period_doubling(0), ValueError, "k must be"),
        (lambda: theory.two_cycle_multiplier(0.9), ValueError, "kappa"),
    ],
)
def test_bad_input_is_named(call, error, word):
    with pytest.raises(error, match=word):
        call()
