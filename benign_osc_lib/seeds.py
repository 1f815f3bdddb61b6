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
    return [torch.Generator().manual_seed(seed) for seed in _checks.seeds(seeds)]
