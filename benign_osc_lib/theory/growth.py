"""How fast the weak signal grows while the strong one oscillates (chapter 7)."""

import math

from .._formula import ANY, above, at_least, between, formula


@formula(kappa=at_least(1), nu=between(0, 1, "[]"))
def growth_rate(kappa, nu):
    """½ log(1 + ν (1 − ν) (κ − 1)), the growth of log⟨w, y v⟩ per step while q is small.

    Exact on the 2-cycle with q → 0; to leading order in ν it is ν (κ − 1)/2. The weak signal
    q is multiplied by 1 + ν (1 − ν) (κ − 1) per step, on average over the two.

    Source: chapter 7, Proposition 7.3.

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1].

    Returns:
        The rate per step, with the shape of the arguments broadcast together.
    """
    return (nu * (1 - nu) * (kappa - 1)).log1p() / 2


@formula(t=ANY, q_0=above(0), kappa=above(1), nu=between(0, 1, "[]"))
def weak_signal_curve(t, q_0, kappa, nu):
    """The logistic curve that the weak signal follows while the strong one oscillates.

    q(t) = q* / (1 + (q*/q_0 − 1) e^{−2 g t}) with q* = 1 − 1/κ and g the growth rate of
    :func:`growth_rate`: an averaging approximation for small ν and 1 < κ < √5 − 1.

    Source: chapter 7, "From a rate to a curve". The error is of order ν (appendix D, Theorem D.1).

    Args:
        t: steps since the weak signal was q_0.
        q_0: weak signal then, > 0.
        kappa: κ > 1.
        nu: ν, in [0, 1].

    Returns:
        q(t), with the shape of the arguments broadcast together.
    """
    ceiling = 1 - 1 / kappa
    return ceiling / (1 + (ceiling / q_0 - 1) * (-2 * growth_rate(kappa, nu) * t).exp())


@formula(s_0=between(0, 1), q_0=above(0), kappa=above(1), nu=between(0, 1))
def time_to_learn(s_0, q_0, kappa, nu):
    """Steps until the weak signal of one point reaches half of 1 − 1/κ, predicted.

    First the strong signal climbs from s_0 to 1, which takes n = log(1/s_0)/(2 log(1 + κ)) steps
    and multiplies q_0 by (1 + κν)^{2n}. Then q follows :func:`weak_signal_curve`. An approximation
    for small starts, small ν and 1 < κ < √5 − 1.

    Source: chapter 7, "The time to learn", an approximation without proof.

    Args:
        s_0: strong signal at the start, in (0, 1).
        q_0: weak signal at the start, > 0 and small enough to need learning.
        kappa: κ > 1.
        nu: ν, in (0, 1).

    Returns:
        The number of steps, with the shape of the arguments broadcast together; NaN where q
        is past that level when the climb ends.
    """
    return time_from_logarithms(s_0.log(), q_0.log(), kappa, nu)


def time_from_logarithms(log_s_0, log_q_0, kappa, nu):
    """:func:`time_to_learn` of tensors, for starts that may be too small for their dtype.

    Source: chapter 7, "The time to learn", an approximation without proof.

    Args:
        log_s_0: logarithm of the strong signal at the start.
        log_q_0: logarithm of the weak signal at the start.
        kappa: κ > 1.
        nu: ν, in (0, 1).

    Returns:
        The number of steps, as there.

    Raises:
        Nothing: those that call it have checked the arguments.
    """
    climb = -log_s_0 / (2 * kappa.log1p())
    log_q = log_q_0 + 2 * climb * (kappa * nu).log1p()
    away = (1 - 1 / kappa).log() - log_q  # of the ceiling from q, on a log scale
    away = away.masked_fill(away < math.log(2), math.nan)
    return climb + (away + (-(-away).expm1()).log()) / (2 * growth_rate(kappa, nu))
