"""Small rates: one point learned without oscillation (chapter 4)."""

from .._formula import above, at_least, between, formula


@formula(opposite=at_least(0))
def smooth_limit(opposite):
    """The κ below which one point is learned without oscillation, 1/(2 (1 + 2 c)).

    From any start with s > 0, q > 0 and y f < 1, for 0 < ν <= 1, the residual then falls to 0
    without turning its sign.

    Source: chapter 4, Theorem 4.1 (after the paper, Proposition 1).

    Args:
        opposite: c = s⁻ + q⁻ >= 0, the signal of the filters of the other class at the start.

    Returns:
        The limit, with the shape of c: 1/2 for c = 0.
    """
    return 1 / (2 * (1 + 2 * opposite))


@formula(kappa=above(0), nu=between(0, 1, "[]"), e_0=at_least(0))
def smooth_exponents(kappa, nu, e_0=1.0):
    """The exponents between which a smooth run raises the weak signal.

    A run with κ below :func:`smooth_limit` ends with q_∞ = q_0 (s_∞/s_0)^a, where
    ν <= a <= ν (1 + θ) and θ = (1 − ν) κ e_0 (1 + κ e_0)/2. Gradient flow, the limit κ → 0, has
    a = ν.

    Source: chapter 4, Theorem 4.1 (3).

    Args:
        kappa: κ > 0.
        nu: ν, in [0, 1].
        e_0: the residual 1 − y f at the start, >= 0.

    Returns:
        (ν, ν (1 + θ)), each with the shape of the arguments broadcast together.
    """
    theta = (1 - nu) * kappa * e_0 * (1 + kappa * e_0) / 2
    return nu * (1 + 0 * theta), nu * (1 + theta)
