"""The formulas of the theory, each with its source.

Numbers, NumPy arrays and tensors all work, element by element, and come back as what they were.
"""

import math

import numpy as np
from torch import Tensor

from . import _checks

SIGN_LIMIT = math.sqrt(27) / 2 - 1
"""κ ≈ 1.598: up to here the one-point map z ← z (1 + κ − κ z²) keeps the sign of z."""


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
    return 2 * lr * u_norm**2 / m


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
    return (v_norm / u_norm) ** 2


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
    half_gap = ((kappa + 1) ** 2 - 4) ** 0.5 / 2
    middle = (kappa + 1) / 2
    s_low = 1 - (middle + half_gap - 1) / kappa
    s_high = 1 - (middle - half_gap - 1) / kappa
    return s_low, s_high


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


def potential(strong, weak, nu):
    """Φ = log⟨w, y v⟩ − ν log⟨w', y u⟩, which never decreases under SGD on one point.

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
    given = {"strong": strong, "weak": weak, "nu": nu}
    a, b, c = (_checks.numeric(name, value) for name, value in given.items())
    _checks.broadcast(**{name: np.shape(value) for name, value in given.items()})
    value = (b.log() - c * a.log()).masked_fill((a <= 0) | (b <= 0), math.nan)
    if any(isinstance(number, Tensor) for number in given.values()):
        return value
    if any(isinstance(number, np.ndarray) for number in given.values()):
        return value.numpy()
    return value.item()
