"""The 2-cycle, alone and beside a weak signal, against the map and against each other."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from benign_osc_lib import (
    theory,
)
from benign_osc_lib.one_point import orbit
from tests.library.theory.common import odd_map, oscillating


def strong_map(s, kappa):
    """One step of the strong signal of one data point without a weak feature."""
    return s * (1 + kappa * (1 - s)) ** 2


# --- The 2-cycle ---------------------------------------------------------------------------------


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
    assert theory.two_cycle_multiplier(theory.STABLE_CYCLE_LIMIT) == pytest.approx(
        -1, rel=1e-13, abs=0
    )


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


# --- The oscillation while the weak signal grows -------------------------------------------------


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
