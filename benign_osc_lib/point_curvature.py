"""The Hessian of each point's loss in the paper's network, for many runs at once (chapter 14).

That of ½ (f(x_i) − y_i)² lives, for each filter, in the span of the patches of x_i: it has 2 m P
dimensions instead of 2 m d, and is written down here without automatic differentiation. For other
networks see :mod:`benign_osc_lib.hessian`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from . import _checks
from .network import activation_slope, output, responses
from .patch_data import PatchData
from .sgd import signs_j


@dataclass(frozen=True)
class PointHessians:
    """Hessians and gradients of the losses of n points, of any runs, in an orthonormal basis.

    The basis belongs to the point: for each filter, the patches made orthonormal one after the
    other, so that the first direction is that of the first patch.

    Args:
        matrix: (..., n, 2 m P, 2 m P).
        gradient: (..., n, 2 m P).
        patches: P, or d if that is less.
    """

    matrix: Tensor
    gradient: Tensor
    patches: int

    def top(self):
        """The largest eigenvalue, (..., n)."""
        return torch.linalg.eigvalsh(self.matrix)[..., -1]

    def share_of_first_patch(self):
        """The share of the top eigenvector's square along the first patch, (..., n).

        That patch is y u at a strong point.
        """
        top = torch.linalg.eigh(self.matrix).eigenvectors[..., -1]
        return top.square().unflatten(-1, (-1, self.patches))[..., 0].sum(-1)

    def along_gradient(self):
        """gᵀ H g and ‖g‖², each (..., n); their ratio is the curvature along the gradient."""
        g = self.gradient
        product = (self.matrix @ g[..., None])[..., 0]
        return (g * product).sum(-1), g.square().sum(-1)


def point_hessians(weights, data):
    """The Hessian of the loss of each point alone, away from the fit as well as at it.

    With J = ∇f(x_i) it is J Jᵀ + (f(x_i) − y_i) ∇²f(x_i). Here ∇²f is block diagonal, with the
    block (j/m) Σ_p σ''(⟨w_{j,r}, x^(p)⟩) x^(p) x^(p)ᵀ for filter (j, r); σ'' is 2 where it answers.

    Source: chapter 14, "One point: first down, then up", for any number of patches.

    Args:
        weights: (..., 2, m, d).
        data: PatchData with n points.

    Returns:
        PointHessians, (..., n); leading axes broadcast.

    Raises:
        TypeError: ``data`` is no PatchData, or dtypes differ.
        ValueError: shapes or devices disagree, or the weights are not finite.
    """
    _checks.floats("weights", weights, last=(2, "m", "d"))
    _checks.instance("data", data, PatchData)
    _checks.floats("data.x", data.x, last=("n", "P", weights.shape[-1]))
    _checks.same_kind(weights=weights, x=data.x)
    _checks.finite("weights", weights)
    _checks.broadcast(weights=weights.shape[:-3], data=data.x.shape[:-3])
    basis = torch.linalg.qr(data.x.mT).R.mT  # the patches in an orthonormal basis, (..., n, P, P)
    weights = weights.unsqueeze(-4)  # an axis of points
    z = responses(weights, data.x)  # (..., n, 2, m, P)
    residual = (output(z) - data.y)[..., None, None, None]
    each = signs_j(weights) / weights.shape[-2]
    slope = ((each * activation_slope(z)) @ basis.unsqueeze(-3)).flatten(-3)  # J
    bends = residual * each * 2 * (z > 0)
    blocks = torch.einsum("...jrp,...pk,...pl->...jrkl", bends, basis, basis).flatten(-4, -3)
    matrix = slope[..., :, None] * slope[..., None, :]
    filters, patches = blocks.shape[-3:-1]
    view = matrix.unflatten(-1, (filters, patches)).unflatten(-3, (filters, patches))
    view.diagonal(dim1=-4, dim2=-2).add_(blocks.movedim(-3, -1))
    return PointHessians(matrix, residual[..., 0, 0] * slope, patches)
