"""Small rates: one point learned without an oscillation that lasts (chapters 4 and 6)."""

import torch

from .._formula import above, at_least, between, formula
from .scales import MONOTONE_LIMIT


@formula(opposite=at_least(0))
def smooth_limit(opposite):
    """The κ below which one point is learned without oscillation, 1/(2 (1 + 2 (s⁻ + q⁻))).

    From any start with s > 0, q > 0 and y f < 1, for 0 < ν <= 1, the residual then falls to 0
    without turning its sign.

    Source: chapter 4, Theorem 4.1 (after the paper, Proposition 1).

    Args:
        opposite: s⁻ + q⁻ >= 0, the signal of the filters of the other class at the start.

    Returns:
        The limit, with the shape of ``opposite``: 1/2 where that is 0.
    """
    return 1 / (2 * (1 + 2 * opposite))


@formula(kappa=above(0), nu=between(0, 1, "[]"), e_0=at_least(0))
def smooth_exponents(kappa, nu, e_0=1.0):
    """The exponents between which a smooth run raises the weak signal.

    In a run with κ below :func:`smooth_limit` q_t/q_0 stays between (s_t/s_0)^ν and
    (s_t/s_0)^ν_up, where ν_up = ν (1 + (1 − ν) κ e_0 (1 + κ e_0)/2). Gradient flow, the limit
    κ → 0, has the exponent ν.

    Source: chapter 4, Theorem 4.1 (3).

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1].
        e_0: the residual 1 − y f at the start, >= 0.

    Returns:
        (ν, ν_up), each with the shape of the arguments broadcast together.
    """
    theta = (1 - nu) * kappa * e_0 * (1 + kappa * e_0) / 2
    return nu * (1 + 0 * theta), nu * (1 + theta)


@formula(
    kappa=between(0, MONOTONE_LIMIT, text="in (0, 2√2 − 2)"),
    nu=between(0, 1, "(]"),
    start=between(0, 1, "(]"),
)
def settling_factor(kappa, nu, start):
    """What a step on one point leaves of the residual at most.

    It is M_max = max(1 − κ ν f_0, (2 + κ)²/4 − 1), where f_0 is y f at the start. Without filters
    of the other class, abs(e_t) <= M_max^t (1 − f_0): with a weak signal too no oscillation lasts.

    Source: appendix F, Theorem F.1 (c).

    Args:
        kappa: κ, in (0, 2√2 − 2), that is below the limit of monotone loss.
        nu: ν, in (0, 1].
        start: y f at the start, s + q, in (0, 1].

    Returns:
        M_max < 1, with the shape of the arguments broadcast together.
    """
    return torch.maximum(1 - kappa * nu * start, (2 + kappa) ** 2 / 4 - 1 + 0 * nu * start)
