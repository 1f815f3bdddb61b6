"""Small rates: one point learned without oscillation (chapter 4)."""

from .. import _checks
from .._elementwise import elementwise


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
