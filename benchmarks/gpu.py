"""Time the engines on a GPU: `make bench-gpu`, on a machine with one.

python -m benchmarks.gpu [--quick] [--save PATH]

First the kernel has to train the runs of the CPU engine. Then the paper's runs (section 4.3) are
trained by the kernel, in batches of several sizes and in both precisions, by the engine in tensors,
and by the CPU engine on all cores of the machine. A table is printed and stored in
benchmarks/results_gpu.json, from which the page "Performance" takes it. With --quick tiny runs show
that all of it works; without a GPU they need Numba's simulator (NUMBA_ENABLE_CUDASIM=1).
"""

import argparse
import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import torch

from benchmarks import machine
from benchmarks.sizes import SIZES, draw
from benign_osc_lib._commit import git_commit
from benign_osc_lib.engine import ENGINES, Problem, cuda_launch, cuda_layout
from benign_osc_lib.engine.divergence import LIMIT

RESULTS = machine.ROOT / "benchmarks" / "results_gpu.json"
TOLERANCE = 1e-12
"""How far the margins of the median run may be from the CPU engine's after the first epochs."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: dict
    """As in ``benchmarks.sizes``."""
    epochs: int
    """Of each run."""
    first_epochs: int
    """After which margins are compared."""
    runs: tuple
    """Runs of a call of the kernel."""
    filters: tuple
    """Filters of a thread, beside what ``cuda_layout`` takes, for as many runs as the largest."""
    batched: int
    """Runs of a call of the engine in tensors."""
    cpu: tuple
    """Runs of a call of the CPU engine."""
    distinct: int
    """Runs that are drawn; a larger batch has copies of them, each with its own data."""
    repeats: int
    """Rounds; the fastest counts."""


FULL = Plan(SIZES, SIZES["epochs"], 20, (64, 1024, 8192, 65536), (1, 4), 8192, (400, 8192), 8192, 3)
TINY = {"n": 3, "n_weak": 1, "d": 8, "m": 2, "lr": 0.3}
QUICK = Plan(TINY, 2, 2, (2, 3), (1,), 3, (3,), 3, 1)


def measure(plan, device, quick):
    """All results, as they are stored.

    Raises:
        SystemExit: the kernel cannot be launched, or does not train the runs of the CPU engine.
    """
    if not cuda_launch.can_launch(device):
        sys.exit("no benchmark: the kernel cannot be launched here")
    data, weights = draw(plan.distinct, **plan.sizes)
    apart = compare(plan, device, data, weights)
    print(f"margins after {plan.first_epochs} epochs, from the CPU engine's: median run", end=" ")
    print(f"{apart['median']:.0e}, worst of {apart['runs']} {apart['worst']:.0e}")
    rows = []
    for dtype in (torch.float64, torch.float32):
        for runs in plan.runs:
            given = problem(plan, data, weights, runs, dtype, device)
            rows.append(timed("kernel", "cuda", given, plan, device))
    given = problem(plan, data, weights, plan.runs[-1], torch.float64, device)
    for filters in plan.filters:
        with filters_of_a_thread(filters):
            rows.append(timed(f"kernel, filters a thread: {filters}", "cuda", given, plan, device))
    given = given._replace(margins=False)
    rows.append(timed("kernel, no margins kept", "cuda", given, plan, device))
    given = problem(plan, data, weights, plan.batched, torch.float64, device)
    rows.append(timed("tensors", "batched", given, plan, device))
    torch.set_num_threads(machine.cores())
    for runs in plan.cpu:
        given = problem(plan, data, weights, runs, torch.float64, torch.device("cpu"))
        rows.append(timed("CPU engine", "compiled", given, plan, torch.device("cpu")))
    torch.set_num_threads(1)
    return {
        "quick": quick,
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "command": "python -m benchmarks.gpu" + " --quick" * quick,
        "commit": git_commit(machine.ROOT),
        "machine": machine.machine(),
        "card": card(device),
        "versions": {**machine.versions(), "numba-cuda": installed("numba-cuda")},
        "sizes": plan.sizes,
        "epochs": plan.epochs,
        "apart": apart,
        "tolerance": TOLERANCE,
        "rows": rows,
    }


def problem(plan, data, weights, runs, dtype, device):
    """The first runs that were drawn, or copies of all, as a Problem on a device."""

    def spread(tensor):
        there = tensor[:runs].to(dtype).to(device)
        copies = -(-runs // len(tensor))
        return there.repeat(copies, *[1] * (tensor.dim() - 1))[:runs] if copies > 1 else there

    n = plan.sizes["n"]
    return Problem(
        x=spread(data.x),
        y=spread(data.y),
        u=data.u.to(dtype).to(device),
        v=data.v.to(dtype).to(device),
        weights=spread(weights),
        lr=torch.full((runs,), plan.sizes["lr"], dtype=dtype, device=device),
        visits=torch.arange(n).expand(plan.epochs, n),
    )


def compare(plan, device, data, weights):
    """How far the margins of the kernel are from the CPU engine's after the first epochs.

    Every eighth run has a rate at which it diverges.

    Raises:
        SystemExit: the median of the others exceeds :data:`TOLERANCE`, or some run does not
            diverge at the same update.
    """
    runs = min(200, plan.distinct)
    first = problem(plan, data, weights, runs, torch.float64, torch.device("cpu"))
    first = first._replace(visits=first.visits[: plan.first_epochs], lr=first.lr.clone())
    first.lr[::8] *= 1e3
    there = first._replace(
        **{f: getattr(first, f).to(device) for f in ("x", "y", "u", "v", "weights", "lr")}
    )
    expected = ENGINES["compiled"](first, 10**9, LIMIT, False)
    found = ENGINES["cuda"](there, 10**9, LIMIT, False)
    if found.engine != "cuda":
        sys.exit("no benchmark: the runs do not fit the device")
    if found.diverged_at.tolist() != expected.diverged_at.tolist():
        sys.exit("no benchmark: the kernel finds other runs diverged than the CPU engine does")
    whole = expected.diverged_at < 0
    apart = (found.margins.cpu() - expected.margins).abs().amax((-2, -1))[whole]
    median = apart.median().nan_to_num(torch.inf).item()
    if not median <= TOLERANCE:
        sys.exit(f"no benchmark: margins differ from the CPU engine's by {median:.1e}")
    return {"median": median, "worst": apart.max().item(), "runs": int(whole.sum())}


@contextmanager
def filters_of_a_thread(filters):
    """Another number than ``cuda_layout`` takes."""
    usual, cuda_layout.FILTERS = cuda_layout.FILTERS, filters
    try:
        yield
    finally:
        cuda_layout.FILTERS = usual


@contextmanager
def launches():
    """A list that fills with the seconds of the launches made inside."""
    whole, seconds = cuda_launch.Launch.__call__, []

    def spied(self, *arguments):
        start = perf_counter()
        whole(self, *arguments)
        seconds.append(perf_counter() - start)

    cuda_launch.Launch.__call__ = spied
    try:
        yield seconds
    finally:
        cuda_launch.Launch.__call__ = whole


def timed(what, engine, given, plan, device):
    """A row of the table: nanoseconds a step and run, of the whole call and of the launches."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    ENGINES[engine](given._replace(visits=given.visits[:1]), 10**9, LIMIT, False)
    best = None
    for _ in range(plan.repeats):
        wait()
        with launches() as seconds:
            start = perf_counter()
            ENGINES[engine](given, 10**9, LIMIT, False)
            wait()
            took = perf_counter() - start
        if best is None or took < best[0]:
            best = took, sum(seconds)
    runs, steps = len(given.lr), len(given.lr) * given.visits.numel()
    row = {"what": what, "dtype": str(given.x.dtype).partition(".")[2], "runs": runs}
    row |= {"call_ns": 1e9 * best[0] / steps, "kernel_ns": 1e9 * best[1] / steps or None}
    row["set_up_ms"] = 1e3 * (best[0] - best[1]) if best[1] else None
    print(line(row), flush=True)
    return row


def line(row):
    """A row as text."""
    name = f"{row['what']}, {row['dtype']}"
    text = f"{name:34} {row['runs']:6} runs {row['call_ns']:10.3f} ns a step and run"
    return text + (f", {row['kernel_ns']:.3f} of it in the kernel" if row["kernel_ns"] else "")


def card(device):
    """Name of the GPU and version of its driver; None for the simulator."""
    if device.type != "cuda":
        return None
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        driver = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.split()
    except (OSError, subprocess.SubprocessError):
        driver = []
    name = torch.cuda.get_device_name(device)
    return {"name": name, "driver": driver[0] if driver else None, "cuda": torch.version.cuda}


def installed(package):
    """The version of a package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny runs: does it work?")
    parser.add_argument("--save", type=Path, metavar="PATH", help="write the results there only")
    options = parser.parse_args(arguments)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sys.setswitchinterval(5e-4)  # the simulator's threads would wait 5 ms for each other
    if device.type == "cpu" and not options.quick:
        sys.exit("no benchmark: torch sees no CUDA device")
    results = measure(QUICK if options.quick else FULL, device, options.quick)
    print(results["card"], results["versions"])
    path = options.save or (None if options.quick else RESULTS)
    if path:
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"saved {path}; `python -m benchmarks.page` puts it on the page")


if __name__ == "__main__":
    main()
