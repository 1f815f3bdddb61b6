"""What the compiled loop knows before its first step, and the weights after its last.

The *directions* of a run are the distinct vectors, up to sign, among u, v and the patches. Here are
their inner products with each other, the Gram matrix, and with the initial weights.

``s`` is the state of ``compiled``: pointers to the arrays of a thread and to the data of a run.
Loops whose length depends on the data end early once the run is to be stopped; what they have
written is of no use then.
"""

import numpy as np

from .._compile import jit
from .rows import behind, item, load_shared

TILE = 512  # coordinates that are multiplied at a time: all directions of one tile fit the cache


@jit(inline=True)
def coordinates(k, s, d):
    """Direction k: a pointer to its d coordinates."""
    if k < 2:
        return s.u if k == 0 else s.v
    return behind(s.x, item(s.source, k) * d)


@jit(fastmath={"reassoc", "contract", "nsz"}, inline=True)
def dot(a, b, size):
    """⟨a, b⟩ of two pointers."""
    products = item(a, 0) * item(b, 0)
    for c in range(1, size):
        products += item(a, c) * item(b, c)
    return products


@jit()
def clear(numbers):
    """Set all numbers to 0."""
    for c in range(len(numbers)):
        numbers[c] = 0


@jit()
def copy(numbers, to):
    """Overwrite ``to`` with as many numbers."""
    for c in range(len(numbers)):
        to[c] = numbers[c]


@jit()
def find_directions(n, d, s, source, direction, sign, patches):
    """Find the directions; how many there are, or 0 if the run is to be stopped.

    Direction 0 is u, 1 is v, and k > 1 the patch ``source[k]``, counted through the points.
    Patch q is ``sign[q]`` times direction ``direction[q]``.
    """
    count = 2
    for q in range(n * len(patches)):
        if load_shared(s.stop) != 0:
            return 0
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


@jit()
def gram_matrix(count, d, s, gram, row_begin, row_end):
    """G_{kl} of all directions, row after row.

    Outside the range [row_begin, row_end) a row is exactly 0, as where noise is orthogonal to the
    features.
    """
    clear(gram[: count * count])
    for c in range(0, d, TILE):
        for k in range(count):
            if load_shared(s.stop) != 0:
                return
            a = behind(coordinates(k, s, d), c)
            for l in range(k + 1):  # noqa: E741
                b = behind(coordinates(l, s, d), c)
                gram[k * count + l] += dot(a, b, min(TILE, d - c))
    for k in range(count):
        row_begin[k], row_end[k] = count, 0
        for l in range(count):  # noqa: E741
            if l > k:
                gram[k * count + l] = gram[l * count + k]
            if gram[k * count + l] != 0:
                row_begin[k] = min(row_begin[k], l)
                row_end[k] = l + 1


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
def out_of_range(count, d, s, gram, direction):
    """0 if the products of two norms stay in range; 1, 2 or 3 if those of x, u or v do not.

    The products of a feature that is no patch with itself and with the other one are not needed;
    where they overflow they become 0, so that 0 times them is 0.
    """
    tiny, huge = np.finfo(gram.dtype).tiny, np.finfo(gram.dtype).max
    shortest, longest = gram.dtype.type(np.inf), gram.dtype.type(0)
    for k in range(count):
        is_patch = k > 1
        for q in range(0 if is_patch else len(direction)):
            is_patch = is_patch or direction[q] == k
        square = gram[k * count + k]
        if is_patch and not (tiny <= square <= huge):
            if square > 0 or length(coordinates(k, s, d), d) > 0:
                return 1
        elif is_patch:
            shortest, longest = min(shortest, np.sqrt(square)), max(longest, np.sqrt(square))
    for k in range(2):
        size = np.sqrt(gram[k * count + k])
        if not (tiny <= size * size <= huge):
            size = length(coordinates(k, s, d), d)
        if longest > 0 and size > 0 and not (size * shortest >= tiny and size * longest <= huge):
            return 2 + k
        for l in range(2):  # noqa: E741
            if not abs(gram[k * count + l]) <= huge:
                gram[k * count + l] = 0
    return 0


@jit()
def largest_square_norm(n, count, direction, gram, patches):
    """max_i ‖x_i‖², with ‖x_i‖² = Σ_p ‖x_i^(p)‖²."""
    largest = gram.dtype.type(0)
    for i in range(n):
        squares = gram.dtype.type(0)
        for p in range(len(patches)):
            k = direction[i * len(patches) + p]
            squares += gram[k * count + k]
        largest = max(largest, squares)
    return largest


@jit()
def products_with_initial(count, filters, d, weights, s, out, lanes):
    """⟨w_{j,r}(0), x_k⟩, in rows of filters: block b of filters, then direction k."""
    clear(out)
    for c in range(0, d, TILE):
        for k in range(count):
            if load_shared(s.stop) != 0:
                return
            a = behind(coordinates(k, s, d), c)
            for r in range(filters):
                row = (r // len(lanes)) * count + k
                w = behind(weights, r * d + c)
                out[row * len(lanes) + r % len(lanes)] += dot(w, a, min(TILE, d - c))


@jit(fastmath={"contract", "nsz"})
def final_weights(count, filters, d, weights, s, out, lanes):
    """w_{j,r}(0) + Σ_k a_{k,j,r} x_k into ``out`` (2m, d)."""
    for c in range(0, d, TILE):
        end = min(d, c + TILE)
        for r in range(filters):
            if load_shared(s.stop) != 0:
                return
            for i in range(c, end):
                out[r, i] = item(weights, r * d + i)
            for k in range(count):
                row = (r // len(lanes)) * count + k
                a = item(s.coefficients, row * len(lanes) + r % len(lanes))
                if a != 0:
                    direction = coordinates(k, s, d)
                    for i in range(c, end):
                        out[r, i] += a * item(direction, i)
