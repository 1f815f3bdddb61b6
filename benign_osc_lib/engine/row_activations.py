"""The activations σ of a rule and their slopes σ', on rows of filters.

The loop chooses among those with a name while it runs: a branch that always goes the same way costs
next to nothing, and one compiled loop then serves all of them. A researcher's own is compiled into
a loop of its own.
"""

import math

from .._compile import jit
from .rows import item, load_row, multiply, row_of, store, store_row, where_positive

OWN = -1
"""The number of an activation without a name."""

NUMBERS = {"relu": 0, "relu2": 1, "relu3": 2, "quadratic": 3, "gelu": 4}
RELU, RELU2, RELU3, QUADRATIC, GELU = NUMBERS.values()


@jit(inline=True)
def by_numbers(z, s, value, slope):
    """σ and σ' of a row, one number after the other."""
    count = len(s.lanes)
    store_row(s.scratch, 0, z)
    for r in range(count):
        number = float(item(s.scratch, r))
        store(s.scratch, r, value(number))
        store(s.scratch, count + r, slope(number))
    return load_row(s.scratch, 0, s.lanes), load_row(s.scratch, 1, s.lanes)


@jit()
def gelu(z, s):
    """z Φ(z) and its slope for a row: one erfc serves both."""
    count = len(s.lanes)
    store_row(s.scratch, 0, z)
    for r in range(count):
        number = float(item(s.scratch, r))
        below = 0.5 * math.erfc(-number / math.sqrt(2.0))
        density = math.exp(-0.5 * number * number) / math.sqrt(2.0 * math.pi)
        store(s.scratch, r, number * below)
        store(s.scratch, count + r, below + number * density)
    return load_row(s.scratch, 0, s.lanes), load_row(s.scratch, 1, s.lanes)


@jit(inline=True)
def activate(z, s, value, slope):
    """σ and σ' of a row.

    Args:
        z: a row.
        s: a State of ``family_state``; ``s.rule.kind`` is one of :data:`NUMBERS`, or :data:`OWN`.
        value: σ of one float, compiled; None unless the activation is one's own.
        slope: σ', likewise.
    """
    kind = s.rule.kind
    if value is not None:
        return by_numbers(z, s, value, slope)
    if kind == GELU:
        return gelu(z, s)
    if kind == RELU:
        return where_positive(z, z), where_positive(z, row_of(s.one, s.lanes))
    if kind != QUADRATIC:
        z = where_positive(z, z)
    square = multiply(z, z)
    if kind == RELU3:
        return multiply(square, z), multiply(row_of(s.one + s.one + s.one, s.lanes), square)
    return square, multiply(row_of(s.one + s.one, s.lanes), z)
