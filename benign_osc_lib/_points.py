"""The points of a ``FeatureNoiseModel`` from the numbers that are drawn for them.

For n points a generator gives, one after the other, ``chance``: uniform numbers (2, n); and
``normal``: normal numbers (n, 2, d). Leading axes are a batch.
"""

import numpy as np
import torch


def shapes(model, n):
    """What n points are made of, for :func:`benign_osc_lib._draws.in_parts`."""
    return {"x": ((n, 3, model.d), float), "y": ((n,), float), "is_weak": ((n,), bool)}


def numbers(model, n, count):
    """The pairs of laws and arrays for ``count`` generators, for :func:`_draws.draw`."""
    return ("uniform", np.empty((count, 2, n))), ("normal", np.empty((count, n, 2, model.d)))


def fill_points(model, n_weak, chance, normal, x, y, is_weak):
    """Fill x (..., n, 3, d), y and is_weak (..., n); ``normal`` is overwritten."""
    fill_labels(model, n_weak, chance, y, is_weak)
    normal *= model.sigma_p
    normal[..., :2] = 0  # the axes of u and v
    signs = y[..., None]
    np.multiply(signs, model.u.numpy(), out=x[..., 0, :])
    np.copyto(x[..., 0, :], normal[..., 0, :], where=is_weak[..., None])
    np.multiply(signs, model.v.numpy(), out=x[..., 1, :])
    x[..., 2, :] = normal[..., 1, :]


def fill_labels(model, n_weak, chance, y, is_weak):
    """Fill y and is_weak, (..., n)."""
    of_label, of_kind = chance[..., 0, :], chance[..., 1, :]
    y[:] = np.where(of_label < 0.5, 1.0, -1.0)
    if n_weak is None:
        np.less(of_kind, model.rho, out=is_weak)
    else:
        least = torch.from_numpy(of_kind).topk(n_weak, largest=False, sorted=False).indices
        is_weak[:] = False
        torch.from_numpy(is_weak).scatter_(-1, least, True)
