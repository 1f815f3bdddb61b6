"""What several tests of the library need."""

import torch

FALSE_ALARM = 1e-6
"""The probability with which a statistical test may fail although nothing is wrong."""


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def normal(seed, *shape):
    """Standard Gaussian entries, float64."""
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def assert_close(now, expected, tolerance=1e-12):
    torch.testing.assert_close(now, torch.as_tensor(expected), rtol=tolerance, atol=tolerance)
