"""The two-layer patch network of eq. (1) and its initialisation."""

import torch

from . import _checks
from ._draws import draw, in_parts
from .activations import find


def init_weights(m, d, scale, *, generator=None, device=None, dtype=torch.float64):
    """Gaussian filters, every entry N(0, σ_0²).

    Args:
        m: filters per sign, at least 1.
        d: dimension of a patch, at least 1.
        scale: σ_0 > 0.
        generator: a CPU ``torch.Generator``; a sequence of them for a leading axis of independent
            networks; or None for torch's default generator.
        device: where the result lives; None is the CPU. The draw itself is made on the CPU.
        dtype: a floating dtype.

    Returns:
        The weights, (..., 2, m, d). Index 0 of the third axis from the end is j = +1, index 1 is
        j = −1.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    _checks.integer("m", m, low=1)
    _checks.integer("d", d, low=1)
    _checks.positive("scale", scale)
    _checks.floating_dtype(dtype)
    _checks.device(device)
    found, batched = _checks.cpu_generators(generator)

    def make(part, weights):
        draw(part, ("normal", weights))
        weights *= scale

    weights = in_parts(found, {"weights": ((2, m, d), float)}, make)["weights"]
    weights = weights if batched else weights[0]
    return weights.to(device=device, dtype=dtype)


def activation(z):
    """σ(z) = max(z, 0)², the squared ReLU."""
    return z.clamp(min=0).square()


def activation_slope(z):
    """σ'(z) = 2 max(z, 0)."""
    return 2 * z.clamp(min=0)


def responses(weights, x):
    """The inner products ⟨w_{j,r}, x^(p)⟩.

    Args:
        weights: (..., 2, m, d).
        x: patches of one point, (..., P, d).

    Returns:
        (..., 2, m, P). Leading axes broadcast.
    """
    return torch.einsum("...jrd,...pd->...jrp", weights, x)


def output(z, sigma=activation, second=None):
    """Eq. (1) from the inner products.

    f = Σ_j j F_j with F_j = (1/m) Σ_r a_{j,r} Σ_p σ(z_{j,r,p}); in the paper every a is 1.

    Args:
        z: (..., 2, m, P).
        sigma: σ, of a tensor.
        second: the factors a_{j,r} of a second layer, (..., 2, m), or None for 1.

    Returns:
        f, (...).
    """
    filters = sigma(z).sum(-1)
    f_plus, f_minus = (filters if second is None else second * filters).mean(-1).unbind(-1)
    return f_plus - f_minus


def predict(weights, x, *, activation="relu2", second_layer=None):
    """The network's output f(x; W), eq. (1). Its sign is the predicted label.

    Args:
        weights: (..., 2, m, d), as from :func:`init_weights`.
        x: the patches of n points, (..., n, P, d), in the dtype and on the device of ``weights``.
        activation: σ, as in :class:`~benign_osc_lib.rule.Rule`.
        second_layer: the factors a_{j,r} of a second layer, (..., 2, m), as in ``Run``; or None for
            1, eq. (1).

    Returns:
        f, (..., n). Leading axes broadcast.

    Raises:
        TypeError: something is not a floating tensor, or the dtypes differ.
        ValueError: shapes or devices disagree, or no activation has this name.
    """
    _checks.floats("weights", weights, last=(2, "m", "d"))
    _checks.floats("x", x, last=("n", "P", weights.shape[-1]))
    _checks.same_kind(weights=weights, x=x)
    shapes = {"weights": weights.shape[:-3], "x": x.shape[:-3]}
    if second_layer is not None:
        _checks.floats("second_layer", second_layer, last=(2, weights.shape[-2]))
        _checks.same_kind(weights=weights, second_layer=second_layer)
        shapes["second_layer"] = second_layer.shape[:-2]
        second_layer = second_layer.unsqueeze(-3)
    _checks.broadcast(**shapes)
    return output(responses(weights.unsqueeze(-4), x), find(activation).torch, second_layer)
