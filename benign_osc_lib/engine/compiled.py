"""The compiled loop of the reduced engine: SGD in the inner products of filters and patches.

Along a run every weight vector is its start plus a combination of patches,

    w_{j,r}(t) = w_{j,r}(0) + Σ_k a_{k,j,r}(t) x_k,

with k over the distinct patches, up to sign. So the inner products that an update needs are

    ⟨w_{j,r}(t), x_k⟩ = ⟨w_{j,r}(0), x_k⟩ + Σ_l G_{kl} a_{l,j,r}(t),   G_{kl} = ⟨x_k, x_l⟩,

and one SGD step on point i, eq. (3), adds to the coefficients a_k of its own patches only. No step
costs anything that depends on d. ``reduced`` prepares the arrays and calls :func:`train_runs`;
``products`` makes G and ⟨w_{j,r}(0), x_k⟩; the filters lie side by side in the rows of ``rows``;
``responses`` adds up the sum over l. ``whole`` has the visits of the sizes that are met most often.
"""

import numpy as np

from .._compile import jit
from .directions import know, plan, put_together, vectors_of
from .divergence import SAFE
from .products import copy, dot, fill, largest_square_norm, products_with_initial
from .responses import largest_norm, record, response
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
    store_shared,
    total,
)
from .whole import visit_two, visit_whole, visited
from .workspace import PLAN, sizes_of, state

GLANCE = 64  # steps between two looks at ``stop``, less one a mask of bits


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
def begin(slot, run, runs, limit, smallest, largest, sizes, s, lanes, patches):
    """Set up a run in a place of the workspace; whether it may go on."""
    r, n, d, filters = runs[slot], sizes.n, sizes.d, sizes.filters
    data = know(slot, run, runs, smallest, largest, sizes, s, patches)
    if data < 0:
        return False
    count, entries = item(s.known, 4 * data + 3), n * len(patches)
    r.number, r.data, r.count, r.left = run, data, count, -1
    r.first, r.y, r.rate = slot * (entries + 2), item(s.y_of, run) * n, item(s.lr, run)
    plan(slot, r, sizes, s, lanes, patches)
    direction = behind(s.direction, data * entries)
    gram = behind(s.gram, data * sizes.most * sizes.most)
    r.square_norm = largest_square_norm(n, count, direction, gram, s.zero, patches)
    w, rows = behind(s.weights, item(s.weights_of, run) * filters * d), sizes.blocks * len(lanes)
    products = behind(s.initial_products, slot * rows * sizes.most)
    vectors = vectors_of(run, data, sizes, s, patches)
    products_with_initial(count, filters, d, w, vectors, products, sizes.blocks, s.zero, lanes)
    fill(behind(s.coefficients, slot * rows * sizes.most), rows * count, s.zero)
    in_range = dot(w, w, filters * d) <= s.huge
    r.moved, r.since_start = s.zero, s.zero
    r.allowed_since_start = np.sqrt(s.huge) * np.sqrt(r.square_norm) if in_range else -s.one
    r.diverged = -1 if look(slot, r, limit, sizes, s, lanes, patches) <= limit else 0
    record(r, 0, sizes, s, lanes, patches)
    return True


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
            r.diverged = step
        if not finite:  # keep the weights of before
            copy(s.before, coefficients, rows * r.count)
            survey(slot, r, sizes, s, lanes, patches)


@jit(keep=True)
def train_runs(numbers, given, record_every, limit, results, work, lanes, patches, whole):
    """Train the runs with the given numbers, some of them side by side.

    A processor that waits for one run goes on with another meanwhile. It ends early once
    ``work.stop`` is set, or where data are out of range (``work.refused``).

    Args:
        numbers: of the runs; those with the same data one after the other.
        given: a Given.
        record_every: a number of steps.
        limit: abs(f) beyond which a run has diverged.
        results: Results, written to.
        work: a Workspace, overwritten.
        lanes: a tuple as long as a row.
        patches: a tuple with one element a patch.
        whole: a tuple with an element if all filters are just one row, else an empty one.
    """
    sizes = sizes_of(given, results, work, lanes, patches)
    s, runs = state(given, results, work, sizes, patches), work.runs
    n, epochs, before = sizes.n, sizes.epochs, work.progress[0]
    smallest, largest = np.finfo(given.lr.dtype).tiny, np.finfo(given.lr.dtype).max
    work.known[:] = -1
    for first in range(0, len(numbers), len(runs)):
        together = min(len(runs), len(numbers) - first)
        for slot in range(together):
            run = numbers[first + slot]
            if not begin(slot, run, runs, limit, smallest, largest, sizes, s, lanes, patches):
                return
        step, record_at, until_record = 0, 1, record_every
        one, other = runs[0], runs[len(runs) - 1]
        for e in range(epochs):
            for slot in range(together):
                r = runs[slot]
                r.margins = (r.number * epochs + e) * n
                r.visits = (item(s.visits_of, r.number) * sizes.orders + e % sizes.orders) * n
            for position in range(n):
                step += 1
                until_record -= 1
                left = False
                if len(whole) > 0 and together == 2 and one.diverged < 0 and other.diverged < 0:
                    left = visit_two(one, other, position, s, lanes, patches)
                else:
                    for slot in range(together):
                        r = runs[slot]
                        if r.diverged >= 0:
                            i, y, _ = visited(r, position, s, patches)
                            store(s.margins, r.margins + i, y * item(s.outputs, slot * n + i))
                        elif len(whole) > 0:
                            left |= visit_whole(slot, r, position, s, lanes, patches)
                        else:
                            left |= visit(slot, r, position, sizes.blocks, s, lanes, patches)
                if left:
                    for slot in range(together):
                        if runs[slot].left >= 0:
                            update_and_look(slot, runs[slot], step, limit, sizes, s, lanes, patches)
                if until_record == 0:
                    for slot in range(together):
                        record(runs[slot], record_at, sizes, s, lanes, patches)
                    record_at += 1
                    until_record = record_every
                if step % GLANCE == 0:
                    store_shared(s.progress, before + step * together)
                    if load_shared(s.stop) != 0:
                        return
        before += step * together
        store_shared(s.progress, before)
        for slot in range(together):
            r = runs[slot]
            put_together(slot, r, sizes, s, lanes, patches)
            store(s.diverged_at, r.number, r.diverged)
