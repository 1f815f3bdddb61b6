"""The answers of chapters 8 to 10: where it stops, noise and many points."""

import math

import numpy as np
import pytest

from benign_osc_lib import many_points as mp
from benign_osc_lib import one_point, signal_noise, theory
from tests.library.exercises.common import hold, right


def test_the_price_of_silence():
    kappa = 1 / (1 - 0.2 * 0.96)
    assert theory.terminal_weak_signal(kappa, 0.04) == pytest.approx(0.2)
    hold(
        "8.1",
        (theory.terminal_weak_signal(1.3, 0.04), 1 - 1 / 1.3, 1.3 - 1),
        (kappa, 1 / (1 - 0.2), 1 + 0.2 * 0.96),
    )


def test_equal_features():
    edges = [theory.terminal_weak_signal(1.2, nu) for nu in (0.9, 0.99, 0.999)]
    assert edges[1] > 9 * edges[0] and edges[2] > 9 * edges[1]
    for q in (0.1, 0.5, 0.9):  # κ(s + νq) on the line s + q = 1, with ν = 1
        assert 1.2 * (1 - q + q) > 1
    right("8.2", "b")


def bisect(function, low, high):
    """A zero of a function that changes sign between `low` and `high`."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) * function(low) > 0 else (low, middle)
    return low


def test_the_null_set():
    start = bisect(lambda s: one_point.orbit(1.2, 0.04, s, 0.01, steps=1).e[1], 0.1, 0.4)
    alone = bisect(lambda s: one_point.orbit(1.2, 0.04, s, 0.0, steps=1).e[1], 0.1, 0.4)
    e = np.abs(one_point.orbit(1.2, 0.04, round(start, 10), 0.01, steps=200).e)
    back = 1 + int((e[1:] > 0.3).argmax())
    fine = math.log(1 / 2e-16) / math.log(1.4)
    hold("8.3", (start, alone), (back, fine))


def test_three_numbers():
    kappa, tau = theory.kappa(1.5625, 2.0, 10), 0.2**2 / 2.0**2
    hold(
        "9.1",
        (2 * math.sqrt(1 / 50), 1 / 50, 4 / 50, 2 / 50),
        (10 / (2 * 4), 10 / 4, 10 / (4 * 4)),
        (theory.terminal_weak_signal(kappa, tau), kappa - 1),
    )


def test_points_that_a_small_rate_needs():
    least = 29
    for n in (least - 1, least):
        run = signal_noise.orbit(0.1, 0.005, np.full(n, 1e-3), 5e-5, epochs=1500)
        assert (run.q[-1] > 0.5) == (n == least)
    flow = next(
        n for n in range(25, 35) if signal_noise.flow_limit(np.full(n, 1e-3), 5e-5, 0.05) > 0.5
    )
    hold("9.2", (least, flow, 1 / 0.05))


def at_rest(points, level, chi):
    """q* of a class of strong points with all its signals at one level."""
    n = np.ones(points)
    signals = mp.ClassSignals(level, level, level * n, 0, 0, 0 * n, 0.04, chi * n, n > 0)
    return mp.weak_signal_at_rest(signals, 1.2)


def test_points_that_the_large_rate_needs():
    """q* does not vanish from five points on."""
    assert at_rest(5, 1e-200, 0.16) > 0.1
    assert at_rest(3, 1e-200, 0.16) < 1e-3
    edge = theory.terminal_weak_signal(1.2, 0.04)
    least = next(n for n in range(1, 10) if n * 0.4**2 > 0.8**2)
    hold(
        "10.1",
        (least, 0.8**2 / 0.4**2, next(n for n in range(1, 10) if n * 0.4 > 0.8)),
        (edge, 1 - 1 / 1.2, (1 - 1 / 1.2) / (1 - 0.25)),
    )


def test_weak_points_alone():
    hold("10.2", (math.ceil(1 / 0.3), math.floor(1 / 0.3)))
    for kappa_xi in (0.1, 0.3):  # no oscillation: a step below the label raises v most
        assert (1 + 0.3 * kappa_xi) ** 4 > 1 + kappa_xi
    right("10.2", "b")


def test_the_border():
    tau = 0.04 / 0.64
    hold(
        "10.3",
        (at_rest(8, 1e-8, 0.16), at_rest(8, 1e-8, 0.64), 1 - 1 / 1.2),
        (8 * tau, 8 * 0.04 / 0.16, tau),
    )
