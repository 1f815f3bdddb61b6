#!/usr/bin/env python3
"""Train on pairs of digits and store what chapter 15 reads in the library.

    tools/digits.py [--store DIR] [--only pairs|settings|mlp] [--seeds N]

With --store every finished cell is kept in DIR, and an interrupted call goes on where it stopped.
"""

import argparse
import sys
from datetime import date
from functools import partial
from pathlib import Path

import xarray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benign_osc_lib import _files, _netcdf  # noqa: E402
from benign_osc_lib._provenance import made_by  # noqa: E402
from benign_osc_lib.digits import cells, mlp_cells  # noqa: E402


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, help="folder for the cells, to resume")
    parser.add_argument("--only", choices=(*cells.GRIDS, "mlp"), help="one of the grids")
    parser.add_argument("--seeds", type=int, help="fewer or more seeds")
    parser.add_argument("--out", type=Path, default=ROOT / "benign_osc_lib" / "digits" / "stored")
    return parser.parse_args(argv)


def kept(path, make):
    """The Dataset in a file, made and written first if the file is missing."""
    if path is None:
        return make()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _files.replace(path, _netcdf.sealed(make()))
    return _netcdf.unsealed(path.read_bytes())


def grid(name, seeds, store):
    """One of the grids of ``cells.GRIDS``, and of how many seeds."""
    pairs, settings, kappas, default, calm = cells.GRIDS[name]
    seeds, rows = range(seeds or default), []
    for a, b in pairs:
        row = []
        for number, setting in enumerate(settings.values()):
            path = store and store / f"{name}-{a}-{b}-{number}-{len(seeds)}.nc"
            make = partial(cells.measure_rates, a, b, kappas, seeds, setting, calm=calm)
            row.append(kept(path, make))
        rows.append(xarray.concat(row, xarray.DataArray(list(settings), dims="setting")))
        print(f"{name}: {a} and {b}", flush=True)
    names = xarray.DataArray([f"{a} {b}" for a, b in pairs], dims="pair")
    return small(xarray.concat(rows, names), name), len(seeds)


def mlp_grid(seeds, store):
    """The runs of the plain MLP, and of how many seeds."""
    seeds, rows = seeds or len(mlp_cells.MLP_SEEDS), []
    for number, kind in enumerate(mlp_cells.KINDS):
        path = store and store / f"mlp-{number}-{seeds}.nc"
        make = partial(mlp_cells.mlp_rates, kind, mlp_cells.RATES, range(seeds))
        rows.append(kept(path, make))
        print(f"mlp: {kind}", flush=True)
    return xarray.concat(rows, xarray.DataArray(list(mlp_cells.KINDS), dims="kind")), seeds


def small(found, name):
    """In short numbers: counts of every seed for the pairs, and means elsewhere."""
    for end in ("", "_calm"):
        if f"right{end}" in found:
            share = found[f"right{end}"] / found.n_test
            found[f"accuracy{end}"] = share.mean("seed")
            found[f"accuracy{end}_sd"] = share.std("seed", ddof=1)
    gone = ["right_calm"] if name == "pairs" else ["right", "right_calm", "seed"]
    found = found.drop_vars(gone, errors="ignore")
    kinds = {"right": "i2", "n_test": "i2", "diverged": "i2", "diverged_calm": "i2"}
    return found.assign({k: v.astype(kinds.get(k, "f4")) for k, v in found.data_vars.items()})


def main(argv):
    args = arguments(argv)
    for name in [args.only] if args.only else (*cells.GRIDS, "mlp"):
        make = mlp_grid if name == "mlp" else partial(grid, name)
        found, seeds = make(args.seeds, args.store)
        options = f" --seeds {args.seeds}" if args.seeds else ""
        found.attrs = {
            "command": f"python tools/digits.py --only {name}{options}",
            "date": date.today().isoformat(),
            "seeds": f"0 to {seeds - 1}",
            "number_of_runs": found.accuracy.size * (1 if name == "mlp" else seeds),
            **made_by(),
        }
        path = args.out / f"{name}.nc"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_netcdf.to_bytes(found))
        print(f"{path}: {found.attrs['number_of_runs']} runs, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
