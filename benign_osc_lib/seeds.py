"""Seeds: the one source of randomness in the library."""

import torch

from . import _checks


def generators(seeds):
    """One CPU generator for each seed.

    A function that takes a sequence of generators returns a batch: entry k depends on seed k
    alone, so run k is the same run whatever the other seeds are and however many.

    Args:
        seeds: non-negative integers below 2**63: a range, a list, an array, a tensor (n,) or any
            other iterable.

    Returns:
        A list of ``torch.Generator``, in the order of ``seeds``.

    Raises:
        TypeError: ``seeds`` is no iterable, or a seed is not an integer.
        ValueError: a seed is negative, or 2**63 and above.
    """
    return [torch.Generator().manual_seed(seed) for seed in seed_list(seeds)]


def seed_list(seeds):
    """The seeds as a list of Python integers, checked.

    Args:
        seeds: as for :func:`generators`.

    Returns:
        A list of int.

    Raises:
        TypeError: ``seeds`` is no iterable, or a seed is not an integer.
        ValueError: a seed is negative, or 2**63 and above.
    """
    try:
        seeds = list(seeds.tolist() if hasattr(seeds, "tolist") else seeds)
    except TypeError:
        raise TypeError(f"seeds must be an iterable of integers, got {seeds!r}") from None
    return [_checks.integer("seeds", seed, low=0, high=2**63 - 1) for seed in seeds]
