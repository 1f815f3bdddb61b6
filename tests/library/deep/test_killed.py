"""A run that is killed again and again gives the same log and the same weights."""

import os
import subprocess
import sys

import pytest
import torch

from benign_osc_lib.deep import read_log, run_in_folder
from tests.book.common import ROOT
from tests.library.deep.common import small, small_images

# A process that lets children train the same run. A child kills itself when it flushes or renames
# a file for the n-th time, or has written half of one: so a file may be missing, cut off under its
# temporary name, or in full but not yet renamed. The next child goes on, until one gets through.
KILLER = """
import os, signal, sys
from benign_osc_lib import _provenance
from benign_osc_lib.deep import run_in_folder
from tests.library.deep.common import small, small_images

def counted(function, stride):
    def call(*given):
        counted.left -= 1
        if not counted.left:
            if function is os.fsync:
                os.ftruncate(given[0], os.fstat(given[0]).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given)
    return call

def train(out, stride):
    counted.left = stride
    os.fsync, os.replace = (counted(f, stride) for f in (os.fsync, os.replace))
    run_in_folder([small()], out, images=small_images(), checkpoint_every=1)
    os._exit(0)

_provenance.made_by()  # once, for all children
for stride in (7, 8):
    deaths, status = 0, 1
    while status:
        child = os.fork()
        if not child:
            train(f"{sys.argv[1]}/{stride}", stride)
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status) or not status
        deaths += bool(status)
        assert deaths < 20
    print(stride, deaths)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_killed_again_and_again(tmp_path):
    command = [sys.executable, "-c", KILLER, str(tmp_path)]
    one = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}  # as it will fork
    done = subprocess.run(command, cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    deaths = [int(line.split()[1]) for line in done.stdout.splitlines()]
    assert len(deaths) == 2 and min(deaths) >= 2
    settings = small()
    run_in_folder([settings], tmp_path / "whole", images=small_images(), checkpoint_every=1)
    for stride in (7, 8):
        same_run(tmp_path / "whole", tmp_path / str(stride), settings)
        assert not list((tmp_path / str(stride)).glob(".unfinished-*"))


def same_run(first, second, settings):
    """Logs and weights are equal, the weights to the bit."""
    log, state = (f"{settings.name}.{end}" for end in ("csv", "pt"))
    assert (first / log).read_bytes() == (second / log).read_bytes()
    one, two = (torch.load(x / state, weights_only=True) for x in (first, second))
    assert one["network"].keys() == two["network"].keys()
    for name, value in one["network"].items():
        assert torch.equal(value, two["network"][name]), name


def test_how_often_the_state_is_written_changes_nothing(tmp_path):
    settings = small()
    for every in (0, 2):
        run_in_folder(
            [settings], tmp_path / str(every), images=small_images(), checkpoint_every=every
        )
    same_run(tmp_path / "0", tmp_path / "2", settings)


def test_a_finished_run_is_left_alone(tmp_path):
    grid, seen = [small(seed=seed) for seed in (0, 1)], []

    def report(settings, rows, before):
        seen.append((settings.seed, len(rows), before))

    first = run_in_folder(grid, tmp_path, images=small_images(), report=report)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.*")}
    again = run_in_folder(grid, tmp_path, images=small_images(), report=report)
    assert again == first and first[0] != first[1]
    assert seen == [(0, 2, False), (1, 2, False), (0, 2, True), (1, 2, True)]
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert read_log((tmp_path / f"{grid[0].name}.csv").read_text()) == first[0]
