"""The stored rows of chapter 13, which ``tools/essentials.py`` makes."""

import csv
import io
import json
from importlib.resources import files
from typing import NamedTuple

from .cells import Cell
from .factors import FACTORS

SEEDS = 1000
"""Runs of every other stored rate."""

FEWER = {
    "relu1.5": {"sweep": 200, "small": 200, "fit": 50, "ratchet": 200},
    "flips-0.1": {"small": 200, "fit": 50},
    "logistic-flips-0.2": {"small": 200, "fit": 50},
}
"""Runs of what is too slow for ``SEEDS``: an activation of one's own, drawn labels in long runs."""

FIT_SEEDS = 200
"""Runs of every stored rate that stop at one loss."""

FIT_LOSS = 0.001
"""The mean loss of an epoch at which rates are compared at equal training loss."""

FIT_EPOCHS = 1000
"""Epochs that the large rate has to reach it; the small one has ``SLOWER`` times as many."""


class Ratchet(NamedTuple):
    """What became of Φ in the runs of one factor, :func:`benign_osc_lib.essentials.ratchet`."""

    factor: str
    """The factor's name."""
    kappa: float
    """κ."""
    runs: int
    """Runs in which at least one class could be followed."""
    kept: int
    """Those in which no step lowered Φ by more than 1e-9."""
    turned: int
    """Those in which an overlap turned its sign or was forgotten, where the following ends."""
    fall: float
    """The largest fall in a step."""
    rise: float
    """The median rise of Φ."""


KINDS = {"cells": Cell, "ratchets": Ratchet}
"""The stored tables and their rows."""


def load(table="cells"):
    """A stored table.

    Args:
        table: "cells" or "ratchets".

    Returns:
        (rows, about): a list of :class:`Cell` or :class:`Ratchet`; a dict with the command that
        made them, the date and the versions.

    Raises:
        ValueError: there is no such table.
    """
    if table not in KINDS:
        raise ValueError(f"table must be one of {', '.join(KINDS)}, got {table!r}")
    text = (files(__package__) / "stored" / f"{table}.csv").read_text(encoding="utf-8")
    return from_csv(text, KINDS[table])


def to_csv(rows, about):
    """Rows as a text, under a first line that says what made them.

    Args:
        rows: NamedTuples of one kind, at least one.
        about: a dict of JSON values.

    Returns:
        The text.
    """
    out = io.StringIO()
    out.write(f"# {json.dumps(about, sort_keys=True)}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0]._fields)
    writer.writerows([f"{x:.6g}" if isinstance(x, float) else x for x in row] for row in rows)
    return out.getvalue()


def from_csv(text, kind):
    """The rows and the dict of :func:`to_csv`.

    Args:
        text: what it returned.
        kind: the NamedTuple of its rows.

    Returns:
        (rows, about).

    Raises:
        ValueError: the columns are not those of the kind.
    """
    first, rest = text.split("\n", 1)
    lines = list(csv.reader(io.StringIO(rest)))
    if tuple(lines[0]) != kind._fields:
        raise ValueError(f"text must have the columns {', '.join(kind._fields)}, got {lines[0]}")
    types = kind.__annotations__.values()
    rows = [kind(*(t(x) for t, x in zip(types, line, strict=True))) for line in lines[1:]]
    return rows, json.loads(first.removeprefix("# "))


def sweep_of(cells, factor):
    """The Cells of one factor's sweep, in the order of κ.

    Args:
        cells: those of :func:`load`.
        factor: its name.

    Returns:
        A list of Cells.

    Raises:
        ValueError: there is none.
    """
    found = [cell for cell in cells if cell.factor == factor and cell.kind == "sweep"]
    if not found:
        raise ValueError(f"factor must be one of {', '.join(FACTORS)}, got {factor!r}")
    return sorted(found, key=lambda cell: cell.kappa)
