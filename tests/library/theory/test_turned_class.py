"""The level beyond which a turned class comes back larger, and the cycle beside a silent class."""

import numpy as np
import pytest
import torch
from mpmath import iv

from benign_osc_lib import theory, two_classes

KAPPAS = torch.linspace(1.001, 1.999, 400, dtype=torch.float64)


def back(v, kappa):
    """What a class turned to −v becomes at a visit to the other one, turned as well."""
    return v * (kappa - 1 + kappa * v**2)


def test_the_level_separates_larger_from_smaller():
    level = theory.turning_level(KAPPAS)
    assert (back(1.001 * level, KAPPAS) > 1.001 * level).all()
    assert (back(0.999 * level, KAPPAS) < 0.999 * level).all()
    assert theory.turning_level(0.5) == pytest.approx(3**0.5, rel=1e-15, abs=0)
    assert theory.turning_level(2) == 0


def test_the_library_s_map_comes_back_so():
    for kappa in (1.1, 1.5, 1.9):
        level = theory.turning_level(kappa)
        for v in (0.9 * level, 1.1 * level):
            z, _ = two_classes.follow(np.array([[-0.1, -v]]), np.array([1]), kappa)
            np.testing.assert_allclose(z, [[-0.1, back(v, kappa)]], rtol=1e-14)
            assert (z[0, 1] > v) == (v > level)


def test_above_the_level_nothing_exceeds_the_bound():
    """A visit with the other class no deeper than the level, from below 2/√κ, ends below it."""
    rng = np.random.default_rng(0)
    kappa = rng.uniform(1, 2, 10**5)
    level, top = (2 / kappa - 1) ** 0.5, 2 / kappa**0.5
    own, other = top * rng.uniform(0, 1, 10**5), -level * rng.uniform(0, 1, 10**5)
    e = 1 - own**2 + other**2
    assert (own * (1 + kappa * e) <= top * (1 + 1e-12)).all()
    assert (other * (1 - kappa * e) <= top).all()
    e = 2 / kappa - 1 / kappa  # attained: the level, and 1/√κ
    np.testing.assert_allclose(1 / kappa**0.5 * (1 + kappa * e), top, rtol=1e-14)


def test_the_silent_cycle_is_a_cycle_and_repels():
    v, b = theory.silent_cycle(KAPPAS)
    torch.testing.assert_close(back(v, KAPPAS), b, rtol=1e-13, atol=0)
    torch.testing.assert_close(b * (KAPPAS * b**2 - 1 - KAPPAS), v, rtol=1e-12, atol=0)
    assert (v > theory.turning_level(KAPPAS)).all()
    for factor, further in ((1.001, 1), (0.999, -1)):
        w = back(factor * v, KAPPAS)
        assert ((w * (KAPPAS * w**2 - 1 - KAPPAS) - factor * v) * further > 0).all()


def test_the_cycle_is_found_at_both_ends_of_the_range():
    kappa = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    v, b = theory.silent_cycle(kappa)
    torch.testing.assert_close(back(v, kappa), b, rtol=1e-12, atol=0)
    torch.testing.assert_close(b * (kappa * b**2 - 1 - kappa), v, rtol=1e-8, atol=0)


def test_the_cycle_in_intervals():
    kappa = iv.mpf("1.67")
    for v, sign in (("0.80072", -1), ("0.80073", 1)):
        b = back(iv.mpf(v), kappa)
        assert (b * (kappa * b**2 - 1 - kappa) - iv.mpf(v)) * sign > 0
    assert 0.80072 < theory.silent_cycle(1.67)[0] < 0.80073


@pytest.mark.parametrize("kappa", [1.3, 1.6, 1.8])
def test_beside_a_silent_class_what_is_turned_deeper_escapes(kappa):
    v, _ = theory.silent_cycle(kappa)
    labels = np.tile(np.array([1, -1]), 200)  # the silent class first
    start = np.array([[0.0, -1.01 * v], [0.0, -0.99 * v], [0.0, -2 * v]])
    _, when = two_classes.follow(start, labels, kappa)
    assert when[0] > 0 and when[1] < 0 and when[2] > 0
