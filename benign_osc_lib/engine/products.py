"""What the compiled loop knows before its first step, and the weights after its last.

The *directions* of a run are the distinct vectors, up to sign, among u, v and the patches. Here are
their inner products with each other, the Gram matrix, and with the initial weights.

All arrays are pointers; ``vectors`` is a Vectors. Loops whose length depends on the data end early
once the run is to be stopped; what they have written is of no use then.
"""

from collections import namedtuple

import numpy as np

from .._compile import jit
from .rows import (
    add,
    behind,
    item,
    load_numbers,
    load_shared,
    multiply,
    row_of,
    store,
    store_numbers,
)

WIDE = (0,) * 32  # coordinates of the final weights that are added up at a time
TILE = 512  # coordinates that are multiplied at a time: all directions of one tile fit the cache
PIECE = 64  # coordinates that are compared at a time

Vectors = namedtuple("Vectors", "x u v source stop")
"""Pointers to the patches of a run, to u and v, to which patch a direction is, and to ``stop``."""


@jit(inline=True)
def coordinates(k, vectors, d):
    """Direction k: a pointer to its d coordinates."""
    if k < 2:
        return vectors.u if k == 0 else vectors.v
    return behind(vectors.x, item(vectors.source, k) * d)


@jit(fastmath={"reassoc", "contract", "nsz"}, inline=True)
def dot(a, b, size):
    """⟨a, b⟩ of two pointers."""
    products = item(a, 0) * item(b, 0)
    for c in range(1, size):
        products += item(a, c) * item(b, c)
    return products


@jit(fastmath={"reassoc", "contract", "nsz"}, inline=True)
def two_dots(a, b, c, size):
    """⟨a, b⟩ and ⟨a, c⟩, as :func:`dot` adds them up, one while the other is on its way."""
    first, second = item(a, 0) * item(b, 0), item(a, 0) * item(c, 0)
    for k in range(1, size):
        first += item(a, k) * item(b, k)
        second += item(a, k) * item(c, k)
    return first, second


@jit()
def fill(numbers, count, number):
    """Overwrite so many numbers."""
    for c in range(count):
        store(numbers, c, number)


@jit()
def copy(numbers, to, count):
    """Overwrite ``to`` with so many numbers."""
    for c in range(count):
        store(to, c, item(numbers, c))


@jit()
def multiple(a, b, factor, d):
    """Whether a is ``factor`` times b, in all coordinates."""
    for begin in range(0, d, PIECE):
        different = 0
        for c in range(begin, min(d, begin + PIECE)):
            different |= item(a, c) != factor * item(b, c)
        if different:
            return False
    return True


@jit()
def find_directions(n, d, vectors, direction, sign, zero, patches):
    """Find the directions; how many there are, or 0 if the run is to be stopped.

    Direction 0 is u, 1 is v, and k > 1 the patch ``source[k]``, counted through the points.
    Patch q is ``sign[q]`` times direction ``direction[q]``.
    """
    count, one = 2, zero + type(zero)(1)
    for q in range(n * len(patches)):
        if load_shared(vectors.stop) != 0:
            return 0
        patch, probe = behind(vectors.x, q * d), 0
        while probe < d - 1 and item(patch, probe) == 0:
            probe += 1  # the first coordinate tells most directions apart, unless it is 0
        number, found, factor = item(patch, probe), count, one
        store(vectors.source, count, q)
        for k in range(count):
            known = coordinates(k, vectors, d)
            there = item(known, probe)
            if there == number and multiple(patch, known, one, d):
                found = k
                break
            if there == -number and multiple(patch, known, -one, d):
                found, factor = k, -one
                break
        store(direction, q, found)
        store(sign, q, factor)
        count += found == count
    return count


@jit()
def gram_matrix(count, d, vectors, gram, row_begin, row_end, zero):
    """G_{kl} of all directions, row after row.

    Outside the range [row_begin, row_end) a row is exactly 0, as where noise is orthogonal to the
    features.
    """
    fill(gram, count * count, zero)
    for c in range(0, d, TILE):
        for k in range(count):
            if load_shared(vectors.stop) != 0:
                return
            a = behind(coordinates(k, vectors, d), c)
            for l in range(0, k + 1, 2):  # noqa: E741
                place, next_l = k * count + l, min(l + 1, k)
                b = behind(coordinates(l, vectors, d), c)
                b_next = behind(coordinates(next_l, vectors, d), c)
                products = two_dots(a, b, b_next, min(TILE, d - c))
                store(gram, place, item(gram, place) + products[0])
                if next_l > l:
                    store(gram, place + 1, item(gram, place + 1) + products[1])
    for k in range(count):
        begin, end = count, 0
        for l in range(count):  # noqa: E741
            if l > k:
                store(gram, k * count + l, item(gram, l * count + k))
            if item(gram, k * count + l) != 0:
                begin, end = min(begin, l), l + 1
        store(row_begin, k, begin)
        store(row_end, k, end)


@jit()
def length(a, d):
    """The norm of a vector, whatever its size."""
    scale = abs(item(a, 0))
    for c in range(1, d):
        scale = max(scale, abs(item(a, c)))
    if scale == 0:
        return scale
    squares = scale * 0
    for c in range(d):
        squares += (item(a, c) / scale) ** 2
    return scale * np.sqrt(squares)


@jit()
def out_of_range(patches, count, d, vectors, gram, direction, tiny, huge):
    """0 if the products of two norms stay in range; 1, 2 or 3 if those of x, u or v do not.

    ``tiny`` and ``huge`` are the least and the largest number. The products of a feature that is no
    patch with itself and with the other one are not needed; where they overflow they become 0, so
    that 0 times them is 0.
    """
    zero = tiny * 0
    shortest, longest = huge, zero
    for k in range(count):
        is_patch = k > 1
        for q in range(0 if is_patch else patches):
            is_patch = is_patch or item(direction, q) == k
        square = item(gram, k * count + k)
        if is_patch and not (tiny <= square <= huge):
            if square > 0 or length(coordinates(k, vectors, d), d) > 0:
                return 1
        elif is_patch:
            shortest, longest = min(shortest, np.sqrt(square)), max(longest, np.sqrt(square))
    for k in range(2):
        size = np.sqrt(item(gram, k * count + k))
        if not (tiny <= size * size <= huge):
            size = length(coordinates(k, vectors, d), d)
        if longest > 0 and size > 0 and not (size * shortest >= tiny and size * longest <= huge):
            return 2 + k
        for l in range(2):  # noqa: E741
            if not abs(item(gram, k * count + l)) <= huge:
                store(gram, k * count + l, zero)
    return 0


@jit()
def largest_square_norm(n, count, direction, gram, zero, patches):
    """max_i ‖x_i‖², with ‖x_i‖² = Σ_p ‖x_i^(p)‖²."""
    largest = zero
    for i in range(n):
        squares = zero
        for p in range(len(patches)):
            k = item(direction, i * len(patches) + p)
            squares += item(gram, k * count + k)
        largest = max(largest, squares)
    return largest


@jit()
def products_with_initial(count, filters, d, weights, vectors, out, blocks, zero, lanes):
    """⟨w_{j,r}(0), x_k⟩, in rows of filters: block b of filters, then direction k."""
    fill(out, blocks * count * len(lanes), zero)
    for c in range(0, d, TILE):
        for k in range(count):
            if load_shared(vectors.stop) != 0:
                return
            a = behind(coordinates(k, vectors, d), c)
            for r in range(0, filters, 2):  # their number is even, and so is that of a row
                place = ((r // len(lanes)) * count + k) * len(lanes) + r % len(lanes)
                w = behind(weights, r * d + c)
                products = two_dots(a, w, behind(w, d), min(TILE, d - c))
                store(out, place, item(out, place) + products[0])
                store(out, place + 1, item(out, place + 1) + products[1])


@jit(fastmath={"contract", "nsz"})
def final_weights(count, filters, d, weights, vectors, coefficients, out, lanes, wide):
    """w_{j,r}(0) + Σ_k a_{k,j,r} x_k into ``out`` (2m, d); ``wide`` coordinates at a time."""
    rest = d - d % len(wide)
    for r in range(filters):
        if load_shared(vectors.stop) != 0:
            return
        w, row = behind(weights, r * d), behind(out, r * d)
        a = behind(coefficients, (r // len(lanes)) * count * len(lanes) + r % len(lanes))
        for c in range(0, rest, len(wide)):
            sums = load_numbers(w, c, wide)
            for k in range(count):
                a_k = item(a, k * len(lanes))
                if a_k != 0:
                    direction = load_numbers(coordinates(k, vectors, d), c, wide)
                    sums = add(sums, multiply(row_of(a_k, wide), direction))
            store_numbers(row, c, sums)
        for c in range(rest, d):
            number = item(w, c)
            for k in range(count):
                a_k = item(a, k * len(lanes))
                if a_k != 0:
                    number += a_k * item(coordinates(k, vectors, d), c)
            store(row, c, number)
