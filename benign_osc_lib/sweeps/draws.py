"""All that a unit draws, for all its seeds together."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from .. import _points
from .._draws import draw, in_parts
from ..data import PatchData
from .fresh import Fresh


class Drawn(NamedTuple):
    """What a unit's S seeds give, each as ``FeatureNoiseModel.sample`` and ``init_weights`` do."""

    data: PatchData
    """A training set for each seed."""
    start: Tensor
    """Initial weights for σ_0 = 1, (S, 2, m, d)."""
    fresh: Fresh
    """Fresh points for each seed."""


def draw_unit(model, sizes, n_test, streams, finish):
    """Draw the training sets, the initial weights and the fresh points of a unit.

    Args:
        model: FeatureNoiseModel.
        sizes: a dict with m, n and, unless it is left to chance, n_weak.
        n_test: fresh points of either kind.
        streams: a generator for each seed.
        finish: whether to draw the noise of the fresh points too. Else it is drawn when it is
            needed, seed after seed into the same place, which is faster; until then nothing else
            may be drawn from the generators.

    Returns:
        Drawn.
    """
    n, n_weak, n_fresh = sizes["n"], sizes.get("n_weak"), 2 * n_test
    shapes = {
        **_points.shapes(model, n),
        "start": ((2, sizes["m"], model.d), float),
        "fresh_y": ((n_fresh,), float),
        "fresh_is_weak": ((n_fresh,), bool),
        "normal": ((n_fresh if finish else 0, 2, model.d), float),
    }

    def make(part, x, y, is_weak, start, fresh_y, fresh_is_weak, normal):
        of_data = _points.numbers(model, n, len(part))
        of_fresh = ("uniform", np.empty((len(part), 2, n_fresh)))
        draw(part, *of_data, ("normal", start), of_fresh, ("normal", normal))
        (_, chance), (_, noise) = of_data
        _points.fill_points(model, n_weak, chance, noise, x, y, is_weak)
        _points.fill_labels(model, n_test, of_fresh[1], fresh_y, fresh_is_weak)

    made = in_parts(streams, shapes, make)
    data = PatchData(made["x"], made["y"], made["is_weak"], model.u, model.v)
    fresh = (made[name].numpy() for name in ("fresh_y", "fresh_is_weak", "normal"))
    return Drawn(data, made["start"], Fresh(model, *fresh, streams))
