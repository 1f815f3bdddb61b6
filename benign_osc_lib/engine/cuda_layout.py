"""How a run lies in the shared memory of a GPU, and whether it fits. Pure functions of sizes."""

from typing import NamedTuple

WARP = 32
"""Threads of a warp, on every GPU of NVIDIA's so far. A block of the kernel is one warp."""

LAST, FIRST, DIRECTION = 1, 11, 21
"""The first bits of the fields of a code; see :func:`pack`. Bit 0 is the sign."""

MOST = 2**10 - 1
"""Directions of a run are at most as many: a code has ten bits for a number."""

FILTERS = 2
"""Filters of a thread, where there are enough threads: a number of the Gram matrix, once read,
serves so many."""


class Layout(NamedTuple):
    """What is fixed when the kernel is compiled, and the memory that a block needs."""

    patches: int
    """P."""
    own: int
    """Filters of a thread."""
    threads: int
    """Threads of a run, T, a power of two."""
    warp: int
    """Threads of a block."""
    bytes: int
    """Shared memory of a block."""

    @property
    def width(self):
        """Filters with the places that stay empty."""
        return self.own * self.threads

    @property
    def runs(self):
        """Runs of a block."""
        return self.warp // self.threads


def pack(direction, first, last, negative):
    """A patch as one int32: its direction; the range of that row of G; whether it is the negative.

    Args:
        direction: integers, up to :data:`MOST`.
        first: the first entry of the row that is not 0.
        last: one behind the last of them.
        negative: whether the patch is the negative of the direction, 0 or 1.
    """
    return direction << DIRECTION | first << FIRST | last << LAST | negative


def numbers_of_run(count, n, patches, width, threads, itemsize):
    """Shared memory of a run in numbers: G, w(0)·x_k, a_k, y, and a code a patch and feature.

    Rounded up so that the same places of two runs of a warp lie in different banks, which are 128
    bytes wide together.

    Args:
        count: directions.
        n: points.
        patches: P.
        width: filters with the places that stay empty.
        threads: T.
        itemsize: bytes of a number.
    """
    codes = -(-4 * (n * patches + 2) // itemsize)
    numbers = count * count + 2 * count * width + n + codes
    return numbers + (threads - numbers) % (128 // itemsize)


def layout(count, n, patches, filters, itemsize, shared, warp=WARP):
    """The Layout for a kind of runs, or None if one run does not fit the shared memory.

    As few threads a run as leave each :data:`FILTERS` filters; more where fewer runs fit a block.

    Args:
        count: directions of a run, u and v among them.
        n: points.
        patches: P.
        filters: 2m.
        itemsize: bytes of a number.
        shared: bytes of shared memory that a block may have.
        warp: threads of a block; fewer than 32 in the simulator only.
    """
    threads = 1
    while threads < warp and threads * FILTERS < filters:
        threads *= 2
    while count <= MOST and threads <= warp:
        own = -(-filters // threads)
        numbers = numbers_of_run(count, n, patches, own * threads, threads, itemsize)
        size = warp // threads * numbers * itemsize
        if size <= shared:
            return Layout(patches, own, threads, warp, size)
        threads *= 2
    return None
