"""The curve on which the oscillation of one point drifts, and where it ends (appendix D)."""

from .._formula import above, at_least, between, formula


@formula(e=above(-1), kappa=at_least(1), nu=between(0, 1, "[)"))
def slow_curve(e, kappa, nu):
    """The weak signal beside which the oscillation has the residual e, to second order in ν.

    Q_0(e) + ν Q_1(e) + ν² Q_2(e), the curve that a step maps to itself, up to O(ν³). Q_0 is the
    2-cycle with q held; Q_1 and Q_2 solve a pair of linear equations each. Negative e belong to
    the upper side of the oscillation, positive e to the lower.

    Source: appendix D, equations (D.1) to (D.3).

    Args:
        e: the residual, > -1; the derivation needs 1 + κe > 0.
        kappa: κ >= 1.
        nu: ν, in [0, 1).

    Returns:
        q, with the shape of the arguments broadcast together; NaN where 1 + κe <= 0.
    """
    x = kappa * e
    cycle = 1 - 1 / kappa - e * x / (1 + x)
    first = (5 + 6 * x + 2 * x**2) / ((1 + x) * (2 + x) ** 2)
    plain = _polynomial(x, (106, 402, 748, 876, 689, 365, 124, 24, 2))
    times_kappa = _polynomial(x, (22, 78, 110, 76, 25, 3))
    second = (plain + kappa * times_kappa) / (2 * (1 + x) ** 2 * (2 + x) ** 6)
    curve = cycle * (1 + nu * first + nu**2 * second)
    return curve.masked_fill(1 + x <= 0, float("nan"))


@formula(kappa=at_least(1), nu=between(0, 1, "[)"))
def landing_second_order(kappa, nu):
    """The landing law with its next term: where the weak signal lands, up to O(ν³).

    (1 − 1/κ)(1 + ν/4)/(1 − ν) times 1 − (27 − 11κ) ν²/64.

    Source: appendix D, equation (D.6), an expansion without proof.

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1).

    Returns:
        q_∞, with the shape of the arguments broadcast together.
    """
    law = (1 - 1 / kappa) * (1 + nu / 4) / (1 - nu)
    return law * (1 - (27 - 11 * kappa) / 64 * nu**2)


def _polynomial(x, coefficients):
    """The polynomial with these coefficients, the constant one first."""
    value = 0 * x
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value
