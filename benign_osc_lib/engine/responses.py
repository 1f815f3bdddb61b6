"""Inner products of the filters with a patch, as rows, and what is read off them.

``q`` is a patch of a run, counted through its points, after ``r.first``; u and v stand behind the
last. ``s`` is a State and ``r`` what is kept of a run, see ``workspace``.
"""

import numpy as np

from .._compile import jit
from .products import copy
from .rows import (
    add,
    behind,
    item,
    load_row,
    load_shared,
    multiply,
    row_of,
    store_numbers,
    store_row,
    total,
)
from .workspace import PLAN


@jit(inline=True)
def response(q, shift, s, lanes):
    """⟨w, x⟩ for patch q and the filters of a block, as a row; ``shift`` says where that begins."""
    l, end = item(s.plan, q * PLAN), item(s.plan, q * PLAN + 1)  # noqa: E741
    rows = behind(s.coefficients, item(s.plan, q * PLAN + 2) + shift)
    even = load_row(behind(s.initial_products, item(s.plan, q * PLAN + 3) + shift), 0, lanes)
    odd = row_of(s.zero, lanes)
    while l + 1 < end:  # two sums, so that neither waits for the other
        here, there = load_row(rows, l, lanes), load_row(rows, l + 1, lanes)
        even = add(even, multiply(row_of(item(s.gram, l), lanes), here))
        odd = add(odd, multiply(row_of(item(s.gram, l + 1), lanes), there))
        l += 2  # noqa: E741
    if l < end:
        even = add(even, multiply(row_of(item(s.gram, l), lanes), load_row(rows, l, lanes)))
    return add(even, odd)


@jit()
def largest_norm(r, sizes, s, lanes, patches):
    """The largest ‖z_i‖ alone, with another order of the sums. NaN counts as inf."""
    largest, size = s.zero, r.count * len(lanes)
    for i in range(sizes.n):
        if load_shared(s.stop) != 0:
            break
        squares = row_of(s.zero, lanes)
        for q in range(r.first + i * len(patches), r.first + (i + 1) * len(patches)):
            for b in range(sizes.blocks):
                z = response(q, b * size, s, lanes)
                squares = add(squares, multiply(z, z))
        square = total(squares)
        largest = max(largest, square if square == square else np.inf)
    return np.sqrt(largest)


@jit()
def record(r, at, sizes, s, lanes, patches):
    """⟨w_{j,r}, j u⟩ and ⟨w_{j,r}, j v⟩ into ``strong`` and ``weak``."""
    place = (r.number * sizes.records + at) * sizes.filters
    for feature in range(2):
        q = r.first + sizes.n * len(patches) + feature
        to = behind(s.strong if feature == 0 else s.weak, place)
        for b in range(sizes.blocks):
            row = multiply(load_row(s.j, b, lanes), response(q, b * r.count * len(lanes), s, lanes))
            begin = b * len(lanes)
            if begin + len(lanes) <= sizes.filters:
                store_numbers(to, begin, row)
            else:
                store_row(s.scratch, 0, row)
                copy(s.scratch, behind(to, begin), sizes.filters - begin)
