"""A sweep on a Dask cluster."""

import os
import signal
import subprocess
import sys

from benign_osc_lib.sweeps import Store
from tests.library.sweeps.common import ROOT, assert_same, run


def test_a_dask_worker_is_killed_half_way(serial, tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    save, saved = Store.save, []
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**options, dashboard_address=None) as cluster, Client(cluster) as client:
        processes = client.run(os.getpid)

        def save_and_kill(self, *arguments):
            save(self, *arguments)
            saved.append(arguments[0])
            if len(saved) == 16:
                os.kill(min(processes.values()), signal.SIGKILL)

        monkeypatch.setattr(Store, "save", save_and_kill)
        ds = run(executor=client.get_executor(), store=tmp_path, block_size=1)
    assert_same(ds, serial)
    assert sorted(saved) == list(range(48))


def test_the_example_runs():
    example = ROOT / "examples" / "sweep_on_dask.py"
    assert len(example.read_text().splitlines()) <= 40
    done = subprocess.run([sys.executable, example], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
