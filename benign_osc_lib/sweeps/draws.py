"""All that a unit draws, for all its seeds together."""

from typing import NamedTuple

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
    n, m, n_weak = sizes["n"], sizes["m"], sizes.get("n_weak")
    start = (2, m, model.d)
    chance, noise = _points.numbers(model, 2 * n_test)
    wanted = [*_points.numbers(model, n), ("normal", start), chance, *[noise] * finish]

    def some(part):
        *of_data, weights, of_fresh, last = *draw(part, *wanted), *[None] * (not finish)
        fresh = _points.labels(model, n_test, of_fresh)
        return {
            **_points.points(model, n_weak, *of_data),
            "start": weights,
            "fresh_y": fresh["y"],
            "fresh_is_weak": fresh["is_weak"],
            **({"normal": last} if finish else {}),
        }

    shapes = {
        **_points.shapes(model, n),
        "start": (start, float),
        "fresh_y": ((2 * n_test,), float),
        "fresh_is_weak": ((2 * n_test,), bool),
        **({"normal": (noise[1], float)} if finish else {}),
    }
    made = in_parts(streams, shapes, some)
    data = PatchData(made["x"], made["y"], made["is_weak"], model.u, model.v)
    of_fresh = (made[name].numpy() for name in ("fresh_y", "fresh_is_weak"))
    normal = made["normal"].numpy() if finish else None
    return Drawn(data, made["start"], Fresh(model, *of_fresh, normal, noise, streams))
