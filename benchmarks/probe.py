"""One measurement in a process of its own, printed as JSON: `python -m benchmarks.probe import`.

import       what `import benign_osc_lib` costs after torch
first_call   the first call of the reduced engine: compiled, or read from the cache on the disk
memory RUNS  how far one call raises the memory of the process, against what it returns
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import torch

SIZES = {"n": 16, "n_weak": 2, "d": 64, "m": 8, "lr": 1.2, "epochs": 200}
"""The paper's experiment, section 4.3."""


def cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def draw(runs, *, n, n_weak, d, m, dtype=torch.float64, **_):
    """Data sets and initial weights of independent runs, with the paper's norms."""
    from benign_osc_lib import FeatureNoiseModel, generators, init_weights

    model = FeatureNoiseModel(d=d, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
    seeds = generators(range(runs))
    data = model.sample(n, n_weak=n_weak, generator=seeds, dtype=dtype)
    return data, init_weights(m, d, 1 / 16, generator=seeds, dtype=dtype)


def import_cost():
    """Seconds, and whether numba came along."""
    start = time.perf_counter()
    import benign_osc_lib  # noqa: F401

    seconds = time.perf_counter() - start
    return {"seconds": seconds, "numba": "numba" in sys.modules}


def first_call():
    """Seconds of the first call on two runs and of the second."""
    from benign_osc_lib import train

    data, weights = draw(2, **SIZES)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        train(data, weights, 1.2, epochs=1, record_every=None, engine="reduced")
        seconds.append(time.perf_counter() - start)
    return {"first": seconds[0], "second": seconds[1]}


def memory(runs):
    """Bytes by which the peak exceeds what was in use before the call, and bytes returned.

    A small call comes first, so that the compiler is not counted; what it took stands apart.
    """
    from benign_osc_lib import train

    call = {"epochs": SIZES["epochs"], "record_every": None, "engine": "reduced"}
    small, large = draw(2, **SIZES), draw(runs, **SIZES)
    start, _ = _in_use()
    train(*small, SIZES["lr"], **call)
    before, _ = _in_use()
    _forget_peak()
    run = train(*large, SIZES["lr"], **call)
    _, peak = _in_use()
    fields = (run.weights, run.margins, run.strong, run.weak, run.steps, run.diverged_at)
    returned = sum(field.nbytes for field in fields)
    return {"runs": runs, "grown": peak - before, "returned": returned, "compiler": before - start}


def _in_use():
    """Bytes of this process in memory: now, and at most so far."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        found = dict(line.split(":", 1) for line in lines)
        return tuple(1024 * int(found[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError):  # not Linux: only the peak is known
        unit = 1 if sys.platform == "darwin" else 1024
        return (unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,) * 2


def _forget_peak():
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:  # then the peak is that of the whole process: never too low
        pass


if __name__ == "__main__":
    torch.set_num_threads(cores())
    what, *numbers = sys.argv[1:]
    found = {"import": import_cost, "first_call": first_call, "memory": memory}[what]
    print(json.dumps(found(*map(int, numbers))))
