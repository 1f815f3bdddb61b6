"""Numbers drawn from many generators, several at a time: torch lets other threads run meanwhile."""

import math

import numpy as np
import torch

from ._threads import for_each

PART = 2**15
"""Numbers made in one task, unless one generator gives more: so few that torch takes no threads."""


def in_parts(generators, shapes, make):
    """Arrays that are made with each of some generators: in parts, and those in threads.

    A generator that stands there twice is a reason to go through them one after the other.

    Args:
        generators: list of CPU generators; None is torch's default one.
        shapes: name -> (shape, NumPy dtype) of what is made with one of them.
        make: called as ``make(part, **arrays)`` with a part of the list and, by their names, arrays
            to be filled, with a leading axis for the generators of the part.

    Returns:
        name -> CPU tensor, with a leading axis for the generators.
    """
    count, size = len(generators), sum(math.prod(shape) for shape, _ in shapes.values())
    arrays = {name: np.empty((count, *shape), dtype) for name, (shape, dtype) in shapes.items()}

    def make_part(first, end):
        make(generators[first:end], **{name: array[first:end] for name, array in arrays.items()})

    if len(set(map(id, generators))) < count or count * size <= PART:
        make_part(0, count)
    else:
        step = max(1, PART // size)
        starts = range(0, count, step)
        for_each(len(starts), lambda: lambda k: make_part(starts[k], starts[k] + step))
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def draw(generators, *wanted):
    """Fill arrays with what each generator gives, one array after the other.

    Args:
        generators: list of CPU generators; None is torch's default one.
        wanted: pairs of a law, "uniform" on [0, 1) or "normal" N(0, 1), and a float64 array with a
            leading axis for the generators.
    """
    for k, generator in enumerate(generators):
        for law, array in wanted:
            fill(array[k], law, generator)


def fill(numbers, law, generator):
    """Overwrite an array with numbers drawn from a generator, "uniform" or "normal"."""
    tensor = torch.from_numpy(numbers)
    if law == "uniform":
        tensor.uniform_(generator=generator)
    else:
        tensor.normal_(generator=generator)
