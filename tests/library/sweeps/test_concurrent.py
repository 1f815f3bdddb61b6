"""Two sweeps on one store: every order of the steps of their starts."""

import os
import shutil
from itertools import count
from pathlib import Path

import pytest

from benign_osc_lib import _files as files
from benign_osc_lib import sweeps
from benign_osc_lib.sweeps import Store, store
from tests.library.sweeps.common import SIZES, assert_same, run
from tests.library.sweeps.interleaved import gate, gated, orders

DEFINITION = {"axes": ["lr"], "grid": {"lr": [0.1, 0.2], "d": 6}, "seeds": [1, 2], "n_test": 10}
OTHER = {**DEFINITION, "seeds": [1, 3]}
SWITCHES = 2
"""Without a bound there are 38 334 orders of two equal starts; all passed when this was written."""


def is_manifest(path, *_):
    return Path(path).name == "sweep.json"


@pytest.fixture
def gates(monkeypatch):
    """A gate before each step of a start that another process can see, or sees others by."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # slow, and of no consequence here
    for holder, name, applies in (
        (Path, "read_bytes", is_manifest),
        (Path, "exists", is_manifest),
        (Path, "iterdir", lambda path: path.name != "blocks"),
        (os, "link", lambda *_: True),
        (files, "_write", lambda *_: True),
        (store, "Presence", lambda *_: True),
    ):
        monkeypatch.setattr(holder, name, gated(getattr(holder, name), applies))


def started(path, definition, block_size):
    """Open a store, work for a while, close it."""
    with Store(path, definition, block_size, {}, {}) as opened:
        gate()
        return opened.block_size, opened.digest


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("definition", [DEFINITION, OTHER], ids=["same", "different"])
def test_two_starts(links, definition, gates, tmp_path, monkeypatch):
    """Neither is refused if they are the same sweep; of two others exactly one is."""
    if not links:

        def no_links(*_):
            gate()
            raise OSError

        monkeypatch.setattr(os, "link", no_links)
    folders = (tmp_path / str(number) for number in count())

    def calls():
        nonlocal path
        path = next(folders)
        return [
            lambda: started(path, DEFINITION, 5),
            lambda: started(path, definition, 7),
        ]

    path, tried = None, 0
    for outcomes in orders(calls, SWITCHES):
        tried += 1
        assert sorted(p.name for p in path.iterdir()) == ["blocks", "sweep.json"]
        if definition is DEFINITION:
            assert outcomes[0] == outcomes[1] and outcomes[0][0] in (5, 7)
        else:
            refused = [isinstance(outcome, ValueError) for outcome in outcomes]
            assert sorted(refused) == [False, True], outcomes
            assert "store must hold this sweep or none" in str(outcomes[refused.index(True)])
            winner = refused.index(False)
            assert started(path, (DEFINITION, definition)[winner], 9) == outcomes[winner]
        shutil.rmtree(path)
    assert tried > 100


def steps_of_a_sweep(monkeypatch, at_step, *more):
    """Call ``at_step(number)`` before each step of a sweep that another process can see.

    Not inside the steps of a sweep that ``at_step`` itself makes. While a sweep tidies up, others
    wait for it: that is no step unless ``more`` names what it does then, a method of Path.
    """
    numbers, inside = count(), []

    def hooked(function):
        def wrapped(*arguments, **options):
            if not inside:
                inside.append(True)
                at_step(next(numbers))
                inside.pop()
            return function(*arguments, **options)

        return wrapped

    for holder, names in (
        (Path, ("read_bytes", "exists", "iterdir", "mkdir", *more)),
        (os, ("link", "replace", "unlink", "fsync")),
        (files, ("_write",)),
        (store, ("Presence",)),
    ):
        for name in names:
            monkeypatch.setattr(holder, name, hooked(getattr(holder, name)))


GRID = {**SIZES, "scale": 0.2, "lr": [0.05, 0.3]}
OTHER_GRID = {**GRID, "lr": [0.1, 0.45]}


@pytest.mark.parametrize("grid", [GRID, OTHER_GRID], ids=["same", "different"])
def test_a_whole_sweep_between_two_steps_of_another(grid, tmp_path, monkeypatch):
    expected = {"lr": run(GRID, [1, 2]), "other": run(grid, [1, 2])}
    for step in count():
        path, met = tmp_path / str(step), []

        def at_step(number, step=step, path=path, met=met):
            if number == step:
                try:
                    met.append(run(grid, [1, 2], block_size=2, store=path))
                except ValueError as error:
                    met.append(error)

        with monkeypatch.context() as patch:
            steps_of_a_sweep(patch, at_step)
            try:
                mine = run(GRID, [1, 2], block_size=2, store=path)
            except ValueError as error:
                mine = error
        if not met:
            break
        (theirs,) = met
        if grid is GRID:
            assert_same(mine, expected["lr"])
            assert_same(theirs, expected["lr"])
        else:
            refused = [isinstance(outcome, ValueError) for outcome in (mine, theirs)]
            assert sorted(refused) == [False, True]
            assert_same(*((theirs, expected["other"]) if refused[0] else (mine, expected["lr"])))
        files_there = sorted(p.name for p in path.rglob("*.*"))
        assert files_there == ["000000.nc", "000001.nc", "sweep.json"]
    assert step > 15


def killed_before(step, path, results, monkeypatch):
    """Start a sweep in a process that is killed before a step; whether it came so far."""
    child = os.fork()
    if not child:
        try:
            steps_of_a_sweep(monkeypatch, lambda number: number == step and os._exit(9), "glob")
            monkeypatch.setattr(sweeps, "run_block", lambda *_: results.pop(0))  # trains nothing
            run(GRID, [1, 2], block_size=2, store=path)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_killed_before_each_step(tmp_path, monkeypatch, counted):
    """The next process finds what was finished, and removes what was not."""
    expected = run(GRID, [1, 2], block_size=2)
    results = [sweeps.run_block(*task) for task in list(counted)]
    for step in count():
        path = tmp_path / str(step)
        killed = killed_before(step, path, results, monkeypatch)
        stored = len(list(path.glob("blocks/*.nc")))
        counted.clear()
        assert_same(run(GRID, [1, 2], block_size=2, store=path), expected)
        assert len(counted) == 2 - stored
        assert sorted(p.name for p in path.rglob("*.*")) == ["000000.nc", "000001.nc", "sweep.json"]
        if not killed:
            break
    assert step > 15 and stored == 2
