"""Visits of runs whose filters are just one row, without an empty place: 4 or 8 filters a sign.

There all factors of 1/m are powers of 2, which round nothing, wherever they are multiplied. So f is
1/m times a difference of the two halves of one row, a step takes one factor for each half, and both
are those of ``compiled`` to the bit.
"""

from .._compile import jit
from .responses import response
from .rows import (
    add,
    add_rounded,
    behind,
    difference,
    flip,
    item,
    load_row,
    local_rows,
    multiply,
    opposite_halves,
    positive_part,
    row_of,
    store,
    store_row,
    total,
)
from .workspace import PLAN


@jit(inline=True)
def visited(r, position, s, patches):
    """The point that a run visits, its label and its first patch."""
    i = item(s.visits, r.visits + position)
    return i, item(s.y, r.y + i), r.first + i * len(patches)


@jit(inline=True)
def activate_whole(q, s, z_rows, lanes, patches):
    """max(z_{j,r,p}, 0) of a point into ``z_rows``; the sums of squares over the patches, a row."""
    sums = row_of(s.zero, lanes)
    for p in range(len(patches)):
        z = positive_part(flip(response(q + p, 0, s, lanes), item(s.flips, q + p)))
        store_row(z_rows, p, z)
        sums = add_rounded(sums, multiply(z, z))
    return sums


@jit(inline=True)
def update_whole(q, c_m, s, z_rows, lanes, patches):
    """:func:`update`, by c/m."""
    c_j = opposite_halves(c_m, lanes)
    for p in range(len(patches)):
        own = behind(s.coefficients, item(s.plan, (q + p) * PLAN + 3))
        z = multiply(c_j, load_row(z_rows, p, lanes))
        z = multiply(row_of(item(s.steps, q + p), lanes), z)
        store_row(own, 0, add(load_row(own, 0, lanes), z))


@jit(inline=True)
def leave(slot, r, q, c_m, s, z_rows, lanes, patches):
    """Leave an update to be made."""
    r.left, r.c = q, c_m * s.m
    for p in range(len(patches)):
        store_row(s.active, slot * len(patches) + p, load_row(z_rows, p, lanes))


@jit(inline=True)
def visit_whole(slot, r, position, s, lanes, patches):
    """:func:`visit` of a run whose filters are just one row.

    All factors of 1/m are powers of 2, so f and the step are those of :func:`visit` to the bit.
    """
    z_rows = local_rows(s.zero, lanes, patches)
    i, y, q = visited(r, position, s, patches)
    sums = activate_whole(q, s, z_rows, lanes, patches)
    f_m = difference(sums)
    store(s.margins, r.margins + i, y * (s.one_m * f_m))
    c_m = s.minus_two_mm * f_m + s.two_m * y
    r.moved += s.m * abs(c_m) * (r.slope * total(sums) + r.offset)
    if r.moved <= r.allowed:
        update_whole(q, c_m, s, z_rows, lanes, patches)
        return False
    leave(slot, r, q, c_m, s, z_rows, lanes, patches)
    return True


@jit(inline=True)
def visit_two(a, b, position, s, lanes, patches):
    """The same of two runs: numbers of one are ready while the other's are still on their way."""
    z_a, z_b = local_rows(s.zero, lanes, patches), local_rows(s.zero, lanes, patches)
    i_a, y_a, q_a = visited(a, position, s, patches)
    i_b, y_b, q_b = visited(b, position, s, patches)
    sums_a = activate_whole(q_a, s, z_a, lanes, patches)
    sums_b = activate_whole(q_b, s, z_b, lanes, patches)
    f_a, f_b = difference(sums_a), difference(sums_b)
    c_a, c_b = s.minus_two_mm * f_a + s.two_m * y_a, s.minus_two_mm * f_b + s.two_m * y_b
    moved_a = a.moved + s.m * abs(c_a) * (a.slope * total(sums_a) + a.offset)
    moved_b = b.moved + s.m * abs(c_b) * (b.slope * total(sums_b) + b.offset)
    near = (moved_a <= a.allowed) & (moved_b <= b.allowed)
    store(s.margins, a.margins + i_a, y_a * (s.one_m * f_a))
    store(s.margins, b.margins + i_b, y_b * (s.one_m * f_b))
    a.moved, b.moved = moved_a, moved_b
    if near:
        update_whole(q_a, c_a, s, z_a, lanes, patches)
        update_whole(q_b, c_b, s, z_b, lanes, patches)
        return False
    leave(0, a, q_a, c_a, s, z_a, lanes, patches)
    leave(1, b, q_b, c_b, s, z_b, lanes, patches)
    return True
