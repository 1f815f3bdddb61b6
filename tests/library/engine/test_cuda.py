"""The kernel for GPUs, run in Numba's simulator or on a device, beside the other engines.

One test starts a process in which the simulator stands for a device, and runs there what says so
below and the contract of an engine. What needs a real device is skipped where there is none.
"""

import os
import re
import subprocess
import sys
import threading

import pytest
import torch

from benign_osc_lib import PatchData, generators, init_weights, train
from benign_osc_lib.engine import Problem, cuda, follow
from benign_osc_lib.engine.cuda_setup import prepare
from benign_osc_lib.engine.divergence import LIMIT
from tests.book.common import ROOT
from tests.library.common import MODEL, assert_close
from tests.library.engine import test_batched as batch
from tests.library.engine.common import ENGINES, SIMULATED, needs_gpu

in_simulator = pytest.mark.skipif(not SIMULATED, reason="runs in the process of the simulator")
on_device = pytest.mark.skipif(
    SIMULATED or not torch.cuda.is_available(), reason="needs a CUDA device"
)
FIELDS = ("weights", "margins", "strong", "weak", "diverged_at")

# --- In the simulator, or on a device ----------------------------------------------------------


def trained(case, visits, record_every, limit=LIMIT):
    x, y, u, v, weights, lr = vars(case).values()
    given = Problem(x, y, u, v, weights.unflatten(1, (2, -1)), lr.to(x.dtype), visits)
    return batch.in_one_axis(ENGINES["cuda"](given, record_every, limit, False))


def assert_same_runs(monkeypatch, *args, **options):
    """As in ``test_batched``, with the kernel in place of the tensors."""
    monkeypatch.setattr(batch, "batched", trained)
    return batch.assert_same_runs(*args, **options)


KINDS = [  # m, patches, n, order, shared, float64
    (1, 1, 3, "cyclic", (), True),  # four runs a block in the simulator
    (2, 3, 2, "one for each run", (), True),  # two, of two threads
    (3, 2, 4, "the same for all", ("x",), True),  # a filter missing in the last thread
    (5, 4, 2, "one for each run", ("x", "weights"), False),  # three filters a thread
    (4, 3, 3, "one for each run", ("weights", "u"), True),
]


@needs_gpu
@pytest.mark.parametrize(("m", "patches", "n", "order", "shared", "double"), KINDS)
def test_any_kind_of_runs(monkeypatch, m, patches, n, order, shared, double):
    dtype = torch.float64 if double else torch.float32
    rates = torch.tensor([0.1, 0.4, 3.0, 0.2, 1e20])
    kind = {"m": m, "patches": patches, "n": n, "shared": shared, "dtype": dtype}
    case = batch.problem(runs=5, lr=rates, seed=m, **kind)
    tolerance = 10 * batch.TOLERANCE[dtype]
    found = assert_same_runs(monkeypatch, case, 3, 2, order, m, tolerance)
    assert (found["diverged_at"] < 0).any() and (found["diverged_at"] > 0).any()


@needs_gpu
@pytest.mark.parametrize("seed", range(3))
def test_the_limit_is_met_exactly(monkeypatch, seed):
    case = batch.problem(runs=4, n=3, m=2, lr=[0.3, 0.7, 1.3, 2.0], seed=seed)
    limit = [1.2, 2.0, 5.0][seed]
    assert_same_runs(monkeypatch, case, 3, 5, "one for each run", seed, 1e-8, limit)


@needs_gpu
@pytest.mark.parametrize(("left", "right", "lr"), [(100.0, 100.0, 0.1), (100.0, 1.0, 1.0)])
def test_every_update_is_looked_at_on_every_point(monkeypatch, left, right, lr):
    monkeypatch.setattr(batch, "batched", trained)
    batch.test_every_update_is_looked_at_on_every_point(left, right, lr)


@needs_gpu
@pytest.mark.parametrize(("m", "size"), [(1, 15), (4, 15), (2, 1)])
def test_a_run_that_creeps_beyond_the_limit_is_found_at_once(monkeypatch, m, size):
    """The bound, for the longer point, is twice what the other moves: a look comes halfway.

    In one launch, or in one for each epoch.
    """
    monkeypatch.setattr(cuda, "first_size", lambda runs, n: size)
    monkeypatch.setattr(cuda, "next_size", lambda size, took: size)
    rates = m * torch.tensor([0.020, 0.024])
    case = batch.problem(runs=2, n=2, patches=1, m=m, lr=rates)
    case.x, case.y = torch.zeros_like(case.x), torch.ones_like(case.y)
    case.x[:, 0, 0, 0], case.x[:, 1, 0, 1] = 1, 2**0.5
    case.weights = torch.zeros_like(case.weights)
    case.weights[:, :m, 0] = 0.4
    f = batch.reference(case, 0, batch.orders(2, 15, 2, "cyclic"), 1)["margins"][:, 0]
    limit = float(f[12] + f[13]) / 2
    found = assert_same_runs(monkeypatch, case, 15, 30, limit=limit)
    assert found["diverged_at"].tolist() == [25, 21]


@needs_gpu
def test_a_run_may_stay_near_the_limit(monkeypatch):
    """Where large outputs of the two signs cancel."""
    case = batch.problem(runs=2, n=2, m=2, lr=1e-9, scale=3e3)
    case.weights[:, 2:] = case.weights[:, :2]
    case.weights[0, 2:] *= 1 + 1e-6
    found = assert_same_runs(monkeypatch, case, 2, 1, tolerance=1e-7)
    assert found["diverged_at"].tolist() == [-1, -1]


def assert_equal(now, then):
    for name in FIELDS:
        assert torch.equal(now[name], then[name]), name


@needs_gpu
def test_the_length_of_a_launch_changes_nothing(monkeypatch):
    case = batch.problem(runs=3, n=3, m=2, lr=[0.3, 0.8, 30.0], seed=1)
    visits = batch.orders(3, 4, 3, "one for each run")
    whole = trained(case, visits, 2, 5.0)
    monkeypatch.setattr(cuda, "first_size", lambda runs, n: 1)
    monkeypatch.setattr(cuda, "next_size", lambda size, took: size)
    assert_equal(trained(case, visits, 2, 5.0), whole)


@needs_gpu
@pytest.mark.parametrize("shared", [(), ("x", "weights")])
def test_chunks_of_runs_change_nothing(monkeypatch, shared):
    case = batch.problem(runs=5, n=2, m=1, lr=[0.3, 0.8, 30.0, 0.1, 0.2], shared=shared)
    visits = batch.orders(5, 2, 2, "one for each run")
    whole = trained(case, visits, 2)
    monkeypatch.setattr(cuda, "runs_of_chunk", lambda given, room: 2)
    assert_equal(trained(case, visits, 2), whole)


@needs_gpu
def test_a_grid_shares_the_data_along_one_axis(monkeypatch):
    """Three rates for each of two data sets: their Gram matrices are made twice, not six times."""
    seen = []

    def spied(x, u, v):
        seen.append(len(x))
        return prepare(x, u, v)

    monkeypatch.setattr(cuda, "prepare", spied)
    data = MODEL.sample(2, n_weak=1, generator=generators([0, 1]))
    w = init_weights(1, 8, 0.1, generator=generators([0, 1]))
    x, y, w = (t[:, None] for t in (data.x, data.y, w))
    rates = torch.tensor([0.2, 0.5, 0.8]).double().expand(2, 3)
    given = Problem(x, y, data.u, data.v, w, rates, torch.arange(2).expand(2, 2))
    found, expected = (ENGINES[name](given, 1, LIMIT, False) for name in ("cuda", "compiled"))
    assert seen == [2]
    for name in FIELDS:
        assert_close(getattr(found, name), getattr(expected, name), 1e-9)


@needs_gpu
def test_margins_are_not_kept_where_they_are_not_wanted():
    data = MODEL.sample(2, generator=generators([0, 1]))
    w = init_weights(1, 8, 0.1, generator=generators([0, 1]))
    visits = torch.arange(2).expand(2, 2)
    rates = torch.full((2,), 0.5).double()
    given = Problem(data.x, data.y, data.u, data.v, w, rates, visits)
    whole = ENGINES["cuda"](given, 1, LIMIT, False)
    found = ENGINES["cuda"](given._replace(margins=False), 1, LIMIT, False)
    assert found.margins is None and whole.margins is not None
    assert torch.equal(found.weights, whole.weights) and torch.equal(found.weak, whole.weak)


@in_simulator
@pytest.mark.parametrize("m", [1, 2, 4])
def test_shuffles_and_votes_do_as_the_barriers(monkeypatch, m):
    """The code for a device, with shuffles and votes in the manner of the simulator.

    A thread that missed one would leave the others waiting, or out of step.
    """
    from numba.cuda.simulator.kernelapi import FakeCUDAModule

    from benign_osc_lib.engine import cuda_kernel

    def shuffle(self, mask, value, offset):
        thread = threading.current_thread()
        lanes, me = vars(thread._manager).setdefault("lanes", {}), thread.threadIdx.x
        lanes[me] = value
        thread.syncthreads()
        other = lanes[me ^ offset]
        thread.syncthreads()
        return other

    def vote(self, mask, condition):
        return self.syncthreads_or(condition) != 0

    case = batch.problem(runs=5, n=2, m=m, lr=[0.3, 20.0, 0.1, 1e20, 0.2])
    visits = batch.orders(5, 3, 2, "one for each run")
    expected = trained(case, visits, 2)
    monkeypatch.setattr(FakeCUDAModule, "shfl_xor_sync", shuffle, raising=False)
    monkeypatch.setattr(FakeCUDAModule, "any_sync", vote, raising=False)
    monkeypatch.setattr(cuda_kernel, "SHUFFLES", True)
    cuda_kernel.kernel.cache_clear()
    found = trained(case, visits, 2)
    cuda_kernel.kernel.cache_clear()
    assert (found["diverged_at"] > 0).any() and (found["diverged_at"] < 0).any()
    for name in FIELDS:
        assert_close(found[name], expected[name], 1e-9)


@in_simulator
def test_runs_that_do_not_fit_are_trained_in_tensors(monkeypatch):
    case = batch.problem(runs=2, n=2, m=1)
    monkeypatch.setattr(cuda, "SHARED", 100)
    monkeypatch.setattr(cuda, "most_shared_memory", lambda device: 100)
    given = Problem(
        case.x, case.y, case.u, case.v, case.weights.unflatten(1, (2, -1)), case.lr,
        torch.arange(2).expand(2, 2),
    )  # fmt: skip
    found, expected = (ENGINES[name](given, 1, LIMIT, False) for name in ("cuda", "batched"))
    assert found.engine == "batched"
    assert all(torch.equal(getattr(found, f), getattr(expected, f)) for f in FIELDS)


@pytest.mark.skipif(SIMULATED, reason="this is the process of the simulator")
def test_the_kernel_in_numbas_simulator():
    """Every test of this file and of the contract that can run there, in a process of its own."""
    code = (
        "import sys, pytest; sys.setswitchinterval(5e-4);"  # else threads wait 5 ms for each other
        "sys.exit(pytest.main(sys.argv[1:]))"
    )
    folder = ROOT / "tests" / "library" / "engine"
    files = [folder / "test_cuda.py", folder / "test_engines.py"]
    chosen = "cuda and not (shapes or alone and shuffled or long_or_short and dtype2)"
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-W", "ignore", "-k", chosen]
    result = subprocess.run(
        [sys.executable, "-c", code, *files, *options],
        cwd=ROOT,
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", result.stdout)[1]) >= 44


def test_without_a_device_the_batch_is_trained_in_tensors():
    if SIMULATED:
        pytest.skip("the simulator stands for a device")
    data = MODEL.sample(4, generator=generators([0, 1]))
    w = init_weights(3, 8, 0.1, generator=generators([0, 1]))
    rates, visits = torch.full((2,), 0.5).double(), torch.arange(4).expand(2, 4)
    given = Problem(data.x, data.y, data.u, data.v, w, rates, visits)
    found = follow(given, "cuda", 3)
    assert found.engine == "batched"
    expected = follow(given, "batched", 3)
    assert all(torch.equal(getattr(found, f), getattr(expected, f)) for f in FIELDS)


# --- On a device -------------------------------------------------------------------------------


def papers_runs(runs, epochs):
    """The paper's runs, on the CPU and with the kernel."""
    from benchmarks import sizes

    data, w = sizes.draw(runs, **sizes.SIZES)
    there = PatchData(*(getattr(data, f).cuda() for f in ("x", "y", "is_weak", "u", "v")))
    options = {"epochs": epochs, "record_every": None, "engine": "reduced"}
    here = train(data, w, sizes.SIZES["lr"], **options)
    return here, train(there, w.cuda(), sizes.SIZES["lr"], **options)


@on_device
def test_twenty_epochs_of_the_papers_runs_are_the_same():
    """On the CPU the two other engines differ by 4e-15 in the median run, 3e-11 in the worst."""
    here, there = papers_runs(200, 20)
    assert there.engine == "cuda"
    apart = (here.margins - there.margins.cpu()).abs().amax((1, 2))
    assert float(apart.median()) <= 1e-12 and float(apart.max()) <= 1e-8
    assert here.diverged_at.tolist() == there.diverged_at.tolist()


@on_device
def test_after_two_hundred_epochs_the_statistics_are_the_same():
    """Some runs amplify rounding by then: 24 of 200 between the two engines of the CPU."""
    here, there = papers_runs(400, 200)
    apart = (here.margins - there.margins.cpu()).abs().amax((1, 2))
    assert float(apart.median()) <= 1e-9 and float((apart > 1e-6).double().mean()) <= 0.3
    for name in ("strong", "weak"):
        a, b = getattr(here, name)[:, -1].amax(-1), getattr(there, name)[:, -1].amax(-1).cpu()
        error = (a - b).mean(0).abs()
        assert (error <= 5 * a.std(0) / 400**0.5 * 0.3).all()
