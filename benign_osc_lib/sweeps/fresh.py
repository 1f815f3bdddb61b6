"""Fresh points for the networks of a unit."""

from typing import NamedTuple

import numpy as np

from .._draws import fill
from .._threads import for_each
from ..data import FeatureNoiseModel


class Fresh(NamedTuple):
    """Fresh points for each of S seeds, half of them strong, half weak."""

    model: FeatureNoiseModel
    """Their distribution."""
    y: np.ndarray
    """The labels, (S, points)."""
    is_weak: np.ndarray
    """Which of them are weak, (S, points)."""
    normal: np.ndarray
    """Their noise in units of σ_p, (S, points, 2, d); or (S, 0, 2, d), if it is still to be drawn.
    """
    streams: list
    """A generator for each seed, which then gives the noise."""

    def accuracy(self, weights):
        """The shares of strong and of weak points that networks get right.

        Args:
            weights: K networks for each seed, an array (S, K, 2, m, d).

        Returns:
            (K, S, 2).
        """
        from .accuracy import Sizes, count_correct, space  # here, because numba takes its time

        counts = np.empty((*weights.shape[:2], 2), np.int64)
        each = list(zip(counts, weights, self.y, self.is_weak, strict=True))
        sizes = Sizes(self.model.u_norm, self.model.v_norm, self.model.sigma_p)
        points, drawn = self.y.shape[1], self.normal.shape[1] > 0

        def worker():
            room = space(*weights.shape[-2:])
            own = None if drawn else np.empty((points, *self.normal.shape[2:]))

            def count(s):
                if not drawn:
                    fill(own, "normal", self.streams[s])
                normal = self.normal[s] if drawn else own
                of_seed, networks, y, is_weak = each[s]
                count_correct(of_seed, networks, normal, y, is_weak, sizes, room)

            return count

        for_each(len(weights), worker)
        return counts.swapaxes(0, 1) / (points // 2)
