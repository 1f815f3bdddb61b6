#!/usr/bin/env python3
"""Run the three sweeps of 10^5 runs behind chapter 11 and store their cells in the library.

    tools/phase_diagrams.py [--store DIR] [--only nu|rho|noise] [--seeds N] [--workers N]

With --store the runs are kept in DIR, and an interrupted call goes on where it stopped. The result,
benign_osc_lib/phase/stored/phase_*.nc, does not depend on the number of workers.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import _netcdf, phase, sweep  # noqa: E402


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="folder for the runs, to resume")
    parser.add_argument("--only", choices=phase.DIAGRAMS, help="one diagram")
    parser.add_argument("--seeds", type=int, help="fewer or more seeds")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=ROOT / "benign_osc_lib" / "phase" / "stored")
    return parser.parse_args(argv)


def diagram(name, seeds, store, executor):
    """The cells of one diagram, and what made them in their attributes."""
    grid, default = phase.DIAGRAMS[name]
    seeds = seeds or default
    runs = sweep(grid, range(seeds), store=store and store / name, executor=executor)
    cells = phase.reduce_runs(runs)
    options = "" if seeds == default else f" --seeds {seeds}"
    cells.attrs["command"] = f"python tools/phase_diagrams.py --only {name}{options}"
    cells.attrs["seeds"] = f"0 to {seeds - 1}"
    cells.attrs["number_of_runs"] = runs.diverged.size
    return cells


def write(cells, path):
    """Write cells in short numbers: sums in double precision, quantiles in single."""
    count = "i2" if int(cells.runs.max()) < 2**15 else "i4"
    kinds = dict.fromkeys(("gap", "strong", "oscillation"), "f4")
    kinds |= dict.fromkeys(("runs", "diverged", "reached", "kept"), count)
    small = {key: value.astype(kinds.get(key, "f8")) for key, value in cells.data_vars.items()}
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_netcdf.to_bytes(cells.assign(small)))


def main(argv):
    args = arguments(argv)
    pool = nullcontext()
    if args.workers > 1:
        pool = ProcessPoolExecutor(args.workers, mp_context=get_context("spawn"))
    with pool as executor:
        for name in [args.only] if args.only else phase.DIAGRAMS:
            cells = diagram(name, args.seeds, args.store, executor)
            path = args.out / f"phase_{name}.nc"
            write(cells, path)
            share = float(np.mean(cells.diverged / cells.runs))
            print(f"{name}: {cells.attrs['number_of_runs']} runs, {share:.1%} diverged, {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
