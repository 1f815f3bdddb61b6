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


def draw_unit(model, sizes, n_test, streams, *, projected, finish):
    """Draw the training sets, the initial weights and the fresh points of a unit.

    Args:
        model: FeatureNoiseModel.
        sizes: a dict with m, n and, unless it is left to chance, n_weak.
        n_test: fresh points of either kind.
        streams: a generator for each seed.
        projected: whether the noise of the fresh points is projections, in place of patches.
        finish: whether to draw the noise of the fresh points too. Else nothing but
            ``Fresh.accuracy`` may draw from the generators afterwards.

    Returns:
        Drawn.
    """
    from .accuracy import row_size  # here, because numba takes its time

    n, m, n_weak, d, n_fresh = sizes["n"], sizes["m"], sizes.get("n_weak"), model.d, 2 * n_test
    rows = (3 * n_test, row_size(m, d)) if projected else (2 * n_fresh, d)
    shapes = {
        **_points.shapes(model, n),
        "start": ((2, m, d), float),
        "fresh_y": ((n_fresh,), float),
        "fresh_is_weak": ((n_fresh,), bool),
        "normal": (rows if finish else (0,), float),
    }

    def make(part, x, y, is_weak, start, fresh_y, fresh_is_weak, normal):
        of_data = _points.numbers(model, n, len(part))
        of_fresh = ("uniform", np.empty((len(part), 2, n_fresh)))
        draw(part, *of_data, ("normal", start), of_fresh, *[("normal", normal)] * finish)
        (_, chance), (_, noise) = of_data
        _points.fill_points(model, n_weak, chance, noise, x, y, is_weak)
        _points.fill_labels(model, n_test, of_fresh[1], fresh_y, fresh_is_weak)

    made = in_parts(streams, shapes, make)
    data = PatchData(made["x"], made["y"], made["is_weak"], model.u, model.v)
    y, is_weak, normal = (made[name].numpy() for name in ("fresh_y", "fresh_is_weak", "normal"))
    fresh = Fresh(model, projected, y, is_weak, normal if finish else None, rows, streams)
    return Drawn(data, made["start"], fresh)
