"""Whether the products of two norms stay in the range of the dtype, for engines in tensors."""

import math

import torch

from .problem import OutOfRange


def check_range(x, u, v):
    """Raise unless the products of norms that inner products need stay in the range of the dtype.

    Args:
        x: the patches, (..., n, P, d).
        u: the strong feature, (..., d).
        v: the weak feature, (..., d).

    Raises:
        OutOfRange: a product of the norms of two patches, or of a feature and a patch, leaves it.
    """
    if surely_in_range(x, u, v):
        return
    low, high = math.log2(torch.finfo(x.dtype).tiny), math.log2(torch.finfo(x.dtype).max)
    patches = _sizes(x)
    for name, vectors in (("data.x", x), ("data.u", u), ("data.v", v)):
        sizes = _sizes(vectors)
        if not (patches and sizes):
            continue
        if patches[0] + sizes[0] < low or patches[1] + sizes[1] > high:
            raise OutOfRange(name, x.dtype)


def surely_in_range(*vectors):
    """Whether all norms are so moderate, and none 0, that no product can leave the dtype's range.

    It reads the data once; what decides where this says no reads them several times.

    Args:
        vectors: tensors (..., d).

    Returns:
        A bool.
    """
    limits = torch.finfo(vectors[0].dtype)
    norms = [torch.linalg.vector_norm(v, dim=-1) for v in vectors]
    inside = [(n >= limits.tiny**0.25) & (n <= limits.max**0.25) for n in norms]
    return all(bool(some.all()) for some in inside)


def _sizes(vectors):
    """log₂ of the shortest and of the longest norm of vectors (..., d) other than 0, if any."""
    scale = vectors.abs().amax(-1)
    norms = torch.linalg.vector_norm(vectors / scale[..., None], dim=-1).log2() + scale.log2()
    norms = norms[scale > 0]
    return (float(norms.min()), float(norms.max())) if norms.numel() else None
