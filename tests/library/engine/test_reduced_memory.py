"""The reduced engine in threads and processes, and the memory that it takes."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import torch

from benign_osc_lib import generators, init_weights, train
from tests.library.common import MODEL, problem
from tests.library.engine.common import OWN_AXES


def test_the_arguments_are_left_as_they_are():
    data, w = problem()
    lr = torch.tensor([0.5, 1e200], dtype=torch.float64)
    tensors = [data.x, data.y, data.is_weak, data.u, data.v, w, lr]
    before = [(tensor.clone(), tensor._version) for tensor in tensors]
    run = train(data, w, lr, epochs=3, engine="reduced")
    for tensor, (then, version) in zip(tensors, before, strict=True):
        assert torch.equal(tensor, then) and tensor._version == version
    kept = run.weights.clone()
    w.zero_()
    assert torch.equal(run.weights, kept)


def small_run(seed):
    data, w = problem(n=5, m=3, seed=seed)
    return train(data, w, 0.6, epochs=20, engine="reduced").margins.tolist()


def test_python_threads_may_train_at_once():
    alone = [small_run(seed) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(small_run, range(12))) == alone


@pytest.mark.skipif(sys.platform != "linux", reason="forking is safe on Linux only")
def test_forked_processes_may_train_at_once():
    alone = [small_run(seed) for seed in range(4)]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(small_run, range(4))) == alone


def resident(what):
    """Bytes of this process in memory, now ("VmRSS") or at most ("VmHWM")."""
    with open("/proc/self/status") as status:
        return 1024 * int(next(line for line in status if line.startswith(what)).split()[1])


def in_a_fresh_process():
    """Whether the import brings Numba with it; a run; the memory of 2000 runs and their size."""
    brought = "numba" in sys.modules
    margins = small_run(1)
    many = generators(range(2000))
    data, w = MODEL.sample(16, generator=many), init_weights(8, MODEL.d, 0.1, generator=many)
    lr = torch.linspace(0.1, 1.2, 2000, dtype=torch.float64)
    torch.set_num_threads(2)
    train(MODEL.sample(16), w[:1], 0.5, epochs=1, engine="reduced")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")  # forget the peak so far
    before, options = resident("VmRSS"), {"order": "shuffled", "generator": many}
    run = train(data, w, lr, epochs=60, record_every=16, engine="reduced", **options)
    extra = resident("VmHWM") - before
    return brought, margins, extra, sum(getattr(run, name).nbytes for name in OWN_AXES)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_fresh_process_and_its_memory():
    """Importing the library leaves Numba alone, runs are the same there, and no batch is copied.

    What a call takes besides its result is little: with 2000 runs less than the result does.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        brought, margins, extra, returned = pool.submit(in_a_fresh_process).result()
    assert not brought
    assert margins == small_run(1)
    assert extra <= 2 * returned
