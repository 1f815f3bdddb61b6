"""Measurements in a process of their own, printed as JSON: `python -m benchmarks.probe import`.

import       what `import benign_osc_lib` costs after torch
first_call   the first call of the reduced engine: compiled, or read from the cache on the disk
memory RUNS  how far one call raises the memory of the process, against what it returns

The library is imported where it is measured, never at the top.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.machine import ROOT, cores


def probe(*arguments, **environment):
    """What one of the three measures, in a process of its own with these variables."""
    command = [sys.executable, "-m", "benchmarks.probe", *map(str, arguments)]
    environment = {**os.environ, **environment}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def imports(repeats):
    """The best time of some imports, and whether any of them brought numba along."""
    found = [probe("import") for _ in range(repeats)]
    return {
        "seconds": min(one["seconds"] for one in found),
        "numba": any(one["numba"] for one in found),
    }


def first_calls():
    """Seconds until the reduced engine first returns: compiled anew, and read from the disk."""
    with tempfile.TemporaryDirectory() as folder:
        compiled, cached = (probe("first_call", NUMBA_CACHE_DIR=folder) for _ in range(2))
    return {
        "compiled_s": compiled["first"],
        "cached_s": cached["first"],
        "second_s": cached["second"],
    }


def import_cost():
    """Seconds, and whether numba came along."""
    if "benign_osc_lib" in sys.modules:
        raise RuntimeError("the library is imported already: its import cannot be timed")
    start = time.perf_counter()
    import benign_osc_lib  # noqa: F401

    seconds = time.perf_counter() - start
    return {"seconds": seconds, "numba": "numba" in sys.modules}


def first_call():
    """Seconds of the first call on two runs and of the second."""
    from benchmarks.parts import reduced
    from benchmarks.sizes import SIZES, draw

    data, weights = draw(2, **SIZES)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        reduced(data, weights, SIZES["lr"], epochs=1)
        seconds.append(time.perf_counter() - start)
    return {"first": seconds[0], "second": seconds[1]}


def memory(runs):
    """Bytes by which the peak exceeds what was in use before the call, and bytes returned.

    A small call comes first, so that the compiler is not counted; what it took stands apart. So
    does what a call takes that does not return margins.
    """
    from benchmarks.calls import returned
    from benchmarks.parts import reduced
    from benchmarks.sizes import SIZES, draw

    lr, epochs = SIZES["lr"], SIZES["epochs"]
    small, large = draw(2, **SIZES), draw(runs, **SIZES)
    start, _ = _in_use()
    reduced(*small, lr, epochs)
    before, _ = _in_use()
    peaks = []
    for options in ({"margins": False}, {}):  # the smaller first: not every system forgets a peak
        _forget_peak()
        run = reduced(*large, lr, epochs, **options)
        peaks.append(_in_use()[1] - before)
    without, grown = peaks
    size = returned(run)
    return {
        "runs": runs,
        "grown": grown,
        "returned": size,
        "ratio": grown / size,
        "without_margins": without,
        "compiler": before - start,
    }


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
