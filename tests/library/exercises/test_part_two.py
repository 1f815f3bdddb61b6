"""The answers of chapters 4 to 7: one data point."""

import math

import numpy as np
import pytest
import sympy

from benign_osc_lib import one_point, theory
from tests.library.exercises.common import hold, right

S_0, Q_0 = 0.0078, 0.0003  # the start of chapter 7


def half_way(kappa, nu, s_0=S_0, q_0=Q_0):
    """The first step at which the weak signal has reached half of its ceiling."""
    run = one_point.orbit(kappa, nu, s_0, q_0, steps=3000)
    return int((run.q >= (1 - 1 / kappa) / 2).argmax())


def test_flow_limit():
    nu = math.log(100) / math.log(90)
    assert 0.001 * 90**nu == pytest.approx(0.1)
    hold(
        "4.1",
        (0.001 * 100**0.04, 0.001 * 100 ** (2 * 0.04), 0.001 * 100),
        (nu, 1.0),
    )


def test_what_the_other_class_keeps():
    grown = 100**0.04
    hold("4.2", (grown, 1 / grown, 100.0, 1.0, grown**2))


def test_time_of_the_flow():
    path = one_point.orbit(0.05, 0.04, 0.01, 0.0, steps=100)
    steps = math.log(99) / 0.1
    hold("4.3", (steps, int((path.s >= 0.5).argmax()), 2 * steps, math.log(50) / 0.1))


def test_one_gain():
    up, down = (theory.potential_gain(e, 1.2, 0.04) for e in (0.5, -0.5))
    assert down > up
    leading = 0.04 * 0.96 * 0.6**2 / 2
    hold("5.1", (up, down, up / math.log(10), math.log(1.024), leading), (-1, 1))


def test_every_cycle_leaks():
    """On a cycle Σ log(1 + κe) = 0, and log(1 + x) ≤ x makes Σ κe positive; others do not."""
    for kappa in (1.1, 1.3, 1.5):
        e = 1 - np.array(theory.two_cycle(kappa))
        assert np.log1p(kappa * e).sum() == pytest.approx(0, abs=1e-12)
        assert e.sum() > 0
    e = np.array([0.5, -0.6])  # a residual of each sign, positive factors and positive gains
    assert min(theory.potential_gain(one, 1.2, 0.04) for one in e) > 0 and e.sum() < 0
    right("5.2", "a")


def test_the_shorter_feature_gains():
    """With ν > 1 the strong overlap gains what the weak one loses in a cycle."""
    e = 1 - np.array(theory.two_cycle(1.2))
    for nu in (0.04, 2.0):  # at 2.0 the cycle of the longer feature has another κ
        longer, shorter = (1.2, 1.2 * nu) if nu < 1 else (1.2, 1.2 / nu)
        assert np.log1p(longer * e).sum() == pytest.approx(0, abs=1e-12)
        assert np.log1p(shorter * e).sum() > 0
    right("5.3", "d")


def test_the_line_below():
    c = theory.potential_gain(1.0, 1.2, 0.04)
    e = np.random.default_rng(0).uniform(-0.8, 1, (1000, 20))
    rise = np.log1p(1.2 * 0.04 * e).sum(1) - 0.04 * np.log1p(1.2 * e).sum(1)
    slopes = rise / (e**2).sum(1)
    assert (slopes > c).all()
    hold(
        "5.4",
        (c, slopes.min(), 1.2**2 * 0.04 * 0.96 / 2, c / 1.2**2),
        (-0.04 * math.log(0.9) / c, -math.log(0.9) / c, 0.04 * math.log(1.1) / c),
    )


def test_two_numbers_of_the_cycle():
    s = np.array(theory.two_cycle(1.25))
    hold("6.1", (s.prod(), math.sqrt(s.prod())), (s.sum(), 1.25 * s.sum(), 2.0))
    assert (1 - s).sum() != pytest.approx(0)
    right("6.1", "b")


def test_fastest_cycle_and_window():
    kappa = sympy.Symbol("kappa")
    (fastest,) = [float(x) for x in sympy.solve(9 - 2 * (1 + kappa) ** 2) if x > 0]
    assert theory.two_cycle_multiplier(fastest) == pytest.approx(0, abs=1e-9)
    ends = [k / 4 for k in (1, theory.SIGN_LIMIT)]  # ‖u‖²/m = 1 and no half
    hold(
        "6.2",
        (fastest, 1 + fastest, 1.0, theory.STABLE_CYCLE_LIMIT),
        (ends[0], 2 * ends[0]),
        (ends[1], 2 * ends[1], theory.STABLE_CYCLE_LIMIT / 4, theory.ESCAPE / 4),
    )


def test_a_smaller_start():
    simulated = half_way(1.2, 0.04, q_0=Q_0 / 100) - half_way(1.2, 0.04)
    delay = math.log(100) / 2 / theory.growth_rate(1.2, 0.04)
    assert simulated == pytest.approx(delay, rel=0.01, abs=0)
    hold("7.1", (delay, 2 * delay, delay / 2, delay / math.log(10)))


def test_two_levers():
    """Predicted and simulated times are both accepted."""
    times = {
        where: (theory.time_to_learn(S_0, Q_0, *where), half_way(*where))
        for where in ((1.16, 0.03), (1.08, 0.12), (1.08, 0.06))
    }
    rate, length, twice = (sum(pair) / 2 for pair in times.values())
    assert length < rate
    right("7.2", "b")
    hold("7.2", (length, rate, twice))
