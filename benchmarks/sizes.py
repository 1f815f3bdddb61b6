"""What the benchmark trains: the paper's runs, and the same in other sizes."""

from dataclasses import replace

import torch

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights
from benign_osc_lib.sweeps import DEFAULTS

SIZES = {name: DEFAULTS[name] for name in ("n", "n_weak", "d", "m", "lr", "epochs")}
"""The paper's experiment, section 4.3."""

NORMS = {name: DEFAULTS[name] for name in ("u_norm", "v_norm", "noise_norm")}
"""Of the features and of the noise, there."""


def rate(m):
    """The learning rate of networks with m filters a sign that has the paper's κ = 2η‖u‖²/m."""
    return SIZES["lr"] * m / SIZES["m"]


def draw(runs, *, n, n_weak, d, m, patches=3, **_):
    """Data sets and initial weights of independent runs, with the paper's norms.

    Args:
        runs: how many.
        n: points of each.
        n_weak: how many of them are weak.
        d: dimension of a patch.
        m: filters a sign.
        patches: of a point, P >= 3. Those beyond the paper's three are noise; together they are as
            long as one of its noise patches, so that no run diverges with many of them.

    Returns:
        PatchData with x (runs, n, P, d), and weights (runs, 2, m, d), in float64. Other sizes, such
        as the learning rate, are ignored, so that all of ``SIZES`` can be given.
    """
    seeds = generators(range(runs))
    model = FeatureNoiseModel(d=d, **NORMS)
    data = model.sample(n, n_weak=n_weak, generator=seeds, dtype=torch.float64)
    weights = init_weights(m, d, DEFAULTS["scale"], generator=seeds, dtype=torch.float64)
    more = [
        model.sample(n, generator=seeds, dtype=torch.float64).x[..., 2, :]
        for _ in range(3, patches)
    ]
    if more:
        noise = torch.stack(more, -2) / len(more) ** 0.5
        data = replace(data, x=torch.cat([data.x, noise], -2))
    return data, weights


def in_float32(data, weights):
    """The same in single precision."""
    floats = {name: getattr(data, name).float() for name in ("x", "y", "u", "v")}
    return PatchData(is_weak=data.is_weak, **floats), weights.float()
