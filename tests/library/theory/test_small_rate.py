"""Small rates: the limit and the exponents, against the map."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benign_osc_lib import (
    theory,
)
from benign_osc_lib.one_point import orbit


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
    assert (exponent - low)[:-1] / (exponent - low)[1:] == pytest.approx([2, 2], rel=0.03, abs=0)
    assert (high - low)[:-1] / (high - low)[1:] == pytest.approx([2, 2], rel=0.03, abs=0)


# --- Loss that falls in every step ---------------------------------------------------------------

rates_below = st.floats(0.01, theory.MONOTONE_LIMIT)
signals = st.floats(0, 20)


@given(kappa=rates_below, nu=st.floats(0, 1), s=signals, q=signals)
def test_up_to_the_limit_no_step_raises_the_loss(kappa, nu, s, q):
    """From any start, also one whose strong signal the step cuts to zero."""
    e = np.abs(orbit(kappa, nu, s, q, steps=30).e)
    assert (np.diff(e) <= 1e-12 * np.maximum(1, e[:-1])).all()


@given(kappa=st.floats(theory.MONOTONE_LIMIT + 1e-3, 1.5))
def test_beyond_the_limit_some_step_raises_it(kappa):
    """From s = (2 + κ)/(2κ), without a weak signal."""
    e = np.abs(orbit(kappa, 0.04, (2 + kappa) / (2 * kappa), 0.0, steps=1).e)
    assert e[1] > e[0] * (1 + 1e-4)


def test_at_the_limit_one_step_keeps_the_loss():
    kappa = theory.MONOTONE_LIMIT
    e = orbit(kappa, 0.04, math.sqrt(2) / kappa, 0.0, steps=1).e
    assert e[1] == pytest.approx(-e[0], rel=1e-12, abs=0)


def test_with_filters_of_the_other_class_the_loss_can_rise_below_the_limit():
    e = np.abs(orbit(0.4, 0.04, 1.9, 0.01, s_other=1.6, steps=1).e)
    assert e[1] > 1.5 * e[0]


@given(
    kappa=st.floats(0.01, theory.MONOTONE_LIMIT - 1e-3),
    nu=st.floats(0.01, 1),
    start=st.floats(1e-3, 1),
    share=st.floats(0, 1),
)
def test_the_settling_factor_bounds_every_step(kappa, nu, start, share):
    e = np.abs(orbit(kappa, nu, share * start, (1 - share) * start, steps=60).e)
    factor = theory.settling_factor(kappa, nu, start)
    assert 0 < factor < 1
    assert (e[1:] <= factor * e[:-1] + 1e-14).all()


def test_the_settling_factor_is_reached():
    """Its first part in the first step of a weak start, its second at s = (2 + κ)/(2κ)."""
    e = orbit(0.5, 0.04, 0.0, 1e-6, steps=1).e
    bound = theory.settling_factor(0.5, 0.04, 1e-6)
    assert (1 - e[1] / e[0]) / (1 - bound) == pytest.approx(2, abs=0.03)
    assert theory.settling_factor(0.8, 1.0, 1.0) == pytest.approx(0.96, rel=1e-12, abs=0)
