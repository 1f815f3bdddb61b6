"""The compiled loop of the reduced engine: SGD in the inner products of filters and patches.

Along a run every weight vector is its start plus a combination of patches,

    w_{j,r}(t) = w_{j,r}(0) + Σ_k a_{k,j,r}(t) x_k,

with k over the distinct patches, up to sign. So the inner products that an update needs are

    ⟨w_{j,r}(t), x_k⟩ = ⟨w_{j,r}(0), x_k⟩ + Σ_l G_{kl} a_{l,j,r}(t),   G_{kl} = ⟨x_k, x_l⟩,

and one SGD step on point i, eq. (3), adds to the coefficients a_k of its own patches only. No step
costs anything that depends on d. ``reduced`` prepares the arrays and calls :func:`train_runs`;
``products`` makes G and ⟨w_{j,r}(0), x_k⟩; the filters lie side by side in the rows of ``rows``;
``responses`` adds up the sum over l. A visit stands in ``step``, and for the most common sizes in
``whole``.
"""

import numpy as np

from .._compile import jit
from .directions import (
    know,
    load_coefficients,
    plan,
    put_together,
    store_coefficients,
    store_sources,
    vectors_of,
)
from .products import dot, fill, largest_square_norm, products_with_initial
from .responses import record
from .rows import behind, item, load_shared, store, store_shared
from .step import look, survey, update_and_look, visit
from .whole import visit_two, visit_whole, visited
from .workspace import sizes_of, state

GLANCE = 64  # steps between two looks at ``stop``


@jit(inline=True)
def write_down(slot, r, at, sizes, s, lanes, patches):
    """The record of a step."""
    record(r, at, sizes, s, lanes, patches)
    if sizes.path:
        size = (sizes.most + 1) * sizes.filters
        to = behind(s.path, (r.number * sizes.records + at) * size)
        store_coefficients(to, slot, r, sizes, s, lanes)


@jit()
def begin(slot, run, runs, resumes, limit, smallest, largest, sizes, s, lanes, patches):
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
    w, rows = behind(s.start, item(s.start_of, run) * filters * d), sizes.blocks * len(lanes)
    products = behind(s.initial_products, slot * rows * sizes.most)
    vectors = vectors_of(run, data, sizes, s, patches)
    products_with_initial(count, filters, d, w, vectors, products, sizes.blocks, s.zero, lanes)
    fill(behind(s.coefficients, slot * rows * sizes.most), rows * count, s.zero)
    if resumes:
        own = behind(s.kept, run * (sizes.most + 1) * filters)
        load_coefficients(own, slot, r, sizes, s, lanes)
        w = put_together(slot, r, sizes, s, lanes, patches)
    in_range = dot(w, w, filters * d) <= s.huge
    r.moved, r.since_start = s.zero, s.zero
    r.allowed_since_start = np.sqrt(s.huge) * np.sqrt(r.square_norm) if in_range else -s.one
    r.diverged = -1 if look(slot, r, limit, sizes, s, lanes, patches) <= limit else 0
    r.stopped = -1
    if resumes:
        r.diverged, r.stopped = item(s.diverged_at, run), item(s.stopped_at, run)
        if r.diverged >= 0 or r.stopped >= 0:
            survey(slot, r, sizes, s, lanes, patches)
    else:
        write_down(slot, r, 0, sizes, s, lanes, patches)
    r.frozen = r.diverged >= 0 or r.stopped >= 0
    return True


@jit()
def stop_if_low(slot, r, step, stop_below, sizes, s, lanes, patches):
    """Freeze a run if the mean loss of the visits of an epoch was below a number."""
    squares = s.zero
    for i in range(sizes.n):
        squares += (s.one - item(s.margins, r.margins + i)) ** 2
    if r.frozen == 0 and squares / (2 * sizes.n) < stop_below:
        r.stopped, r.frozen = step, 1
        survey(slot, r, sizes, s, lanes, patches)


@jit()
def end(slot, r, sizes, s, lanes, patches):
    """What is known of a run after its last update."""
    put_together(slot, r, sizes, s, lanes, patches)
    store(s.diverged_at, r.number, r.diverged)
    store(s.stopped_at, r.number, r.stopped)
    if sizes.path:
        store_sources(r, sizes, s)
    if sizes.kept:
        to = behind(s.kept, r.number * (sizes.most + 1) * sizes.filters)
        store_coefficients(to, slot, r, sizes, s, lanes)


@jit(keep=True)
def train_runs(
    numbers,
    given,
    epochs_before,
    record_every,
    limit,
    stop_below,
    results,
    work,
    lanes,
    patches,
    whole,
):
    """Train the runs with the given numbers, some of them side by side.

    A processor that waits for one run goes on with another meanwhile. It ends early once
    ``work.stop`` is set, or where data are out of range (``work.refused``).

    Args:
        numbers: of the runs; those with the same data one after the other.
        given: a Given.
        epochs_before: epochs that were made; the runs go on from what ``results`` holds, unless 0.
        record_every: a number of steps.
        limit: abs(f) beyond which a run has diverged.
        stop_below: a mean loss of an epoch, below which a run stops.
        results: Results, written to.
        work: a Workspace, overwritten.
        lanes: a tuple as long as a row.
        patches: a tuple with one element a patch.
        whole: a tuple with an element if all filters are just one row, else an empty one.
    """
    sizes = sizes_of(given, results, work, lanes, patches)
    s, runs = state(given, results, work, sizes, patches), work.runs
    n, epochs, resumes = sizes.n, sizes.epochs, epochs_before > 0
    before = work.progress[0]
    smallest, largest = np.finfo(given.lr.dtype).tiny, np.finfo(given.lr.dtype).max
    work.known[:] = -1
    for first in range(0, len(numbers), len(runs)):
        together = min(len(runs), len(numbers) - first)
        for slot in range(together):
            run = numbers[first + slot]
            if not begin(
                slot, run, runs, resumes, limit, smallest, largest, sizes, s, lanes, patches
            ):
                return
        step, record_at = epochs_before * n, 0 if resumes else 1
        until_record = record_every - step % record_every
        one, other = runs[0], runs[len(runs) - 1]
        for e in range(epochs):
            for slot in range(together):
                r = runs[slot]
                r.margins = (r.number * sizes.margins + e % sizes.margins) * n
                r.visits = (item(s.visits_of, r.number) * epochs + e) * n
            for position in range(n):
                step += 1
                until_record -= 1
                left = False
                if len(whole) > 0 and together == 2 and one.frozen + other.frozen == 0:
                    left = visit_two(one, other, position, s, lanes, patches)
                else:
                    for slot in range(together):
                        r = runs[slot]
                        if r.frozen:
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
                        write_down(slot, runs[slot], record_at, sizes, s, lanes, patches)
                    record_at += 1
                    until_record = record_every
                if step % GLANCE == 0:
                    done = step - epochs_before * n
                    store_shared(s.progress, before + done * together)
                    if load_shared(s.stop) != 0:
                        return
            if stop_below > 0:
                for slot in range(together):
                    stop_if_low(slot, runs[slot], step, stop_below, sizes, s, lanes, patches)
        before += epochs * n * together
        store_shared(s.progress, before)
        for slot in range(together):
            end(slot, runs[slot], sizes, s, lanes, patches)
