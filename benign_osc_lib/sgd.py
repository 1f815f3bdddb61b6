"""One step of stochastic gradient descent, eq. (3), with the gradient written out."""

import torch

from . import _checks
from .network import activation_slope, output, responses


def signs_j(like):
    """The filter signs j = +1, −1 as a tensor (2, 1, 1), to multiply weights (..., 2, m, d)."""
    return torch.tensor([1.0, -1.0], dtype=like.dtype, device=like.device)[:, None, None]


def gradient(weights, x_i, y_i):
    """The network's output on one point and the gradient of its loss, without checks.

    The loss of a point is ½ (f(x_i) − y_i)², eq. (2). By the chain rule its gradient is

    ∂/∂w_{j,r} = Σ_p c_{j,r,p} x_i^(p),  c_{j,r,p} = (j/m) (f(x_i) − y_i) σ'(⟨w_{j,r}, x_i^(p)⟩).

    Args:
        weights: (..., 2, m, d).
        x_i: (..., P, d).
        y_i: (...).

    Returns:
        f (...) and the coefficients c of the gradient, (..., 2, m, P).
    """
    z = responses(weights, x_i)
    f = output(z)
    residual = (f - y_i)[..., None, None, None]
    return f, signs_j(weights) / weights.shape[-2] * residual * activation_slope(z)


def along_patches(c, x_i):
    """Σ_p c_{j,r,p} x_i^(p): (..., 2, m, P) and (..., P, d) to (..., 2, m, d)."""
    return torch.einsum("...jrp,...pd->...jrd", c, x_i)


def sgd_step(weights, x_i, y_i, lr):
    """One SGD step on one point, eq. (3).

    w_{j,r} ← w_{j,r} − (jη/m) (f(x_i) − y_i) Σ_p σ'(⟨w_{j,r}, x_i^(p)⟩) x_i^(p)

    Args:
        weights: (..., 2, m, d).
        x_i: the patches of the point, (..., P, d).
        y_i: its label, −1 or +1: a number, a tensor (...) or a nested list.
        lr: the learning rate η > 0: a number, a tensor (...) or a nested list.

    Returns:
        The new weights, (..., 2, m, d); leading axes broadcast. ``weights`` is left as it is.

    Raises:
        TypeError: something is not a floating tensor, or ``weights`` and ``x_i`` differ in dtype;
            labels and rates are converted.
        ValueError: shapes or devices disagree, a label is not ±1, or a rate is not positive.
    """
    _checks.floats("weights", weights, last=(2, "m", "d"))
    _checks.floats("x_i", x_i, last=("P", weights.shape[-1]))
    y_i = _checks.tensor_or_list("y_i", y_i).to(weights)
    lr = _checks.learning_rate(lr, like=weights)
    _checks.same_kind(weights=weights, x_i=x_i)
    _checks.each_label("y_i", y_i)
    _checks.broadcast(weights=weights.shape[:-3], x_i=x_i.shape[:-2], y_i=y_i.shape, lr=lr.shape)
    _, c = gradient(weights, x_i, y_i)
    return weights - along_patches(lr[..., None, None, None] * c, x_i)
