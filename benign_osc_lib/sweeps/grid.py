"""From the grid to the work.

A *cell* is one combination of the grid's values; a *unit* is the cells that share their data,
times some of the seeds, trained together; a *block* is a few units, the task that an executor gets
and the file that a store holds.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .parameters import OWN, check_grid, check_seeds, learning_rate, size_of_v, written

MEMORY = 2**26
"""Bytes that one call of train may fill with margins, or the test points of a unit."""


def plan(grid, seeds):
    """The checked Plan of a grid and its seeds."""
    return Plan(*check_grid(grid), check_seeds(seeds))


@dataclass(frozen=True)
class Plan:
    """A checked grid and its seeds, and how they are cut up.

    A unit is (indices of cells, first seed, last seed + 1). The cut depends on nothing but the
    grid, the seeds, ``n_test`` and ``block_size``.
    """

    axes: dict
    fixed: dict
    seeds: list

    @property
    def shape(self):
        """The number of values on each axis of the grid."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self):
        """The number of runs."""
        return math.prod(self.shape) * len(self.seeds)

    def definition(self, **options):
        """What makes two sweeps the same, in JSON values; ``options`` stand beside the grid."""
        grid = {name: written(value) for name, value in {**self.axes, **self.fixed}.items()}
        return {"axes": list(self.axes), "grid": {**grid, **options}, "seeds": self.seeds}

    def cell(self, index):
        """All parameters of cell ``index``, the learning rate and ‖v‖ among them."""
        cell = dict(self.fixed)
        for name, values in reversed(self.axes.items()):
            index, place = divmod(index, len(values))
            cell[name] = values[place]
        if "kappa" in cell:
            cell["lr"] = learning_rate(cell["kappa"], cell["m"], cell["u_norm"])
        if "nu" in cell:
            cell["v_norm"] = size_of_v(cell["nu"], cell["u_norm"])
        return cell

    def unit(self, cells, first, last):
        """A unit as :func:`benign_osc_lib.sweeps.block.run_block` wants it."""
        return [self.cell(index) for index in cells.tolist()], self.seeds[first:last]

    def runs(self, block):
        """The places of a block's runs among all runs, cell after cell, in a cell seed by seed."""
        return np.concatenate(
            [
                (cells[:, None] * len(self.seeds) + np.arange(first, last)).ravel()
                for cells, first, last in block
            ]
        )

    def blocks(self, n_test, block_size):
        """Yield the blocks, each a list of units with ``block_size`` runs in all at most."""
        block, size = [], 0
        for cells, first, last in self._units(n_test, block_size):
            runs = len(cells) * (last - first)
            if block and size + runs > block_size:
                yield block
                block, size = [], 0
            block.append((cells, first, last))
            size += runs
        yield block

    def _units(self, n_test, block_size):
        """Yield the units. There may be millions: a step of the loop costs microseconds."""
        order = sorted(range(len(self.axes)), key=lambda axis: list(self.axes)[axis] in OWN)
        inner = math.prod(len(values) for name, values in self.axes.items() if name in OWN)
        cells = np.arange(math.prod(self.shape)).reshape(self.shape).transpose(order)
        groups = cells.reshape(-1, inner)  # the cells of a row share their data
        sizes = (self._of_cells(name, groups[:, 0]) for name in ("n", "m", "d"))
        epochs = max(self.axes.get("epochs") or [self.fixed["epochs"]])

        @lru_cache
        def needed(n, m, d):
            """Bytes for a run and for the data of a seed."""
            return 8 * (epochs * n + 4 * m * d), 8 * 3 * d * (n + 2 * n_test)

        for group, n, m, d in zip(groups, *sizes, strict=True):
            run_bytes, seed_bytes = needed(n, m, d)
            most = max(1, min(block_size, MEMORY // run_bytes))
            for start in range(0, inner, most):
                cells = group[start : start + most]
                room = MEMORY // (len(cells) * run_bytes + seed_bytes)
                step = max(1, min(block_size // len(cells), room))
                for first in range(0, len(self.seeds), step):
                    yield cells, first, min(first + step, len(self.seeds))

    def _of_cells(self, name, indices):
        """The value of a parameter in each of some cells."""
        if name in self.fixed:
            return [self.fixed[name]] * len(indices)
        places = np.unravel_index(indices, self.shape)[list(self.axes).index(name)]
        return [self.axes[name][place] for place in places.tolist()]
