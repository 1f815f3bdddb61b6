"""Blocks on disk: intact, of this sweep, and computed by known versions, or not used."""

import shutil
import warnings

import numpy as np
import pytest
import xarray

from benign_osc_lib import _netcdf, sweeps
from benign_osc_lib.sweeps import block
from tests.library.sweeps.common import GRID, SEEDS, SIZES, assert_same, run


def again(store, **options):
    """The result of another call, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = run(store=store, **options)
    return result, [str(warning.message) for warning in caught]


def test_only_what_is_missing_or_damaged_is_run_again(serial, tmp_path, counted):
    run(store=tmp_path, block_size=6)
    files = sorted(tmp_path.glob("blocks/*.nc"))
    content = files[1].read_bytes()
    files[0].unlink()
    files[1].write_bytes(content[: len(content) // 2])
    files[2].write_bytes(b"")
    files[3].write_bytes(bytes(len(content)))
    files[4].write_bytes(content)  # whole, but of other runs
    flipped = bytearray(content)
    flipped[-20] ^= 1
    files[5].write_bytes(flipped)
    for name in (tmp_path / ".unfinished-x", tmp_path / "blocks" / ".unfinished-000003.nc-y"):
        name.write_text("left over")
    counted.clear()
    result, warned = again(tmp_path)
    assert_same(result, serial)
    assert warned == [f"{files[1]} is damaged (and 4 more): it is computed again"]
    assert len(counted) == 6
    assert not list(tmp_path.rglob(".unfinished*"))
    result, warned = again(tmp_path)
    assert_same(result, serial)
    assert len(counted) == 6 and not warned


@pytest.mark.parametrize("bit", range(0, 64, 7))
def test_a_flipped_bit_anywhere_is_found(bit, serial, tmp_path, counted):
    """A few of them through the whole sweep; test_netcdf.py tries all."""
    run(store=tmp_path)
    (file,) = tmp_path.glob("blocks/*.nc")
    content = bytearray(file.read_bytes())
    at = bit * 8 * len(content) // 64
    content[at // 8] ^= 1 << at % 8
    file.write_bytes(content)
    counted.clear()
    result, warned = again(tmp_path)
    assert_same(result, serial)
    assert warned == [f"{file} is damaged: it is computed again"] and len(counted) == 1


OTHERS = [
    dict(grid={**GRID, "lr": [0.05, 0.3, np.nextafter(0.45, 1)]}),
    dict(grid={**GRID, "d": 7}),
    dict(seeds=[3, 0, 8, 2**40]),
    dict(n_test=11),
    dict(engine="reference"),
    dict(block_size=1000),
    dict(grid={**SIZES, "kappa": [0.05, 0.3, 0.45], "noise_norm": [0.5, 0.8], "scale": [0.1, 0.2]}),
]


@pytest.mark.parametrize("changes", OTHERS)
def test_blocks_of_another_store_are_not_used(changes, serial, tmp_path, counted):
    run(**{"block_size": 48, **changes}, store=tmp_path / "other")
    run(store=tmp_path / "mine", block_size=48)
    shutil.rmtree(tmp_path / "mine" / "blocks")
    shutil.copytree(tmp_path / "other" / "blocks", tmp_path / "mine" / "blocks")
    (file,) = (tmp_path / "mine" / "blocks").iterdir()
    counted.clear()
    result, warned = again(tmp_path / "mine")
    assert_same(result, serial)
    assert warned == [f"{file} belongs to a different sweep: it is computed again"]
    assert len(counted) == 1
    assert again(tmp_path / "mine")[1] == []


def change_block(file, change):
    """Rewrite a block, checksum and all."""
    changed = change(_netcdf.unsealed(file.read_bytes()))
    changed.attrs.pop("checksum", None)
    file.write_bytes(_netcdf.sealed(changed))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda b: b.assign_attrs(block=1), "holds other runs"),
        (lambda b: b.assign_coords(run=b.run[::-1].values), "holds other runs"),
        (lambda b: b.isel(run=slice(1, None)), "holds other runs"),
        (lambda b: b.drop_vars("weak_gap"), "holds other columns"),
        (lambda b: b.rename(weak_gap="weak_gas"), "holds other columns"),
        (lambda b: b.assign(more=b.oscillation), "holds other columns"),
        (lambda b: b.assign(diverged_at=b.diverged_at.astype("i4")), "holds other columns"),
        (lambda b: b.assign(oscillation=b.weak_gap), "holds other columns"),
        (lambda b: xarray.Dataset(attrs=b.attrs), "holds other runs"),
        (lambda b: b.assign_attrs(sweep="0" * 64), "belongs to a different sweep"),
        (lambda b: xarray.Dataset(), "belongs to a different sweep"),
    ],
)
def test_a_block_with_other_content_is_not_used(change, why, serial, tmp_path):
    run(store=tmp_path)
    (file,) = tmp_path.glob("blocks/*.nc")
    change_block(file, change)
    result, warned = again(tmp_path)
    assert_same(result, serial)
    assert warned == [f"{file} {why}: it is computed again"]


def test_a_block_that_cannot_be_read(serial, tmp_path):
    run(store=tmp_path)
    (file,) = tmp_path.glob("blocks/*.nc")
    file.unlink()
    file.mkdir()
    with (
        pytest.warns(UserWarning, match=f"{file} cannot be read"),
        pytest.raises(RuntimeError, match=f"{tmp_path} cannot be used: .*directory"),
    ):
        run(store=tmp_path)
    file.rmdir()
    assert_same(run(store=tmp_path), serial)


def test_blocks_of_other_versions(serial, tmp_path, monkeypatch):
    """They are used, with one warning, and the result says what made it."""
    other = {**block.made_by(), "library_version": "0.0.1", "torch_version": "1.0"}
    with monkeypatch.context() as patch:
        patch.setattr(block, "made_by", lambda: other)
        old = run(store=tmp_path, block_size=6)
    assert old.attrs["torch_version"] == "1.0"
    (tmp_path / "blocks" / "000000.nc").unlink()
    result, warned = again(tmp_path)
    here = sweeps.made_by()["torch_version"]
    assert len(warned) == 1
    assert "were computed by other versions and are used as they are: " in warned[0]
    assert f"torch_version 1.0 there, {here} here" in warned[0] and "numpy" not in warned[0]
    assert result.attrs["torch_version"] == f"1.0, {here}"
    assert result.attrs["library_version"] == f"0.0.1, {serial.attrs['library_version']}"
    assert result.attrs["numpy_version"] == serial.attrs["numpy_version"]
    xarray.testing.assert_equal(result, serial)
    assert again(tmp_path)[0].attrs["torch_version"] == f"1.0, {here}"


def test_a_block_keeps_what_made_it(tmp_path):
    run(store=tmp_path)
    (file,) = tmp_path.glob("blocks/*.nc")
    attrs = _netcdf.unsealed(file.read_bytes()).attrs
    assert {name: attrs[name] for name in sweeps.made_by()} == sweeps.made_by()
    assert attrs["block"] == 0 and len(attrs["sweep"]) == 64
    assert _netcdf.unsealed(file.read_bytes()).run.size == 12 * len(SEEDS)
