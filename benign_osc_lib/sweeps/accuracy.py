"""How many fresh points each network gets right, from the numbers that make the points.

A strong point is (y u, y v, ξ), a weak one (ξ̃, y v, ξ), with noise orthogonal to u and v
(:class:`benign_osc_lib.data.FeatureNoiseModel`). Its patches are never put together: u and v have
one entry each, and what filters make of them is the same for all points of one label.

Noise comes in rows of normal numbers, in one of two forms:

- *patches*: two rows of d numbers a point, of which a strong point uses the second. ξ is σ_p times
  the row, 0 along u and v, and meets filter r in ⟨w_r, ξ⟩;
- *projections*: a row of q numbers for each noise patch, one in a strong point, two in a weak one.
  The inner products of ξ with the 2m filters are jointly Gaussian with covariance σ_p² W W^T, W the
  filters without their entries along u and v. So they are σ_p A g for g ~ N(0, I_q) and any A with
  A A^T = W W^T: W itself with q = d − 2 or, where 2m < d − 2, the triangular A with q = 2m that
  Gram and Schmidt make of the rows of W.
"""

import math
from typing import NamedTuple

import numpy as np

from .._compile import compiles, jit
from ..engine.rows import (
    add_rounded,
    behind,
    item,
    load_row,
    multiply_rounded,
    pointer,
    row_length,
    row_of,
    store_row,
)

POINTS = 32
"""Points whose inner products are kept at a time: they fit the fastest cache."""

DEPENDENT = 1e-12
"""A filter whose part orthogonal to those before is not longer than this, relative to the whole, is
a combination of them."""


class Sizes(NamedTuple):
    """The sizes of u, v and the noise."""

    u_norm: float
    v_norm: float
    sigma_p: float


class Space(NamedTuple):
    """What a thread needs beside the points; rows begin at multiples of 64 bytes."""

    filters: np.ndarray
    products: np.ndarray
    basis: np.ndarray
    places: np.ndarray
    lanes: tuple


def row_size(m, d):
    """q, the numbers that make a noise patch as projections."""
    return min(2 * m, d - 2)


def space(m, d):
    """A Space for 2m filters of d weights."""
    lanes = row_length(2 * m)
    width = -(-2 * m // lanes) * lanes
    return Space(
        filters=_aligned((d - 2) * width),
        products=_aligned((2 * POINTS + 1) * width),
        basis=np.empty((2 * m, d - 2)),
        places=np.empty(2 * POINTS, np.intp),
        lanes=(0,) * lanes,
    )


def _aligned(size):
    spare = np.zeros(size + 8)
    skip = -spare.ctypes.data % 64 // 8
    return spare[skip : skip + size]


@jit(keep=True)
def count_correct(counts, weights, normal, y, is_weak, sizes, projected, room):
    """Count the points with y f > 0 and f finite, f as in eq. (1): strong and weak ones.

    f does not depend on the other networks and points, to the last bit: each inner product is
    summed up entry by entry, and f patch by patch and filter by filter.

    Args:
        counts: (K, 2) integers, overwritten: strong points, weak points.
        weights: of K networks, (K, 2, m, d).
        normal: the rows of n points, (2n, d) or, projected, (noise patches, q).
        y: (n,).
        is_weak: (n,).
        sizes: Sizes.
        projected: whether the rows are projections.
        room: Space.
    """
    runs, _, m, d = weights.shape
    z = room.products.reshape(2 * POINTS + 1, -1)
    strong, of_v = np.empty(2), np.empty((2, 2 * m))
    for k in range(runs):
        size = put_filters(weights[k], projected, room)
        for label in range(2):
            sign, total = 1.0 - 2.0 * label, 0.0
            for r in range(2 * m):
                total += vote(sign * sizes.u_norm * weights[k, r // m, r % m, 0], r, m)
            for r in range(2 * m):
                of_v[label, r] = vote(sign * sizes.v_norm * weights[k, r // m, r % m, 1], r, m)
                total += of_v[label, r]
            strong[label] = total
        counts[k] = 0
        row = 0
        for first in range(0, len(y), POINTS):
            end = min(len(y), first + POINTS)
            count = find_rows(room.places, is_weak, first, end, row, projected)
            row += count
            meet(room, normal, count, size, sizes.sigma_p)
            for patch in range(count):
                for r in range(2 * m):
                    z[patch, r] = vote(z[patch, r], r, m)
            patch = 0
            for point in range(first, end):
                label = 0 if y[point] > 0 else 1
                f = strong[label]
                if is_weak[point]:
                    f = 0.0
                    for r in range(2 * m):
                        f += z[patch, r]
                    for r in range(2 * m):
                        f += of_v[label, r]
                    patch += 1
                for r in range(2 * m):
                    f += z[patch, r]
                patch += 1
                if y[point] * f > 0.0 and math.isfinite(f):
                    counts[k, int(is_weak[point])] += 1


@jit(keep=True)
def noise_products(products, weights, normal, is_weak, sigma_p, projected, room):
    """The inner products of the filters of one network with all noise patches that count.

    Args:
        products: (noise patches, 2m), overwritten: point after point; one patch in a strong point,
            ξ̃ and ξ in a weak one.
        weights: (2, m, d).
        normal: the rows, as for :func:`count_correct`.
        is_weak: (n,).
        sigma_p: σ_p.
        projected: whether the rows are projections.
        room: Space.
    """
    filters = products.shape[1]
    z = room.products.reshape(2 * POINTS + 1, -1)
    size, row = put_filters(weights, projected, room), 0
    for first in range(0, len(is_weak), POINTS):
        end = min(len(is_weak), first + POINTS)
        count = find_rows(room.places, is_weak, first, end, row, projected)
        meet(room, normal, count, size, sigma_p)
        for patch in range(count):
            for r in range(filters):
                products[row + patch, r] = z[patch, r]
        row += count


@jit(inline=True)
def vote(z, r, m):
    """What filter r of 2m adds to f for an inner product."""
    sign = 1.0 if r < m else -1.0
    return sign * max(z, 0.0) ** 2 / m


@jit()
def find_rows(places, is_weak, first, end, row, projected):
    """The rows of the noise patches of some points, of which ``row`` is the first; how many."""
    count = 0
    for point in range(first, end):
        if is_weak[point]:
            places[count] = row + count if projected else 2 * point
            count += 1
        places[count] = row + count if projected else 2 * point + 1
        count += 1
    return count


@jit()
def put_filters(weights, projected, room):
    """Put what meets a row into ``room.filters``; how many numbers of a row are met."""
    _, m, d = weights.shape
    lanes = len(room.lanes)
    if projected and 2 * m < d - 2:
        triangle(weights, room.basis, room.filters, lanes)
        return 2 * m
    for r in range(2 * m):
        begin = (r // lanes) * (d - 2) * lanes + r % lanes
        for i in range(d - 2):
            room.filters[begin + i * lanes] = weights[r // m, r % m, i + 2]
    return d - 2


@jit(fastmath={"reassoc", "contract", "nsz"})
def triangle(weights, basis, filters, lanes):
    """A with A A^T = W W^T, row by row: the lengths of each filter along those before it."""
    _, m, d = weights.shape
    largest = 0.0
    for r in range(2 * m):
        for i in range(2, d):
            largest = max(largest, abs(weights[r // m, r % m, i]))
    unit = largest if largest > 0.0 else 1.0  # squares neither overflow nor vanish
    for r in range(2 * m):
        begin, own = (r // lanes) * 2 * m * lanes + r % lanes, basis[r]
        before = 0.0
        for i in range(d - 2):
            own[i] = weights[r // m, r % m, i + 2] / unit
            before += own[i] * own[i]
        for k in range(r):
            along = 0.0
            for i in range(d - 2):
                along += basis[k, i] * own[i]
            for i in range(d - 2):
                own[i] -= along * basis[k, i]
            filters[begin + k * lanes] = along * unit
        rest = 0.0
        for i in range(d - 2):
            rest += own[i] * own[i]
        length = math.sqrt(rest) if rest > DEPENDENT**2 * before else 0.0
        for i in range(d - 2):
            own[i] = own[i] / length if length > 0.0 else 0.0
        filters[begin + r * lanes] = length * unit
        for k in range(r + 1, 2 * m):
            filters[begin + k * lanes] = 0.0


@jit()
def meet(room, normal, count, size, sigma_p):
    """The inner products of all filters with the rows in ``room.places``, two rows at a time."""
    numbers, lanes = normal.shape[1], room.lanes
    skipped = numbers - size  # 2 in patches: the axes of u and v
    out, rows, noise = pointer(room.products), pointer(room.filters), pointer(normal)
    blocks = len(room.products) // ((2 * POINTS + 1) * len(lanes))
    for pair in range(0, count, 2):
        a = behind(noise, room.places[pair] * numbers + skipped)
        b = behind(noise, room.places[min(pair + 1, count - 1)] * numbers + skipped)
        for block in range(blocks):
            of_a, of_b = row_of(0.0, lanes), row_of(0.0, lanes)
            for i in range(size):
                row = load_row(rows, block * size + i, lanes)
                of_a = add_rounded(of_a, multiply_rounded(row_of(sigma_p * item(a, i), lanes), row))
                of_b = add_rounded(of_b, multiply_rounded(row_of(sigma_p * item(b, i), lanes), row))
            store_row(out, pair * blocks + block, of_a)
            store_row(out, (pair + 1) * blocks + block, of_b)


def meet_in_numpy(room, normal, count, size, sigma_p):
    """:func:`meet` in NumPy, which rounds the sums otherwise."""
    lanes, rows = len(room.lanes), room.places[:count]
    blocks = len(room.products) // ((2 * POINTS + 1) * lanes)
    filters = room.filters[: blocks * size * lanes].reshape(blocks, size, lanes)
    with np.errstate(all="ignore"):  # compiled code does not tell of an overflow
        products = (sigma_p * normal[rows, normal.shape[1] - size :]) @ filters
    room.products.reshape(-1, blocks, lanes)[:count] = products.swapaxes(0, 1)


if not compiles():  # rows exist in compiled code only
    meet = meet_in_numpy
