"""What the result of a sweep says, also after it was a file."""

import numpy as np
import pytest
import xarray

from benign_osc_lib import sweeps
from benign_osc_lib._provenance import made_by
from benign_osc_lib.sweeps import DEFAULTS
from tests.library.sweeps.common import GRID, SMALL, assert_same, run


def test_the_attributes_say_what_was_run(serial, tmp_path):
    fixed = {**DEFAULTS, **SMALL, "n_test": 10, "engine": "auto"}
    for name, value in fixed.items():
        assert (name in GRID and isinstance(GRID[name], list)) or serial.attrs[name] == value
    versions = {f"{name}_version" for name in ("library", "torch", "numpy", "numba")}
    assert {"date", *versions} <= set(serial.attrs)
    assert serial.attrs.get("commit") == made_by().get("commit")
    assert not {"lr", "scale", "noise_norm"} & set(serial.attrs)
    for variable in serial.data_vars.values():
        assert variable.attrs["long_name"] and variable.attrs["formula"]


MOST = 2**63 - 1


@pytest.mark.parametrize(
    "seeds",
    [[1, 2], [2**31 - 1, 0], [2**31, 5], [2**53], [2**53 + 1, 3], [MOST, 7, 2**53 + 1, MOST - 1]],
)
@pytest.mark.parametrize("order", ["cyclic", ["shuffled", "cyclic"]])
def test_a_file_holds_it_all(seeds, order, tmp_path):
    """Every seed, bool, text, attribute, and NaN; with SciPy alone to write netCDF."""
    grid = {**SMALL, "lr": [0.3, 1e4], "scale": 1e6, "order": order}
    written = run(grid, seeds)
    assert written.diverged.any() and written.oscillation.isnull().any()
    written.to_netcdf(tmp_path / "result.nc")
    for path in (tmp_path / "result.nc", str(tmp_path / "result.nc")):
        found = sweeps.load(path)
        xarray.testing.assert_identical(found, written)
        assert found.seed.dtype == np.int64 and found.seed.values.tolist() == seeds
        assert_same(found, written)
        assert found.attrs == written.attrs
        assert {type(value) for value in found.attrs.values()} <= {int, float, str}
    found.isel(seed=[0]).to_netcdf(tmp_path / "again.nc")
    xarray.testing.assert_identical(sweeps.load(tmp_path / "again.nc"), written.isel(seed=[0]))
    plain = xarray.load_dataset(tmp_path / "result.nc")
    assert plain.seed.values.astype(np.int64).tolist() == seeds
    assert plain.diverged.dtype == bool


def test_a_file_that_holds_something_else_is_refused(tmp_path):
    xarray.Dataset({"a": ("seed", [1])}, {"seed": [1]}).to_netcdf(tmp_path / "other.nc")
    with pytest.raises(ValueError, match="^path must be a file with the result of a sweep, got "):
        sweeps.load(tmp_path / "other.nc")


def test_only_a_file_can_be_loaded(tmp_path):
    for path in (3, None, ["result.nc"]):
        with pytest.raises(TypeError, match="^path must be a path, got"):
            sweeps.load(path)
    with pytest.raises(FileNotFoundError):
        sweeps.load(tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("not a netCDF file")
    with pytest.raises(ValueError):
        sweeps.load(tmp_path / "text.nc")
