"""A visit of one run, whatever its sizes; and a look at all points where a run may have diverged.

``s`` is a State and ``r`` what is kept of a run, see ``workspace``.
"""

import numpy as np

from .._compile import jit
from .directions import put_together
from .divergence import SAFE
from .products import copy, dot
from .responses import largest_norm, response
from .rows import (
    add,
    behind,
    flip,
    item,
    load_row,
    load_shared,
    multiply,
    positive_part,
    row_of,
    store,
    store_row,
    total,
)
from .whole import visited
from .workspace import PLAN


@jit(inline=True)
def activate(q, blocks, size, s, active, lanes, patches):
    """max(z_{j,r,p}, 0) of a point into the rows ``active``; f and the sum of their squares."""
    output, squares = row_of(s.zero, lanes), row_of(s.zero, lanes)
    for p in range(len(patches)):
        for b in range(blocks):
            z = flip(response(q + p, b * size, s, lanes), item(s.flips, q + p))
            z = positive_part(z)
            store_row(active, b * len(patches) + p, z)
            z = multiply(z, z)
            squares = add(squares, z)
            output = add(output, multiply(load_row(s.share, b, lanes), z))
    return total(output), total(squares)


@jit(inline=True)
def update(q, c, blocks, size, s, active, lanes, patches):
    """Add c j/m max(z_{j,r,p}, 0) to the coefficients of the patches of a point."""
    for b in range(blocks):
        c_j = multiply(row_of(c, lanes), load_row(s.share, b, lanes))
        for p in range(len(patches)):
            own = behind(s.coefficients, item(s.plan, (q + p) * PLAN + 3) + b * size)
            z = multiply(c_j, load_row(active, b * len(patches) + p, lanes))
            z = multiply(row_of(item(s.steps, q + p), lanes), z)
            store_row(own, 0, add(load_row(own, 0, lanes), z))


@jit()
def survey(slot, r, sizes, s, lanes, patches):
    """f of every point into ``outputs``; the largest abs(f) and the largest ‖z_i‖.

    z_i holds the inner products of all filters with the patches of point i. NaN counts as inf.
    """
    largest, square, size = s.zero, s.zero, r.count * len(lanes)
    for i in range(sizes.n):
        if load_shared(s.stop) != 0:
            break
        f, squares = s.zero, s.zero
        for q in range(r.first + i * len(patches), r.first + (i + 1) * len(patches)):
            for b in range(sizes.blocks):
                z_row = flip(response(q, b * size, s, lanes), item(s.flips, q))
                store_row(s.scratch, 0, z_row)
                for k in range(len(lanes)):
                    z = item(s.scratch, k)
                    squares += z * z
                    if not z <= 0:
                        f += item(s.share, b * len(lanes) + k) * z * z
        store(s.outputs, slot * sizes.n + i, f)
        largest = max(largest, abs(f) if f == f else np.inf)
        square = max(square, squares if squares == squares else np.inf)
    return largest, np.sqrt(square)


@jit(inline=True)
def visit(slot, r, position, blocks, s, lanes, patches):
    """A visit of one run, whatever its sizes; whether the update is left to be made."""
    i, y, q = visited(r, position, s, patches)
    size = r.count * len(lanes)
    active = behind(s.active, slot * blocks * len(patches) * len(lanes))
    f, squares = activate(q, blocks, size, s, active, lanes, patches)
    store(s.margins, r.margins + i, y * f)
    c = s.two * (y - f)
    r.moved += abs(c) * (r.slope * squares + r.offset)
    if r.moved <= r.allowed:
        update(q, c, blocks, size, s, active, lanes, patches)
        return False
    r.left, r.c = q, c
    return True


@jit()
def look(slot, r, limit, sizes, s, lanes, patches):
    """Survey all points of a run, and say how far it may move; at least the largest abs(f)."""
    limit_m = type(s.zero)(SAFE) * limit * s.m
    norm = largest_norm(r, sizes, s, lanes, patches)
    largest = norm * norm / s.m  # at least abs(f)
    if not norm * norm <= limit_m:
        largest, norm = survey(slot, r, sizes, s, lanes, patches)
    # With any t > 0 the root of S is at most (S/t + t)/2. Squares below ``tiny`` may vanish in S.
    t = max(norm, np.sqrt(s.tiny))
    movement_rate = r.rate / s.m * r.square_norm
    r.slope, r.offset = movement_rate / (s.two * t), movement_rate * (t + s.tiny / t) / s.two
    r.since_start += r.moved
    r.moved = s.zero
    r.allowed = min(np.sqrt(limit_m) - norm, r.allowed_since_start - r.since_start)
    return largest


@jit()
def update_and_look(slot, r, step, limit, sizes, s, lanes, patches):
    """An update that was left to be made, and whether the run has diverged after it."""
    q, r.left = r.left, -1
    size, rows = r.count * len(lanes), sizes.blocks * len(lanes)
    active = behind(s.active, slot * rows * len(patches))
    coefficients = behind(s.coefficients, slot * rows * sizes.most)
    copy(coefficients, s.before, rows * r.count)
    update(q, r.c, sizes.blocks, size, s, active, lanes, patches)
    if r.moved <= r.allowed:
        return
    largest = look(slot, r, limit, sizes, s, lanes, patches)
    if not (largest <= limit and r.since_start <= r.allowed_since_start):
        after = put_together(slot, r, sizes, s, lanes, patches)
        finite = dot(after, after, sizes.filters * sizes.d) < np.inf
        if not (largest <= limit and finite):
            r.diverged, r.frozen = step, 1
        if not finite:  # keep the weights of before
            copy(s.before, coefficients, rows * r.count)
            survey(slot, r, sizes, s, lanes, patches)
