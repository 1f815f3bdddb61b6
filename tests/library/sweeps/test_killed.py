"""Processes that are killed, and what the next one finds."""

import json
import subprocess
import sys

from tests.library.sweeps.common import GRID, ROOT, SEEDS, assert_same, run

KILLER = """
import json, os, random, signal, sys, time
from benign_osc_lib import sweeps

store, log_file, grid, seeds = sys.argv[1], sys.argv[2], *map(json.loads, sys.argv[3:])
chance, run_block = random.Random(1), sweeps.run_block
log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def run(seeds, store):
    sweeps.sweep(grid, seeds, n_test=10, store=store, block_size=1, progress=False)

def logged(*arguments):
    os.write(log, b"x")
    return run_block(*arguments)

run([1], log_file + "-other")  # so that all is imported before a process is copied
sweeps.run_block = logged
for k in range(10):
    child = os.fork()
    if not child:
        try:
            run(seeds, store)
        except KeyboardInterrupt:
            os._exit(1)
        os._exit(0)
    time.sleep(chance.uniform(0, 0.12))
    os.kill(child, (signal.SIGKILL, signal.SIGINT)[k % 2])
    print(os.waitpid(child, 0)[1] != 0)
"""


def test_killed_before_the_manifest(serial, tmp_path):
    (tmp_path / ".unfinished-sweep.json-0").write_text("{")
    assert_same(run(store=tmp_path), serial)
    assert not list(tmp_path.glob(".unfinished*"))


def test_killed_or_interrupted_ten_times_at_random_moments(serial, tmp_path, counted):
    store, log = tmp_path / "store", tmp_path / "log"
    arguments = [str(store), str(log), json.dumps(GRID), json.dumps(SEEDS)]
    command = [sys.executable, "-c", KILLER, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    killed = done.stdout.split().count("True")
    assert killed > 0, done.stderr
    stored = len(list(store.glob("blocks/*.nc")))
    assert stored <= log.stat().st_size <= stored + killed  # each lost the block in hand at most
    assert_same(run(store=store, block_size=1), serial)
    assert len(counted) == 48 - stored
    assert sorted(p.name for p in store.glob("blocks/*")) == [f"{k:06}.nc" for k in range(48)]
