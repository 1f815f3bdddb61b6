"""Orbits of two classes in intervals, which hold the true one whatever is rounded (chapter 11)."""

from fractions import Fraction
from numbers import Real

import numpy as np
from mpmath import iv

from . import _checks

DIGITS = 60
"""Decimal digits that the ends of the intervals carry."""


def certain_escape(z, labels, kappa, radius=0.0):
    """The visits after which a whole box of starts escapes for certain, for all κ of an interval.

    Every pair within ``radius`` of ``z`` and every κ within ``radius`` of ``kappa`` is followed in
    intervals. The answer is the first visit after which both classes are turned, the one that
    was just visited at least 2 deep and at least as deep as the other. From there labels in turn,
    the other one first, take every such orbit to infinity: the depth of the deeper class grows by
    more than a factor of 200 in two visits.

    Source: appendix I, Lemma I.1, Theorem I.2.

    Args:
        z: ᾱ_1 and ᾱ_{−1} at the start, two numbers.
        labels: the labels of the visits, −1 or 1, an integer array (visits,).
        kappa: κ > 1.
        radius: >= 0, and below κ − 1.

    Returns:
        The number of visits, or None if it is not certain that any of them is such a one.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: z is not two finite numbers, a label is not ±1, or κ or the radius is not one
            of those above.
    """
    start = [_checks.real_number("z", value) for value in _two(z)]
    if not np.isfinite(start).all():
        raise ValueError(f"z must be finite, got {z}")
    middle, wide = _checks.real_number("kappa", kappa), _checks.real_number("radius", radius)
    if not (1 < middle < np.inf):
        raise ValueError(f"kappa must be finite and > 1, got {kappa}")
    if not 0 <= wide < middle - 1:
        raise ValueError(f"radius must be finite, >= 0 and < {middle - 1}, got {radius}")
    if not isinstance(labels, np.ndarray) or labels.dtype.kind != "i":
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"labels must be an array of kind integer, got {kind}")
    if labels.ndim != 1 or not (abs(labels) == 1).all():
        raise ValueError("labels must be -1 or 1, one a visit")
    digits, iv.dps = iv.dps, DIGITS
    try:
        box = [_ball(x, wide) for x in (*start, middle)]
        return _first_certain(box[0], box[1], labels, box[2])
    finally:
        iv.dps = digits


def _two(z):
    if isinstance(z, Real) or not hasattr(z, "__len__"):
        raise TypeError(f"z must be two numbers, got {z!r}")
    if len(z) != 2:
        raise ValueError(f"z must be two numbers, got {len(z)}")
    return z


def _ball(x, radius):
    ends = Fraction(x) - Fraction(radius), Fraction(x) + Fraction(radius)
    low, high = (iv.mpf(end.numerator) / end.denominator for end in ends)
    return iv.mpf([low.a, high.b])


def _first_certain(up, down, labels, kappa):
    for t, label in enumerate(labels):
        own, other = (up, down) if label == 1 else (down, up)
        own, other = _visit(own, other, kappa)
        up, down = (own, other) if label == 1 else (other, own)
        if own.b <= -2 and other.b < 0 and other.a >= own.b:
            return t + 1
    return None


def _visit(own, other, kappa):
    """Both classes after a visit, whatever their signs: [x]₊ and [x]₋ are intervals too."""
    on, off = iv.mpf([max(own.a, 0), max(own.b, 0)]), iv.mpf([min(other.a, 0), min(other.b, 0)])
    e = 1 - on**2 + off**2
    return own + kappa * e * on, other - kappa * e * off
