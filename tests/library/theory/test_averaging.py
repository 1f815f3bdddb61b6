"""The slow curve, the logistic law and the second term of the landing law."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import theory
from benign_osc_lib.one_point import orbit


def test_without_drift_the_curve_is_the_two_cycle():
    q = np.linspace(0, 0.2, 21)
    kappa, low = 1.3, theory.oscillation_amplitude(q, 1.3)
    p = 1 / (1 - kappa * low)
    np.testing.assert_allclose(theory.slow_curve(-low, kappa, 0), q, atol=1e-14)
    np.testing.assert_allclose(theory.slow_curve((p - 1) / kappa, kappa, 0), q, atol=1e-14)


@given(kappa=st.floats(1.02, 1.55), x=st.floats(-0.4, 0.8))
def test_a_step_maps_the_slow_curve_to_itself(kappa, x):
    """Up to ν³: an eighth of the defect at half the ν."""
    defects = []
    for nu in (0.004, 0.002):
        e = x / kappa
        q = theory.slow_curve(e, kappa, nu)
        after = q * (1 + kappa * nu * e) ** 2
        e_after = 1 - (1 - e - q) * (1 + x) ** 2 - after
        defects.append(theory.slow_curve(e_after, kappa, nu) - after)
    assert abs(defects[0]) < 20 * 0.004**3
    assert abs(defects[0] - 8 * defects[1]) < 0.1 * abs(defects[0]) + 1e-13


def test_runs_walk_on_the_slow_curve():
    for kappa in (1.05, 1.2):
        edge = theory.terminal_weak_signal(kappa, 0)
        for nu in (0.04, 0.01):
            path = orbit(kappa, nu, 0.5, 0.001, steps=int(100 / nu / (5 * (kappa - 1))))
            on = (path.q > 0.2 * edge) & (path.q < 0.95 * edge)
            assert on.sum() > 50
            off = np.abs(path.q - theory.slow_curve(path.e, kappa, nu))[on].max()
            assert 0.02 * nu**3 < off < 0.25 * nu**3


def test_beyond_the_stable_cycle_runs_leave_the_curve():
    e_0 = -0.99 * theory.oscillation_amplitude(0.0, 1.29)
    q_0 = theory.slow_curve(e_0, 1.29, 0.01)
    path = orbit(1.29, 0.01, 1 - e_0 - q_0, q_0, steps=200)
    assert np.abs(path.q - theory.slow_curve(path.e, 1.29, 0.01)).max() > 0.01


def test_no_curve_where_the_sign_turns():
    assert math.isnan(theory.slow_curve(-0.9, 1.3, 0.04))
    assert not math.isnan(theory.slow_curve(-0.9, 1.1, 0.04))


@pytest.mark.parametrize(("kappa", "low", "high"), [(1.05, 0.03, 0.05), (1.2, 0.11, 0.13)])
def test_the_logistic_law_has_an_error_of_order_nu(kappa, low, high):
    """Up to nine tenths of 1 − 1/κ; the rates of chapter 7 and appendix D differ by ν² only."""
    top, q_0 = 1 - 1 / kappa, 0.01
    for nu in (0.04, 0.02, 0.01):
        steps = int(math.log(9 * (top / q_0 - 1)) / nu / (kappa - 1))
        path = orbit(kappa, nu, 0.5, q_0, steps=steps)
        curve = top / (1 + (top / q_0 - 1) * np.exp(-nu * (kappa - 1) * np.arange(steps + 1)))
        assert low < np.abs(path.q - curve).max() / nu < high


def test_the_second_term_of_the_landing_law():
    """What is left falls like ν³."""
    kappas = np.array([1.1, 1.2, 1.4, 1.5])
    for nu in (0.04, 0.02):
        end = orbit(kappas, nu, 0.0005, 0.0003, steps=int(500 / nu)).q[-1]
        off = end / theory.landing_second_order(kappas, nu) - 1
        assert np.abs(off).max() < 0.13 * nu**3
        first = (end / theory.landing_weak_signal(kappas, nu) - 1) / nu**2
        np.testing.assert_allclose(first, (11 * kappas - 27) / 64, atol=0.13 * nu)


@given(kappa=st.floats(1.0, 1.6), nu=st.floats(0.0, 0.02))
def test_the_landing_is_the_tip_of_the_curve(kappa, nu):
    tip = theory.slow_curve(0.0, kappa, nu)
    assert theory.landing_second_order(kappa, nu) == pytest.approx(tip, abs=3 * nu**3 + 1e-15)
