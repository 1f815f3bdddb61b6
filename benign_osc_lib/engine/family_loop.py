"""The compiled loop of the reduced engine for every rule.

With any :class:`~benign_osc_lib.rule.Rule`, as with the plain one (``compiled``), each update lies
in the span of the patches and of the weights themselves, so along a run

    w_{j,r}(t) = α(t) w_{j,r}(0) + Σ_k a_{k,j,r}(t) x_k,

with one α for all filters, and the inner products that an update needs are
α ⟨w_{j,r}(0), x_k⟩ + Σ_l G_{kl} a_{l,j,r}. A gradient has coefficients on the patches of its batch
only; momentum and weight decay are linear in all of them, α among them.

``family`` prepares the arrays and calls :func:`train_runs`. The parts of an update stand in
``family_step``, what is looked at between updates in ``family_look``.
"""

import numpy as np

from .._compile import jit
from .divergence import SAFE
from .family_flow import Flow, flow_on, frame_of, is_sound, kick, settle
from .family_look import (
    final_weights,
    load_combination,
    load_numbers,
    record,
    store_coefficients,
    store_combination,
    store_numbers,
    survey,
    velocity_bound,
)
from .family_state import GLANCE, Epoch, data_of, pointers
from .family_step import (
    descend,
    grown,
    norm,
    output_bound,
    scale_second,
    sharpen,
    update_second,
    visit_batch,
)
from .products import (
    copy,
    dot,
    fill,
    find_directions,
    gram_matrix,
    largest_square_norm,
    out_of_range,
    products_with_initial,
)
from .rows import behind, item, load_shared, pointer, store, store_shared


@jit(inline=True)
def begin(run, w, d, resumes, results, square_norm, s):
    """The flow of a run before its first update, and bounds of two velocities.

    ``w`` points to its weights before the first update of all, 2m vectors of d numbers.
    """
    row, filters = s.blocks * len(s.lanes), results.strong.shape[2]
    fill(s.coefficients, s.count * row, s.zero)
    if s.rule.momentum > 0:
        fill(s.velocity, s.count * row, s.zero)
    if s.rule.sam > 0:
        fill(s.mark, s.count, -1)
    fill(s.second, row, s.one)
    fill(s.second_velocity, row, s.zero)
    alpha, alpha_velocity, wide_pace = s.one, s.zero, s.zero
    if resumes:
        alpha = load_combination(results.coefficients[run], s.coefficients, s)
        if s.rule.momentum > 0:
            alpha_velocity = load_combination(results.velocity[run], s.velocity, s)
            wide_pace = velocity_bound(alpha_velocity, np.sqrt(dot(w, w, filters * d)), s)
        if s.rule.trained:
            load_numbers(results.second[run], s.second)
            if s.rule.momentum > 0:
                load_numbers(results.second_velocity[run], s.second_velocity)
    flow = Flow(aa=s.one, av=s.zero, va=s.zero, vv=s.one, p=alpha, q=alpha_velocity)
    return flow, np.sqrt(square_norm) * wide_pace, wide_pace


@jit(inline=True)
def end(run, w, results, flow, s):
    """What is known of a run after its last update; the flow is settled."""
    final_weights(w, frame_of(flow), s, results.weights[run])
    for k in range(results.source.shape[1] if len(results.source) > 0 else 0):
        results.source[run, k] = item(s.source, k) if 1 < k < s.count else -1
    if len(results.coefficients) > 0:
        store_combination(s.coefficients, flow.p, results.coefficients[run], s)
    if len(results.velocity) > 0:
        store_combination(s.velocity, flow.q, results.velocity[run], s)
    if len(results.second) > 0:
        store_numbers(s.second, results.second[run])
    if len(results.second_velocity) > 0:
        store_numbers(s.second_velocity, results.second_velocity[run])


@jit(inline=True)
def write_down(t, run, strong, weak, path, frame, s):
    """The record of a step."""
    record(0, strong[run, t], frame, s)
    record(1, weak[run, t], frame, s)
    if len(path) > 0:
        store_coefficients(frame, path[run, t], s)


def train_runs(runs, given, settings, resumes, results, work, value, slope, lanes, patches):
    """Train the runs with the given numbers, one after the other.

    It ends early once ``work.stop`` is set, or where data are out of range (``work.refused``).

    Args:
        runs: numbers of runs; those with the same data one after the other.
        given: a Given.
        settings: Settings.
        resumes: whether the runs go on from what ``results`` holds.
        results: Results, written to.
        work: a Workspace, overwritten.
        value: σ of one float, compiled, for an activation without a name; or None.
        slope: σ', likewise.
        lanes: a tuple as long as a row.
        patches: P.
    """
    x_of, u_of, v_of = given.x[1], given.u[1], given.v[1]
    n, d, filters = given.x[0].shape[1], given.x[0].shape[3], given.weights[0].shape[1]
    number, limit = given.lr.dtype.type, settings.limit
    half, entries = number(filters / 2), np.sqrt(number(filters * patches))
    allowed, far = SAFE * limit * half, np.sqrt(np.finfo(given.lr.dtype).max / 100)
    zero, smallest, huge = number(0), np.finfo(given.lr.dtype).tiny, np.finfo(given.lr.dtype).max
    dense = settings.momentum > 0 or settings.weight_decay > 0
    prepared, until_glance = (-1, -1, -1), GLANCE
    blocks = -(-filters // len(lanes))
    count, square_norm, visits = 0, number(0), work.progress[0]
    for run in runs:
        data = data_of(run, given, work)
        if prepared != (x_of[run], u_of[run], v_of[run]):
            prepared = (x_of[run], u_of[run], v_of[run])
            each = range(patches)
            direction, gram = pointer(work.direction), pointer(work.gram)
            ends = pointer(work.row_begin), pointer(work.row_end)
            count = find_directions(n, d, data, direction, pointer(work.sign), zero, each)
            gram_matrix(count, d, data, gram, *ends, zero)
            if load_shared(data.stop) != 0:
                return
            work.refused[0] = out_of_range(
                n * patches, count, d, data, gram, direction, smallest, huge
            )
            if work.refused[0] != 0:
                return
            square_norm = largest_square_norm(n, count, direction, gram, zero, each)
        s = pointers(data, work, number(1), settings, blocks, count, patches, lanes)
        start = pointer(given.start[0][given.start[1][run]])
        products_with_initial(count, filters, d, start, s, s.initial_products, blocks, zero, lanes)
        flow, pace, wide_pace = begin(run, start, d, resumes, results, square_norm, s)
        frame = frame_of(flow)
        scale_second(s.zero, s)
        # Bounds of ``divergence``: ``size`` of the largest ‖z_i‖ and ``wide`` of ‖W‖, ``pace`` and
        # ``wide_pace`` of the norms of their velocities, ``spread`` of all abs(a_{j,r}).
        largest, size = survey(work.outputs, frame, s, value, slope)
        now = pointer(given.weights[0][given.weights[1][run]])
        wide = np.sqrt(dot(now, now, filters * d))
        spread = norm(s.second, s) if s.rule.trained else s.one
        diverged, stopped = results.diverged_at[run], results.stopped_at[run]
        step, record_at = s.rule.epochs_before * -(-n // s.rule.batch_size), 0
        until_record = s.rule.record_every - step % s.rule.record_every
        if not resumes:
            diverged, record_at = -1 if largest <= limit else 0, 1
            write_down(0, run, results.strong, results.weak, results.path, frame, s)
        y, order = given.y[0][given.y[1][run]], given.visits[0][given.visits[1][run]]
        targets = given.targets[0][given.targets[1][run]]
        for e in range(s.rule.epochs):
            epoch = Epoch(
                y=pointer(y),
                targets=pointer(targets[e % len(targets)]),
                margins=pointer(results.margins[run, e % results.margins.shape[1]]),
            )
            order_of_epoch = pointer(order[e % len(order)])
            place = min(s.rule.epochs_before + e, len(given.schedule) - 1)
            rate, loss = given.lr[run] * given.schedule[place], s.zero
            for first in range(0, n, s.rule.batch_size):
                points, batch = behind(order_of_epoch, first), min(s.rule.batch_size, n - first)
                step += 1
                if diverged >= 0 or stopped >= 0:
                    for slot in range(batch):
                        i = item(points, slot)
                        store(epoch.margins, i, item(epoch.y, i) * work.outputs[i])
                else:
                    part, steepness = visit_batch(
                        points, batch, s.zero, epoch, frame, s, value, slope
                    )
                    loss += part
                    if s.rule.sam > 0:
                        again = sharpen(points, batch, step, epoch, frame, s, value, slope)
                        if not again < 0:
                            steepness = again
                    share = s.one / number(batch)
                    if settings.trained:
                        steepness *= share * norm(s.factors, s)
                        update_second(batch, share, rate, s)
                        spread = norm(s.second, s)
                    else:
                        steepness *= share / half
                    size, pace = grown(size, pace, square_norm * steepness, rate, s)
                    steepness *= np.sqrt(square_norm)
                    wide, wide_pace = grown(wide, wide_pace, steepness, rate, s)
                    reached = spread * output_bound(size, entries, s)
                    safe, flow_before = reached <= allowed and wide <= far, flow
                    if not safe:
                        copy(s.coefficients, s.before, count * blocks * len(lanes))
                        if settings.momentum > 0:
                            copy(s.velocity, s.velocity_before, count * blocks * len(lanes))
                    if dense:
                        flow = flow_on(flow, rate, s)
                        if not is_sound(flow):
                            flow = settle(flow, s)
                        frame = frame_of(flow)
                    to_p, to_q = kick(flow, rate, s)
                    descend(points, batch, share * to_p, share * to_q, s)
                    if settings.trained:
                        scale_second(s.zero, s)
                    if not safe:
                        largest, size = survey(work.outputs, frame, s, value, slope)
                        if not (largest <= limit and wide <= far):
                            out = results.weights[run]
                            final_weights(start, frame, s, out)
                            wide = np.sqrt(dot(pointer(out), pointer(out), filters * d))
                            finite = wide < np.inf
                            if not finite:  # keep the weights of before
                                copy(s.before, s.coefficients, count * blocks * len(lanes))
                                if settings.momentum > 0:
                                    copy(s.velocity_before, s.velocity, count * blocks * len(lanes))
                                flow = flow_before
                                if settings.trained:
                                    copy(s.second_before, s.second, blocks * len(lanes))
                                    scale_second(s.zero, s)
                            if not (largest <= limit and finite):
                                diverged, flow = step, settle(flow, s)
                                frame = frame_of(flow)
                                survey(work.outputs, frame, s, value, slope)
                until_record -= 1
                if until_record == 0:
                    write_down(record_at, run, results.strong, results.weak, results.path, frame, s)
                    record_at += 1
                    until_record = s.rule.record_every
                visits += batch
                until_glance -= batch
                if until_glance <= 0:
                    until_glance = GLANCE
                    store_shared(pointer(work.progress), visits)
                    if load_shared(s.stop) != 0:
                        return
            if dense:
                flow = settle(flow, s)
                frame = frame_of(flow)
            if diverged < 0 and stopped < 0 and loss < settings.stop_below * number(n):
                stopped = step
                survey(work.outputs, frame, s, value, slope)
        store_shared(pointer(work.progress), visits)
        results.diverged_at[run], results.stopped_at[run] = diverged, stopped
        end(run, start, results, flow, s)


train_kept = jit(keep=True)(train_runs)
"""The loop for activations with a name: compiled code is kept on the disk."""


train_own = jit(entry=True)(train_runs)
"""The same for those of one's own, which are compiled in each process."""
