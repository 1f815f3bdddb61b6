"""The odd cubic map z ← z (1 + κ − κ z²), which the strong signal s = z² of one point follows.

The map is a textbook one (Strogatz 2015). Its residual e = 1 − z², as x = −κ e, follows the map
x ← x³ + (κ − 2) x² + (1 − 2κ) x of Chen et al. (TMLR 2024, arXiv 2310.01687), who found its phases
in gradient descent on quadratic regression, from monotone to chaotic and divergent.
"""

import math

import numpy as np

from .. import _checks
from .._formula import ANY, above, between, formula
from .scales import ESCAPE, SIGN_LIMIT, STABLE_CYCLE_LIMIT


@formula(z=ANY, kappa=above(0))
def step(z, kappa):
    """z (1 + κ − κ z²). With √κ z in place of z it is r z − z³, r = 1 + κ.

    Source: appendix F, Proposition F.1 (a standard map).

    Args:
        z: the state, of either sign.
        kappa: κ > 0.

    Returns:
        The next state, with the shape of the arguments broadcast together.
    """
    return z * (1 + kappa - kappa * z**2)


@formula(z=ANY, kappa=above(0))
def slope(z, kappa):
    """1 + κ − 3κ z², the derivative of :func:`step` in z.

    Source: chapter 6, Proposition 6.1 (Chen et al. 2024).

    Args:
        z: the state.
        kappa: κ > 0.

    Returns:
        The slope, with the shape of the arguments broadcast together.
    """
    return 1 + kappa - 3 * kappa * z**2


@formula(kappa=above(0))
def critical_point(kappa):
    """√((1 + κ)/(3κ)), the z > 0 from which the map steps highest.

    Source: chapter 6, Proposition 6.4.

    Args:
        kappa: κ > 0.

    Returns:
        The point, with the shape of κ.
    """
    return ((1 + kappa) / (3 * kappa)).sqrt()


@formula(kappa=between(0.5, SIGN_LIMIT, text="in (1/2, √27/2 − 1)"))
def trapping_interval(kappa):
    """The interval in z that every orbit from 0 < z < √(1 + 1/κ) enters and does not leave.

    Its ends are the second and the first image of the critical point z_crit, where h is largest.

    Source: chapter 6, Proposition 6.5.

    Args:
        kappa: κ, in (1/2, √27/2 − 1), that is below the sign limit.

    Returns:
        (low, high), each with the shape of κ.
    """
    high = step(critical_point(kappa), kappa)
    return step(high, kappa), high


def iterate(z, kappa, *, steps):
    """The orbit of the map.

    Source: appendix F, Proposition F.1.

    Args:
        z: the start, a number or an array (...).
        kappa: κ > 0, a number or an array; broadcasts with z.
        steps: number of steps, at least 0.

    Returns:
        The states, an array (steps + 1, ...). An orbit that escapes ends in infinities or NaN.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or shapes do not broadcast.
    """
    _checks.integer("steps", steps, low=0)
    _checks.all_between("kappa", kappa, 0)
    _checks.as_tensor("z", z)
    shape = _checks.broadcast(z=np.shape(z), kappa=np.shape(kappa))
    z, kappa = (np.broadcast_to(np.asarray(x, dtype=float), shape) for x in (z, kappa))
    states = np.empty((steps + 1, *shape))
    states[0] = z
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            states[t + 1] = states[t] * (1 + kappa - kappa * states[t] ** 2)
    return states


def share_with_sign(kappa, steps):
    """The share of the starts 0 < z < √(1 + 1/κ) that are still positive after some steps.

    Exact: the ends of their 2^(steps − 1) intervals are found by going back from the two ends of
    the whole interval. With z = 2 z_crit sin x, z_crit the critical point, a step is
    h(z_crit) sin 3x.

    Source: appendix F, Theorem F.2.

    Args:
        kappa: κ > 0, one number.
        steps: number of steps, 0 to 20.

    Returns:
        The share, a float: 1.0 up to the sign limit.

    Raises:
        TypeError: kappa is not a real number, or steps no integer.
        ValueError: an argument is outside its range.
    """
    _checks.positive("kappa", kappa)
    _checks.integer("steps", steps, low=0, high=20)
    if kappa <= SIGN_LIMIT:
        return 1.0
    c = critical_point(float(kappa))
    top, whole = step(c, float(kappa)), math.sqrt(1 + 1 / kappa)
    ends = np.array([[0.0, whole]])
    for _ in range(steps - 1):
        angle = np.arcsin(ends / top) / 3
        falling = 2 * c * np.sin(math.pi / 3 - angle)
        ends = np.concatenate([2 * c * np.sin(angle), falling[:, ::-1]])
    return float((ends[:, 1] - ends[:, 0]).sum() / whole)


def lyapunov_exponent(kappa, *, steps=2000, skip=500):
    """The mean of log abs(h'(z)) along the orbit from 0.9 of the largest value of h.

    Negative where a cycle attracts, positive where the map is chaotic. It is log abs(1 − 2κ) for
    κ < 1 and ½ log abs(9 − 2 (1 + κ)²) where the 2-cycle attracts, up to the convergence of the
    orbit, which is slow near κ = 1 and √5 − 1.

    Source: chapter 6 and appendix F, "The road to chaos".

    Args:
        kappa: κ in (0, 2], a number or an array (...).
        steps: how many steps are averaged, at least 1.
        skip: how many steps are left out before, at least 0.

    Returns:
        The exponent per step, an array (...), or a float if κ is a number.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.integer("steps", steps, low=1)
    _checks.integer("skip", skip, low=0)
    _checks.all_between("kappa", kappa, 0, ESCAPE, high_open=False)
    start = 0.9 * step(critical_point(kappa), kappa)
    states = iterate(start, kappa, steps=skip + steps - 1)[skip:]
    with np.errstate(divide="ignore"):
        exponent = np.log(np.abs(slope(states, np.asarray(kappa, dtype=float)))).mean(0)
    return exponent if np.ndim(exponent) else float(exponent)


def superstable(k):
    """The κ at which the critical point lies on the attracting cycle of length 2^k.

    It belongs to the doubling cascade that starts at the fixed point; later cycles of these lengths
    exist beyond its end. In closed form 1/2 for k = 0 and 3/√2 − 1 for k = 1; for larger k found
    by bracketing a zero.

    Source: chapter 6 and appendix F, "The road to chaos".

    Args:
        k: 0 to 8.

    Returns:
        κ, a float.

    Raises:
        TypeError: k is not an integer.
        ValueError: k is outside 0..8.
    """
    _checks.integer("k", k, low=0, high=8)
    if k < 2:
        return (0.5, 3 / math.sqrt(2) - 1)[k]
    from scipy.optimize import brentq  # here, because importing it takes a while

    before, last = superstable(k - 2), superstable(k - 1)
    guess = last + (last - before) / 4.669 if k > 2 else 1.2695
    width = (guess - last) / 6
    return brentq(lambda kappa: _miss(kappa, 2**k), guess - width, guess + width, xtol=1e-15)


def _miss(kappa, length):
    """How far the critical point is from itself after ``length`` steps."""
    c = critical_point(kappa)
    return float(iterate(c, kappa, steps=length)[-1] - c)


def period_doubling(k):
    """The κ at which the attracting cycle of length 2^(k−1) hands over to that of length 2^k.

    It belongs to the doubling cascade that starts at the fixed point. In closed form 1 for k = 1
    and √5 − 1 for k = 2; for larger k found by Newton's method on "the cycle closes, and its
    multiplier is −1".

    Source: chapter 6 and appendix F, "The road to chaos".

    Args:
        k: 1 to 7.

    Returns:
        κ, a float.

    Raises:
        TypeError: k is not an integer.
        ValueError: k is outside 1..7.
        RuntimeError: Newton's method does not converge.
    """
    _checks.integer("k", k, low=1, high=7)
    if k <= 2:
        return (1.0, STABLE_CYCLE_LIMIT)[k - 1]
    from scipy.optimize import root  # here, because importing it takes a while

    length = 2 ** (k - 1)

    def equations(unknown):
        z, kappa = unknown
        orbit = iterate(z, kappa, steps=length)
        multiplier = np.prod(1 + kappa - 3 * kappa * orbit[:-1] ** 2)
        return [orbit[-1] - z, multiplier + 1]

    here, after = superstable(k - 1), superstable(k)
    start = here + 0.45 * (after - here)
    # the attracting cycle a little before, from the critical point
    z = iterate(critical_point(here), start, steps=400 * length)[-1]
    found = root(equations, [z, start], tol=1e-13)
    if not found.success:
        raise RuntimeError(f"no period doubling found for k = {k}: {found.message}")
    return float(found.x[1])
