"""The potential of the weak feature, its gain at a visit, and the surplus (chapter 5)."""

import math

from .._formula import ANY, above, at_least, between, formula


@formula(strong=ANY, weak=ANY, nu=at_least(0))
def potential(strong, weak, nu):
    """Φ = log⟨w, y v⟩ − ν log⟨w', y u⟩, the potential of the weak feature.

    For ν <= 1, SGD on one point never lowers it as long as 1 + κ e > 0; for ν > 1, never raises
    it as long as 1 + κ ν e > 0.

    Source: chapter 5, Theorem 5.1.

    Args:
        strong: ⟨w', y u⟩ of one active filter, (...).
        weak: ⟨w, y v⟩ of one active filter, (...); the axes broadcast.
        nu: ν >= 0.

    Returns:
        Φ (...); NaN where one of the two is not positive, because the filter is not active there.
    """
    value = weak.log() - nu * strong.log()
    return value.masked_fill((strong <= 0) | (weak <= 0), math.nan)


@formula(e=ANY, kappa=above(0), nu=between(0, 1, "[]"))
def potential_gain(e, kappa, nu):
    """ΔΦ = log(1 + κ ν e) − ν log(1 + κ e), what one visit adds to the potential.

    Source: chapter 5, Lemma 5.1.

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.
        nu: ν, in [0, 1].

    Returns:
        ΔΦ >= 0, with the shape of the arguments broadcast together, zero iff e = 0 (for
        0 < ν < 1); NaN where 1 + κ e <= 0, because the step then turns a sign.
    """
    z = kappa * e
    return ((nu * z).log1p() - nu * z.log1p()).masked_fill(z <= -1, math.nan)


@formula(e=ANY, kappa=above(0), nu=between(0, 1, "[]"))
def potential_gain_bound(e, kappa, nu):
    """A lower bound of :func:`potential_gain`, quadratic in the residual.

    With x = κ e and x₊ = max(x, 0): ΔΦ >= ν (1 − ν) x² / (2 (1 + ν x₊) (1 + x₊)).

    Source: chapter 5, Lemma 5.1 (c).

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.
        nu: ν, in [0, 1].

    Returns:
        The bound, with the shape of the arguments broadcast together.
    """
    z = kappa * e
    above = z.clamp(min=0)
    return nu * (1 - nu) * z**2 / (2 * (1 + nu * above) * (1 + above))


@formula(e=ANY, kappa=above(0))
def residual_surplus(e, kappa):
    """R = κ e − log(1 + κ e) >= 0, the part of κ e that the strong signal does not use up.

    Summed over visits, Σ κ e = log(⟨w, y u⟩ at the end / at the start) + Σ R: eqs. (6) and (7) as
    one identity.

    Source: chapter 7, Proposition 7.1 (paper, eqs. (6) and (7)).

    Args:
        e: the residual 1 − y f before the update.
        kappa: κ > 0.

    Returns:
        R, with the shape of the arguments broadcast together; NaN where 1 + κ e <= 0.
    """
    z = kappa * e
    return (z - z.log1p()).masked_fill(z <= -1, math.nan)


@formula(room=at_least(0), largest=above(0), nu=between(0, 1))
def change_budget(room, largest, nu):
    """The largest Σ x_t² of a rule that multiplies ⟨w', y u⟩ by 1 + x_t.

    It multiplies ⟨w, y v⟩ by at least 1 + ν x_t, and −1 < x_t <= x_max: so the potential rises by
    at least g(x_max) x_t²/x_max² a step. It has room for log(β_max/β_0) + ν log(α_0/α_min), if
    β <= β_max and α >= α_min at the end: Σ x_t² <= room x_max²/g(x_max), whatever makes the x_t.

    Source: appendix E, Theorem E.1 (c).

    Args:
        room: by how much the potential can rise, >= 0.
        largest: x_max > 0, an upper bound of the x_t.
        nu: ν, in (0, 1).

    Returns:
        The budget, with the shape of the arguments broadcast together.
    """
    gain = (nu * largest).log1p() - nu * largest.log1p()
    return room * largest**2 / gain
