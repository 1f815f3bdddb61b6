"""The points of a ``FeatureNoiseModel`` from the numbers that are drawn for them."""

import torch


def numbers(model, n):
    """What n points take from a generator, one after the other, for :func:`_draws.draw`."""
    return ("uniform", (2, n)), ("normal", (n, 2, model.d))


def shapes(model, n):
    """What :func:`points` makes, for :func:`_draws.in_parts`."""
    return {"x": ((n, 3, model.d), float), **label_shapes(n)}


def points(model, n_weak, chance, normal):
    """Points from their numbers, (..., 2, n) and (..., n, 2, d): the tensors x, y and is_weak."""
    found = labels(model, n_weak, chance)
    signs, weak = found["y"][..., None], found["is_weak"][..., None]
    noise = model.sigma_p * normal
    noise[..., :2] = 0  # the axes of u and v
    patch_0 = torch.where(weak, noise[..., 0, :], signs * model.u)
    return {"x": torch.stack([patch_0, signs * model.v, noise[..., 1, :]], dim=-2), **found}


def label_shapes(n):
    """What :func:`labels` makes."""
    return {"y": ((n,), float), "is_weak": ((n,), bool)}


def labels(model, n_weak, chance):
    """The labels y and is_weak of points, from the first of their numbers, (..., 2, n)."""
    of_label, of_kind = chance.unbind(-2)
    y = torch.where(of_label < 0.5, 1.0, -1.0).to(chance.dtype)
    if n_weak is None:
        is_weak = of_kind < model.rho
    else:
        is_weak = torch.zeros_like(of_kind, dtype=torch.bool)
        is_weak.scatter_(-1, of_kind.topk(n_weak, largest=False, sorted=False).indices, True)
    return {"y": y, "is_weak": is_weak}
