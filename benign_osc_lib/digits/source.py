"""The images: 1797 handwritten digits of 8 × 8 pixels, which scikit-learn brings along."""

from functools import lru_cache

import torch


@lru_cache(maxsize=1)
def images():
    """All images and what they show.

    They are the test set of the optical recognition of handwritten digits data set of Alpaydin and
    Kaynak (UCI machine learning repository, CC BY 4.0), written by 13 people. Please do not write
    into the tensors: every call returns the same ones.

    Returns:
        (pixels, digits): float64 (1797, 64), row by row, from 0 (white) to 16; int64 (1797,).
    """
    from sklearn.datasets import load_digits  # here, because importing it takes a second

    found = load_digits()
    return torch.tensor(found.data, dtype=torch.float64), torch.tensor(found.target).long()
