"""netCDF-3 files, read and written in one place."""

import numpy as np
import pytest
import xarray

from benign_osc_lib import _netcdf


def dataset():
    return xarray.Dataset(
        {
            "a": (("run", "label"), np.random.default_rng(0).normal(size=(5, 2)), {"units": "1"}),
            "count": ("run", np.arange(5, dtype=np.int64)),
            "gone": ("run", np.array([True, False, True, True, False])),
            "short": ("run", np.arange(5, dtype="i2")),
        },
        {"run": np.arange(5), "label": ["first", "second"]},
        {"text": "é ü", "number": 3, "value": 0.1},
    )


@pytest.mark.parametrize("write", [_netcdf.to_bytes, _netcdf.sealed])
def test_what_is_written_is_read(write):
    written = dataset()
    written.a[0, 0], written.a[1, 1] = np.nan, -np.inf
    found = _netcdf.from_bytes(write(written))
    found.attrs.pop("checksum", None)
    xarray.testing.assert_identical(found, written)
    for name in ("a", "count", "gone"):
        assert found[name].dtype == written[name].dtype
        assert found[name].values.tobytes() == written[name].values.tobytes()
    assert found.short.dtype == np.int64


def test_no_flipped_bit_is_read():
    content = _netcdf.sealed(dataset())
    xarray.testing.assert_equal(_netcdf.unsealed(content), dataset())
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="^is damaged$"):
            _netcdf.unsealed(bytes(flipped))


def test_no_part_and_no_other_file_is_read():
    content = _netcdf.sealed(dataset())
    parts = [content[:size] for size in range(len(content))]
    for other in [*parts, content + b"\0", content + content, _netcdf.to_bytes(dataset())]:
        with pytest.raises(ValueError, match="^is damaged$"):
            _netcdf.unsealed(other)
