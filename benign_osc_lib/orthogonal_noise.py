"""Data with noise patches orthogonal to each other, as chapter 10 assumes them."""

import torch

from . import _checks
from .patch_data import PatchData


def with_orthogonal_noise(data, length):
    """The same points with noise patches orthogonal to each other and of one length.

    The noise patches (patch 2 of every point, patch 0 of the weak ones) become orthonormal by a
    QR factorisation, which keeps them orthogonal to u and v, and are scaled.

    Args:
        data: PatchData of one data set in the paper's layout, without leading axes.
        length: ‖ξ‖ > 0 of every noise patch.

    Returns:
        PatchData.

    Raises:
        TypeError: ``data`` is no PatchData.
        ValueError: it has leading axes, or more noise patches than its dimension less 2.
    """
    _checks.instance("data", data, PatchData)
    _checks.one_data_set("data", data.y.shape[:-1])
    _checks.positive("length", length)
    noise = torch.cat([data.x[:, 2], data.x[data.is_weak, 0]])
    count, d = noise.shape
    if count > d - 2:
        raise ValueError(f"data must have at most d - 2 = {d - 2} noise patches, got {count}")
    noise = length * torch.linalg.qr(noise.T).Q.T
    x = data.x.clone()
    x[:, 2] = noise[: len(x)]
    x[data.is_weak, 0] = noise[len(x) :]
    return PatchData(x=x, y=data.y, is_weak=data.is_weak, u=data.u, v=data.v)
