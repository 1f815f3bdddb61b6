"""Whether Φ still never falls: step by step, on runs without weak training points (chapter 13)."""

import numpy as np
import torch
import xarray

from .. import _checks
from ..seeds import generators
from ..sweeps.block import model_of
from ..sweeps.draws import draw_unit
from ..sweeps.parameters import check_seeds, learning_rate
from ..training import train
from .factors import find
from .runs import make_loud, rates

SMALLEST = 1e-7
"""An overlap below is not followed. The weights hold it as a sum, with an error of 1e-17, so the
logarithm of a forgotten one has few digits left."""

TOGETHER = 50
"""Runs that are recorded at every step together."""


def ratchet(factor, seeds, *, kappa=None, epochs=200):
    """Follow Φ at every step, without weak training points, which alone can lower it.

    For each class it is that of one filter, log⟨w, j v⟩ − ν log⟨w, j u⟩: of those that answer to
    both features at the start the one whose smaller answer, over the length of the feature, is
    largest. It is followed until one of the two overlaps is no longer positive (above
    ``SMALLEST``). A class without such a filter is left out.

    Args:
        factor: a name in ``FACTORS``, or a Factor of your own.
        seeds: distinct integers from 0 on.
        kappa: κ between 1e-100 and 1e100; that of the factor's large rate if None.
        epochs: passes over the data, at least 1.

    Returns:
        An ``xarray.Dataset`` (seed, label): ``fall``, by how much Φ falls at the worst step, 0 if
        it never does, NaN for a class that is left out; ``rise``, its change from the start to the
        end of what was followed; ``steps``, how many these are.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range, or no factor has this name.
    """
    factor, seeds = find(factor), check_seeds(seeds)
    kappa = factor.large if kappa is None else rates("kappa", kappa)[0]
    epochs = _checks.integer("epochs", epochs, low=1)
    parts = [
        _part(factor, seeds[first : first + TOGETHER], kappa, epochs)
        for first in range(0, len(seeds), TOGETHER)
    ]
    columns = {
        name: (("seed", "label"), np.concatenate([p[name] for p in parts])) for name in parts[0]
    }
    return xarray.Dataset(columns, {"seed": seeds, "label": [1, -1]}, {"kappa": kappa})


@torch.no_grad()
def _part(factor, seeds, kappa, epochs):
    cell = {**factor.parameters, "n_weak": 0}
    streams, model = generators(seeds), model_of(cell)
    data, start, _ = draw_unit(model, cell, 1, streams, projected=False, finish=True)
    run = train(
        make_loud(data, factor.loud),
        cell["scale"] * start,
        learning_rate(kappa, cell["m"], cell["u_norm"]),
        epochs=epochs,
        rule=factor.rule,
        order=cell["order"],
        generator=streams,
        margins=False,
    )
    u, v = cell["u_norm"], cell["v_norm"]
    best = torch.minimum(run.strong[:, 0] / u, run.weak[:, 0] / v).max(-1)
    pick = best.indices[:, None, :, None].expand(-1, len(run.steps), -1, 1)
    alpha, beta = (z.gather(-1, pick)[..., 0] for z in (run.strong, run.weak))  # (S, T, 2)
    sound = ((alpha > SMALLEST) & (beta > SMALLEST)).cumprod(1).bool()
    low = {"min": SMALLEST}
    phi = beta.clamp(**low).log() - (v / u) ** 2 * alpha.clamp(**low).log()
    step = phi.diff(dim=1).masked_fill(~sound[:, 1:], 0)
    left_out = best.values <= 0
    return {
        "fall": step.amin(1).clamp(max=0).abs().masked_fill(left_out, torch.nan).numpy(),
        "rise": step.sum(1).masked_fill(left_out, torch.nan).numpy(),
        "steps": (sound.sum(1) - 1).clamp(min=0).numpy(),
    }
