"""However a sweep is cut up, its numbers are the same."""

import numpy as np
import pytest
import xarray

from benign_osc_lib.sweeps import grid
from tests.library.sweeps.common import GRID, assert_same, run


@pytest.mark.parametrize("block_size", [1, 2, 5, 7, 12, 1000])
def test_the_block_size_changes_nothing(serial, block_size):
    assert_same(run(block_size=block_size), serial)


def test_little_memory_changes_nothing(serial, monkeypatch):
    for memory in (1, 3_000, 20_000):
        monkeypatch.setattr(grid, "MEMORY", memory)
        assert_same(run(), serial)


def test_a_part_of_the_grid_has_the_same_numbers(serial):
    part = run({**GRID, "lr": [0.3], "noise_norm": [0.8, 0.5]}, [7, 3])
    expected = serial.sel(lr=[0.3], noise_norm=[0.8, 0.5], seed=[7, 3])
    assert_same(part, expected)


def test_the_order_of_the_axes_changes_nothing_but_their_order(serial):
    ds = run({name: GRID[name] for name in reversed(GRID)})
    assert ds.accuracy_weak.dims == ("scale", "noise_norm", "lr", "seed")
    xarray.testing.assert_equal(ds.transpose(*serial.accuracy_weak.dims, "label"), serial)


@pytest.mark.parametrize("sizes", [(6, 4), (1, 1000), (3, 100_000)])
def test_every_run_is_in_one_block(sizes, monkeypatch):
    """Blocks are small enough, and together they are all runs once."""
    count, block_size = sizes
    plan = grid.plan({"lr": [0.1, 0.2, 0.3], "epochs": [1, 40], "m": [2, 3]}, range(count))
    monkeypatch.setattr(grid, "MEMORY", 100_000)
    found = [plan.runs(block) for block in plan.blocks(10, block_size)]
    assert max(map(len, found)) <= block_size
    assert sorted(np.concatenate(found)) == list(range(plan.size))
