"""Regions that two classes cannot leave, for a whole interval of κ at once (chapter 11).

The plane of :mod:`benign_osc_lib.two_classes` is cut into small squares. From the squares of all
starts, every square that the image of a marked one can meet is marked, until nothing is new. If no
image leaves the range, then no start ever does: a proof by computer. It rests on three things.

*Symmetry.* Both labels follow one map, so a state is one of three kinds: both classes positive;
one positive, x, and one turned, −n; both turned. "First" is the class that is visited next. A
visit to the label of the turned class of the second kind changes nothing, so it is left out.

*The right coordinate.* Where e = 0 nothing moves, and squares in x and n would creep along that
curve for ever. The product x n cannot: a visit multiplies it by (1 + κe)(1 − κe) = 1 − κ²e². So
the second kind has the coordinates x and n max(x, X), and for x >= X a square whose classes keep
their signs has no image above its own row.

*Rounding.* The corners of the squares are exact doubles. What is computed from them takes fewer
than thirty operations on numbers below 128, so it is wrong by less than 10⁻¹²; every range is
widened, and every comparison decided, with SLACK.
"""

from typing import NamedTuple

import numpy as np

from . import _checks
from ._compile import jit

LARGEST_START = 1.25
"""Both classes start anywhere in [0, LARGEST_START]."""
RANGE = 1.5
"""A region has closed if no coordinate passes this."""
PIVOT = 0.75
"""X, from where on the turned class is measured by its product with the other."""
SLACK = 1e-10

_FREE = 1 << 30  # no row to stay below


class TrappingRegion(NamedTuple):
    """What was marked from all starts; see :func:`trapping_region`."""

    closed: bool
    """Whether nothing leaves the range. If not, the marking has stopped, and proves nothing."""
    marked: np.ndarray
    """(3, n, n), bool: squares with both classes positive, one turned, both turned."""
    side: float
    """Of a square."""

    def deepest(self):
        """A number that no class turns below, if the region has closed."""
        one, both = np.nonzero(self.marked[1]), np.nonzero(self.marked[2])
        depths = [0.0]
        if len(one[0]):
            depths.append(((one[1] + 1) / np.maximum(one[0] * self.side, PIVOT)).max())
        if len(both[0]):
            depths.append(max(both[0].max(), both[1].max()) + 1)
        return -self.side * float(max(depths))

    def largest(self):
        """A number that no class exceeds, if the region has closed."""
        both, one = np.nonzero(self.marked[0]), np.nonzero(self.marked[1])
        tops = [axis.max() + 1 for axis in (*both, one[0]) if len(axis)]
        return self.side * float(max(tops))


def trapping_region(kappa_low, kappa_high, order="alternating", depth=9):
    """Mark all that two classes can reach, for all κ of an interval and all starts in a square.

    Every start with both ᾱ in [0, 1.25] is followed, for every κ from ``kappa_low`` to
    ``kappa_high``. If the region closes, no ᾱ ever passes 1.5, and none falls below
    :meth:`TrappingRegion.deepest`.

    Source: appendix I, Theorem I.2.

    Args:
        kappa_low: lower end of the interval, 1 <= ``kappa_low`` <= ``kappa_high``.
        kappa_high: upper end, <= 2.
        order: "alternating", labels in turn; or "any", every order of labels at once.
        depth: squares have the side 2^−depth; 4 to 11.

    Returns:
        A :class:`TrappingRegion`.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: κ, the order or the depth is not one of those above.
    """
    low, high = (
        _checks.real_number(name, value)
        for name, value in (("kappa_low", kappa_low), ("kappa_high", kappa_high))
    )
    if not 1 <= high <= 2:
        raise ValueError(f"kappa_high must be finite, >= 1 and <= 2, got {kappa_high}")
    if not 1 <= low <= high:
        raise ValueError(f"kappa_low must be finite, >= 1 and <= {high}, got {kappa_low}")
    _checks.one_of("order", order, ("alternating", "any"))
    depth = _checks.integer("depth", depth, low=4, high=11)
    closed, marked = _mark(low, high, order == "any", 2**depth)
    return TrappingRegion(bool(closed), marked.astype(bool), 2.0**-depth)


@jit()
def _first(x, side):
    """The square, along one axis, in which a range begins."""
    return max(int(np.floor((x - SLACK) / side)), 0)


@jit()
def _last(x, side):
    """The square in which it ends."""
    return int(np.floor((x + SLACK) / side))


@jit()
def _put(marked, todo, count, kind, i0, i1, j0, j1):
    """Mark squares; the number of squares still to follow, or −1 beyond the range."""
    n = marked.shape[1]
    if count < 0 or i0 > i1 or j0 > j1:
        return count
    if i1 >= n or j1 >= n:
        return -1
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            if not marked[kind, i, j]:
                marked[kind, i, j] = 1
                todo[count] = (kind * n + i) * n + j
                count += 1
    return count


@jit()
def _put_turned(marked, todo, count, x, n, product, row, side):
    """Mark one class in the range x > 0 and one in −n, with x n in ``product``."""
    if x[0] < PIVOT:
        i0, i1 = _first(x[0], side), _last(min(x[1], PIVOT), side)
        j0, j1 = _first(PIVOT * n[0], side), _last(PIVOT * n[1], side)
        count = _put(marked, todo, count, 1, i0, i1, j0, j1)
    if x[1] >= PIVOT - SLACK:
        i0, i1 = _first(max(x[0], PIVOT), side), _last(x[1], side)
        j0, j1 = _first(product[0], side), min(_last(product[1], side), row)
        count = _put(marked, todo, count, 1, i0, i1, j0, j1)
    return count


@jit()
def _cubic(c0, c1, kappa, x0, x1):
    """The range of x (c − κ x²), concave in x >= 0, over c in [c0, c1] and x in [x0, x1]."""
    low = min(x0 * (c0 - kappa * x0 * x0), x1 * (c0 - kappa * x1 * x1))
    high = max(x0 * (c1 - kappa * x0 * x0), x1 * (c1 - kappa * x1 * x1))
    if c1 > 0:
        top = np.sqrt(c1 / (3 * kappa))
        if x0 - SLACK <= top <= x1 + SLACK:
            high = max(high, top * (c1 - kappa * top * top))
    return low, high


@jit()
def _visited(k, x0, x1, n0, n1):
    """The range of x (1 + κe), e = 1 − x² + n²: linear in κ, so the ends of [κ] suffice."""
    a = _cubic(1 + k[0] * (1 + n0 * n0), 1 + k[0] * (1 + n1 * n1), k[0], x0, x1)
    b = _cubic(1 + k[1] * (1 + n0 * n0), 1 + k[1] * (1 + n1 * n1), k[1], x0, x1)
    return min(a[0], b[0]), max(a[1], b[1])


@jit()
def _pushed(k, x0, x1, n0, n1):
    """The range of n (1 − κe)."""
    a = _cubic(1 - k[0] * (1 - x0 * x0), 1 - k[0] * (1 - x1 * x1), k[0], n0, n1)
    b = _cubic(1 - k[1] * (1 - x0 * x0), 1 - k[1] * (1 - x1 * x1), k[1], n0, n1)
    return min(a[0], b[0]), max(a[1], b[1])


@jit(keep=True)
def _mark(kappa_low, kappa_high, any_order, per_unit):
    """Mark the squares of all starts, then those of their images, until there is nothing new."""
    side, n, k = 1.0 / per_unit, int(RANGE * per_unit), (kappa_low, kappa_high)
    marked, todo = np.zeros((3, n, n), np.uint8), np.zeros(3 * n * n, np.int32)
    end = _last(LARGEST_START, side)
    count = _put(marked, todo, 0, 0, 0, end, 0, end)
    while count > 0:
        count -= 1
        kind, i, j = todo[count] // (n * n), todo[count] // n % n, todo[count] % n
        a = (i * side, (i + 1) * side)
        b = (j * side, (j + 1) * side)
        if kind == 0:
            count = _from_both_positive(marked, todo, count, k, a, j, any_order, side)
        elif kind == 1:
            count = _from_one_turned(marked, todo, count, k, a, b, j, any_order, side)
        else:
            count = _turn_back(marked, todo, count, k, a, b, side)
            if any_order:
                count = _turn_back(marked, todo, count, k, b, a, side)
    return count == 0, marked


@jit()
def _from_both_positive(marked, todo, count, k, a, j, any_order, side):
    """Visit the first of two positive classes; the other, in square j, does not move."""
    low, high = _visited(k, a[0], a[1], 0.0, 0.0)
    i0, i1 = _first(low, side), _last(high, side)
    count = _put(marked, todo, count, 0, j, j, i0, i1)
    if any_order:
        count = _put(marked, todo, count, 0, i0, i1, j, j)
    if low <= SLACK and a[1] > 1:  # turned; the factor of a <= 1 is at least 1
        x0, x1 = max(j * side, PIVOT), max((j + 1) * side, PIVOT)
        r0, r1 = _first(max(-high, 0.0) * x0, side), _last(-low * x1, side)
        count = _put(marked, todo, count, 1, j, j, r0, r1)
    return count


@jit()
def _from_one_turned(marked, todo, count, k, x, rows, j, any_order, side):
    """Visit x > 0 beside −n; ``rows`` are the ends of n max(x, X), row j."""
    n0, n1 = rows[0] / max(x[1], PIVOT), rows[1] / max(x[0], PIVOT)
    e0, e1 = 1 - x[1] * x[1] + n0 * n0, 1 - x[0] * x[0] + n1 * n1
    ke0, ke1 = min(k[0] * e0, k[1] * e0), max(k[0] * e1, k[1] * e1)
    up, down = _visited(k, x[0], x[1], n0, n1), _pushed(k, x[0], x[1], n0, n1)
    if ke0 <= 1 + SLACK and ke1 >= -1 - SLACK:  # both may keep their signs
        straddles = ke0 <= SLACK and ke1 >= -SLACK
        least = 0.0 if straddles else min(ke0 * ke0, ke1 * ke1)
        most = max(1 - least, 0.0)
        fewest = max(1 - max(ke0 * ke0, ke1 * ke1), 0.0)
        product = (rows[0] * min(x[0] / PIVOT, 1.0) * fewest, rows[1] * most)
        row = j if x[0] >= PIVOT else _FREE
        kept = (max(up[0], 0.0), up[1])
        left = (max(down[0], 0.0), down[1])
        count = _put_turned(marked, todo, count, kept, left, product, row, side)
    if ke1 >= 1 - SLACK:  # −n is turned back
        i0, i1 = _first(-down[1], side), _last(-down[0], side)
        j0, j1 = _first(up[0], side), _last(up[1], side)
        count = _put(marked, todo, count, 0, i0, i1, j0, j1)
        if any_order:
            count = _put(marked, todo, count, 0, j0, j1, i0, i1)
    if ke0 <= -1 + SLACK:  # x is turned as well
        i0, i1 = _first(down[0], side), _last(down[1], side)
        j0, j1 = _first(-up[1], side), _last(-up[0], side)
        count = _put(marked, todo, count, 2, i0, i1, j0, j1)
    return count


@jit()
def _turn_back(marked, todo, count, k, w, v, side):
    """Visit the class at −w: it stays, and the one at −v comes back as v (κ − 1 + κ v²)."""
    x = (v[0] * (k[0] - 1 + k[0] * v[0] * v[0]), v[1] * (k[1] - 1 + k[1] * v[1] * v[1]))
    product = (x[0] * w[0], x[1] * w[1])
    return _put_turned(marked, todo, count, x, w, product, _FREE, side)
