#!/usr/bin/env python3
"""Start sweeps on one store at the same time, kill some of them, and see what is left.

    tools/stress_store.py [--repeat N] [--seed S] [--only WORDS]

For 2 and for 4 processes, for equal and for different sweeps, undisturbed and with random SIGKILLs
and SIGINTs, N times each (200 by default): a new store, all processes let go at once, each with
blocks of its own size, run by itself, by threads or by a process pool. Then one more process goes
on with the sweep that sweep.json names. The exit status is 1 if a result is not right to the last
bit, an equal sweep is refused, a finished block is lost, or a temporary file is left over.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import sweeps  # noqa: E402

SIZES = {"d": 6, "n": 4, "n_weak": 1, "m": 2, "epochs": 5, "scale": 0.2}
GRIDS = [{**SIZES, "lr": [0.05, 0.3], "noise_norm": [0.5, 0.8]}]
GRIDS += [{**SIZES, "lr": [0.1, 0.45 + k / 100], "noise_norm": [0.5, 0.8]} for k in range(3)]
SEEDS = [1, 2, 3]
PATIENCE = 300  # seconds after which a process hangs
EXECUTORS = {
    "alone": nullcontext,
    "threads": lambda: ThreadPoolExecutor(2),
    "processes": lambda: ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")),
}


def fingerprint(result):
    """All numbers of a result, in one."""
    total = hashlib.sha256()
    for name in sorted(result.variables):
        total.update(name.encode() + result[name].values.tobytes())
    return total.hexdigest()


def sweep(grid, path, block_size, executor):
    with executor() as pool:
        options = {"n_test": 5, "progress": False, "block_size": block_size, "executor": pool}
        return sweeps.sweep(grid, SEEDS, store=path, **options)


def start(*arguments):
    """Fork a process that sweeps, see :func:`report`; its number."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    child = os.fork()
    if not child:
        try:
            os.setsid()
            signal.alarm(PATIENCE)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # it says in a file what happens
            signal.signal(signal.SIGINT, signal.default_int_handler)
            report(*arguments)
        finally:
            os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    return child


def report(grid, path, block_size, executor, file, gate):
    """Sweep once the pipe ``gate`` is closed, and write to a file what happens."""
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    save, run_block = sweeps.Store.save, sweeps.run_block

    def logged(self, number, *arguments):
        save(self, number, *arguments)
        os.write(log, f"saved {number}\n".encode())

    def counted(*arguments):
        os.write(log, b"ran\n")
        return run_block(*arguments)

    sweeps.Store.save = logged
    if executor is not EXECUTORS["processes"]:
        sweeps.run_block = counted
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            os.close(gate[1])
            os.read(gate[0], 1)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            said = f"done {fingerprint(sweep(grid, path, block_size, executor))}"
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        said += "".join(f"\nwarned {warning.message}" for warning in caught)
    except KeyboardInterrupt:
        said = "interrupted"
    except ValueError as error:
        said = f"refused {error}"
    except BaseException as error:
        said = f"failed {error!r}"
    os.write(log, (said + "\n").encode())


def repetition(folder, chance, processes, different, signals, expected):
    """Run one repetition; yield what is wrong."""
    path = folder / "store"
    grids = [GRIDS[k if different else 0] for k in range(processes)]
    gate, reports, children = os.pipe(), [folder / f"{k}" for k in range(processes + 1)], []
    for k, grid in enumerate(grids):
        executor = EXECUTORS[chance.choice(list(EXECUTORS) if signals else ["alone", "threads"])]
        size = chance.choice([1, 1, 2, 5])
        children.append(start(grid, path, size, executor, reports[k], gate))
    for end in gate:
        os.close(end)
    if signals:
        for child in chance.sample(children, chance.randint(1, processes)):
            time.sleep(chance.expovariate(1 / 0.03))
            os.kill(child, chance.choice([signal.SIGKILL, signal.SIGINT]))
    for child in children:
        if os.waitpid(child, 0)[1] == signal.SIGALRM:
            yield "wrong", "a process hangs"
    lines = [report.read_text().splitlines() if report.exists() else [] for report in reports]
    ends = [[line for line in said if not line.startswith(("saved", "ran"))] for said in lines]
    finished = 0
    for grid, said in zip(grids, ends, strict=False):
        word, _, rest = said[0].partition(" ") if said else ("killed", "", "")
        finished += word == "done"
        yield "count", word
        if word == "done" and (rest != expected[GRIDS.index(grid)] or len(said) > 1):
            yield "wrong", said
        if word == "failed" or (word == "refused" and not different):
            yield "wrong", said
        if not signals and word not in ("done", "refused"):
            yield "wrong", said
    if not signals and finished != (1 if different else processes):
        yield "wrong", f"{finished} finished"

    manifest = path / "sweep.json"
    named = GRIDS[0]
    if manifest.exists():
        named = next(g for g in GRIDS if g["lr"] == json.loads(manifest.read_text())["grid"]["lr"])
    saved = {f"{int(line.split()[1]):06}.nc" for said in lines for line in said if "saved" in line}
    there = {file.name for file in path.glob("blocks/*.nc")}
    if saved - there:
        yield "wrong", f"lost {saved - there}"
    gate = os.pipe()
    last = start(named, path, 1, EXECUTORS["alone"], reports[-1], gate)
    for end in gate:
        os.close(end)
    os.waitpid(last, 0)
    for child in children:  # what a killed process left of its pool
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
    said = reports[-1].read_text().splitlines()
    blocks = {file.name for file in path.glob("blocks/*.nc")}
    if said[-1:] != [f"done {expected[GRIDS.index(named)]}"]:
        yield "wrong", f"resumed: {said}"
    if said.count("ran") != len(blocks - there):
        yield "wrong", f"ran {said.count('ran')} blocks again, {len(blocks - there)} were missing"
    found = {file.name for file in path.rglob("*")} - blocks
    if found != {"blocks", "sweep.json"}:
        yield "wrong", f"left over: {found}"


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=200, help="repetitions of each kind")
    parser.add_argument("--only", default="", help="words of the kinds to be tried")
    parser.add_argument("--seed", type=int, default=0, help="of sizes, signals and moments")
    args = parser.parse_args(argv)
    chance, wrong = random.Random(args.seed), 0
    plain = [sweeps.sweep(grid, SEEDS, n_test=5, progress=False) for grid in GRIDS]
    expected = [fingerprint(result) for result in plain]
    for processes in (2, 4):
        for different in (False, True):
            for signals in (False, True):
                name = f"{processes} processes, {'different' if different else 'equal'} sweeps, "
                name += "SIGKILL and SIGINT" if signals else "undisturbed"
                if args.only not in name:
                    continue
                counts = Counter()
                for number in range(args.repeat):
                    with tempfile.TemporaryDirectory() as folder:
                        kind = (processes, different, signals, expected)
                        for what, detail in repetition(Path(folder), chance, *kind):
                            counts[detail if what == "count" else what] += 1
                            if what == "wrong":
                                print(f"  repetition {number}: {detail}", flush=True)
                wrong += counts["wrong"]
                print(f"{name}: {args.repeat} repetitions, {dict(counts)}", flush=True)
    print(f"{wrong} wrong")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
