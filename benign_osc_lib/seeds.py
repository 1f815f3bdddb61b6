"""Seeds: the one source of randomness in the library."""

import torch

from . import _checks


def generators(seeds):
    """One CPU generator for each seed.

    A function that takes a sequence of generators returns a batch: entry k depends on seed k
    alone, so run k is the same run whatever the other seeds are and however many.

    Args:
        seeds: iterable of non-negative integers.

    Returns:
        A list of ``torch.Generator``, in the order of ``seeds``.

    Raises:
        TypeError: ``seeds`` is no iterable, or a seed is not an integer.
        ValueError: a seed is negative, or 2**63 and above.
    """
    try:
        seeds = list(seeds)
    except TypeError:
        raise TypeError(f"seeds must be an iterable of integers, got {seeds!r}") from None
    return [
        torch.Generator().manual_seed(_checks.integer("seeds", s, low=0, high=2**63 - 1))
        for s in seeds
    ]
