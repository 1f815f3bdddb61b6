"""The compiled part of the reduced engine: SGD in the inner products of filters and patches.

Along a run every weight vector is its start plus a combination of patches,

    w_{j,r}(t) = w_{j,r}(0) + Σ_k a_{k,j,r}(t) x_k,

with k over the distinct patches, up to sign. So the inner products that an update needs are

    ⟨w_{j,r}(t), x_k⟩ = ⟨w_{j,r}(0), x_k⟩ + Σ_l G_{kl} a_{l,j,r}(t),   G_{kl} = ⟨x_k, x_l⟩,

and one SGD step on point i, eq. (3), adds to the rows a_k of its own patches only. No step costs
anything that depends on d. ``reduced`` prepares the arrays and calls :func:`train_runs`.

The filters of a network lie side by side in rows, so that the processor works on all of them at
once; the first half of this file says so to the compiler.
"""

from collections import namedtuple
from functools import cache, partial
from types import FunctionType

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model
from numba.np import arrayobj

TILE = 512  # coordinates that are multiplied at a time: all directions of one tile fit the cache
FUSED = ("contract", "nsz")  # a product and a sum may be rounded once


# Rows of numbers, one for each filter. How many is known when the functions are compiled: it is the
# length of a tuple ``lanes`` that is passed along, a multiple of 8. So is the number of patches.


class Row(types.Type):
    """The type of a row: numbers in the processor's vector registers."""

    def __init__(self, number, lanes):
        self.number = number
        super().__init__(name=f"Row({number}, {lanes})")
        self.lanes = lanes
        self.alignment = min(64, lanes * number.bitwidth // 8)  # bytes


@register_model(Row)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager, row):
        number = manager.lookup(row.number).get_value_type()
        super().__init__(manager, row, ir.VectorType(number, row.lanes))


def _constants(indices):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), indices)


def _row_address(builder, numbers, index, row):
    offset = builder.mul(index, ir.Constant(index.type, row.count))
    return builder.bitcast(builder.gep(numbers, [offset]), row.as_pointer())


@intrinsic
def pointer(_, array):
    """The address of an array. Whoever made the array keeps it alive."""

    def generate(context, builder, signature, args):
        return arrayobj.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def item(_, numbers, index):
    """The number at a place behind a pointer."""

    def generate(context, builder, signature, args):
        return builder.load(builder.gep(args[0], [args[1]]))

    return numbers.dtype(numbers, types.intp), generate


@intrinsic
def behind(_, numbers, count):
    """The address ``count`` numbers further on."""

    def generate(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return numbers(numbers, types.intp), generate


@intrinsic
def load_row(_, numbers, index, lanes):
    """Row ``index`` behind a pointer."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        return builder.load(_row_address(builder, *args[:2], registers), align=row.alignment)

    row = Row(numbers.dtype, lanes.count)
    return row(numbers, types.intp, lanes), generate


@intrinsic
def store_row(_, numbers, index, row):
    """Overwrite row ``index`` behind a pointer."""

    def generate(context, builder, signature, args):
        address = _row_address(builder, *args[:2], args[2].type)
        builder.store(args[2], address, align=row.alignment)
        return context.get_dummy_value()

    return types.void(numbers, types.intp, row), generate


@intrinsic
def row_of(_, number, lanes):
    """A row of equal numbers."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        nothing = ir.Constant(registers, ir.Undefined)
        single = builder.insert_element(nothing, args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(single, nothing, _constants([0] * registers.count))

    return Row(number, lanes.count)(number, lanes), generate


def _arithmetic(operation):
    @intrinsic
    def apply(_, a, b):
        def generate(context, builder, signature, args):
            return getattr(builder, operation)(*args, flags=FUSED)

        return a(a, b), generate

    return apply


add, multiply = _arithmetic("fadd"), _arithmetic("fmul")


@intrinsic
def positive_part(_, row):
    """max(z, 0) for each number of a row."""

    def generate(context, builder, signature, args):
        zero = ir.Constant(args[0].type, [0.0] * args[0].type.count)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[0], zero)

    return row(row), generate


@intrinsic
def total(_, row):
    """The sum of a row."""

    def generate(context, builder, signature, args):
        sums = args[0]
        while sums.type.count > 1:
            half, nothing = sums.type.count // 2, ir.Constant(sums.type, ir.Undefined)
            low = builder.shuffle_vector(sums, nothing, _constants(list(range(half))))
            high = builder.shuffle_vector(sums, nothing, _constants(list(range(half, 2 * half))))
            sums = builder.fadd(low, high)
        return builder.extract_element(sums, ir.Constant(ir.IntType(32), 0))

    return row.number(row), generate


_compile = partial(numba.njit, nogil=True, error_model="numpy")


@_compile(forceinline=True)
def coordinates(k, s, d):
    """Direction k: a pointer to its d coordinates."""
    if k < 2:
        return s.u if k == 0 else s.v
    return behind(s.x, item(s.source, k) * d)


@_compile(fastmath={"reassoc", "contract", "nsz"}, forceinline=True)
def dot(a, b, size):
    """⟨a, b⟩ of two pointers."""
    products = item(a, 0) * item(b, 0)
    for c in range(1, size):
        products += item(a, c) * item(b, c)
    return products


@_compile()
def clear(numbers):
    """Set all numbers to 0."""
    for c in range(len(numbers)):
        numbers[c] = 0


@_compile()
def copy(numbers, to):
    """Overwrite ``to`` with as many numbers."""
    for c in range(len(numbers)):
        to[c] = numbers[c]


@_compile()
def find_directions(n, d, s, source, direction, sign, patches):
    """The distinct vectors, up to sign, among u, v and the patches; how many there are.

    Direction 0 is u, 1 is v, and k > 1 the patch ``source[k]``, counted through the points.
    Patch q is ``sign[q]`` times direction ``direction[q]``.
    """
    count = 2
    for q in range(n * len(patches)):
        patch = behind(s.x, q * d)
        direction[q], sign[q], source[count] = count, 1, q
        for k in range(count):
            known = coordinates(k, s, d)
            same, opposite, c = True, True, 0
            while c < d and (same or opposite):
                same = same and item(patch, c) == item(known, c)
                opposite = opposite and item(patch, c) == -item(known, c)
                c += 1
            if same or opposite:
                direction[q], sign[q] = k, 1 if same else -1
                break
        count += direction[q] == count
    return count


@_compile()
def gram_matrix(count, d, s, gram, row_begin, row_end):
    """G_{kl} of all directions, row after row.

    Outside the range [row_begin, row_end) a row is exactly 0, as where noise is orthogonal to the
    features.
    """
    clear(gram[: count * count])
    for c in range(0, d, TILE):
        for k in range(count):
            a = behind(coordinates(k, s, d), c)
            for l in range(k + 1):  # noqa: E741
                gram[k * count + l] += dot(a, behind(coordinates(l, s, d), c), min(TILE, d - c))
    for k in range(count):
        row_begin[k], row_end[k] = count, 0
        for l in range(count):  # noqa: E741
            if l > k:
                gram[k * count + l] = gram[l * count + k]
            if gram[k * count + l] != 0:
                row_begin[k] = min(row_begin[k], l)
                row_end[k] = l + 1


@_compile()
def largest_square_norm(n, count, direction, gram, patches):
    """The largest Σ_p ‖x_i^(p)‖² of the points."""
    largest = gram.dtype.type(0)
    for i in range(n):
        squares = gram.dtype.type(0)
        for p in range(len(patches)):
            k = direction[i * len(patches) + p]
            squares += gram[k * count + k]
        largest = max(largest, squares)
    return largest


@_compile()
def products_with_initial(count, filters, d, weights, s, out, lanes):
    """⟨w_{j,r}(0), x_k⟩, in rows of filters: block b of filters, then direction k."""
    clear(out)
    for c in range(0, d, TILE):
        for k in range(count):
            a = behind(coordinates(k, s, d), c)
            for r in range(filters):
                row = (r // len(lanes)) * count + k
                w = behind(weights, r * d + c)
                out[row * len(lanes) + r % len(lanes)] += dot(w, a, min(TILE, d - c))


@_compile(fastmath={"contract", "nsz"})
def final_weights(count, filters, d, weights, s, out, lanes):
    """w_{j,r}(0) + Σ_k a_{k,j,r} x_k into ``out`` (2m, d)."""
    for c in range(0, d, TILE):
        end = min(d, c + TILE)
        for r in range(filters):
            for i in range(c, end):
                out[r, i] = item(weights, r * d + i)
            for k in range(count):
                row = (r // len(lanes)) * count + k
                a = item(s.coefficients, row * len(lanes) + r % len(lanes))
                if a != 0:
                    direction = coordinates(k, s, d)
                    for i in range(c, end):
                        out[r, i] += a * item(direction, i)


# One run. ``s`` is its state: pointers to the arrays of a Workspace.

Workspace = namedtuple(
    "Workspace",
    "source direction sign row_begin row_end gram initial_products coefficients before active"
    " scratch share outputs",
)
State = namedtuple(
    "State",
    "x u v source direction sign row_begin row_end gram initial_products coefficients active"
    " scratch share zero",
)


@_compile(forceinline=True)
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


@_compile(forceinline=True)
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


@_compile(forceinline=True)
def update(i, c, rate, blocks, count, s, lanes, patches):
    """Add c j/m max(z_{j,r,p}, 0) to the rows of the patches of point i."""
    for b in range(blocks):
        c_j = multiply(row_of(c, lanes), load_row(s.share, b, lanes))
        for p in range(len(patches)):
            q = i * len(patches) + p
            row = b * count + item(s.direction, q)
            z = load_row(s.active, b * len(patches) + p, lanes)
            z = multiply(row_of(rate * item(s.sign, q), lanes), multiply(c_j, z))
            store_row(s.coefficients, row, add(load_row(s.coefficients, row, lanes), z))


@_compile()
def survey(outputs, blocks, count, s, lanes, patches):
    """f of every point into ``outputs``; the largest abs(f) and the largest ‖z_i‖.

    z_i holds the inner products of all filters with the patches of point i. NaN counts as inf.
    """
    largest, square = s.zero, s.zero
    for i in range(len(outputs)):
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


@_compile()
def record(k, signal, count, s, lanes):
    """⟨w_{j,r}, j x_k⟩ into ``signal`` (2m,)."""
    for r in range(len(signal)):
        if r % len(lanes) == 0:
            store_row(s.scratch, 0, response(k, r // len(lanes), count, s, lanes))
        z = item(s.scratch, r % len(lanes))
        signal[r] = z if 2 * r < len(signal) else -z


@cache
def compiled(dtype, lanes, patches):
    """:func:`train_runs` compiled for a dtype, a width of the rows and a number of patches.

    It is kept on disk between sessions, where the disk can be written to. Each one has a name and
    so an index file of its own: Numba would mix up two that are stored at the same moment.
    """
    name = f"train_runs_{dtype}_{lanes}_{patches}"
    function = FunctionType(train_runs.__code__, globals(), name)
    function.__qualname__ = name
    try:
        return _compile(cache=True)(function)
    except RuntimeError:  # no folder to write to
        return _compile()(function)


def train_runs(runs, data, weights, lr, visits, record_every, limit, out, work, lanes, patches):
    """Train the runs with the given numbers, one after the other.

    Args:
        runs: numbers of runs; those with the same data one after the other.
        data: (x, y, u, v), each a pair of an array with one leading axis and of the index along
            it for each run.
        weights: the initial weights (..., 2m, d), such a pair.
        lr: the learning rate of each run.
        visits: the order of visits (..., epochs or 1, n), such a pair.
        record_every: a number of steps.
        limit: abs(f) beyond which a run has diverged.
        out: (weights, margins, strong, weak, diverged_at) of all runs, written to.
        work: a Workspace, overwritten.
        lanes: a tuple as long as a row.
        patches: a tuple with one element a patch.
    """
    (xs, x_of), (ys, y_of), (us, u_of), (vs, v_of) = data
    final, margins, strong, weak, diverged_at = out
    (initial, initial_of), (orders, order_of) = weights, visits
    n, d, filters, epochs = xs.shape[1], xs.shape[3], initial.shape[1], margins.shape[1]
    blocks, half = len(work.share) // len(lanes), lr.dtype.type(filters / 2)
    zero, two = lr.dtype.type(0), lr.dtype.type(2)
    tiny = np.finfo(lr.dtype).tiny * filters * len(patches)
    huge = np.finfo(lr.dtype).max / 100
    prepared = (-1, -1, -1)
    count, square_norm = 0, zero
    for run in runs:
        s = State(
            pointer(xs[x_of[run]]),
            pointer(us[u_of[run]]),
            pointer(vs[v_of[run]]),
            pointer(work.source),
            pointer(work.direction),
            pointer(work.sign),
            pointer(work.row_begin),
            pointer(work.row_end),
            pointer(work.gram),
            pointer(work.initial_products),
            pointer(work.coefficients),
            pointer(work.active),
            pointer(work.scratch),
            pointer(work.share),
            zero,
        )
        if prepared != (x_of[run], u_of[run], v_of[run]):
            prepared = (x_of[run], u_of[run], v_of[run])
            count = find_directions(n, d, s, work.source, work.direction, work.sign, patches)
            gram_matrix(count, d, s, work.gram, work.row_begin, work.row_end)
            square_norm = largest_square_norm(n, count, work.direction, work.gram, patches)
        y, order, rate = ys[y_of[run]], orders[order_of[run]], lr[run]
        w = pointer(initial[initial_of[run]])
        products_with_initial(count, filters, d, w, s, work.initial_products, lanes)
        clear(work.coefficients)
        largest, norm = survey(work.outputs, blocks, count, s, lanes, patches)
        diverged, since_survey, since_start = -1 if largest <= limit else 0, zero, zero
        # ‖z_k‖ moves by at most ‖x_k‖ ‖ΔW‖ <= ‖x_k‖ ‖x_i‖ ‖max(z_i, 0)‖ η abs(c)/m in a step, with
        # ‖x_i‖² = Σ_p ‖x_i^(p)‖². Until the sum of these is what is allowed, no point can be
        # beyond the limit, and none but the visited one is looked at. The sum since the start, over
        # the root of square_norm, bounds how far W has come: until it is what is allowed, ‖W‖²
        # cannot overflow.
        movement_rate = rate / half * square_norm
        allowed_since_survey = np.sqrt(0.99 * limit * half) - norm
        in_range = dot(w, w, filters * d) <= huge
        allowed_since_start = np.sqrt(huge * square_norm) if in_range else -1.0
        record(0, strong[run, 0], count, s, lanes)
        record(1, weak[run, 0], count, s, lanes)
        step, record_at, until_record = 0, 1, record_every
        for e in range(epochs):
            row, visit = margins[run, e], order[e % len(order)]
            for position in range(n):
                i = visit[position]
                step += 1
                if diverged >= 0:
                    row[i] = y[i] * work.outputs[i]
                else:
                    f, squares = activate(i, blocks, count, s, lanes, patches)
                    row[i] = y[i] * f
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
                        allowed_since_survey = np.sqrt(0.99 * limit * half) - norm
                        if not (largest <= limit and since_start <= allowed_since_start):
                            final_weights(count, filters, d, w, s, final[run], lanes)
                            after = pointer(final[run])
                            finite = dot(after, after, filters * d) < np.inf
                            if not (largest <= limit and finite):
                                diverged = step
                            if not finite:  # keep the weights of before
                                copy(work.before, work.coefficients)
                                survey(work.outputs, blocks, count, s, lanes, patches)
                until_record -= 1
                if until_record == 0:
                    record(0, strong[run, record_at], count, s, lanes)
                    record(1, weak[run, record_at], count, s, lanes)
                    record_at += 1
                    until_record = record_every
        final_weights(count, filters, d, w, s, final[run], lanes)
        diverged_at[run] = diverged
