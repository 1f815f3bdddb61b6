"""Fresh points for the networks of a unit."""

from typing import NamedTuple

import numpy as np
import torch

from .._draws import fill
from .._threads import for_each
from ..activations import find
from ..data import FeatureNoiseModel
from ..network import output


class Fresh(NamedTuple):
    """Fresh points for each of S seeds, half of them strong, half weak."""

    model: FeatureNoiseModel
    """Their distribution."""
    projected: bool
    """Whether the noise is projections, in place of patches."""
    y: np.ndarray
    """The labels, (S, points)."""
    is_weak: np.ndarray
    """Which of them are weak, (S, points)."""
    normal: np.ndarray | None
    """The rows of normal numbers that make the noise, (S, rows, numbers); None if they are drawn
    when they are needed, seed after seed into the same place, which is faster."""
    rows: tuple
    """(rows, numbers) of one seed."""
    streams: list
    """A generator for each seed. While ``normal`` is None nothing else may be drawn from them."""

    def accuracy(self, weights, rules=None, second=None):
        """The shares of strong and of weak points that networks get right.

        Args:
            weights: K networks for each seed, an array (S, K, 2, m, d).
            rules: the Rule of each of the K, whose activation counts; None: the paper's for all.
            second: their second layers, (S, K, 2, m); 1 where the rule does not train it.

        Returns:
            (K, S, 2).
        """
        from .accuracy import Sizes, count_correct, space  # here, because numba takes its time

        networks = weights.shape[1]
        counts = np.empty((*weights.shape[:2], 2), np.int64)
        sizes = Sizes(self.model.u_norm, self.model.v_norm, self.model.sigma_p)
        each = list(
            zip(counts, map(np.ascontiguousarray, weights), self.y, self.is_weak, strict=True)
        )
        others = [k for k in range(networks) if rules and not _is_book_s(rules[k])]

        def worker():
            room = space(*weights.shape[-2:])
            own = np.empty(self.rows) if self.normal is None else None

            def count(s):
                if self.normal is None:
                    fill(own, "normal", self.streams[s])
                normal = own if self.normal is None else self.normal[s]
                of_seed, its, y, is_weak = each[s]
                if len(others) < networks:
                    count_correct(of_seed, its, normal, y, is_weak, sizes, self.projected, room)
                for k in others:
                    right = self._right(s, its[k], normal, find(rules[k].activation), second[s, k])
                    of_seed[k] = right[~is_weak].sum(), right[is_weak].sum()

            return count

        for_each(len(weights), worker)
        return counts.swapaxes(0, 1) / (self.y.shape[1] // 2)

    def _right(self, s, weights, normal, activation, second):
        """Whether a network of any rule gets each point of seed s right, an array (points,)."""
        from .accuracy import noise_products, space

        _, m, d = weights.shape
        weak, y, model = self.is_weak[s], self.y[s], self.model
        noise = np.empty((len(y) + weak.sum(), 2 * m))
        room = space(m, d)
        noise_products(noise, weights, normal, weak, model.sigma_p, self.projected, room)
        last = np.cumsum(1 + weak) - 1  # ξ; before it, in a weak point, ξ̃
        along_u, along_v = (
            y[:, None] * (size * weights[..., axis].ravel())
            for axis, size in enumerate((model.u_norm, model.v_norm))
        )
        patches = np.where(weak[:, None], noise[last - weak], along_u), along_v, noise[last]
        z = torch.from_numpy(np.stack(patches, axis=-1).reshape(len(y), 2, m, 3))
        margin = y * output(z, activation.torch, torch.from_numpy(second)).numpy()
        return (margin > 0) & np.isfinite(margin)


def _is_book_s(rule):
    """Whether networks trained by a rule are those of eq. (1) with the squared ReLU."""
    return rule.activation == "relu2" and rule.second_layer == "fixed"
