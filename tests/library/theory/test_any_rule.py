"""What other rules than SGD keep: the potential of a pair of overlaps, step by step."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benign_osc_lib import theory

changes = st.lists(st.floats(-0.95, 1.5), min_size=1, max_size=60)
strengths = st.floats(0.01, 0.95)


def follow(z, y):
    """log α and log β after each step, from α = β = 1."""
    return np.log1p(np.array(z)).cumsum(), np.log1p(np.array(y)).cumsum()


def gain(z, nu):
    return theory.potential_gain(np.array(z), 1.0, nu)


@given(z=changes, nu=strengths)
def test_any_common_factor_banks_its_gain(z, nu):
    """Part (b): β_T = β_0 (α_T/α_0)^ν exp Σ g(x_t), with x_t = z."""
    alpha, beta = follow(z, nu * np.array(z))
    assert beta[-1] == pytest.approx(nu * alpha[-1] + gain(z, nu).sum(), abs=1e-10)


@given(z=changes, nu=strengths, extra=st.floats(0, 0.5))
def test_the_budget_of_any_rule(z, nu, extra):
    """Part (c), with α_min = α_T and β_max = β_T, also where β is favoured: y >= ν z."""
    alpha, beta = follow(z, nu * np.array(z) + extra)
    room, largest = beta[-1] - nu * alpha[-1], max(*z, 1e-3)
    assert room >= -1e-12
    budget = theory.change_budget(max(room, 0.0), largest, nu)
    assert (np.array(z) ** 2).sum() <= budget * (1 + 1e-6) + 1e-9


def test_the_budget_is_reached_by_one_step():
    room = math.log1p(0.04 * 1.2) - 0.04 * math.log1p(1.2)
    assert theory.change_budget(room, 1.2, 0.04) == pytest.approx(1.44, rel=1e-12, abs=0)


def test_a_common_decay_breaks_the_budget():
    """Weight decay: both factors are multiplied by 0.99, and y < ν z."""
    z = np.full(500, -0.01)
    alpha, beta = follow(z, z)
    assert beta[-1] - 0.04 * alpha[-1] < 0


@given(e=changes, nu=strengths, momentum=st.floats(0, 0.99), nesterov=st.booleans())
def test_momentum_never_lowers_the_potential(e, nu, momentum, nesterov):
    """Proposition E.1 (a, b), with any residuals, as long as α stays positive."""
    alpha, beta = (1.0, 1.0), (1.0, 1.0)  # before, now
    for x in np.array(e):
        ahead = [now + momentum * (now - before) for before, now in (alpha, beta)]
        base = ahead if nesterov else (alpha[1], beta[1])
        new = [p + k * x * b for p, b, k in zip(ahead, base, (1, nu), strict=True)]
        assume(new[0] > 1e-3 * alpha[1] and new[0] < 1e12)
        rise = math.log(new[1] / beta[1]) - nu * math.log(new[0] / alpha[1])
        assert rise >= -1e-9
        if not nesterov:
            assert rise >= gain(new[0] / alpha[1] - 1, nu) - 1e-9
        alpha, beta = (alpha[1], new[0]), (beta[1], new[1])


@given(
    kappa=st.floats(0.05, 1.5),
    nu=strengths,
    s=st.floats(1e-3, 1.5),
    q=st.floats(1e-3, 0.9),
    radius=st.floats(0, 0.5),
)
def test_sam_raises_the_potential_more(kappa, nu, s, q, radius):
    """Proposition E.1 (c): the gradient is taken where α is α (1 − b_up e)."""
    e = 1 - s - q
    at = [(1 - radius * e), (1 - radius * nu * e)]
    assume(at[0] > 0)
    ahead = 1 - s * at[0] ** 2 - q * at[1] ** 2
    z, y = kappa * ahead * at[0], kappa * nu * ahead * at[1]
    assume(z > -0.99)
    extra = kappa * nu * radius * (1 - nu) * e * ahead
    assert extra >= 0
    assert y - nu * z == pytest.approx(extra, abs=1e-12)
    assert math.log1p(y) - nu * math.log1p(z) >= gain(z, nu) - 1e-12


# --- Noise in the target -------------------------------------------------------------------------


def with_noise(kappa, nu, s, q, xi):
    """The signals of one point at the end, and the least 1 + κ e."""
    least = math.inf
    for x in xi:
        e = 1 + x - s - q
        least = min(least, 1 + kappa * e)
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
    return s, q, least


@pytest.mark.parametrize(("kappa", "c"), [(0.3, 0.5), (0.5, 0.3), (1.0, 0.2)])
def test_noise_that_does_not_end_makes_the_strong_signal_forgotten(kappa, c):
    sign = np.random.default_rng(1).choice([-1.0, 1.0], 40_000)
    s, q, least = with_noise(kappa, 0.09, 0.01, 0.001, c * sign)
    assert least > 0
    assert s < 1e-9
    assert q > 0.5
    for ends in (np.zeros(40_000), np.full(40_000, c), c * sign / (1 + np.arange(40_000))):
        if kappa < 1:
            assert with_noise(kappa, 0.09, 0.01, 0.001, ends)[0] > 0.9


@given(
    kappa=st.floats(0.05, 1.5),
    c=st.floats(0, 1),
    xi=st.lists(st.floats(-1, 1), min_size=1, max_size=40),
    start=st.floats(0.01, 0.99),
    share=st.floats(0.01, 0.99),
    nu=strengths,
)
def test_noise_within_the_hypothesis_keeps_signs(kappa, c, xi, start, share, nu):
    assume(4 * (1 + kappa + kappa * c) ** 3 < 27 * (1 + kappa - kappa * c))
    f = start * (1 - c + 1 / kappa)
    assert with_noise(kappa, nu, share * f, (1 - share) * f, c * np.array(xi))[2] > 0


def test_noise_beyond_the_hypothesis_can_turn_a_sign():
    kappa, c = 1.2, 0.8
    assert 4 * (1 + kappa + kappa * c) ** 3 > 27 * (1 + kappa - kappa * c)
    assert with_noise(kappa, 0.04, 0.45, 0.001, [c, -c])[2] < 0
