"""How many fresh points each network gets right, from the numbers that make the points.

A strong point is (y u, y v, ξ), a weak one (ξ̃, y v, ξ) with ξ = σ_p times normal numbers, 0 along u
and v (:class:`benign_osc_lib.data.FeatureNoiseModel`). Its patches are never put together: u and v
have one entry each, and what a network makes of them is computed once for each label.
"""

import math
from typing import NamedTuple

import numpy as np

from .._compile import jit
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


class Sizes(NamedTuple):
    """The sizes of u, v and the noise."""

    u_norm: float
    v_norm: float
    sigma_p: float


class Space(NamedTuple):
    """What a thread needs beside the points; rows begin at multiples of 64 bytes."""

    filters: np.ndarray
    products: np.ndarray
    lanes: tuple


def space(m, d):
    """A Space for 2m filters of d weights."""
    lanes = row_length(2 * m)
    width = -(-2 * m // lanes) * lanes
    return Space(_aligned(d * width), _aligned((2 * POINTS + 1) * width), (0,) * lanes)


def _aligned(size):
    spare = np.zeros(size + 8)
    skip = -spare.ctypes.data % 64 // 8
    return spare[skip : skip + size]


@jit(keep=True)
def count_correct(counts, weights, normal, y, is_weak, sizes, room):
    """Count the points with y f > 0 and f finite, f as in eq. (1): strong and weak ones.

    f does not depend on the other networks and points, to the last bit: each inner product is
    summed up entry by entry, and f patch by patch and filter by filter.

    Args:
        counts: (K, 2) integers, overwritten: strong points, weak points.
        weights: of K networks, (K, 2, m, d).
        normal: the noise of n points in units of σ_p, (n, 2, d).
        y: (n,).
        is_weak: (n,).
        sizes: Sizes.
        room: Space.
    """
    filters, products, lanes = room
    runs, _, m, d = weights.shape
    width = len(filters) // d
    of_points = np.empty(2 * POINTS, np.intp)
    strong, of_v = np.empty(2), np.empty((2, 2 * m))
    z = products[: 2 * POINTS * width].reshape(2 * POINTS, width)
    for k in range(runs):
        for r in range(2 * m):
            block, lane = r // len(lanes), r % len(lanes)
            for i in range(d):
                filters[(block * d + i) * len(lanes) + lane] = weights[k, r // m, r % m, i]
        for label in range(2):
            sign, total = 1.0 - 2.0 * label, 0.0
            for r in range(2 * m):
                total += vote(sign * sizes.u_norm * weights[k, r // m, r % m, 0], r, m)
            for r in range(2 * m):
                of_v[label, r] = vote(sign * sizes.v_norm * weights[k, r // m, r % m, 1], r, m)
                total += of_v[label, r]
            strong[label] = total
        counts[k] = 0
        for first in range(0, len(y), POINTS):
            end, count = min(len(y), first + POINTS), 0
            for point in range(first, end):
                if is_weak[point]:
                    of_points[count] = 2 * point
                    count += 1
                of_points[count] = 2 * point + 1
                count += 1
            meet(products, filters, normal, of_points, count, sizes.sigma_p, width, lanes)
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


@jit(inline=True)
def vote(z, r, m):
    """What filter r of 2m adds to f for an inner product."""
    sign = 1.0 if r < m else -1.0
    return sign * max(z, 0.0) ** 2 / m


@jit()
def meet(products, filters, normal, places, count, sigma_p, width, lanes):
    """The inner products of all filters with some noise patches, two at a time."""
    d = normal.shape[2]
    out, rows, noise = pointer(products), pointer(filters), pointer(normal)
    blocks = width // len(lanes)
    for pair in range(0, count, 2):
        a = behind(noise, places[pair] * d)
        b = behind(noise, places[min(pair + 1, count - 1)] * d)
        for block in range(blocks):
            of_a, of_b = row_of(0.0, lanes), row_of(0.0, lanes)
            for i in range(2, d):
                row = load_row(rows, block * d + i, lanes)
                of_a = add_rounded(of_a, multiply_rounded(row_of(sigma_p * item(a, i), lanes), row))
                of_b = add_rounded(of_b, multiply_rounded(row_of(sigma_p * item(b, i), lanes), row))
            store_row(out, pair * blocks + block, of_a)
            store_row(out, (pair + 1) * blocks + block, of_b)
