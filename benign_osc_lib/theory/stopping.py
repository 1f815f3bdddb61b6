"""Where the oscillation of one point stops, and what keeps its signs (chapter 8)."""

import math

import torch

from .._formula import ANY, above, at_least, between, formula
from .potentials import potential_gain
from .scales import SIGN_LIMIT


@formula(kappa=above(0), nu=between(0, 1, "[)"))
def terminal_weak_signal(kappa, nu):
    """The weak signal at which the oscillation of one data point can stop.

    A point of the line s + q = 1 is stable iff κ (s + ν q) <= 1, that is iff
    q >= (1 − 1/κ)/(1 − ν): the edge of stability. For κ <= 1 every point is stable and the bound
    is 0. Under the hypotheses of Theorem G.1 almost every start ends at or above the bound; a
    start on the line itself stays where it is.

    Source: chapter 8, Proposition 8.1 (3), and appendix G, Theorem G.1 (5).

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1).

    Returns:
        The lower bound of q_∞ = (1/m) Σ_r σ(⟨w_{y,r}, y v⟩), and with answering filters of the
        other class of q_∞ − q⁻_∞, with the shape of the arguments broadcast together.
    """
    excess = 1 - 1 / kappa
    return (excess + abs(excess)) / 2 / (1 - nu)


@formula(s=ANY, q=ANY, kappa=above(0), nu=at_least(0))
def relative_sharpness(s, q, kappa, nu):
    """κ (s + ν q) = η λ/2, with λ the top Hessian eigenvalue of the loss where y f = 1.

    A point of the line s + q = 1 is linearly stable iff it is at most 1, that is λ <= 2/η: the
    edge of stability. Filters of the other sign add their own signals to s and q.

    Source: chapter 8, Proposition 8.1 (2).

    Args:
        s: the strong signal.
        q: the weak signal.
        kappa: κ > 0.
        nu: ν >= 0.

    Returns:
        η λ/2, with the shape of the arguments broadcast together.
    """
    return kappa * (s + nu * q)


@formula(kappa=at_least(1), nu=between(0, 1, "[)"))
def landing_weak_signal(kappa, nu):
    """(1 − 1/κ)(1 + ν/4)/(1 − ν), where the weak signal of one point lands, up to O(ν²).

    The bound of :func:`terminal_weak_signal` and its overshoot, from a small start.

    Source: chapter 8, "Where it lands", an expansion without proof.

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1).

    Returns:
        q_∞, with the shape of the arguments broadcast together.
    """
    return (1 - 1 / kappa) * (1 + nu / 4) / (1 - nu)


@formula(kappa=above(0), opposite=at_least(0))
def largest_signal(kappa, opposite=0.0):
    """4 (1 + κ (1 + B))³/(27 κ), the most that s + q can become in a step from e >= 0.

    It is the maximum of P (1 + κ (1 + B − P))² over P. Signs are kept as long as it stays below
    1 + 1/κ, for B = 0 as long as κ < √27/2 − 1.

    Source: chapter 6, Proposition 6.4 for B = 0, and appendix G, Lemma G.1.

    Args:
        kappa: κ > 0.
        opposite: B >= 0, a bound of the signal of the filters of the other sign.

    Returns:
        The bound, with the shape of the arguments broadcast together.
    """
    return 4 * (1 + kappa * (1 + opposite)) ** 3 / (27 * kappa)


@formula(kappa=above(0), opposite=at_least(0))
def smallest_factor(kappa, opposite=0.0):
    """1 + κ (1 − P), the smallest factor 1 + κ e, with P of :func:`largest_signal`.

    Source: appendix G, Lemma G.1.

    Args:
        kappa: κ > 0.
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        The factor, with the shape of the arguments broadcast together; positive iff signs are
        kept.
    """
    return 1 + kappa * (1 - largest_signal(kappa, opposite))


@formula(
    s_0=at_least(0), q_0=at_least(0), kappa=above(0), nu=between(0, 1, "[)"), q_other=at_least(0)
)
def stopping_margins(s_0, q_0, kappa, nu, q_other=0.0):
    """By how much the three hypotheses of the stopping theorem of chapter 8 hold.

    With φ of :func:`smallest_factor` for B = 2 q⁻_0, they are (H1) κ >= 1 and φ > 0, (H2) κν < 1
    and (H3) s_0 + q_0 <= φ². A floor of the strong signal is known where :func:`barrier_factor`
    is positive.

    Source: appendix G, Theorem G.1 (after the paper, Theorem 2).

    Args:
        s_0: strong signal at the start, >= 0.
        q_0: weak signal at the start, >= 0.
        kappa: κ > 0.
        nu: ν, in [0, 1).
        q_other: q⁻_0 >= 0, the weak signal of the filters of the other class at the start.

    Returns:
        (min(κ − 1, φ), 1 − κν, φ² − s_0 − q_0), each with the shape of the arguments broadcast
        together; a negative entry is a hypothesis that fails.
    """
    c = smallest_factor(kappa, 2 * q_other)
    h1 = torch.minimum(kappa - 1, c)
    h2 = 1 - kappa * nu
    h3 = c.clamp(min=0) ** 2 - s_0 - q_0
    zero = 0 * (h1 + h2 + h3)  # of the common shape
    return h1 + zero, h2 + zero, h3 + zero


@formula(kappa=above(0), nu=between(0, 1, "[)"), opposite=at_least(0))
def barrier_factor(kappa, nu, opposite=0.0):
    """k_room = 1 − 2κν (1 + 2B), by which 1 − q + q⁻ shrinks at most in a step.

    With B = 0 it is not negative iff κν <= 1/2.

    Source: appendix G, Lemma G.2 (1).

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1).
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        k_room, with the shape of the arguments broadcast together. Where it is not negative, a
        floor of the strong signal is known.
    """
    return 1 - 2 * kappa * nu * (1 + 2 * opposite)


@formula(
    kappa=between(1, SIGN_LIMIT, "[)", text="in [1, √27/2 − 1)"),
    nu=between(0, 1, "[)"),
    opposite=at_least(0),
)
def strong_signal_floor(kappa, nu, opposite=0.0):
    """A level s_floor such that the strong signal of one point stays above min(s_0, s_floor).

    s_floor = φ²/(2κ), with φ of :func:`smallest_factor`, where the :func:`barrier_factor` is not
    negative. Chapter 8 proves it for B = 0, appendix G under the hypotheses of
    :func:`stopping_margins`.

    Source: appendix G, Theorem G.1 (2).

    Args:
        kappa: κ, in [1, √27/2 − 1), that is below the sign limit.
        nu: ν, in [0, 1).
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        s_floor, with the shape of the arguments broadcast together; NaN where φ is not positive
        or k_room is negative.
    """
    c, barrier = smallest_factor(kappa, opposite), barrier_factor(kappa, nu, opposite)
    return torch.where((c <= 0) | (barrier < 0), math.nan, c**2 / (2 * kappa))


@formula(q_0=between(0, 1), kappa=at_least(1), nu=between(0, 1), opposite=at_least(0))
def squared_residual_budget(q_0, kappa, nu, opposite=0.0):
    """A bound of Σ e² over the whole run of one point with a small start.

    Σ e² <= (1 + B)² log((1 + B)/q_0) / (2 G), where G is the :func:`potential_gain` at the
    residual 1 + B. Chapter 8 proves it under the hypotheses of :func:`stopping_margins`, for s_0
    at most the :func:`strong_signal_floor`.

    Source: appendix G, Theorem G.1 (3).

    Args:
        q_0: weak signal at the start, in (0, 1).
        kappa: κ >= 1.
        nu: ν, in (0, 1).
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        The bound, with the shape of the arguments broadcast together; NaN where there is no such
        floor: the :func:`smallest_factor` is not positive or the :func:`barrier_factor` negative.
    """
    b = 1 + opposite
    budget = b**2 * (b / q_0).log() / (2 * potential_gain(b, kappa, nu))
    c, barrier = smallest_factor(kappa, opposite), barrier_factor(kappa, nu, opposite)
    return budget.masked_fill((c <= 0) | (barrier < 0), math.nan)
