"""Numbers drawn from many generators, several at a time: torch lets other threads run meanwhile."""

import math

import numpy as np
import torch

from ._threads import for_each

PART = 2**15
"""Numbers made in one task, unless one generator gives more: so few that torch takes no threads."""


def in_parts(generators, shapes, some):
    """What ``some`` makes with each generator: in parts, and those in threads.

    A generator that stands there twice is a reason to go through them one after the other.

    Args:
        generators: list of CPU generators; None is torch's default one.
        shapes: name -> (shape, NumPy dtype) of what is made with one of them.
        some: a function of a part of the list; it returns a dict with a CPU tensor for each name,
            with a leading axis for the generators.

    Returns:
        name -> CPU tensor, with a leading axis for the generators.
    """
    count, size = len(generators), sum(math.prod(shape) for shape, _ in shapes.values())
    found = {name: np.empty((count, *shape), dtype) for name, (shape, dtype) in shapes.items()}

    def make(first, end):
        for name, made in some(generators[first:end]).items():
            found[name][first:end] = made.numpy()

    if len(set(map(id, generators))) < count or count * size <= PART:
        make(0, count)
    else:
        step = max(1, PART // size)
        starts = range(0, count, step)
        for_each(len(starts), lambda: lambda k: make(starts[k], starts[k] + step))
    return {name: torch.from_numpy(array) for name, array in found.items()}


def draw(generators, *wanted):
    """What each generator gives, drawn one after the other from each.

    Args:
        generators: list of CPU generators; None is torch's default one.
        wanted: pairs of "uniform", on [0, 1), or "normal", N(0, 1), and a shape.

    Returns:
        A float64 tensor on the CPU for each pair, (len(generators), *shape).
    """
    drawn = [np.empty((len(generators), *shape)) for _, shape in wanted]
    for k, generator in enumerate(generators):
        for (law, _), numbers in zip(wanted, drawn, strict=True):
            fill(numbers[k], law, generator)
    return [torch.from_numpy(numbers) for numbers in drawn]


def fill(numbers, law, generator):
    """Overwrite an array with numbers drawn from a generator, "uniform" or "normal"."""
    tensor = torch.from_numpy(numbers)
    if law == "uniform":
        tensor.uniform_(generator=generator)
    else:
        tensor.normal_(generator=generator)
