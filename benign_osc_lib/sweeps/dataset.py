"""The labelled result of a sweep."""

import os
from datetime import datetime, timezone

import numpy as np

from .. import _netcdf
from .parameters import PARAMETERS, shown

VARIABLES = {  # name: (axes after the seed, what it is, formula)
    "strong_signal": (("label",), "strong signal at the end", "(1/m) Σ_r σ(⟨w_{j,r}, j u⟩)"),
    "weak_signal": (("label",), "weak signal at the end", "(1/m) Σ_r σ(⟨w_{j,r}, j v⟩)"),
    "weak_gap": (
        ("label",),
        "lead of the right filters at the weak feature (Theorem 5)",
        "(1/m) Σ_r σ(⟨w_{j,r}, j v⟩) − (1/m) Σ_r σ(⟨w_{−j,r}, j v⟩)",
    ),
    "accuracy_strong": ((), "accuracy on fresh strong points", "share with y f > 0 and finite"),
    "accuracy_weak": ((), "accuracy on fresh weak points", "share with y f > 0 and finite"),
    "diverged": ((), "whether the run diverged", "diverged_at ≥ 0"),
    "diverged_at": ((), "update after which the run had diverged, or −1", "Run.diverged_at"),
    "oscillation": (
        (),
        "mean change of y f between consecutive strong visits of one label, before a divergence",
        "mean |y f at the next strong visit of the same label − y f|",
    ),
    "residual_squares": (
        (),
        "sum of the squared residuals over all visits before a divergence",
        "Σ e², e = 1 − y f",
    ),
}

COLUMNS = {name: dims for name, (dims, *_) in VARIABLES.items() if name != "diverged"}
"""What a block measures of its runs, name -> axes after the run; all of it float64."""


class Table:
    """The columns of all runs, filled block by block."""

    def __init__(self, size):
        shapes = {name: (size, *[2 for _ in dims]) for name, dims in COLUMNS.items()}
        self.columns = {name: np.full(shape, np.nan) for name, shape in shapes.items()}
        self.made_by = {}

    def fill(self, runs, result):
        """Put the result of a block, (columns, what made them), in its place among all runs."""
        columns, made_by = result
        for name, column in columns.items():
            self.columns[name][runs] = column
        for name, value in made_by.items():
            self.made_by.setdefault(name, set()).add(value)


def assemble(plan, table, about):
    """The Dataset of a plan's runs; ``about`` joins its attributes."""
    import xarray  # here, because importing it takes a second

    columns = dict(table.columns)
    columns["diverged"] = columns["diverged_at"] >= 0
    columns["diverged_at"] = columns["diverged_at"].astype(np.int64)
    dims, shape = (*plan.axes, "seed"), (*plan.shape, len(plan.seeds))
    variables = {}
    for name, (more_dims, long_name, formula) in VARIABLES.items():
        column = columns[name].reshape(*shape, *columns[name].shape[1:])
        attrs = {"long_name": long_name, "formula": formula}
        variables[name] = ((*dims, *more_dims), column, attrs)
    coords = {
        name: (name, [shown(value) for value in values], {"long_name": PARAMETERS[name][1]})
        for name, values in plan.axes.items()
    }
    seed_attrs = {"long_name": "seed of the run"}
    coords["seed"] = xarray.Variable("seed", plan.seeds, seed_attrs, _in_a_file(plan.seeds))
    coords["label"] = ("label", [1, -1], {"long_name": "class j"})
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    made_by = {name: ", ".join(sorted(values)) for name, values in table.made_by.items()}
    fixed = {name: shown(value) for name, value in plan.fixed.items()}
    return xarray.Dataset(variables, coords, {**fixed, **about, **made_by, "date": date})


def _in_a_file(seeds):
    """How netCDF writes seeds: its third version has no integers beyond 32 bits.

    Seeds are written as float64 if it holds them all exactly, else as decimal text.
    """
    if max(seeds) < 2**31:
        return {}
    return {"dtype": "float64"} if max(seeds) <= 2**53 else {"dtype": f"<U{len(str(max(seeds)))}"}


def load(path):
    """A result of :func:`sweep` that was written to a file with its method ``to_netcdf``.

    What a file cannot hold as it is comes back as it was: 64-bit integers, seeds of 2³¹ and above
    (netCDF-3 writes them as float64 up to 2⁵³, then as decimal text, which is what
    ``xarray.load_dataset`` returns), texts.

    Args:
        path: the file, as a str, bytes or ``os.PathLike``; ~ is the home directory.

    Returns:
        An ``xarray.Dataset``.

    Raises:
        TypeError: ``path`` is no path.
        OSError: the file cannot be read.
        ValueError: the file does not hold the result of a sweep.
    """
    import xarray

    try:
        file = os.path.expanduser(os.fsdecode(path))
    except TypeError:
        raise TypeError(f"path must be a path, got {path!r}") from None
    found = _netcdf.native(xarray.load_dataset(file))
    if "seed" not in found.coords or not set(VARIABLES) <= set(found.data_vars):
        raise ValueError(f"path must be a file with the result of a sweep, got {path}")
    seeds = found.seed.variable.astype(np.int64)
    seeds.encoding = _in_a_file(seeds.values.tolist())
    return found.assign_coords(seed=seeds).assign_attrs(
        {name: _plain(value) for name, value in found.attrs.items()}
    )


def _plain(value):
    """A number of the attributes without NumPy."""
    return value.item() if isinstance(value, np.generic) else value
