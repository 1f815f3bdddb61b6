"""The compiled loop of the reduced engine: SGD in the inner products of filters and patches.

Along a run every weight vector is its start plus a combination of patches,

    w_{j,r}(t) = w_{j,r}(0) + Σ_k a_{k,j,r}(t) x_k,

with k over the distinct patches, up to sign. So the inner products that an update needs are

    ⟨w_{j,r}(t), x_k⟩ = ⟨w_{j,r}(0), x_k⟩ + Σ_l G_{kl} a_{l,j,r}(t),   G_{kl} = ⟨x_k, x_l⟩,

and one SGD step on point i, eq. (3), adds to the coefficients a_k of its own patches only. No step
costs anything that depends on d. ``reduced`` prepares the arrays and calls :func:`train_runs`;
``products`` makes G and ⟨w_{j,r}(0), x_k⟩; the filters lie side by side in the rows of ``rows``.
"""

from collections import namedtuple

import numpy as np

from .._compile import jit
from .divergence import SAFE
from .products import (
    clear,
    copy,
    dot,
    final_weights,
    find_directions,
    gram_matrix,
    largest_square_norm,
    out_of_range,
    products_with_initial,
)
from .rows import (
    add,
    item,
    load_row,
    load_shared,
    multiply,
    pointer,
    positive_part,
    row_of,
    store_row,
    store_shared,
    total,
)

GLANCE = 64  # steps between two looks at ``stop``, less one a mask of bits

Given = namedtuple("Given", "x y u v weights lr visits")
"""The runs. All but the rates are pairs: an array with one leading axis; its index for each run."""

Results = namedtuple("Results", "weights margins strong weak diverged_at")
"""Arrays of all runs, written to."""

Workspace = namedtuple(
    "Workspace",
    "source direction sign row_begin row_end gram initial_products coefficients before active"
    " scratch share outputs stop steps refused",
)
"""The arrays of a thread. The last three speak with others: ``stop``, set from outside, ends all
work; ``steps`` counts those that are done; ``refused`` says which argument is out of range."""

State = namedtuple(
    "State",
    "x u v source direction sign row_begin row_end gram initial_products coefficients active"
    " scratch share zero stop",
)
"""Pointers to the data of a run and to arrays of a Workspace: Numba counts no references to them,
as it does for every array that is handed on."""


@jit(inline=True)
def response(k, b, count, s, lanes):
    """⟨w, x_k⟩ for the filters of block b, as a row."""
    g, rows, l, end = k * count, b * count, item(s.row_begin, k), item(s.row_end, k)  # noqa: E741
    even, odd = load_row(s.initial_products, rows + k, lanes), row_of(s.zero, lanes)
    while l + 1 < end:  # two sums, so that neither waits for the other
        here = load_row(s.coefficients, rows + l, lanes)
        there = load_row(s.coefficients, rows + l + 1, lanes)
        even = add(even, multiply(row_of(item(s.gram, g + l), lanes), here))
        odd = add(odd, multiply(row_of(item(s.gram, g + l + 1), lanes), there))
        l += 2  # noqa: E741
    if l < end:
        here = load_row(s.coefficients, rows + l, lanes)
        even = add(even, multiply(row_of(item(s.gram, g + l), lanes), here))
    return add(even, odd)


@jit(inline=True)
def activate(i, blocks, count, s, lanes, patches):
    """max(z_{j,r,p}, 0) of point i into the rows ``active``; f and the sum of their squares."""
    output, squares = row_of(s.zero, lanes), row_of(s.zero, lanes)
    for p in range(len(patches)):
        q = i * len(patches) + p
        sign = row_of(item(s.sign, q), lanes)
        for b in range(blocks):
            z = multiply(sign, response(item(s.direction, q), b, count, s, lanes))
            z = positive_part(z)
            store_row(s.active, b * len(patches) + p, z)
            z = multiply(z, z)
            squares = add(squares, z)
            output = add(output, multiply(load_row(s.share, b, lanes), z))
    return total(output), total(squares)


@jit(inline=True)
def update(i, c, rate, blocks, count, s, lanes, patches):
    """Add c j/m max(z_{j,r,p}, 0) to the coefficients of the patches of point i."""
    for b in range(blocks):
        c_j = multiply(row_of(c, lanes), load_row(s.share, b, lanes))
        for p in range(len(patches)):
            q = i * len(patches) + p
            row = b * count + item(s.direction, q)
            z = load_row(s.active, b * len(patches) + p, lanes)
            z = multiply(row_of(rate * item(s.sign, q), lanes), multiply(c_j, z))
            store_row(s.coefficients, row, add(load_row(s.coefficients, row, lanes), z))


@jit()
def survey(outputs, blocks, count, s, lanes, patches):
    """f of every point into ``outputs``; the largest abs(f) and the largest ‖z_i‖.

    z_i holds the inner products of all filters with the patches of point i. NaN counts as inf.
    """
    largest, square = s.zero, s.zero
    for i in range(len(outputs)):
        if load_shared(s.stop) != 0:
            break
        f, squares = s.zero, s.zero
        for q in range(i * len(patches), (i + 1) * len(patches)):
            for b in range(blocks):
                store_row(s.scratch, 0, response(item(s.direction, q), b, count, s, lanes))
                for r in range(len(lanes)):
                    z = item(s.sign, q) * item(s.scratch, r)
                    squares += z * z
                    if not z <= 0:
                        f += item(s.share, b * len(lanes) + r) * z * z
        outputs[i] = f
        largest = max(largest, abs(f) if f == f else np.inf)
        square = max(square, squares if squares == squares else np.inf)
    return largest, np.sqrt(square)


@jit()
def record(k, signal, count, s, lanes):
    """⟨w_{j,r}, j x_k⟩ into ``signal`` (2m,)."""
    for r in range(len(signal)):
        if r % len(lanes) == 0:
            store_row(s.scratch, 0, response(k, r // len(lanes), count, s, lanes))
        z = item(s.scratch, r % len(lanes))
        signal[r] = z if 2 * r < len(signal) else -z


@jit(inline=True)
def state(run, given, work):
    """The State of a run."""
    return State(
        x=pointer(given.x[0][given.x[1][run]]),
        u=pointer(given.u[0][given.u[1][run]]),
        v=pointer(given.v[0][given.v[1][run]]),
        source=pointer(work.source),
        direction=pointer(work.direction),
        sign=pointer(work.sign),
        row_begin=pointer(work.row_begin),
        row_end=pointer(work.row_end),
        gram=pointer(work.gram),
        initial_products=pointer(work.initial_products),
        coefficients=pointer(work.coefficients),
        active=pointer(work.active),
        scratch=pointer(work.scratch),
        share=pointer(work.share),
        zero=given.lr.dtype.type(0),
        stop=pointer(work.stop),
    )


@jit(keep=True)
def train_runs(runs, given, record_every, limit, results, work, lanes, patches):
    """Train the runs with the given numbers, one after the other.

    It ends early once ``work.stop`` is set, or where data are out of range (``work.refused``).

    Args:
        runs: numbers of runs; those with the same data one after the other.
        given: a Given.
        record_every: a number of steps.
        limit: abs(f) beyond which a run has diverged.
        results: Results, written to.
        work: a Workspace, overwritten.
        lanes: a tuple as long as a row.
        patches: a tuple with one element a patch.
    """
    x_of, u_of, v_of = given.x[1], given.u[1], given.v[1]
    n, d, filters = given.x[0].shape[1], given.x[0].shape[3], given.weights[0].shape[1]
    epochs, number = results.margins.shape[1], given.lr.dtype.type
    blocks, half = len(work.share) // len(lanes), number(filters / 2)
    zero, two = number(0), number(2)
    tiny = np.finfo(given.lr.dtype).tiny * filters * len(patches)
    huge = np.finfo(given.lr.dtype).max / 100
    prepared = (-1, -1, -1)
    count, square_norm, before = 0, zero, work.steps[0]
    for run in runs:
        s = state(run, given, work)
        if prepared != (x_of[run], u_of[run], v_of[run]):
            prepared = (x_of[run], u_of[run], v_of[run])
            count = find_directions(n, d, s, work.source, work.direction, work.sign, patches)
            gram_matrix(count, d, s, work.gram, work.row_begin, work.row_end)
            if load_shared(s.stop) != 0:
                return
            work.refused[0] = out_of_range(count, d, s, work.gram, work.direction)
            if work.refused[0] != 0:
                return
            square_norm = largest_square_norm(n, count, work.direction, work.gram, patches)
        y, order = given.y[0][given.y[1][run]], given.visits[0][given.visits[1][run]]
        w, rate = pointer(given.weights[0][given.weights[1][run]]), given.lr[run]
        products_with_initial(count, filters, d, w, s, work.initial_products, lanes)
        clear(work.coefficients)
        largest, norm = survey(work.outputs, blocks, count, s, lanes, patches)
        # How far the largest ‖z_i‖ may have moved since the last survey and since the start, the
        # bound of ``divergence``; and how far it may move before some point can be beyond the limit
        # and, in the second case, before ‖W‖² can overflow: over the root of square_norm it bounds
        # the way of W.
        diverged, since_survey, since_start = -1 if largest <= limit else 0, zero, zero
        movement_rate = rate / half * square_norm
        allowed_since_survey = np.sqrt(SAFE * limit * half) - norm
        in_range = dot(w, w, filters * d) <= huge
        allowed_since_start = np.sqrt(huge) * np.sqrt(square_norm) if in_range else -1.0
        record(0, results.strong[run, 0], count, s, lanes)
        record(1, results.weak[run, 0], count, s, lanes)
        step, record_at, until_record = 0, 1, record_every
        for e in range(epochs):
            margins, visit = results.margins[run, e], order[e % len(order)]
            for position in range(n):
                i = visit[position]
                step += 1
                if diverged >= 0:
                    margins[i] = y[i] * work.outputs[i]
                else:
                    f, squares = activate(i, blocks, count, s, lanes, patches)
                    margins[i] = y[i] * f
                    c = two * (y[i] - f)
                    movement = movement_rate * abs(c) * np.sqrt(squares + tiny)
                    since_survey += movement
                    since_start += movement
                    if since_survey <= allowed_since_survey and since_start <= allowed_since_start:
                        update(i, c, rate, blocks, count, s, lanes, patches)
                    else:
                        copy(work.coefficients, work.before)
                        update(i, c, rate, blocks, count, s, lanes, patches)
                        largest, norm = survey(work.outputs, blocks, count, s, lanes, patches)
                        since_survey = zero
                        allowed_since_survey = np.sqrt(SAFE * limit * half) - norm
                        if not (largest <= limit and since_start <= allowed_since_start):
                            final_weights(count, filters, d, w, s, results.weights[run], lanes)
                            after = pointer(results.weights[run])
                            finite = dot(after, after, filters * d) < np.inf
                            if not (largest <= limit and finite):
                                diverged = step
                            if not finite:  # keep the weights of before
                                copy(work.before, work.coefficients)
                                survey(work.outputs, blocks, count, s, lanes, patches)
                until_record -= 1
                if until_record == 0:
                    record(0, results.strong[run, record_at], count, s, lanes)
                    record(1, results.weak[run, record_at], count, s, lanes)
                    record_at += 1
                    until_record = record_every
                if step % GLANCE == 0:
                    store_shared(pointer(work.steps), before + step)
                    if load_shared(s.stop) != 0:
                        return
        before += step
        store_shared(pointer(work.steps), before)
        final_weights(count, filters, d, w, s, results.weights[run], lanes)
        results.diverged_at[run] = diverged
