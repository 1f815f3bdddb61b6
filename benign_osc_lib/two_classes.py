"""Two classes without noise: the map of two signed numbers that training is (chapter 11).

After one visit to each label, for κ > 1 and a small start, all overlaps ⟨w_{j,r}, j u⟩ of a class
j have one sign, and every visit multiplies all of a class by one factor. So a class is one number
ᾱ_j, the root of the mean square of its overlaps with their sign, and a visit to label y with

    e = 1 − [ᾱ_y]₊² + [ᾱ_{−y}]₋²

multiplies ᾱ_y by 1 + κe if it is positive, and ᾱ_{−y} by 1 − κe if it is negative (Theorem I.1).
Where it can be trapped is in ``trapping``, what escapes for certain in ``enclosure``.
"""

import numpy as np

from . import _checks
from ._compile import jit


def follow(z, labels, kappa, *, limit=1e3):
    """Follow both classes through an order of visits (chapter 11).

    Args:
        z: ᾱ_1 and ᾱ_{−1} at the start, an array (runs, 2).
        labels: the labels of the visits, −1 or 1, an integer array (visits,) for all runs or
            (runs, visits).
        kappa: κ > 0.
        limit: > 0; a run escapes, and stops, where ᾱ_1 or ᾱ_{−1} is larger than this in size.

    Returns:
        ᾱ at the end, (runs, 2), and the number of visits until the escape, (runs,): 0 for a run
        that begins beyond the limit, −1 for one that has not escaped.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: shapes disagree, a label is not ±1, z is not finite, or κ or the limit is not
            positive and finite.
    """
    kappa, limit = _checks.positive("kappa", kappa), _checks.positive("limit", limit)
    for name, value, kinds in (("z", z, "f"), ("labels", labels, "i")):
        if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
            kind = {"f": "float", "i": "integer"}[kinds]
            raise TypeError(f"{name} must be an array of kind {kind}, got {_kind(value)}")
    if z.ndim != 2 or z.shape[1] != 2:
        raise ValueError(f"z must have shape (runs, 2), got {z.shape}")
    if not np.isfinite(z).all():
        raise ValueError(f"z must be finite, got {z[~np.isfinite(z)][0]}")
    if labels.ndim not in (1, 2) or (labels.ndim == 2 and len(labels) != len(z)):
        raise ValueError(f"labels must have shape (visits,) or (runs, visits), got {labels.shape}")
    if not (abs(labels) == 1).all():
        raise ValueError("labels must be -1 or 1")
    end = np.array(z, dtype=np.float64)
    return end, _follow(end, np.ascontiguousarray(np.atleast_2d(labels)), kappa, limit)


def _kind(value):
    return value.dtype if isinstance(value, np.ndarray) else type(value).__name__


@jit(keep=True)
def _follow(z, labels, kappa, limit):
    """Move z in place; the visits until the escape, or −1."""
    escaped = np.full(len(z), -1, np.int64)
    for k in range(len(z)):
        up, down = z[k]
        order = labels[k % len(labels)]
        if max(abs(up), abs(down)) > limit:
            escaped[k] = 0
            continue
        for t in range(len(order)):
            plus = order[t] == 1
            own, other = (up, down) if plus else (down, up)
            on, off = max(own, 0.0), min(other, 0.0)
            e = 1.0 - on * on + off * off
            own += kappa * e * on
            other -= kappa * e * off
            up, down = (own, other) if plus else (other, own)
            if max(abs(own), abs(other)) > limit:
                escaped[k] = t + 1
                break
        z[k, 0], z[k, 1] = up, down
    return escaped
