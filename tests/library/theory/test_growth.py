"""The growth of the weak signal against simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import (
    theory,
)
from benign_osc_lib.one_point import orbit
from tests.library.theory.common import oscillating

stable = st.floats(1.02, 1.22)


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
    assert theory.growth_rate(kappa, nu) == pytest.approx(nu * (kappa - 1) / 2, rel=4 * nu, abs=0)


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
    assert curve(0) == pytest.approx(q_0, rel=1e-12, abs=0)
    assert curve(1e6) == pytest.approx(ceiling, rel=1e-9, abs=0)
    t = 1 / rate
    slope = (curve(t + 0.01) - curve(t - 0.01)) / 0.02
    logistic = 2 * rate * curve(t) * (1 - curve(t) / ceiling)
    assert slope == pytest.approx(logistic, rel=1e-4, abs=0)


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
        assert reached == pytest.approx(half, rel=1e-9, abs=0)
