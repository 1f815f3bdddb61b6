"""The stored phase diagrams: complete, consistent, and what the library makes of their seeds."""

import re

import numpy as np
import pytest
import xarray

from benign_osc_lib import phase, sweep
from benign_osc_lib.sweeps import DEFAULTS, REPLACES
from tests.book.common import ROOT
from tools import phase_diagrams

each_diagram = pytest.mark.parametrize("name", phase.DIAGRAMS)


@each_diagram
def test_says_how_it_was_made(name):
    cells, (grid, seeds) = phase.load(name), phase.DIAGRAMS[name]
    assert list(cells.runs.dims) == list(grid)
    for axis, values in grid.items():
        assert cells[axis].values.tolist() == values
    assert (cells.runs == seeds).all()
    assert cells.attrs["number_of_runs"] == int(cells.runs.sum()) >= 100_000
    assert cells.attrs["seeds"] == f"0 to {seeds - 1}"
    assert cells.attrs["command"] == f"python tools/phase_diagrams.py --only {name}"
    replaced = {REPLACES.get(axis) for axis in grid}
    fixed = {k: v for k, v in DEFAULTS.items() if k not in grid and k not in {"lr", *replaced}}
    assert {key: cells.attrs[key] for key in fixed} == fixed
    for key in ("date", "library_version", "torch_version", "numpy_version", "engine", "n_test"):
        assert cells.attrs[key]


@each_diagram
def test_is_small_and_tells_of_no_machine(name):
    path = ROOT / "benign_osc_lib" / "phase" / "stored" / f"phase_{name}.nc"
    content = path.read_bytes()
    assert len(content) < 300_000
    assert not re.search(rb"/home|/work|/root|/tmp|Users", content)


@each_diagram
def test_adds_up(name):
    cells = phase.load(name)
    alive = cells.runs - cells.diverged
    assert (alive >= 0).all()
    for kind in phase.KINDS:
        total, squares = cells[f"{kind}_sum"], cells[f"{kind}_squares"]
        assert ((squares >= 0) & (squares <= total + 1e-9) & (total <= alive)).all()
        assert (squares * alive >= total**2 - 1e-6).all()
    assert (cells.reached.sel(strong_level=0, weak_level=0) == alive).all()
    assert (cells.reached.diff("strong_level") <= 0).all()
    assert (cells.reached.diff("weak_level") <= 0).all()
    assert (cells.kept <= cells.reached).all()
    for level in ("signal_level", "strong_level", "weak_level"):
        assert (cells.kept.diff(level) <= 0).all()
    # The median is zero where more than half have lost a class, and only there.
    lost = alive - cells.kept.sel(signal_level=0, strong_level=0, weak_level=0)
    median = cells.strong.sel(quantile=0.5)
    assert (median == 0).where(2 * lost > alive + 1, True).all()
    assert (median > 0).where(2 * lost < alive - 1, True).all()
    for quantity in ("gap", "strong", "oscillation"):
        assert (cells[quantity].isnull().all("quantile") == (alive == 0)).all()
        rising = cells[quantity].diff("quantile")
        assert ((rising >= 0) | rising.isnull()).all()


@each_diagram
def test_comes_out_again(name):
    """The same seeds give the same sums, in a cell where rounding cannot turn a run."""
    cells, (grid, seeds) = phase.load(name), phase.DIAGRAMS[name]
    axis = next(axis for axis in grid if axis != "kappa")
    at = {"kappa": 0.6, axis: grid[axis][len(grid[axis]) // 2]}
    again = phase.reduce_runs(sweep(at, range(seeds), progress=False))
    stored = cells.sel(at)
    assert again.diverged == stored.diverged == 0
    for key in ("weak_sum", "weak_squares", "strong_sum", "strong_squares"):
        np.testing.assert_allclose(again[key], stored[key], atol=0.05)  # five test points
    assert (again.kept.sel(strong_level=0, weak_level=0) == stored.kept[:, 0, 0]).all()
    for key in ("gap", "strong", "oscillation"):
        np.testing.assert_allclose(again[key], stored[key], rtol=1e-5, atol=1e-6)


def test_the_tool(tmp_path, monkeypatch, capsys):
    grid = {"kappa": [0.5, 1.7], "n": 4, "m": 2, "d": 6, "epochs": 5, "n_weak": [0, 1]}
    monkeypatch.setattr(phase, "DIAGRAMS", {"nu": (grid, 3)})
    options = ["--store", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    for _ in range(2):  # the second time from the store
        phase_diagrams.main(["--only", "nu", "--seeds", "5", *options])
    assert "nu: 20 runs" in capsys.readouterr().out
    written = xarray.load_dataset(tmp_path / "out" / "phase_nu.nc", engine="scipy")
    wanted = phase.reduce_runs(sweep(grid, range(5), progress=False))
    for key, values in wanted.data_vars.items():
        np.testing.assert_allclose(written[key], values, rtol=1e-6, err_msg=key)
    assert written.attrs["command"] == "python tools/phase_diagrams.py --only nu --seeds 5"
    assert str(tmp_path) not in str(written.attrs)
