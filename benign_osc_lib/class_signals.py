"""The signals of one class of a network, read off its weights (chapter 10)."""

import torch

from . import _checks
from .network import activation
from .patch_data import PatchData
from .signals import at_point
from .theory.class_map import ClassSignals


def class_signals(weights, data, y):
    """What the filters of both signs draw from u, v and the noise patches of one class.

    On data with mutually orthogonal noise these numbers follow the map of chapter 10. Training in
    cyclic order visits the points of the class in the order in which they stand here.

    Args:
        weights: (2, m, d) float.
        data: PatchData of one data set in the paper's layout, with u and v.
        y: the class, −1 or +1.

    Returns:
        ClassSignals, with the points of the class in the order of the data. A weak point has two
        noise patches: N_i is the sum over both, χ_i the mean.

    Raises:
        TypeError: an argument is of the wrong type, or dtypes differ.
        ValueError: the data or the weights have leading axes, the class has no point, or y is not
            ±1.
    """
    _checks.instance("data", data, PatchData)
    _checks.one_data_set("data", data.y.shape[:-1])
    _checks.one_label("y", y)
    _checks.floats("weights", weights, last=(2, "m", data.x.shape[-1]))
    if weights.ndim != 3:
        raise ValueError(f"weights must have shape (2, m, d), got {tuple(weights.shape)}")
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    own = data.y == y
    if not bool(own.any()):
        raise ValueError(f"data must have a point of class {y}, got none")
    s, q, s_other, q_other = at_point(weights, data.u.to(weights), data.v.to(weights), y)
    strong = ~data.is_weak[own]
    patches = data.x[own][:, [0, 2]].clone()
    patches[strong, 0] = 0  # a strong point has one noise patch
    drawn = activation(torch.einsum("jrd,npd->jrnp", weights, patches)).mean(1).sum(-1)
    noise, noise_other = drawn if y == 1 else drawn.flip(0)
    lengths = patches.square().sum((-1, -2)) / torch.where(strong, 1, 2)
    squares = [float(feature.square().sum()) for feature in (data.u, data.v)]
    found = [x.double().cpu().numpy() for x in (s, q, noise, s_other, q_other, noise_other)]
    chi = lengths.double().cpu().numpy() / squares[0]
    return ClassSignals(*found, squares[1] / squares[0], chi, strong.cpu().numpy())
