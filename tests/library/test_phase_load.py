"""The diagrams that the library carries: their axes, what they hold, and their totals as stored.

``tests/book/test_stored.py`` asks whether they are right; this one whether ``load`` reads them.
"""

import numpy as np
import pytest

from benign_osc_lib import phase

LEVELS = {
    "signal_level": [0.0, 0.001, 0.01],
    "strong_level": [0.0, 0.6, 0.7, 0.8, 0.9, 0.95],
    "weak_level": [0.0, 0.6, 0.7, 0.8, 0.9, 0.95],
    "quantile": [0.1, 0.25, 0.5, 0.75, 0.9],
}
COUNTS = ("runs", "diverged", "reached", "kept")
SUMS = ("weak_sum", "weak_squares", "strong_sum", "strong_squares")
TOTALS = {  # runs, then those of each regime and the two sums of accuracies
    "nu": (22 * 15 * 320, [36824, 35639, 6379, 26758], 61375.19, 78034.62),
    "rho": (22 * 8 * 600, [49645, 24611, 5902, 25442], 61039.18, 80134.32),
    "noise": (22 * 16 * 320, [35471, 38287, 3857, 35025], 62123.75, 77375.74),
}
each = pytest.mark.parametrize("name", TOTALS)


@pytest.fixture(scope="module")
def diagrams():
    return {name: phase.load(name) for name in TOTALS}


@each
def test_the_axes_are_those_of_the_grid(name, diagrams):
    cells, (grid, seeds) = diagrams[name], phase.DIAGRAMS[name]
    axes = tuple(grid)
    for axis, values in {**grid, **LEVELS}.items():
        assert cells[axis].dims == (axis,) and cells[axis].values.tolist() == values
    assert set(cells.coords) == {*grid, *LEVELS}
    assert cells.runs.dims == cells.diverged.dims == axes
    assert cells.reached.dims == (*axes, "strong_level", "weak_level")
    assert cells.kept.dims == (*axes, "signal_level", "strong_level", "weak_level")
    for quantity in ("gap", "strong", "oscillation"):
        assert cells[quantity].dims == (*axes, "quantile")
    assert (cells.runs == seeds).all()


@each
def test_the_totals_are_those_stored(name, diagrams):
    cells, (runs, regimes, weak, strong) = diagrams[name], TOTALS[name]
    counts = phase.regimes(cells)
    assert counts.dims == (*phase.DIAGRAMS[name][0], "regime")
    assert not counts.attrs and not any(coord.attrs for coord in counts.coords.values())
    assert int(cells.runs.sum()) == sum(regimes) == runs == cells.attrs["number_of_runs"]
    assert counts.sum(counts.dims[:-1]).values.tolist() == regimes
    assert int(cells.diverged.sum()) == regimes[-1]
    assert float(cells.weak_sum.sum()) == pytest.approx(weak, abs=1e-6)
    assert float(cells.strong_sum.sum()) == pytest.approx(strong, abs=1e-6)


@each
def test_numbers_are_native_and_wide(name, diagrams):
    """netCDF-3 has 32-bit integers in the other byte order; sums of squares need more."""
    for key, variable in diagrams[name].variables.items():
        assert variable.dtype == (np.int64 if variable.dtype.kind == "i" else np.float64), key
        assert variable.dtype.isnative
    for key in COUNTS:
        assert diagrams[name][key].dtype == np.int64
    for key in SUMS:
        assert diagrams[name][key].dtype == np.float64


@pytest.mark.parametrize("wrong", ["kappa", "", "phase_nu", "../nu", None, 1, b"nu", ["nu"]])
def test_there_is_no_other_diagram(wrong):
    with pytest.raises(ValueError, match="^name must be one of 'nu', 'rho', 'noise', got "):
        phase.load(wrong)
