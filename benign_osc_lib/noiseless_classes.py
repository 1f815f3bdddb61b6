"""Two classes of noiseless points: by how much each satisfies its theorem (appendix G)."""

from typing import NamedTuple

import torch
from torch import Tensor

from . import _checks
from .signals import at_point
from .theory.scales import kappa as kappa_of
from .theory.scales import nu as nu_of
from .theory.stopping import largest_signal, smallest_factor


class NoiselessMargins(NamedTuple):
    """The margins of the hypotheses (N1) and (N2), (..., 2), for the classes +1 and −1.

    A negative entry is a hypothesis that fails.

    Args:
        turned: (N1), the least ⟨w_{j,r}, j u⟩ of the filters of the class.
        signs: min(κ − 1, c − c_0/2), with c for the bound B of q⁻ below and c_0 for B = 0.
        weak: 1 − κν (1 + B): it keeps the overlaps with v of both classes apart.
        start: the largest s + q that B allows, less s + q.
        active: min(s, q), which must be positive.
    """

    turned: Tensor
    signs: Tensor
    weak: Tensor
    start: Tensor
    active: Tensor


def noiseless_margins(weights, u, v, lr):
    """By how much two classes of noiseless points (y u, y v) satisfy the theorem at these weights.

    If no entry is negative, ``active`` is positive, and both labels are visited again and again
    from here on, each class is a run of one point of its own, and for almost every start both
    leads end at ``theory.terminal_weak_signal`` or above. The bound of q⁻ that is tried is
    B = 2 q⁻ max(1, 4 (s + q)/c_0²), which serves as long as c >= c_0/2.

    Source: appendix G, Theorem G.3.

    Args:
        weights: (..., 2, m, d).
        u: strong feature, (d,), not zero.
        v: weak feature, (d,), orthogonal to u and shorter.
        lr: the learning rate, a number > 0.

    Returns:
        NoiselessMargins, each entry (..., 2).

    Raises:
        TypeError: a tensor is missing or of another dtype, or lr is not a number.
        ValueError: shapes disagree, v is not orthogonal to u or not shorter, or lr is not
            positive.
    """
    _checks.positive("lr", lr)
    for name, feature in {"u": u, "v": v}.items():
        _checks.floats(name, feature, last=("d",))
        if feature.ndim > 1 or not feature.any():
            raise ValueError(f"{name} must be a vector other than 0, got shape {feature.shape}")
    u_norm, v_norm = float(u.norm()), float(v.norm())
    classes = [at_point(weights, u, v, y) for y in (1, -1)]
    s, q, _, q_other = (torch.stack(parts, -1) for parts in zip(*classes, strict=True))
    if abs(float(u @ v)) > 1e-5 * u_norm * v_norm or v_norm >= u_norm:
        raise ValueError(
            "v must be orthogonal to u and shorter, got u, v of lengths "
            f"{u_norm}, {v_norm} and the product {float(u @ v)}"
        )
    kappa = weights.new_tensor(kappa_of(lr, u_norm, weights.shape[-2]))
    nu = nu_of(u_norm, v_norm)
    c_0 = smallest_factor(kappa)
    bound = 2 * q_other * (4 * (s + q) / c_0**2).clamp(min=1)
    c = smallest_factor(kappa, bound)
    signed = weights.new_tensor([1.0, -1.0])[:, None] * (weights @ u)
    return NoiselessMargins(
        turned=signed.amin(-1),
        signs=(c - c_0 / 2).clamp(max=kappa - 1),
        weak=1 - kappa * nu * (1 + bound),
        start=largest_signal(kappa, bound) - s - q,
        active=torch.minimum(s, q),
    )
