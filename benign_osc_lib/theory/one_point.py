"""The exact dynamics of one noiseless data point: four signals in place of all filters.

With e = 1 − y f and [z]₊ = max(z, 0), a visit to the point (y u, y v) does, whatever m and d,

    s  ← s  [1 + κ e]₊²        q  ← q  [1 + κ ν e]₊²
    s⁻ ← s⁻ [1 − κ e]₊²        q⁻ ← q⁻ [1 − κ ν e]₊²        y f = s + q − s⁻ − q⁻

where s and q are the strong and weak signals of the filters of the point's own class, and s⁻ and
q⁻ those of the filters of the other class (chapter 4).
"""

from dataclasses import dataclass

import numpy as np

from .. import _checks


@dataclass(frozen=True, eq=False)
class Orbit:
    """The signals of one point at the times 0, 1, …, steps, for one start or an array of them.

    Source: chapter 4, Proposition 4.1 (paper, eq. (5)).

    Args:
        s: strong signal of the class, (steps + 1, ...).
        q: weak signal of the class, (steps + 1, ...).
        s_other: strong signal of the filters of the other class, (steps + 1, ...).
        q_other: weak signal of the filters of the other class, (steps + 1, ...).
    """

    s: np.ndarray
    q: np.ndarray
    s_other: np.ndarray
    q_other: np.ndarray

    @property
    def e(self):
        """The residuals 1 − y f, (steps + 1, ...)."""
        return 1 - self.s - self.q + self.s_other + self.q_other


def orbit(kappa, nu, s, q, *, steps, s_other=0.0, q_other=0.0):
    """Follow the signals of one noiseless point for some visits.

    Source: chapter 4, Proposition 4.1 (paper, eq. (5)).

    Args:
        kappa: κ > 0, a number or an array (...).
        nu: ν >= 0, likewise.
        s: strong signal at the start, >= 0; all starts broadcast together.
        q: weak signal at the start, >= 0.
        steps: number of visits, at least 0.
        s_other: s⁻ at the start, >= 0.
        q_other: q⁻ at the start, >= 0.

    Returns:
        An Orbit. An orbit that leaves the floating-point range ends in infinities or NaN.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or shapes do not broadcast.
    """
    _checks.integer("steps", steps, low=0)
    _checks.all_between("kappa", kappa, 0)
    starts = {"nu": nu, "s": s, "q": q, "s_other": s_other, "q_other": q_other}
    for name, value in starts.items():
        _checks.all_between(name, value, 0, low_open=False)
    shape = _checks.broadcast(
        kappa=np.shape(kappa), **{name: np.shape(value) for name, value in starts.items()}
    )
    factors = np.stack(np.broadcast_arrays(*_factors(kappa, nu, shape)))
    four = np.empty((steps + 1, 4, *shape))
    four[0] = np.stack([np.broadcast_to(x, shape) for x in (s, q, s_other, q_other)])
    bracket = np.empty_like(four[0])
    with np.errstate(over="ignore", invalid="ignore"):
        for now, after in zip(four[:-1], four[1:], strict=True):
            e = 1 - now[0] - now[1] + now[2] + now[3]
            np.multiply(factors, e, out=bracket)
            np.add(bracket, 1, out=bracket)
            np.maximum(bracket, 0, out=bracket)
            np.multiply(bracket, bracket, out=bracket)
            np.multiply(now, bracket, out=after)
    return Orbit(*four.swapaxes(0, 1))


def _factors(kappa, nu, shape):
    """What e is multiplied by in the factors of s, q, s⁻ and q⁻."""
    kappa, nu = np.asarray(kappa), np.asarray(nu)
    strong, weak = (np.broadcast_to(k, shape) for k in (kappa, kappa * nu))
    return strong, weak, -strong, -weak
