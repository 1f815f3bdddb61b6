"""The stored runs of the plain MLP of chapter 15: accuracies of every seed at several rates."""

import numpy as np
import torch

from .. import _checks
from ..seeds import generators
from . import mlp
from .pairs import pair

RATES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
"""The stored rates a = ηλ/2."""

KINDS = {
    "3 and 8, length 0.2": ("pair", 64, 0.2, 40),
    "3 and 8, length 1": ("pair", 64, 1.0, 40),
    "ten classes, length 0.2": ("ten", 200, 0.2, 15),
    "ten classes, length 1": ("ten", 200, 1.0, 15),
}
"""What is learned -> (data, training points, length of the images, a × epochs)."""

HIDDEN = 64
SMALL = 0.02
"""The rate η whose fit gives λ."""

MLP_SEEDS = range(20)
"""The seeds of the stored runs."""


def _examples(kind, draws):
    """The (train, test) of one of ``KINDS``, R data sets for R generators."""
    what, n, image_norm, _ = KINDS[kind]
    if what == "ten":
        return mlp.ten_classes(n, image_norm, draws)
    return tuple(map(mlp.side_by_side, pair(3, 8, n=n, image_norm=image_norm, generator=draws)))


def mlp_start(kind, seeds):
    """Data, initial weights, and the mean λ of the points at the fit of a small rate.

    Args:
        kind: one of ``KINDS``.
        seeds: R non-negative integers.

    Returns:
        (train, test, weights, λ), the last one (R,).

    Raises:
        TypeError: a seed is no integer.
        ValueError: there is no such kind, or a seed is negative.
    """
    _checks.one_of("kind", kind, tuple(KINDS))
    draws = generators(seeds)
    train, test = _examples(kind, draws)
    weights = mlp.init(train.x.shape[-1], HIDDEN, train.t.shape[-1], draws)
    rate = torch.full((len(draws),), SMALL, dtype=torch.float64)
    fitted, _ = mlp.descend(weights, train, rate, 200, stop_below=1e-3)
    return train, test, weights, mlp.sharpness(fitted, train).mean(-1)


def mlp_rates(kind, rates, seeds):
    """Runs of one kind at several rates, each also with a calm end at a quarter of the edge.

    Args:
        kind: one of ``KINDS``.
        rates: a sequence of K ≥ 1 numbers a = ηλ/2 > 0.
        seeds: R non-negative integers.

    Returns:
        An ``xarray.Dataset`` with, for each rate and seed, ``accuracy`` on the test points, the
        training ``loss``, ``jumps`` (the mean miss in the last epoch) and ``sharpness`` at the end
        (a mean over points); ``_calm`` after the calm end; and ``edge`` (seed), the λ of the fit.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    import xarray  # here, because importing it takes half a second

    seeds, rates = _checks.seeds(seeds), _checks.several("rates", rates)
    train, test, weights, edge = mlp_start(kind, seeds)
    rows = []
    for a in rates:
        epochs = max(1, round(KINDS[kind][3] / a))
        after, jumps = mlp.descend(weights, train, 2 * a / edge, epochs)
        calm, _ = mlp.descend(after, train, 0.5 / edge, 100, stop_below=1e-3)
        row = {"jumps": jumps}
        for end, some in (("", after), ("_calm", calm)):
            row[f"accuracy{end}"] = mlp.share_right(some, test)
            row[f"loss{end}"] = mlp.loss(some, train)
            finite = row[f"loss{end}"].isfinite()
            lam = torch.full_like(edge, torch.nan)
            if bool(finite.any()):
                kept = mlp.Examples(train.x[finite], train.t[finite])
                lam[finite] = mlp.sharpness(tuple(w[finite] for w in some), kept).mean(-1)
            row[f"sharpness{end}"] = lam
        rows.append(row)
    return xarray.Dataset(
        {
            **{k: (("rate", "seed"), np.stack([r[k].numpy() for r in rows])) for k in rows[0]},
            "edge": ("seed", edge.numpy()),
            "n_test": test.x.shape[1],
        },
        {"rate": rates, "seed": seeds},
    )
