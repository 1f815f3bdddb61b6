"""What the loop for every rule looks at: inner products, f of all points, the record, the weights.

``s`` is a State of ``family_state``; ``frame`` is a Frame of ``family_flow``.
"""

import numpy as np

from .._compile import jit
from .products import TILE, coordinates
from .row_activations import activate
from .rows import (
    add,
    item,
    load_row,
    load_shared,
    multiply,
    row_of,
    store,
    store_row,
    total,
)


@jit(inline=True)
def mixed(row, mix, s):
    """p + mix q of a row of coefficients."""
    q = load_row(s.velocity, row, s.lanes)
    return add(load_row(s.coefficients, row, s.lanes), multiply(mix, q))


@jit(inline=True)
def response(k, sign, b, frame, s):
    """⟨w, sign x_k⟩ for the filters of block b, as a row."""
    g, rows = k * s.count, b * s.count
    l, end = item(s.row_begin, k), item(s.row_end, k)  # noqa: E741
    even, odd = row_of(s.zero, s.lanes), row_of(s.zero, s.lanes)
    if s.rule.momentum > 0:
        mix = row_of(frame.mix, s.lanes)
        while l + 1 < end:
            even = add(
                even, multiply(row_of(item(s.gram, g + l), s.lanes), mixed(rows + l, mix, s))
            )
            there = mixed(rows + l + 1, mix, s)
            odd = add(odd, multiply(row_of(item(s.gram, g + l + 1), s.lanes), there))
            l += 2  # noqa: E741
        if l < end:
            even = add(
                even, multiply(row_of(item(s.gram, g + l), s.lanes), mixed(rows + l, mix, s))
            )
            l += 1  # noqa: E741
    while l + 1 < end:  # two sums, so that neither waits for the other
        here = load_row(s.coefficients, rows + l, s.lanes)
        there = load_row(s.coefficients, rows + l + 1, s.lanes)
        even = add(even, multiply(row_of(item(s.gram, g + l), s.lanes), here))
        odd = add(odd, multiply(row_of(item(s.gram, g + l + 1), s.lanes), there))
        l += 2  # noqa: E741
    if l < end:
        here = load_row(s.coefficients, rows + l, s.lanes)
        even = add(even, multiply(row_of(item(s.gram, g + l), s.lanes), here))
    start = load_row(s.initial_products, rows + k, s.lanes)
    start = multiply(row_of(sign * frame.alpha, s.lanes), start)
    return add(start, multiply(row_of(sign * frame.scale, s.lanes), add(even, odd)))


@jit()
def survey(outputs, frame, s, value, slope):
    """f of every point into ``outputs``; the largest abs(f) and the largest ‖z_i‖.

    z_i holds the inner products of all filters with the patches of point i. NaN counts as inf.
    """
    largest, square = s.zero, s.zero
    for i in range(len(outputs)):
        if load_shared(s.stop) != 0:
            break
        output, squares = row_of(s.zero, s.lanes), row_of(s.zero, s.lanes)
        for q in range(i * s.patches, (i + 1) * s.patches):
            for b in range(s.blocks):
                z = response(item(s.direction, q), item(s.sign, q), b, frame, s)
                squares = add(squares, multiply(z, z))
                z = activate(z, s, value, slope)[0]
                output = add(output, multiply(load_row(s.factors, b, s.lanes), z))
        outputs[i] = f = total(output)
        norm = total(squares)
        largest = max(largest, abs(f) if f == f else np.inf)
        square = max(square, norm if norm == norm else np.inf)
    return largest, np.sqrt(square)


@jit()
def record(k, signal, frame, s):
    """⟨w_{j,r}, j x_k⟩ into ``signal`` (2m,)."""
    for r in range(len(signal)):
        if r % len(s.lanes) == 0:
            store_row(s.scratch, 0, response(k, s.one, r // len(s.lanes), frame, s))
        z = item(s.scratch, r % len(s.lanes))
        signal[r] = z if 2 * r < len(signal) else -z


@jit()
def load_numbers(numbers, to):
    """The numbers of an array to where a pointer says."""
    for c in range(len(numbers)):
        store(to, c, numbers[c])


@jit()
def store_numbers(numbers, to):
    """As many numbers behind a pointer as ``to`` holds, into it."""
    for c in range(len(to)):
        to[c] = item(numbers, c)


@jit(inline=True)
def coefficient(k, r, frame, s):
    """a_{k,r}."""
    place = ((r // len(s.lanes)) * s.count + k) * len(s.lanes) + r % len(s.lanes)
    a = item(s.coefficients, place)
    if s.rule.momentum > 0:
        a += frame.mix * item(s.velocity, place)
    return frame.scale * a


@jit()
def store_coefficients(frame, to, s):
    """The coefficients of the directions and of the initial weights into ``to`` (K + 1, 2m)."""
    for r in range(to.shape[1]):
        for k in range(len(to) - 1):
            to[k, r] = coefficient(k, r, frame, s) if k < s.count else s.zero
        to[len(to) - 1, r] = frame.alpha


@jit()
def store_combination(numbers, alpha, to, s):
    """Rows of numbers for the directions, and one for the initial weights, likewise."""
    for r in range(to.shape[1]):
        for k in range(len(to) - 1):
            place = ((r // len(s.lanes)) * s.count + k) * len(s.lanes) + r % len(s.lanes)
            to[k, r] = item(numbers, place) if k < s.count else s.zero
        to[len(to) - 1, r] = alpha


@jit()
def load_combination(given, numbers, s):
    """The same back into the rows; the coefficient of the initial weights."""
    for r in range(given.shape[1]):
        for k in range(s.count):
            place = ((r // len(s.lanes)) * s.count + k) * len(s.lanes) + r % len(s.lanes)
            store(numbers, place, given[k, r])
    return given[len(given) - 1, 0]


@jit()
def velocity_bound(alpha, start_norm, s):
    """A bound of the velocity's norm, by the triangle inequality, with its own α and ‖W(0)‖."""
    bound = abs(alpha) * start_norm
    for k in range(s.count):
        squares = s.zero
        for b in range(s.blocks):
            row = load_row(s.velocity, b * s.count + k, s.lanes)
            squares += total(multiply(row, row))
        if squares > 0:
            bound += np.sqrt(squares * item(s.gram, k * s.count + k))
    return bound


@jit(fastmath={"contract", "nsz"})
def final_weights(weights, frame, s, out):
    """α w_{j,r}(0) + Σ_k a_{k,j,r} x_k into ``out`` (2m, d)."""
    filters, d = out.shape
    for c in range(0, d, TILE):
        end = min(d, c + TILE)
        for r in range(filters):
            if load_shared(s.stop) != 0:
                return
            for i in range(c, end):
                out[r, i] = frame.alpha * item(weights, r * d + i)
            for k in range(s.count):
                a = coefficient(k, r, frame, s)
                if a != 0:
                    direction = coordinates(k, s, d)
                    for i in range(c, end):
                        out[r, i] += a * item(direction, i)
