"""What oscillation should teach of a set of images, before any training (chapter 15)."""

import torch

from .. import _checks
from ..patch_data import PatchData


def preferred_directions(data, *, steps=300):
    """The directions in patch 1 that grow fastest when every class banks the same error.

    With every point of a class visited equally often, and with the same surplus of the residual,
    a visit to one's own class changes log⟨w, x⟩ of a small filter of class j along the unit vector
    w by κ e ν_j(w), where (for ‖u‖ = 1)

        ν_j(w) = mean of max(⟨w, x⟩, 0)² over class j − the same mean over the other class.

    For one image y·v in all points this is ν = ‖v‖². The maximum over w is found by gradient
    ascent on the sphere, which is what the small filter does. It starts at j·v, the difference of
    the class means, and finds a local maximum. Source: chapter 15, "Predict first".

    Args:
        data: PatchData with two patches or more and both labels; leading axes (...) are a batch.
        steps: of the ascent, at least 1.

    Returns:
        (directions, gains): unit vectors (..., 2, d), index 0 for j = +1; and ν_j (..., 2), in
        units of squared length.

    Raises:
        TypeError: ``data`` is no PatchData, or ``steps`` no integer.
        ValueError: ``steps`` < 1, there is no patch 1, or a label is missing.
    """
    _checks.instance("data", data, PatchData)
    steps = _checks.integer("steps", steps, low=1)
    if data.x.shape[-2] < 2:
        raise ValueError(f"data must have two patches or more, got x {tuple(data.x.shape)}")
    x, j = data.x[..., None, :, 1, :], data.x.new_tensor([[1.0], [-1.0]])
    own = (data.y[..., None, :] * j > 0).to(x.dtype)  # (..., 2, n)
    if not bool((own.sum(-1) > 0).all()):
        raise ValueError("data must have points of both labels")
    share = own / own.sum(-1, keepdim=True) - (1 - own) / (1 - own).sum(-1, keepdim=True)
    largest = x.square().sum(-1).amax(-1)[..., None]

    def slope(w):
        """Half the gradient of ν_j, (..., 2, d); its product with w is ν_j(w)."""
        fires = torch.einsum("...nd,...d->...n", x, w).clamp(min=0)
        return torch.einsum("...n,...nd->...d", share * fires, x.expand(*fires.shape, -1))

    w = torch.nn.functional.normalize(
        torch.einsum("...n,...nd->...d", share, x.expand(*share.shape, -1)), dim=-1
    )
    for _ in range(steps):
        w = torch.nn.functional.normalize(w + slope(w) / largest, dim=-1)
    return w, (w * slope(w)).sum(-1)
