"""A store: whose it is, what it gives back, what it refuses."""

import builtins
import errno
import json
import os
from pathlib import Path
from threading import Timer

import pytest

from benign_osc_lib import _netcdf
from benign_osc_lib.sweeps import store
from tests.library.sweeps.common import GRID, SMALL, assert_same, run


def test_a_store_gives_back_every_bit(serial, tmp_path, counted):
    store = tmp_path / "new" / "store"
    assert_same(run(store=store, block_size=7), serial)
    assert len(counted) == len(list(store.glob("blocks/*.nc")))
    counted.clear()
    assert_same(run(store=str(store), block_size=3), serial)
    assert not counted
    assert json.loads((store / "sweep.json").read_text())["block_size"] == 7
    assert sorted(p.name for p in store.iterdir()) == ["blocks", "sweep.json"]


def test_stores_made_before_rules_and_projections_are_still_of_their_sweep(tmp_path):
    """Every block names its sweep by this digest, so it must not change with a new option."""
    grid = {**SMALL, "kappa": [0.5, 1.1], "order": "shuffled", "epochs": 1}
    run(grid, [1, 2], store=tmp_path)
    (file,) = tmp_path.glob("blocks/*.nc")
    assert _netcdf.unsealed(file.read_bytes()).attrs["sweep"] == (
        "742f666be04972f166953a83d93194a43000b4babefeb164f90bbefb53a351e1"
    )


def test_diverged_runs_are_stored_too(tmp_path):
    grid = {**SMALL, "lr": [0.3, 1e4], "scale": [0.2, 1e6]}
    first = run(grid, store=tmp_path)
    assert first.oscillation.isnull().any()
    assert first.diverged.any() and not first.diverged.all()
    assert_same(run(grid, store=tmp_path), first)


OTHER = [
    (
        dict(grid={**GRID, "lr": [0.05, 0.3, 0.5]}),
        r"lr is \[0.05, 0.3, 0.45\] there and \[0.05, 0.",
    ),
    (dict(grid={**GRID, "lr": 0.3}), r"axes is .*; lr is \[0.05, 0.3, 0.45\] there and 0.3 here"),
    (dict(grid={**GRID, "d": 7}), "d is 6 there and 7 here$"),
    (dict(grid={**GRID, "v_norm": 0.3}), "v_norm is 0.4 there and 0.3 here$"),
    (dict(grid=dict(reversed(GRID.items()))), r"axes is \['lr', .* there and \['scale', "),
    (dict(seeds=[3, 0, 7]), r"seeds is \[3, 0, 7, 1099511627776\] there and \[3, 0, 7\] here$"),
    (dict(n_test=11), "n_test is 10 there and 11 here$"),
    (dict(engine="reference"), "engine is 'auto' there and 'reference' here$"),
]


@pytest.mark.parametrize(("changes", "message"), OTHER)
def test_a_store_of_a_different_sweep_is_refused(changes, message, tmp_path, counted):
    run(store=tmp_path)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    counted.clear()
    with pytest.raises(ValueError, match=f"^store must hold this sweep or none, .*{message}"):
        run(**changes, store=tmp_path)
    assert not counted
    assert before == sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))


def test_values_not_given_in_one_of_two_sweeps(tmp_path):
    run(store=tmp_path)
    grid = {name: values for name, values in GRID.items() if name != "lr"}
    with pytest.raises(ValueError, match="kappa is not given there and 1.2 here; lr is .* here"):
        run({**grid, "kappa": 1.2}, store=tmp_path)


NO_MANIFEST = ["", "{", "[]", "3", "{}", "null", '"a"', '{"format": 0}', '{"format": 2}', "\xff"]


@pytest.mark.parametrize("content", NO_MANIFEST)
def test_a_manifest_that_is_none_is_refused(content, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_PATIENCE", 0)
    (tmp_path / "sweep.json").write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match="^store must hold a sweep of format 2, got .*sweep.json"):
        run(store=tmp_path)


def test_a_store_of_an_older_format_says_what_to_do(tmp_path):
    content = {"format": 1, "library_version": "0.1.0", "block_size": 1000}
    (tmp_path / "sweep.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="is of format 1: name a new folder, or go on with the"):
        run(store=tmp_path)


@pytest.mark.parametrize("block_size", [0, -3, 1.7, True, "7", None])
@pytest.mark.parametrize("checksum", [True, False])
def test_a_block_size_that_is_none(block_size, checksum, tmp_path):
    run(store=tmp_path, block_size=7)
    content = json.loads((tmp_path / "sweep.json").read_text())
    content["block_size"] = block_size
    if checksum:
        content.pop("checksum")
        content = {"checksum": store._digest(content), **content}
    (tmp_path / "sweep.json").write_text(json.dumps(content) + "\n")
    with pytest.raises((ValueError, TypeError), match="block_size .*must be|is damaged"):
        run(store=tmp_path)


def test_every_bit_of_the_manifest_counts(tmp_path):
    """It is refused, or says the same: 1e-05 may become 1E-05."""
    definition = {"axes": ["lr"], "grid": {"lr": [1e-5, 0.1], "d": 6}, "seeds": [1, 2**63 - 1]}
    with store.Store(tmp_path, definition, 7, {}, {"torch_version": "2"}) as opened:
        content = opened.manifest.read_bytes()
        expected, refused = opened._parsed(content), 0
        for bit in range(8 * len(content)):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << bit % 8
            try:
                assert opened._parsed(flipped) == expected
            except ValueError:
                refused += 1
        assert refused >= 8 * len(content) - 8
        for size in range(len(content) - 2):
            with pytest.raises(ValueError):
                opened._parsed(content[:size])


def test_a_manifest_that_is_still_being_written(serial, tmp_path):
    """Where there are no hard links, the file is there for a moment before its content is."""
    run(store=tmp_path)
    manifest = tmp_path / "sweep.json"
    content = manifest.read_bytes()
    manifest.write_bytes(content[:100])
    Timer(0.2, manifest.write_bytes, [content]).start()
    assert_same(run(store=tmp_path), serial)


def test_other_directories_are_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(ValueError, match="^store must be empty, new or .*'notes.txt'"):
        run(store=tmp_path)
    with pytest.raises(ValueError, match="^store must be a directory, got the file .*notes.txt"):
        run(store=file)
    with pytest.raises(RuntimeError, match="^the store .*notes.txt/below cannot be used: "):
        run(store=file / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "blocks").mkdir()
    with pytest.raises(ValueError, match="^store must be empty, new or .*'blocks' and no sweep"):
        run(store=tmp_path / "a")
    (tmp_path / "b" / "sweep.json").mkdir(parents=True)
    with pytest.raises(ValueError, match="^store must hold a file sweep.json, got the folder"):
        run(store=tmp_path / "b")


def test_what_file_managers_leave_is_no_reason_to_refuse(serial, tmp_path):
    names = [".DS_Store", "Thumbs.db", "desktop.ini", "._x"]
    for name in names:
        (tmp_path / name).write_text("x")
    assert_same(run(store=tmp_path), serial)
    for name in names:
        (tmp_path / "blocks" / name).write_text("x")
    assert_same(run(store=tmp_path), serial)
    assert {path.name for path in tmp_path.iterdir()} == {"blocks", "sweep.json", *names}


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_the_path_of_a_store(kind, serial, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert_same(run(store=kind("~/new/é store")), serial)
    assert (tmp_path / "new" / "é store" / "sweep.json").exists()


def read_only(monkeypatch):
    """A disk on which nothing can be written or removed."""

    def refused(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    for name in ("link", "replace", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, refused)
    opened, os_open = builtins.open, os.open

    def open_(file, mode="r", *rest, **options):
        return refused() if set(mode) & set("wax+") else opened(file, mode, *rest, **options)

    def open_handle(file, flags, *rest, **options):
        written = flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT)
        return refused() if written else os_open(file, flags, *rest, **options)

    monkeypatch.setattr(builtins, "open", open_)
    monkeypatch.setattr(os, "open", open_handle)


def test_a_finished_store_on_a_read_only_disk(serial, tmp_path, monkeypatch):
    run(store=tmp_path)
    for folder in (tmp_path, tmp_path / "blocks"):
        (folder / ".unfinished-x").write_text("left over")
    read_only(monkeypatch)
    assert_same(run(store=tmp_path), serial)


def test_an_unfinished_store_on_a_read_only_disk(serial, tmp_path, monkeypatch):
    run(store=tmp_path, block_size=6)
    (tmp_path / "blocks" / "000007.nc").unlink()
    with monkeypatch.context() as patch:
        read_only(patch)
        message = f"stopped with 7 of 8 blocks done; .*{tmp_path} cannot be used: .*Read-only"
        with pytest.raises(RuntimeError, match=message):
            run(store=tmp_path)
        with pytest.raises(RuntimeError, match="^the store .*new cannot be used: .*Read-only"):
            run(store=tmp_path / "new")
    assert_same(run(store=tmp_path), serial)


def test_a_full_disk(serial, tmp_path, monkeypatch):
    """What is written stays, what is not leaves no trace, and the sweep goes on later."""
    fsync, times = os.fsync, []

    def full(handle):
        times.append(handle)
        if len(times) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        message = f"stopped with 3 of 8 blocks .*{tmp_path} cannot be used: .*No space left"
        with pytest.raises(RuntimeError, match=message):
            run(store=tmp_path, block_size=6)
    assert len(list(tmp_path.glob("blocks/*"))) == 3
    assert_same(run(store=tmp_path), serial)
