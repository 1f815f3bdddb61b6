"""The benchmark of the GPU runs in Numba's simulator where there is none; a stored one is whole."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks import gpu
from benchmarks.values_gpu import values_gpu
from tests.book.common import ROOT


def check(results, plan):
    """A row for each measurement."""
    rows = [(row["what"], row["dtype"], row["runs"]) for row in results["rows"]]
    kernel = [("kernel", dtype, runs) for dtype in ("float64", "float32") for runs in plan.runs]
    others = [(f"kernel, filters a thread: {k}", plan.runs[-1]) for k in plan.filters]
    others += [("kernel, no margins kept", plan.runs[-1]), ("tensors", plan.batched)]
    others += [("CPU engine", runs) for runs in plan.cpu]
    assert rows == kernel + [(what, "float64", runs) for what, runs in others]
    for row in results["rows"]:
        in_kernel = row["what"].startswith("kernel")
        assert (row["kernel_ns"] is not None) == (row["set_up_ms"] is not None) == in_kernel
        assert 0 < (row["kernel_ns"] or row["call_ns"]) <= row["call_ns"]
    assert results["apart"]["median"] <= results["tolerance"] and results["apart"]["runs"] >= 1


def test_quick_benchmark_in_the_simulator(tmp_path):
    saved = tmp_path / "results.json"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--quick", "--save", saved],
        cwd=ROOT,
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    results = json.loads(saved.read_text(encoding="utf-8"))
    assert results["quick"] and results["card"] is None
    check(results, gpu.QUICK)
    on_page = values_gpu({**results, "card": {"name": "a card", "driver": None, "cuda": "13"}})
    assert on_page["table"].count("\n") == len(results["rows"]) + 1
    assert "of it in the kernel" in result.stdout


def test_a_kernel_that_trains_other_runs_is_refused(monkeypatch):
    """Here the engine in tensors stands for the kernel, with rates that are a little off."""
    data, weights = gpu.draw(gpu.QUICK.distinct, **gpu.QUICK.sizes)
    device = gpu.torch.device("cpu")
    batched = gpu.ENGINES["batched"]

    def train(factor):
        def engine(problem, *rest):
            found = batched(problem._replace(lr=factor * problem.lr), *rest)
            return found._replace(engine="cuda")

        return engine

    monkeypatch.setitem(gpu.ENGINES, "cuda", train(1.0))
    apart = gpu.compare(gpu.QUICK, device, data, weights)
    assert apart["worst"] <= 1e-12
    monkeypatch.setitem(gpu.ENGINES, "cuda", train(1.0001))
    with pytest.raises(SystemExit, match="differ from the CPU engine"):
        gpu.compare(gpu.QUICK, device, data, weights)
    monkeypatch.setitem(gpu.ENGINES, "cuda", batched)
    with pytest.raises(SystemExit, match="do not fit"):
        gpu.compare(gpu.QUICK, device, data, weights)


@pytest.mark.skipif(not gpu.RESULTS.exists(), reason="not measured yet")
def test_stored_results_are_those_of_a_full_run():
    results = json.loads(gpu.RESULTS.read_text(encoding="utf-8"))
    assert not results["quick"] and results["card"]
    check(results, gpu.FULL)
