"""Momentum in a given order of visits: up to which κ a class can rest (chapter 13)."""

import numpy as np

from .. import _checks

GRID = 0.01
"""Steps of κ in which the first unstable one is looked for."""


def order_limit(own, momentum, nesterov=False):
    """The κ up to which a class rests at its label, when an epoch is repeated for ever.

    Near rest a visit to a strong point of the class, or a step in between, multiplies the residual
    and what the velocity adds to it by a matrix of appendix J, Corollary J.1; an epoch multiplies
    them by the product. They die out as long as its spectral radius is below 1.

    Args:
        own: which of the visits of an epoch are strong points of the class, (n,) bool, at least
            one of them.
        momentum: b, in [0, 1).
        nesterov: whether the momentum is Nesterov's.

    Returns:
        κ, found in steps of ``GRID``; at most 2 if there is none below.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the momentum is outside its range, or no visit is one of the class.
    """
    _checks.instance("nesterov", nesterov, bool)
    momentum = _checks.real_number("momentum", momentum)
    _checks.all_between("momentum", momentum, 0, 1, low_open=False)
    own = np.asarray(own, dtype=bool)
    if own.ndim != 1 or not own.any():
        raise ValueError(f"own must have one axis and a visit of the class, got {own}")
    kappas = np.arange(GRID, 2.0, GRID)
    between, visit = _steps(kappas, momentum, nesterov)
    epoch = np.eye(2) + np.zeros_like(visit)
    for is_own in own:
        epoch = (visit if is_own else between) @ epoch
    radius = np.abs(np.linalg.eigvals(epoch)).max(-1)
    grows = np.flatnonzero(radius > 1 + 1e-9)
    return float(kappas[grows[0]]) if len(grows) else 2.0


def _steps(kappas, b, nesterov):
    """The matrices of a step in between and of a visit, (K, 2, 2)."""
    h = 2 * kappas
    one, zero = np.ones_like(h), np.zeros_like(h)
    if nesterov:
        between = [[one, b**2 * one], [zero, b * one]]
        visit = [[1 - h - b * h, b**2 * one], [-h, b * one]]
    else:
        between = [[one, b * one], [zero, b * one]]
        visit = [[1 - h, b * one], [-h, b * one]]
    return np.moveaxis(np.array(between), -1, 0), np.moveaxis(np.array(visit), -1, 0)
