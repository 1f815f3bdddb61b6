#!/usr/bin/env python3
"""Run the experiments on more features, patches and classes of chapter 13 and store their rows.

    tools/features.py [--only FACTOR] [--seeds N] [--out DIR]

A row that is stored already, with so many seeds or more, is not computed again, so an interrupted
call goes on where it stopped; delete features.csv to begin anew.
"""

import argparse
import csv
import datetime
import json
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import _provenance, features  # noqa: E402
from benign_osc_lib.essentials import SLOWER  # noqa: E402
from benign_osc_lib.features.rows import to_text  # noqa: E402

SEEDS = {"classes": 200, "batch": 40}
"""Seeds of a factor whose steps take long."""

SLOW_SEEDS = {"classes": 40, "batch": 8}
"""Seeds of its small rate, which takes twelve times as long; 200 for the others."""

RECORDED = 100
"""Seeds for which Φ is followed in every visit."""


def jobs(name, seeds):
    """(κ, number of seeds, slower, record) of each row of a factor."""
    seeds, top = min(seeds, SEEDS.get(name, seeds)), features.large(name)
    for kappa in (top, *features.FACTORS[name].kappas):
        yield kappa, seeds, 1, False
    yield top, min(seeds, SLOW_SEEDS.get(name, 200)), SLOWER, False
    if name != "batch":
        yield top, min(seeds, RECORDED), 1, True


def stored(path):
    """The rows of a file, as texts."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=features.FACTORS, help="one factor")
    parser.add_argument("--seeds", type=int, default=1000, help="runs of a row")
    parser.add_argument("--out", type=Path, default=ROOT / "benign_osc_lib" / "features" / "stored")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "features.csv"
    for name in [args.only] if args.only else features.FACTORS:
        for kappa, seeds, slower, record in jobs(name, args.seeds):
            rows = stored(path)
            key = [json.dumps(x) for x in (name, float(kappa), slower)] + [record]
            if any(cell(row) == key and int(row["runs"]) >= seeds for row in rows):
                continue
            (row,) = features.measure(name, range(seeds), [kappa], slower, record)
            print(f"{name} κ = {kappa}: {row['weak']:.3f} of the weak points", flush=True)
            new = to_text(row)
            others = [old for old in rows if cell(old) != cell(new)]
            write(path, [*others, new])
    about = {
        "command": "python tools/features.py"
        + ("" if args.seeds == 1000 else f" --seeds {args.seeds}"),
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        "seeds": f"0 to {args.seeds - 1}",
        **_provenance.made_by(),
    }
    (args.out / "features.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def cell(row):
    """What a row is about, whatever the number of runs."""
    return [row[k] for k in ("factor", "kappa", "slower")] + [row["kept"] != "null"]


def write(path, rows):
    """Write all rows to a new file and put it in the place of the old one."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


if __name__ == "__main__":
    main(sys.argv[1:])
