"""Time the engines of this library and their peers on this machine: `make bench`.

python -m benchmarks.bench [--quick] [--save PATH]

First every peer has to agree with the paper's equations. Then all of them train the paper's runs
in turns in this one process, on all cores. A table is printed. Without options the results are
stored in benchmarks/results.json, and the page "Performance" is written from them.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import torch
from tqdm import tqdm

from benchmarks import floor, page, peers
from benchmarks.probe import SIZES, cores, draw
from benign_osc_lib import train
from benign_osc_lib._provenance import commit

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-9
"""How far margins and weights may differ after a few epochs, in float64; float32 by its digits."""

WAIT = (
    "autograd",
    "reference",
    "batched",
)  # torch's threads wait for each other at every operation
ONE_BY_ONE = "autograd"  # trains one run after the other: more of them would tell nothing new
FULL = ("autograd", "reference", "batched", "jax_full")  # a step costs about d, nothing is set up
IN_CURVES = ("autograd", "batched", "jax_full", "jax_reduced", "reduced")

FULL_SIZES = {
    "runs": 400,
    "repeats": 7,
    "at_least": 0.2,
    "curves": {
        "runs": [1, 4, 16, 64, 256, 1024, 4096],
        "m": [1, 2, 4, 8, 16, 32, 64],
        "n": [4, 8, 16, 32, 64, 128],
        "d": [16, 64, 256, 1024, 4096],
    },
    "curve_runs": 64,
    "large_d": 100_000,
    "long": 100_000,
    "memory_runs": 4000,
    "imports": 5,
    "try_threads": True,
}
QUICK_SIZES = {
    "runs": 8,
    "repeats": 1,
    "at_least": 0.0,
    "curves": {"runs": [1, 4], "m": [8, 16], "n": [4, 8], "d": [16, 32]},
    "curve_runs": 2,
    "large_d": 1000,
    "long": 200,
    "memory_runs": 100,
    "imports": 1,
    "try_threads": False,
}


def rate(m):
    """The learning rate of networks with m filters a sign that has the paper's κ = 2η‖u‖²/m."""
    return SIZES["lr"] * m / SIZES["m"]


class DisagreementError(Exception):
    """A peer does not compute the same runs."""


def check_agreement(functions):
    """Compare the margins and weights of every peer with the reference's, on small cases.

    Args:
        functions: the peers by name.

    Returns:
        The largest deviation of each.

    Raises:
        DisagreementError: one is larger than rounding allows, or the shapes are not the same.
    """
    reference = peers.load(["reference"])[0]["reference"]
    other = {"n": 5, "n_weak": 1, "d": 7, "m": 5}
    cases = [(*draw(3, **SIZES), SIZES["lr"]), (*draw(2, **other), rate(other["m"]))]
    deviations = {}
    for name, function in functions.items():
        single = name.endswith(peers.HALF)
        deviations[name] = 0.0
        for data, weights, lr in cases:
            expected = reference(data, weights, lr, 5)
            given = _single(data, weights) if single else (data, weights)
            found = function(*given, lr, 5)
            if [one.shape for one in found] != [one.shape for one in expected]:
                shapes = [tuple(one.shape) for one in found]
                raise DisagreementError(f"{name} returns the shapes {shapes}")
            for one, right in zip(found, expected, strict=True):
                deviation = (one - right).abs().max().nan_to_num(torch.inf).item()
                deviations[name] = max(deviations[name], deviation)
        limit = 1e-3 if single else TOLERANCE
        if not deviations[name] <= limit:
            raise DisagreementError(
                f"{name} does not train the runs of eq. (3): margins or weights differ from the "
                f"reference's by {deviations[name]:.1e}, more than {limit:.0e}"
            )
    return deviations


def _single(data, weights):
    """The same in float32."""
    kind = {name: getattr(data, name).float() for name in ("x", "y", "u", "v")}
    return type(data)(is_weak=data.is_weak, **kind), weights.float()


def seconds(call, at_least=0.0, clock=time.perf_counter):
    """The times of a call, made at least once and again until their sum is reached."""
    time.sleep(0.02)  # the threads of the one before stop spinning
    found = []
    while not found or sum(found) < at_least:
        start = clock()
        call()
        found.append(clock() - start)
    return found


def thread_counts(name, sizes):
    """How many threads to try: all cores; and one, where small operations may gain nothing."""
    if name not in WAIT:
        return [cores()]
    return sorted({1, cores()}) if sizes["try_threads"] else [1]


def timed(call, threads, at_least=0.0):
    """The times of a call with so many threads of torch."""
    torch.set_num_threads(threads)
    found = seconds(call, at_least)
    torch.set_num_threads(1)
    return found


def jit_time(function, epochs):
    """Seconds by which the first call with a new shape takes longer than the second: two runs."""
    data, weights = draw(2, **SIZES)
    first, second = (
        min(seconds(lambda: function(data, weights, SIZES["lr"], epochs))) for _ in range(2)
    )
    return first - second


def compare(functions, sizes, bar):
    """The table: every peer trains the paper's runs, round after round, in alternating order."""
    runs, epochs = sizes["runs"], SIZES["epochs"] if sizes is FULL_SIZES else 2
    data, weights = draw(runs, **SIZES)
    calls, rows, results = {}, {}, {}
    for name, function in functions.items():
        own = 1 if name == ONE_BY_ONE else runs
        given = type(data)(data.x[:own], data.y[:own], data.is_weak[:own], data.u, data.v)
        given = (given, weights[:own])
        if name.endswith(peers.HALF):
            given = _single(*given)

        def call(function=function, given=given):
            return function(*given, SIZES["lr"], epochs)

        results[name] = call()[0]
        calls[name] = call
        rows[name] = {"runs": own, "epochs": epochs}
        rows[name]["compile_s"] = jit_time(function, epochs) if name.startswith("jax") else None
        bar.update()
    times = {name: {threads: [] for threads in thread_counts(name, sizes)} for name in calls}
    for turn in range(sizes["repeats"]):
        for name in list(calls)[:: 1 if turn % 2 == 0 else -1]:
            for threads, found in times[name].items():
                found += timed(calls[name], threads, sizes["at_least"])
            bar.update()
    for name, row in rows.items():
        row["threads"] = min(times[name], key=lambda count: min(times[name][count]))  # noqa: B023
        found = times[name][row["threads"]]
        scale = 1e6 / (row["runs"] * epochs * SIZES["n"])
        row["best_us"], row["median_us"] = scale * min(found), scale * median(found)
        row["times"] = len(found)
        apart = (results[name] - results["reduced"][: row["runs"]]).abs().amax((-2, -1))
        row["apart"] = {
            "median": apart.median().item(),
            "largest": apart.max().item(),
            "above_1e-6": (apart > 1e-6).sum().item(),
        }
    for row in rows.values():
        row["ratio"] = row["best_us"] / rows["reduced"]["best_us"]
    return rows


def curves(functions, sizes, bar):
    """Time per step and run against the number of runs, m, n and d, the others as in the paper."""
    found = {}
    for axis, values in sizes["curves"].items():
        found[axis] = {"values": values, "us": {name: [] for name in functions}}
        for value in values:
            at = {**SIZES, "runs": sizes["curve_runs"], axis: value}
            at["n_weak"] = max(1, at["n"] // 8)
            data, weights = draw(**at)
            for name, function in functions.items():
                steps = SIZES["epochs"] * SIZES["n"]
                if name in FULL:
                    steps //= 10  # nothing is set up, so fewer steps show the same cost
                if sizes is not FULL_SIZES:
                    steps = 32
                own = 1 if name == ONE_BY_ONE else at["runs"]
                epochs = max(1, steps // at["n"])
                given = type(data)(data.x[:own], data.y[:own], data.is_weak[:own], data.u, data.v)

                def call(function=function, given=given, own=own, epochs=epochs):
                    return function(given, weights[:own], rate(at["m"]), epochs)  # noqa: B023

                call()
                tried = 2 * thread_counts(name, sizes)
                best = min(min(timed(call, threads, sizes["at_least"] / 2)) for threads in tried)
                found[axis]["us"][name].append(1e6 * best / (own * epochs * at["n"]))
                bar.update()
            if axis == "d":
                step = found[axis].setdefault("step_us", [])
                step.append(step_alone(data, weights, epochs, sizes)[0])
    return found


def step_alone(data, weights, epochs, sizes):
    """Microseconds of the reduced engine: a step of a run, and what is done once a run.

    From calls with so many epochs and with ten times as many, in turns.
    """
    times = {1: [], 10: []}
    for _ in range(sizes["repeats"]):
        for factor, found in times.items():

            def call(factor=factor):
                given = {"epochs": factor * epochs, "record_every": None, "engine": "reduced"}
                return train(data, weights, SIZES["lr"], **given)

            found += timed(call, cores(), sizes["at_least"] / 4)
    short, long = min(times[1]), min(times[10])
    runs, n = data.y.shape
    step = 1e6 * (long - short) / (9 * epochs * n * runs)
    return step, 1e6 * short / runs - step * epochs * n


def cost_of_d(sizes, bar):
    """What d costs: a step, and what is done once a run. One run, one thread, processor time."""
    dimensions, epochs = [SIZES["d"], sizes["large_d"]], sizes["long"]
    repeats = sizes["repeats"]
    inputs = {
        (d, m): draw(1, **{**SIZES, "d": d, "m": m})
        for d in dimensions
        for m in (SIZES["m"], 2 * SIZES["m"])
    }

    def call(d, m, epochs):
        data, weights = inputs[d, m]
        train(data, weights, rate(m), epochs=epochs, record_every=None, engine="reduced")

    small, large = SIZES["m"], 2 * SIZES["m"]
    cases = [(d, small, e) for d in dimensions for e in (epochs, 2 * epochs)]
    cases += [(d, m, 1) for d in dimensions for m in (small, large)]
    times = {case: [] for case in cases}
    for turn in range(repeats + 1):
        for case in cases[:: 1 if turn % 2 == 0 else -1]:
            found = seconds(lambda case=case: call(*case), clock=time.process_time)
            times[case] += found if turn else []  # the first round warms up
        bar.update()
    best = {case: min(found) for case, found in times.items()}
    step = [
        1e6 * (best[d, small, 2 * epochs] - best[d, small, epochs]) / (epochs * SIZES["n"])
        for d in dimensions
    ]
    # What is done once: a part for the data (the distinct patches and their Gram matrix), and a
    # part for each filter (its first inner products, its final weights). m and 2m tell them apart.
    filters = [1e3 * (best[d, large, 1] - best[d, small, 1]) for d in dimensions]
    once = [1e3 * best[d, small, 1] for d in dimensions]
    return {
        "d": dimensions,
        "epochs": epochs,
        "step_us": step,
        "ratio": step[1] / step[0],
        "once_ms": once,
        "filters_ms": filters,
        "gram_ms": [all_of_it - part for all_of_it, part in zip(once, filters, strict=True)],
    }


def set_up(sizes):
    """Of a call at the paper's sizes: a step alone, and what is done once a run."""
    data, weights = draw(sizes["runs"], **SIZES)
    step, once = step_alone(data, weights, SIZES["epochs"] if sizes is FULL_SIZES else 2, sizes)
    return {"step_us": step, "run_us": once}


def probe(*arguments, **environment):
    """What benchmarks/probe.py measures in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.probe", *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def first_call(quick):
    """Seconds until the reduced engine first returns: compiled anew, and read from the disk."""
    if quick:
        return {"compiled_s": None, "cached_s": None, "second_s": None}
    with tempfile.TemporaryDirectory() as folder:
        compiled, cached = (probe("first_call", NUMBA_CACHE_DIR=folder) for _ in range(2))
    return {
        "compiled_s": compiled["first"],
        "cached_s": cached["first"],
        "second_s": cached["second"],
    }


def arithmetic(sizes, step_us):
    """Operations of a step, what this CPU could do, and how near the engine is."""
    operations = floor.operations(SIZES["n"], SIZES["n_weak"], SIZES["m"])
    options = {} if sizes is FULL_SIZES else {"times": 10**5, "repeats": 1}
    chains = floor.CHAINS if sizes is FULL_SIZES else floor.CHAINS[:1]
    peak = floor.peak(cores(), chains, **options)
    reading = floor.peak_from_memory(cores(), SIZES["n"], SIZES["n_weak"], SIZES["m"], **options)
    floor_us = 1e6 * operations["total"] / peak
    return {
        "operations": operations,
        "peak": peak,
        "peak_from_memory": reading,
        "floor_us": floor_us,
        "responses_us": 1e6 * operations["responses"] / reading,
        "ratio": step_us / floor_us,
    }


def machine():
    """Processor, cores and system."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        name = found[0] if found else name
    except OSError:
        pass
    system = f"{platform.system()} {platform.machine()}"
    return {"cpu": name, "cores": cores(), "system": system, "load": load()}


def load():
    """How many processes wanted a core in the last minute; None where the system does not say."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def versions():
    """Of Python and of the packages that are timed; None for what is not installed."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "numba", "jax"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def measure(quick, functions, missing):
    """All that `make bench` measures, as one dictionary."""
    sizes = QUICK_SIZES if quick else FULL_SIZES
    on = machine()  # before the benchmark itself keeps it busy
    if (on["load"] or 0) > 0.5 * on["cores"]:
        print(f"This machine is busy (load {on['load']}): all times will be too long.")
    print("Do all of them train the same runs? Largest deviation from the reference:")
    agreement = check_agreement(functions)
    for name, deviation in agreement.items():
        print(f"  {name:16} {deviation:.0e}")
    for name, message in missing.items():
        print(f"  {name:16} {message}")
    in_curves = {name: functions[name] for name in IN_CURVES if name in functions}
    points = sum(map(len, sizes["curves"].values()))
    total = len(functions) * (1 + sizes["repeats"]) + len(in_curves) * points + sizes["repeats"] + 5
    with tqdm(total=total, disable=None, unit="measurement") as bar:
        table = compare(functions, sizes, bar)
        drawn = curves(in_curves, sizes, bar)
        d = cost_of_d(sizes, bar)
        once = set_up(sizes)
        bar.update()
        counted = arithmetic(sizes, once["step_us"])
        bar.update()
        imports = [probe("import") for _ in range(sizes["imports"])]
        bar.update()
        memory = probe("memory", sizes["memory_runs"])
        compiled = first_call(quick)
        bar.update()
    return {
        "quick": quick,
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "command": "python -m benchmarks.bench" + " --quick" * quick,
        "commit": commit(ROOT),
        "machine": on,
        "versions": versions(),
        "sizes": SIZES,
        "agreement": agreement,
        "tolerance": TOLERANCE,
        "missing": missing,
        "table": table,
        "curves": {"runs": sizes["curve_runs"], "axes": drawn},
        "d": d,
        "set_up": once,
        "floor": counted,
        "first_call": compiled,
        "import": {
            "seconds": min(one["seconds"] for one in imports),
            "numba": any(one["numba"] for one in imports),
        },
        "memory": {**memory, "ratio": memory["grown"] / memory["returned"]},
    }


def table(results):
    """The table as lines of text."""
    lines = [
        f"{'µs per step and run':20} {'best':>9} {'median':>9} {'ratio':>8}  runs threads  what"
    ]
    for name, what in peers.PEERS.items():
        row = results["table"].get(name)
        if row is None:
            lines.append(f"{name:20} {results['missing'].get(name, 'not measured')}")
            continue
        numbers = f"{row['best_us']:9.4f} {row['median_us']:9.4f} {row['ratio']:8.1f}"
        lines.append(f"{name:20} {numbers} {row['runs']:5} {row['threads']:7}  {what}")
    on, kept = results["machine"], results["versions"]
    lines.append(f"{on['cpu']}, {on['cores']} cores, {results['date']}")
    lines.append(", ".join(f"{name} {number}" for name, number in kept.items() if number))
    return lines


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--save", type=Path, metavar="PATH", help="write the results there only")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # each measurement sets its own number, whatever OMP_NUM_THREADS is
    functions, missing = peers.load()
    try:
        results = measure(options.quick, functions, missing)
    except DisagreementError as error:
        sys.exit(f"no benchmark: {error}")
    print(*table(results), sep="\n")
    path = options.save or (None if options.quick else page.RESULTS)
    if path:
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"saved {path}")
    if path == page.RESULTS:
        page.main()


if __name__ == "__main__":
    main()
