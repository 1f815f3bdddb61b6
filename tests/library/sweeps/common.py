"""A small sweep, and when two results are the same."""

from pathlib import Path

import xarray

from benign_osc_lib.sweeps import sweep

ROOT = Path(__file__).parents[3]
SIZES = {"d": 6, "n": 4, "n_weak": 1, "m": 2, "epochs": 5}
SMALL = {**SIZES, "scale": 0.2}
GRID = {**SIZES, "lr": [0.05, 0.3, 0.45], "noise_norm": [0.5, 0.8], "scale": [0.1, 0.2]}
SEEDS = [3, 0, 7, 2**40]
THIS_MOMENT = ("date", "commit")


def run(grid=GRID, seeds=SEEDS, **options):
    return sweep(grid, seeds, **{"n_test": 10, "progress": False, **options})


def assert_same(now, expected):
    """To the last bit, NaN being NaN; the attributes too, except those of this moment."""
    xarray.testing.assert_equal(now, expected)
    for name in expected.data_vars:
        assert now[name].dtype == expected[name].dtype
        assert now[name].values.tobytes() == expected[name].values.tobytes(), name
        assert now[name].attrs == expected[name].attrs
    a, b = (
        {name: value for name, value in attrs.items() if name not in THIS_MOMENT}
        for attrs in (now.attrs, expected.attrs)
    )
    assert a == b
