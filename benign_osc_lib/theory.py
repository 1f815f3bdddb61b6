"""Thresholds, rates and bounds of the theory, each with its source.

Numbers, NumPy arrays and tensors all work, element by element, and come back as what they were.
The dynamics that these formulas speak of are in ``one_point``, ``cubic_map`` and ``training``.
"""

import math
from typing import NamedTuple

import torch

from . import _checks
from ._elementwise import elementwise

SIGN_LIMIT = math.sqrt(27) / 2 - 1
"""κ ≈ 1.598: below, orbits of z ← z (1 + κ − κ z²) from 0 < z < √(1 + 1/κ) stay positive."""

STABLE_CYCLE_LIMIT = math.sqrt(5) - 1
"""κ ≈ 1.236: the 2-cycle of the strong signal attracts for 1 < κ < √5 − 1."""

ESCAPE = 2.0
"""Up to κ = 2, z ← z (1 + κ − κ z²) keeps z in ±√(1 + 2/κ); beyond, its critical point escapes."""


def kappa(lr, u_norm, m):
    """κ = 2 η ‖u‖² / m, how strongly one step pushes the strong signal back to the label.

    Args:
        lr: the learning rate η > 0.
        u_norm: ‖u‖ > 0.
        m: filters per sign, at least 1.

    Returns:
        κ, with the shape of the arguments broadcast together.

    Raises:
        TypeError: m is not an integer, or another argument is not numeric.
        ValueError: an argument is not positive and finite.
    """
    _checks.all_between("lr", lr, 0)
    _checks.all_between("u_norm", u_norm, 0)
    _checks.integer("m", m, low=1)
    return 2 * lr * (u_norm * u_norm) / m  # not u_norm**2, which raises where a float overflows


def nu(u_norm, v_norm):
    """ν = ‖v‖²/‖u‖², the strength of the weak feature relative to the strong one.

    Args:
        u_norm: ‖u‖ > 0.
        v_norm: ‖v‖ > 0.

    Returns:
        ν, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is not positive and finite.
    """
    _checks.all_between("u_norm", u_norm, 0)
    _checks.all_between("v_norm", v_norm, 0)
    ratio = v_norm / u_norm
    return ratio * ratio  # not ratio**2, which raises where a float overflows


def two_cycle(kappa):
    """The 2-cycle of the strong signal s = z² under s ← s (1 + κ (1 − s))², in closed form.

    The two factors 1 + κ (1 − s) of the cycle are p and 1/p, so that
    p = ((κ + 1) ± √((κ + 1)² − 4))/2 and s = 1 − (p − 1)/κ. The cycle exists for κ >= 1 (at κ = 1
    it is the fixed point s = 1) and attracts for 1 < κ < √5 − 1.

    Args:
        kappa: κ >= 1.

    Returns:
        (s_low, s_high), each with the shape of κ.

    Raises:
        TypeError: κ is not numeric.
        ValueError: κ < 1 or not finite.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    half_gap = ((kappa + 1) * (kappa + 1) - 4) ** 0.5 / 2
    middle = (kappa + 1) / 2
    s_low = 1 - (middle + half_gap - 1) / kappa
    s_high = 1 - (middle - half_gap - 1) / kappa
    return s_low, s_high


@elementwise
def two_cycle_multiplier(kappa):
    """9 − 2 (1 + κ)², by which two steps multiply a small distance from the 2-cycle.

    It is the derivative of z ← z (1 + κ − κ z²) applied twice, at the cycle of :func:`two_cycle`.
    The cycle attracts iff it lies in (−1, 1), that is for 1 < κ < √5 − 1.

    Args:
        kappa: κ >= 1.

    Returns:
        The multiplier, with the shape of κ.

    Raises:
        TypeError: κ is not numeric.
        ValueError: κ < 1 or not finite.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    return 9 - 2 * (1 + kappa) ** 2


# Small rates (chapter 4)


@elementwise
def smooth_limit(opposite):
    """The κ below which one point is learned without oscillation, 1/(2 (1 + 2 c)).

    From any start with y f < 1 the residual then falls to 0 without turning its sign (chapter 4).

    Args:
        opposite: c = s⁻ + q⁻ >= 0, the signal of the filters of the other class at the start.

    Returns:
        The limit, with the shape of c: 1/2 for c = 0.

    Raises:
        TypeError: c is not numeric.
        ValueError: c is negative or not finite.
    """
    _checks.all_between("opposite", opposite, 0, low_open=False)
    return 1 / (2 * (1 + 2 * opposite))


@elementwise
def smooth_exponents(kappa, nu, e_0=1.0):
    """The exponents between which a smooth run raises the weak signal.

    A run without oscillation ends with q_∞ = q_0 (s_∞/s_0)^a, where ν <= a <= ν (1 + θ) and
    θ = (1 − ν) κ e_0 (1 + κ e_0)/2. Gradient flow, the limit κ → 0, has a = ν.

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1].
        e_0: the residual 1 − y f at the start, >= 0.

    Returns:
        (ν, ν (1 + θ)), each with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    _checks.all_between("e_0", e_0, 0, low_open=False)
    theta = (1 - nu) * kappa * e_0 * (1 + kappa * e_0) / 2
    return nu * (1 + 0 * theta), nu * (1 + theta)


# The potential (chapter 6)


@elementwise
def potential(strong, weak, nu):
    """Φ = log⟨w, y v⟩ − ν log⟨w', y u⟩, the potential of the weak feature.

    For ν <= 1, SGD on one point never lowers it as long as 1 + κ e > 0; for ν > 1, never raises
    it as long as 1 + κ ν e > 0.

    Args:
        strong: ⟨w', y u⟩ of one active filter, (...).
        weak: ⟨w, y v⟩ of one active filter, (...); the axes broadcast.
        nu: ν >= 0.

    Returns:
        Φ (...); NaN where one of the two is not positive, because the filter is not active there.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: ν is negative or not finite.
    """
    _checks.all_between("nu", nu, 0, low_open=False)
    value = weak.log() - nu * strong.log()
    return value.masked_fill((strong <= 0) | (weak <= 0), math.nan)


@elementwise
def potential_gain(e, kappa, nu):
    """ΔΦ = log(1 + κ ν e) − ν log(1 + κ e), what one visit adds to the potential.

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.
        nu: ν, in [0, 1].

    Returns:
        ΔΦ >= 0, with the shape of the arguments broadcast together, zero iff e = 0 (for
        0 < ν < 1); NaN where 1 + κ e <= 0, because the step then turns a sign.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: κ or ν is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    z = kappa * e
    return ((nu * z).log1p() - nu * z.log1p()).masked_fill(z <= -1, math.nan)


@elementwise
def potential_gain_bound(e, kappa, nu):
    """A lower bound of :func:`potential_gain`, quadratic in the residual.

    With z = κ e and z₊ = max(z, 0): ΔΦ >= ν (1 − ν) z² / (2 (1 + ν z₊) (1 + z₊)).

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.
        nu: ν, in [0, 1].

    Returns:
        The bound, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: κ or ν is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    z = kappa * e
    above = z.clamp(min=0)
    return nu * (1 - nu) * z**2 / (2 * (1 + nu * above) * (1 + above))


@elementwise
def residual_surplus(e, kappa):
    """R = κ e − log(1 + κ e) >= 0, the part of κ e that the strong signal does not use up.

    Summed over visits, Σ κ e = log(⟨w, y u⟩ at the end / at the start) + Σ R: eqs. (6) and (7) as
    one identity.

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.

    Returns:
        R, with the shape of the arguments broadcast together; NaN where 1 + κ e <= 0.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: κ is not positive and finite.
    """
    _checks.all_between("kappa", kappa, 0)
    z = kappa * e
    return (z - z.log1p()).masked_fill(z <= -1, math.nan)


@elementwise
def mean_residual(kappa):
    """(κ − 1)/(2κ), the mean of 1 − s over the 2-cycle of :func:`two_cycle`.

    Args:
        kappa: κ >= 1.

    Returns:
        The mean, with the shape of κ.

    Raises:
        TypeError: κ is not numeric.
        ValueError: κ < 1 or not finite.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    return (kappa - 1) / (2 * kappa)


@elementwise
def growth_rate(kappa, nu):
    """½ log(1 + ν (1 − ν) (κ − 1)), the growth of log⟨w, y v⟩ per step while q is small.

    Exact on the 2-cycle with q → 0; to leading order in ν it is ν (κ − 1)/2. The weak signal
    q is multiplied by 1 + ν (1 − ν) (κ − 1) per step, on average over the two.

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1].

    Returns:
        The rate per step, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    return (nu * (1 - nu) * (kappa - 1)).log1p() / 2


@elementwise
def weak_signal_curve(t, q_0, kappa, nu):
    """The logistic curve that the weak signal follows while the strong one oscillates.

    q(t) = q* / (1 + (q*/q_0 − 1) e^{−2 g t}) with q* = 1 − 1/κ and g the growth rate of
    :func:`growth_rate`: an averaging approximation for small ν and 1 < κ < √5 − 1.

    Args:
        t: steps since the weak signal was q_0.
        q_0: weak signal then, > 0.
        kappa: κ > 1.
        nu: ν, in [0, 1].

    Returns:
        q(t), with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("kappa", kappa, 1)
    ceiling = 1 - 1 / kappa
    return ceiling / (1 + (ceiling / q_0 - 1) * (-2 * growth_rate(kappa, nu) * t).exp())


@elementwise
def time_to_learn(s_0, q_0, kappa, nu):
    """Steps until the weak signal of one point reaches half of 1 − 1/κ, predicted.

    First the strong signal climbs from s_0 to 1, which takes n = log(1/s_0)/(2 log(1 + κ)) steps
    and multiplies q_0 by (1 + κν)^{2n}. Then q follows :func:`weak_signal_curve`. An approximation
    for small starts, small ν and 1 < κ < √5 − 1.

    Args:
        s_0: strong signal at the start, in (0, 1).
        q_0: weak signal at the start, > 0 and small enough to need learning.
        kappa: κ > 1.
        nu: ν, in (0, 1).

    Returns:
        The number of steps, with the shape of the arguments broadcast together; NaN where q
        is past that level when the climb ends.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("s_0", s_0, 0, 1)
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("kappa", kappa, 1)
    _checks.all_between("nu", nu, 0, 1)
    climb = -s_0.log() / (2 * kappa.log1p())
    q = q_0 * (1 + kappa * nu) ** (2 * climb)
    odds = (1 - 1 / kappa) / q - 1
    return climb + odds.masked_fill(odds < 1, math.nan).log() / (2 * growth_rate(kappa, nu))


# Where it stops (chapter 7)


def terminal_weak_signal(kappa, nu):
    """The weak signal at which the oscillation of one data point can stop.

    A point of the line s + q = 1 is stable iff κ (s + ν q) <= 1, that is iff
    q >= (1 − 1/κ)/(1 − ν): the edge of stability. For κ <= 1 every point is stable and the bound
    is 0.

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1).

    Returns:
        The lower bound of q_∞ = (1/m) Σ_r σ(⟨w_{y,r}, y v⟩), with the shape of the arguments
        broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False)
    excess = 1 - 1 / kappa
    return (excess + abs(excess)) / 2 / (1 - nu)


@elementwise
def relative_sharpness(s, q, kappa, nu):
    """κ (s + ν q) = η λ/2, with λ the top Hessian eigenvalue of the loss where y f = 1.

    A point of the line s + q = 1 is linearly stable iff it is at most 1, that is λ <= 2/η: the
    edge of stability. Filters of the other sign add their own signals to s and q.

    Args:
        s: the strong signal.
        q: the weak signal.
        kappa: κ > 0.
        nu: ν >= 0.

    Returns:
        η λ/2, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: κ or ν is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, low_open=False)
    return kappa * (s + nu * q)


@elementwise
def landing_weak_signal(kappa, nu):
    """(1 − 1/κ)(1 + ν/4)/(1 − ν), where the weak signal of one point lands, up to O(ν²).

    The bound of :func:`terminal_weak_signal` and its overshoot, from a small start.

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1).

    Returns:
        q_∞, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    _checks.all_between("nu", nu, 0, 1, low_open=False)
    return (1 - 1 / kappa) * (1 + nu / 4) / (1 - nu)


@elementwise
def largest_signal(kappa, opposite=0.0):
    """4 (1 + κ (1 + B))³/(27 κ), the most that s + q can become in a step from e >= 0.

    It is the maximum of P (1 + κ (1 + B − P))² over P. Signs are kept as long as it stays below
    1 + 1/κ, for B = 0 as long as κ < √27/2 − 1.

    Args:
        kappa: κ > 0.
        opposite: B >= 0, a bound of the signal of the filters of the other sign.

    Returns:
        The bound, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("opposite", opposite, 0, low_open=False)
    return 4 * (1 + kappa * (1 + opposite)) ** 3 / (27 * kappa)


@elementwise
def smallest_factor(kappa, opposite=0.0):
    """1 + κ (1 − P), the smallest factor 1 + κ e, with P of :func:`largest_signal`.

    Args:
        kappa: κ > 0.
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        The factor, with the shape of the arguments broadcast together; positive iff signs are
        kept.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    return 1 + kappa * (1 - largest_signal(kappa, opposite))


@elementwise
def stopping_margins(s_0, q_0, kappa, nu, q_other=0.0):
    """By how much the three hypotheses of the stopping theorem of chapter 7 hold.

    With B = 2 q⁻_0, c of :func:`smallest_factor` and N = 1 − 2κν (1 + 2B) − κ²ν² (1 + B), they are
    (H1) κ >= 1 and c > 0, (H2) N >= 1/3 and (H3) s_0 + q_0 <= c².

    Args:
        s_0: strong signal at the start, >= 0.
        q_0: weak signal at the start, >= 0.
        kappa: κ > 0.
        nu: ν, in [0, 1).
        q_other: q⁻_0 >= 0, the weak signal of the filters of the other class at the start.

    Returns:
        (min(κ − 1, c), N − 1/3, c² − s_0 − q_0), each with the shape of the arguments broadcast
        together; a negative entry is a hypothesis that fails.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("s_0", s_0, 0, low_open=False)
    _checks.all_between("q_0", q_0, 0, low_open=False)
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False)
    _checks.all_between("q_other", q_other, 0, low_open=False)
    c = smallest_factor(kappa, 2 * q_other)
    h1 = torch.minimum(kappa - 1, c)
    h2 = _barrier(kappa, nu, 2 * q_other) - 1 / 3
    h3 = c.clamp(min=0) ** 2 - s_0 - q_0
    zero = 0 * (h1 + h2 + h3)  # of the common shape
    return h1 + zero, h2 + zero, h3 + zero


def _barrier(kappa, nu, opposite):
    """N = 1 − 2κν (1 + 2B) − κ²ν² (1 + B), by which 1 − q + q⁻ shrinks at most in a step."""
    x = kappa * nu
    return 1 - 2 * x * (1 + 2 * opposite) - x**2 * (1 + opposite)


@elementwise
def strong_signal_floor(kappa, nu, opposite=0.0):
    """A level ε such that the strong signal of one point never falls below min(s_0, ε).

    ε = c² N / (3 κ (2 + κ (1 + B))), with c and N of :func:`stopping_margins`, under whose
    hypotheses chapter 7 proves it.

    Args:
        kappa: κ >= 1, below the sign limit.
        nu: ν, in [0, 1).
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        ε, with the shape of the arguments broadcast together; NaN where c <= 0.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 1, SIGN_LIMIT, low_open=False)
    _checks.all_between("nu", nu, 0, 1, low_open=False)
    _checks.all_between("opposite", opposite, 0, low_open=False)
    b, c = 1 + opposite, smallest_factor(kappa, opposite)
    floor = c**2 * _barrier(kappa, nu, opposite) / (3 * kappa * (2 + kappa * b))
    return floor.masked_fill(c <= 0, math.nan)


@elementwise
def squared_residual_budget(q_0, kappa, nu, opposite=0.0):
    """A bound of Σ e² over the whole run of one point with a small start.

    Σ e² <= (1 + B)² log((1 + B)/q_0) / (2 G), where G is the :func:`potential_gain` at the
    residual 1 + B. Chapter 7 proves it under the hypotheses of :func:`stopping_margins`, for s_0
    at most the :func:`strong_signal_floor`.

    Args:
        q_0: weak signal at the start, in (0, 1).
        kappa: κ >= 1.
        nu: ν, in (0, 1).
        opposite: B >= 0, as in :func:`largest_signal`.

    Returns:
        The bound, with the shape of the arguments broadcast together; NaN where signs need not
        be kept, because the :func:`smallest_factor` is not positive.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0, 1)
    _checks.all_between("kappa", kappa, 1, low_open=False)
    _checks.all_between("nu", nu, 0, 1)
    _checks.all_between("opposite", opposite, 0, low_open=False)
    b = 1 + opposite
    budget = b**2 * (b / q_0).log() / (2 * potential_gain(b, kappa, nu))
    return budget.masked_fill(smallest_factor(kappa, opposite) <= 0, math.nan)


@elementwise
def oscillation_amplitude(q, kappa):
    """The smaller abs(e) of the 2-cycle while the weak signal is held at q.

    With κ' = κ (1 − q) and p the larger root of p + 1/p = κ' + 1, it is (1 − 1/p)/κ. At q = 0 it is
    the largest δ for which Assumption 4 can hold on the cycle; it falls to 0 at q = 1 − 1/κ.

    Args:
        q: weak signal, in [0, 1).
        kappa: κ > 0.

    Returns:
        The amplitude, with the shape of the arguments broadcast together; 0 where κ (1 − q) <= 1.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q", q, 0, 1, low_open=False)
    _checks.all_between("kappa", kappa, 0)
    half = ((kappa * (1 - q)).clamp(min=1) + 1) / 2
    p = half + (half**2 - 1).sqrt()
    return (1 - 1 / p) / kappa


@elementwise
def weak_signal_at_amplitude(delta, kappa):
    """The weak signal at which the 2-cycle has shrunk to the amplitude δ.

    The inverse of :func:`oscillation_amplitude` in q: with p = 1/(1 − κδ), it is
    1 − (p + 1/p − 1)/κ.

    Args:
        delta: δ, in [0, 1/κ).
        kappa: κ >= 1.

    Returns:
        q, with the shape of the arguments broadcast together: 1 − 1/κ at δ = 0, and negative
        where δ exceeds the amplitude at q = 0.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    _checks.all_between("delta", delta, 0, low_open=False)
    if bool((delta * kappa >= 1).any()):
        worst = (delta * torch.ones_like(kappa))[delta * kappa >= 1].flatten()[0].item()
        raise ValueError(f"delta must be < 1/kappa, got {worst}")
    p = 1 / (1 - kappa * delta)
    return 1 - (p + 1 / p - 1) / kappa


@elementwise
def self_consistent_delta(kappa):
    """(κ − 1)/κ², the largest δ that the weak signal has reached when abs(e) >= δ ends.

    It solves δ = :func:`oscillation_amplitude` at q = δ: on the slowly varying 2-cycle, to
    leading order in ν, Theorem 2's conclusion q >= δ is true at the end of its hypothesis iff δ
    is at most this.

    Args:
        kappa: κ >= 1.

    Returns:
        δ, with the shape of κ.

    Raises:
        TypeError: κ is not numeric.
        ValueError: κ < 1 or not finite.
    """
    _checks.all_between("kappa", kappa, 1, low_open=False)
    return (kappa - 1) / kappa**2


# All of it in one place


class Constant(NamedTuple):
    """A constant of the one-point theory.

    Args:
        name: what it is, in words.
        formula: the formula in LaTeX.
        chapter: the chapter that proves or derives it.
        value: its value, a float.
    """

    name: str
    formula: str
    chapter: int
    value: float


def constants(kappa, nu):
    """The ledger of constants: what the one-point theory says at one κ and ν.

    No filters of the other class (B = 0).

    Args:
        kappa: κ, a number >= 1 and below the sign limit.
        nu: ν, a number in (0, 1).

    Returns:
        A list of :class:`Constant`, in the order of the chapters.

    Raises:
        TypeError: an argument is not a number.
        ValueError: an argument is outside its range.
    """
    kappa, nu = _checks.number("kappa", kappa), _checks.number("nu", nu)
    _checks.all_between("kappa", kappa, 1, SIGN_LIMIT, low_open=False)
    _checks.all_between("nu", nu, 0, 1)
    low, high = two_cycle(kappa)
    gain = potential_gain(1.0, kappa, nu)
    rows = [
        ("2-cycle, lower strong signal", r"1/(\kappa p)", 5, low),
        ("2-cycle, upper strong signal", r"p/\kappa", 5, high),
        ("multiplier of the 2-cycle", r"9 - 2(1 + \kappa)^2", 5, two_cycle_multiplier(kappa)),
        ("mean residual on the 2-cycle", r"(\kappa - 1)/(2\kappa)", 5, mean_residual(kappa)),
        ("largest signal after a step", r"4(1 + \kappa)^3/(27\kappa)", 5, largest_signal(kappa)),
        ("gain per squared residual, at least", r"g(\kappa)", 6, gain),
        (
            "growth of log weak overlap per step",
            r"\frac12\log(1 + \nu(1 - \nu)(\kappa - 1))",
            6,
            growth_rate(kappa, nu),
        ),
        ("smallest factor of strong overlaps", "c", 7, smallest_factor(kappa)),
        ("floor of the strong signal", r"\varepsilon", 7, strong_signal_floor(kappa, nu)),
        (
            "squared residuals per log(1/q_0), at most",
            r"1/(2g(\kappa))",
            7,
            1 / (2 * gain) if gain else math.inf,
        ),
        (
            "weak signal at the end, at least",
            r"(1 - 1/\kappa)/(1 - \nu)",
            7,
            terminal_weak_signal(kappa, nu),
        ),
        (
            "weak signal at the end, landing law",
            r"(1 - 1/\kappa)(1 + \nu/4)/(1 - \nu)",
            7,
            landing_weak_signal(kappa, nu),
        ),
        (
            "largest delta on the 2-cycle",
            r"(1 - 1/p)/\kappa",
            7,
            oscillation_amplitude(0.0, kappa),
        ),
        ("self-consistent delta", r"(\kappa - 1)/\kappa^2", 7, self_consistent_delta(kappa)),
    ]
    return [Constant(*row) for row in rows]
