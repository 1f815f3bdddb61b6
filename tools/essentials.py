#!/usr/bin/env python3
"""Run the factors of chapter 13 and store what they give in the library.

    tools/essentials.py [--store DIR] [--only NAME] [--seeds N]

With --store each finished piece is kept in DIR, and an interrupted call goes on where it stopped.
With --only nothing is stored in the library: the rows of one factor are printed.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import essentials  # noqa: E402
from benign_osc_lib._provenance import made_by  # noqa: E402
from benign_osc_lib.essentials import store  # noqa: E402

OUT = ROOT / "benign_osc_lib" / "essentials" / "stored"


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="folder for the finished pieces, to resume")
    parser.add_argument("--only", choices=essentials.FACTORS, help="one factor, printed")
    parser.add_argument("--seeds", type=int, default=store.SEEDS)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "benign_osc_lib" / "essentials" / "stored"
    )
    return parser.parse_args(argv)


def sweep_rows(factor, seeds):
    """The factor's sweep, its large rate among the rates."""
    kappas = sorted({*factor.kappas, factor.large})
    return essentials.reduce_runs(essentials.measure(factor, range(seeds), kappas=kappas))


def small_rows(factor, seeds):
    """The small rate, with as much η × steps as the large one."""
    slow, kappa = essentials.slower(factor), factor.large / essentials.SLOWER
    epochs = factor.parameters["epochs"] * essentials.SLOWER
    runs = essentials.measure(slow, range(seeds), kappas=kappa, epochs=epochs)
    return essentials.reduce_runs(runs, kind="small")


def fit_rows(factor, seeds):
    """Both rates, stopped at one loss."""
    seeds = range(min(seeds, store.FIT_SEEDS))
    options = {"stop_below": store.FIT_LOSS}
    large, small = (
        essentials.measure(rule, seeds, kappas=kappa, epochs=epochs, **options)
        for rule, kappa, epochs in (
            (factor, factor.large, store.FIT_EPOCHS),
            (
                essentials.slower(factor),
                factor.large / essentials.SLOWER,
                store.FIT_EPOCHS * essentials.SLOWER,
            ),
        )
    )
    return [
        *essentials.reduce_runs(large, kind="fit", fit_only=True),
        *essentials.reduce_runs(small, kind="fit-small", fit_only=True),
    ]


def ratchet_rows(factor, seeds):
    """Φ, step by step, at the large rate."""
    found = essentials.ratchet(factor, range(seeds))
    followed = (~np.isnan(found.fall)).any("label")
    kept, fall = (found.fall.fillna(0) <= 1e-9).all("label"), np.nanmax(found.fall)
    turned = ((found.steps < found.steps.max()) & ~np.isnan(found.fall)).any("label")
    return [
        store.Ratchet(
            factor.name,
            float(found.kappa),
            int(followed.sum()),
            int((kept & followed).sum()),
            int((turned & followed).sum()),
            float(fall),
            float(np.nanmedian(found.rise)),
        )
    ]


PIECES = {"sweep": sweep_rows, "small": small_rows, "fit": fit_rows, "ratchet": ratchet_rows}


def piece(name, factor, seeds, folder):
    """The rows of one piece, from the folder if they are there."""
    kind = store.Ratchet if name == "ratchet" else store.Cell
    rule = repr(factor.rule)
    grid = [*factor.kappas, factor.large, factor.loud]
    about = {"rule": rule, "changes": factor.changes, "grid": grid, "seeds": seeds}
    file = folder and folder / f"{factor.name.replace('/', '-')}.{name}.csv"
    if file and file.exists():
        rows, made = store.from_csv(file.read_text(encoding="utf-8"), kind)
        if made == about:
            return rows
    rows = PIECES[name](factor, seeds)
    if file:
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(store.to_csv(rows, about), encoding="utf-8")
        part.replace(file)
    return rows


def main(argv):
    args = arguments(argv)
    torch.set_num_threads(1)
    names = [args.only] if args.only else essentials.FACTORS
    tables = {"cells": [], "ratchets": []}
    for name in names:
        for kind in PIECES:
            table = tables["ratchets" if kind == "ratchet" else "cells"]
            seeds = min(args.seeds, store.FEWER.get(name, {}).get(kind, args.seeds))
            table += piece(kind, essentials.FACTORS[name], seeds, args.store)
        print(name, flush=True)
    options = "" if args.seeds == store.SEEDS else f" --seeds {args.seeds}"
    about = {
        "command": f"python tools/essentials.py{options}",
        "date": datetime.now(UTC).date().isoformat(),
        "seeds": f"0 to {args.seeds - 1}",
        **made_by(),
    }
    for table, rows in tables.items():
        text = store.to_csv(rows, about)
        if args.only:
            print(text)
        else:
            args.out.mkdir(exist_ok=True)
            (args.out / f"{table}.csv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
