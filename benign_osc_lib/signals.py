"""What filters draw from a patch: the four signals s, q, s⁻ and q⁻, always in this order.

A signal is the mean answer (1/m) Σ_r σ(·) of the filters of one sign to a patch. For a point of
class y, s and q are those of the filters of the point's own sign, s⁻ and q⁻ those of the filters
of the other sign, and y f is s + q − s⁻ − q⁻. With two features s belongs to u and q to v
(chapter 4); with one signal and noise s belongs to the noise of a point and q to μ (chapter 9).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from . import _checks
from .network import activation
from .patch_data import PatchData


class Signals(NamedTuple):
    """The four signals of a network, in the book's order.

    Args:
        s: of the filters of the own class: strong feature, or noise of a point.
        q: of the filters of the own class: weak feature, or the one signal μ.
        s_other: s⁻, the same as ``s`` for the filters of the other class.
        q_other: q⁻, the same as ``q`` for the filters of the other class.
    """

    s: Tensor
    q: Tensor
    s_other: Tensor
    q_other: Tensor


def learned_signal(products):
    """How much of the output filters of one sign draw from a feature, (1/m) Σ_r σ(·).

    Args:
        products: ⟨w_{j,r}, j u⟩ or ⟨w_{j,r}, j v⟩, (..., m), as in ``Run.strong`` and ``Run.weak``.

    Returns:
        (...): s for the strong feature, q for the weak one.

    Raises:
        TypeError: ``products`` is not a floating tensor.
        ValueError: it has no axis of filters.
    """
    _checks.floats("products", products, last=("m",))
    return activation(products).mean(-1)


def at_point(weights, u, v, y):
    """The four signals of a network at one noiseless point (y u, y v) of chapter 4.

    Args:
        weights: filters, (..., 2, m, d).
        u: strong feature, (d,) or (..., d).
        v: weak feature, (d,) or (..., d).
        y: the label of the point, −1 or +1.

    Returns:
        Signals (s, q, s_other, q_other), each a tensor (...); leading axes broadcast.

    Raises:
        TypeError: a tensor is missing or of another dtype.
        ValueError: shapes disagree, or y is not ±1.
    """
    s, s_other = _drawn(weights, y, u=u)
    q, q_other = _drawn(weights, y, v=v)
    return Signals(s, q, s_other, q_other)


def class_lead(weights, v, y):
    """q_y − q⁻_y, by how much the filters of sign y answer more strongly to y v than the others.

    Args:
        weights: (..., 2, m, d).
        v: weak feature, (d,) or (..., d).
        y: the class, −1 or +1.

    Returns:
        (...); leading axes broadcast.

    Raises:
        TypeError: a tensor is missing or of another dtype.
        ValueError: shapes disagree, or y is not ±1.
    """
    q, q_other = _drawn(weights, y, v=v)
    return q - q_other


def _drawn(weights, y, **named):
    """What the filters of sign y and those of the other sign draw from y times a feature."""
    ((name, feature),) = named.items()
    _checks.floats("weights", weights, last=(2, "m", "d"))
    _checks.floats(name, feature, last=(weights.shape[-1],))
    _checks.same_kind(weights=weights, **named)
    _checks.broadcast(weights=weights.shape[:-3], **{name: feature.shape[:-1]})
    _checks.one_label("y", y)
    plus, minus = learned_signal(y * _overlaps(weights, feature)).unbind(-1)
    return (plus, minus) if y == 1 else (minus, plus)


def _overlaps(weights, feature):
    """⟨w_{j,r}, feature⟩, (..., 2, m)."""
    if feature.ndim == 1:
        return weights @ feature  # the same to the last bit in a batch and alone
    return (weights @ feature[..., None, :, None]).squeeze(-1)


def of_signal_and_noise(weights, data):
    """The four signals of a network on the points (y μ, ξ) of chapter 9.

    Args:
        weights: (..., 2, m, d).
        data: PatchData with patches (y μ, ξ), x (..., n, 2, d), and u = μ, (d,) or (..., d).

    Returns:
        Signals; leading axes broadcast. One entry a point: s with the filters of sign y_i at ξ_i,
        s_other with those of sign −y_i, each (..., n). One entry a class j = +1, −1: q with the
        filters of sign j at j μ, q_other with those of sign −j, each (..., 2).

    Raises:
        TypeError: an argument is of the wrong type, or dtypes differ.
        ValueError: shapes or devices disagree, or the patches of a point are not (y μ, ξ).
    """
    mu, xi = _signal_and_noise(data)
    _checks.floats("weights", weights, last=(2, "m", mu.shape[-1]))
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    _checks.broadcast(data=data.y.shape[:-1], weights=weights.shape[:-3])
    overlaps = _overlaps(weights, mu)
    at_plus, at_minus = learned_signal(overlaps), learned_signal(-overlaps)  # of both signs
    q = torch.stack([at_plus[..., 0], at_minus[..., 1]], -1)
    q_other = torch.stack([at_plus[..., 1], at_minus[..., 0]], -1)
    noise = activation(torch.einsum("...jrd,...nd->...jrn", weights, xi)).mean(-2)
    plus, minus = noise.unbind(-2)
    own = data.y > 0
    s, s_other = torch.where(own, plus, minus), torch.where(own, minus, plus)
    return Signals(s, q, s_other, q_other)


def _signal_and_noise(data):
    """μ, (d,) or (..., d), and the noise patches (..., n, d)."""
    _checks.instance("data", data, PatchData)
    if data.x.shape[-2] != 2 or data.u is None:
        raise ValueError(
            f"data must have two patches a point and u = μ, got x of shape {tuple(data.x.shape)}"
        )
    shown, mu = data.y[..., None] * data.x[..., 0, :], data.u[..., None, :]
    if not bool(((shown - mu).norm(dim=-1) <= 1e-5 * mu.norm(dim=-1)).all()):
        raise ValueError("data must have y·u as patch 0 of every point, with u = μ")
    return data.u, data.x[..., 1, :]
