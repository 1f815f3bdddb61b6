"""The arithmetic floor: how many operations a step takes, and how many a second the CPU can do."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import types
from numba.extending import intrinsic

from benign_osc_lib._compile import jit
from benign_osc_lib.engine.rows import (
    FUSED,
    add,
    item,
    load_row,
    multiply,
    pointer,
    row_of,
    total,
)

LANES = (0,) * 8  # 512 bits of float64
CHAINS = (4, 6, 8, 12)  # independent sums; how many a processor needs and can hold differs


def operations(n, n_weak, m):
    """Floating-point operations of one SGD step of the reduced engine, on average over the points.

    There are n + |W| noise patches: one in each point, and a second one in the weak points. Noise
    is orthogonal to u and v, so the inner product of a filter with a patch takes n + |W|
    multiply-adds for noise and one for a feature.

    Args:
        n: points.
        n_weak: |W|, how many are weak.
        m: filters a sign.

    Returns:
        A dictionary: ``rows``, multiply-adds a filter in the inner products; and operations of all
        2m filters in the ``responses``, ``activation``, ``sums`` and ``update``, a multiply-add
        counted as two, and their ``total``.
    """
    filters, noise = 2 * m, n + n_weak
    rows = ((n - n_weak) * (noise + 2) + n_weak * (2 * noise + 1)) / n
    counted = {
        "responses": filters * 2 * rows,
        # For each of 3 patches: join two partial sums, ± sign, max with 0, square, add to Σ_p z².
        "activation": filters * 3 * (1 + 1 + 1 + 1 + 1),
        "sums": 2 * (filters - 1),  # from them f and Σ z², over the filters
        # 2η (y − f) j/m; then for each patch ± sign, times z, add.
        "update": filters * (1 + 3 * (1 + 1 + 1)),
    }
    return {"rows": rows, **counted, "total": sum(counted.values())}


@intrinsic
def _fuse_all(_, sums, a, b):
    """Each sum times a plus b."""

    def generate(context, builder, signature, args):
        found = []
        for k in range(signature.args[0].count):
            product = builder.fmul(builder.extract_value(args[0], k), args[1], flags=FUSED)
            found.append(builder.fadd(product, args[2], flags=FUSED))
        return context.make_tuple(builder, signature.return_type, found)

    return sums(sums, a, b), generate


@intrinsic
def _copies(_, row, chains):
    """A tuple of equal rows, as long as the tuple ``chains``."""
    result = types.UniTuple(row, chains.count)

    def generate(context, builder, signature, args):
        return context.make_tuple(builder, signature.return_type, [args[0]] * chains.count)

    return result(row, chains), generate


@jit(entry=True)
def _multiply_add(times, lanes, chains):
    """Multiply-adds in registers: ``times`` for each of the independent sums."""
    a, b = row_of(0.999, lanes), row_of(0.001, lanes)
    sums = _copies(a, chains)
    for _ in range(times):
        sums = _fuse_all(sums, a, b)
    found = 0.0
    for one in sums:
        found += total(one)
    return found


@jit(entry=True)
def _responses(times, numbers, rows, lanes):
    """Inner products as in a step, of ``len(numbers)`` directions, and nothing else."""
    gram, moved, count = pointer(numbers), pointer(rows), len(numbers)
    found = row_of(0.0, lanes)
    for _ in range(times):
        even, odd = row_of(0.0, lanes), row_of(0.0, lanes)
        for k in range(0, count - 1, 2):
            even = add(even, multiply(row_of(item(gram, k), lanes), load_row(moved, k, lanes)))
            there = load_row(moved, k + 1, lanes)
            odd = add(odd, multiply(row_of(item(gram, k + 1), lanes), there))
        found = add(found, add(even, odd))
    return total(found)


def _rate(work, operations, threads, repeats):
    """Operations a second that ``threads`` calls of work() do together, the best of some."""
    work()
    best = np.inf
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(repeats):
            start = time.perf_counter()
            list(pool.map(lambda _: work(), range(threads)))
            best = min(best, time.perf_counter() - start)
    return threads * operations / best


def peak(threads, chains=CHAINS, *, times=10**7, repeats=5):
    """The most operations a second in float64, a multiply-add counted as two: all in registers."""
    return max(
        _rate(
            lambda count=count: _multiply_add(times, LANES, (0,) * count),
            2 * len(LANES) * count * times,
            threads,
            repeats,
        )
        for count in chains
    )


def peak_from_memory(threads, n, n_weak, m, *, times=10**6, repeats=5):
    """The same for the inner products of a step, whose operands come from the first cache.

    Args:
        threads: how many at a time.
        n: points.
        n_weak: how many are weak.
        m: filters a sign; 2m a multiple of 8.
        times: how many inner products each thread makes.
        repeats: how many measurements; the best counts.
    """
    count = 2 * ((n + n_weak) // 2)
    filters = 2 * m
    aligned = np.zeros(count * filters + 8)
    skip = -aligned.ctypes.data % 64 // 8
    rows = aligned[skip : skip + count * filters]
    numbers, lanes = np.zeros(count), (0,) * filters
    return _rate(
        lambda: _responses(times, numbers, rows, lanes),
        2 * filters * count * times,
        threads,
        repeats,
    )
