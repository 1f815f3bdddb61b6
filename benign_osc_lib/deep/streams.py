"""Random numbers with a name: each use of a seed has a stream of its own.

So a run with another batch size begins at the same weights, and the order of an epoch is known
without the epochs before it: a run that goes on after a kill needs no state of a generator.
"""

import hashlib

import torch


def stream(seed, *name):
    """A generator on the CPU for one use of a seed.

    Args:
        seed: of the run.
        name: what the numbers are for: words and numbers.

    Returns:
        A ``torch.Generator``; the same for the same arguments, on every machine.
    """
    text = "/".join(map(str, (seed, *name)))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return torch.Generator().manual_seed(number >> 1)
