"""Runs of one factor over its rates, reduced to rows, and the rows that are stored (chapter 13)."""

import csv
import json
from importlib.resources import files

import numpy as np

from .. import _checks
from ..essentials.cells import answer
from ..essentials.factor import BEYOND, SLOWER
from ..statistics import mean_by_run
from .factors import FACTORS, learned_from, oscillates_from
from .trials import trials

OSCILLATES = 0.1
"""A run oscillates if y f changes by more than this from strong visit to strong visit."""

TOGETHER = 50
"""Runs that are trained together."""

FEW = 10
"""The same where Φ is followed, for the sake of memory."""


def large(name):
    """κ of the large rate of a factor, 1.2 times the predicted threshold.

    Args:
        name: one of :data:`FACTORS`.

    Returns:
        A float.

    Raises:
        ValueError: there is no such factor.
    """
    _checks.one_of("name", name, tuple(FACTORS))
    return round(BEYOND * oscillates_from(FACTORS[name]), 3)


def measure(name, seeds, kappas, slower=1, record=False):
    """Run a factor and reduce the runs to one row a rate.

    Args:
        name: one of :data:`FACTORS`.
        seeds: an even number of non-negative integers, at least 4.
        kappas: the κ, of the longest strong feature.
        slower: divide the rates by this and make so many times the epochs.
        record: follow Φ in every visit (not for "batch", whose steps mix strong and weak points).

    Returns:
        A list of dicts, one a κ: ``factor``, ``kappa``, ``slower``, ``runs``, ``diverged`` (their
        number); ``weak``, ``weak_half`` and ``strong``, ``strong_half``, accuracies on fresh points
        with the half-width of their 95 % interval; ``first``, ``second``, ``second_half``, the
        accuracy on weak points over the first and the second half of the seeds; ``oscillating``,
        the share of runs that oscillate; ``signals``, the median signal of each feature; ``alone``
        and ``alone_half``, the accuracy on points that carry one weak feature only; ``kept`` and
        ``fall``, the number of runs in which Φ never fell by more than 1e-9 in a visit, and the
        largest fall, both None unless recorded. Diverged runs have no point right and no signal.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: there is no such factor, the seeds are too few, or an argument is outside its
            range.
    """
    _checks.one_of("name", name, tuple(FACTORS))
    seeds, factor = _checks.seeds(seeds), FACTORS[name]
    if len(seeds) < 4 or len(seeds) % 2:
        raise ValueError(f"seeds must be an even number of seeds, at least 4, got {len(seeds)}")
    slower = _checks.integer("slower", slower, low=1)
    _checks.instance("record", record, bool)
    together = FEW if record else TOGETHER
    blocks = [seeds[k : k + together] for k in range(0, len(seeds), together)]
    rows = []
    for kappa in kappas:
        found = [trials(factor, kappa, block, slower, record) for block in blocks]
        columns = [np.concatenate(part) for part in zip(*found, strict=True)]
        weak, strong, alone, signals, change, diverged, fall = columns
        half = len(seeds) // 2
        shares = [mean_by_run(part) for part in alone.T]
        row = {"factor": name, "kappa": float(kappa), "slower": slower, "runs": len(seeds)}
        row["diverged"] = int(diverged.sum())
        row["weak"], row["weak_half"] = mean_by_run(weak)
        row["strong"], row["strong_half"] = mean_by_run(strong)
        row["first"] = float(weak[:half].mean())
        row["second"], row["second_half"] = mean_by_run(weak[half:])
        row["oscillating"] = float((change > OSCILLATES).mean())
        row["signals"] = np.median(signals[~diverged], 0).tolist() if not diverged.all() else []
        row["alone"], row["alone_half"] = [s[0] for s in shares], [s[1] for s in shares]
        row["kept"] = int((fall <= 1e-9).sum()) if record else None
        row["fall"] = float(fall.max()) if record else None
        rows.append(row)
    return rows


def to_text(row):
    """A row as texts, for a CSV file.

    Args:
        row: a dict of :func:`measure`.

    Returns:
        A dict of texts, JSON of five significant digits.

    Raises:
        TypeError: a value is no number, text, list or None.
    """

    def short(value):
        if isinstance(value, list):
            return [short(entry) for entry in value]
        return float(f"{value:.5g}") if isinstance(value, float) else value

    return {key: json.dumps(short(value)) for key, value in row.items()}


def load():
    """The stored rows of all factors, as :func:`measure` made them.

    Per factor: its rates and the large rate (:func:`large`); a twelfth of the large rate with
    twelve times the epochs; and the large rate with Φ recorded, but for "batch". ``runs`` says how
    many seeds each row has: those of the four classes and of slow or recorded runs are fewer.

    Returns:
        (rows, about): a list of dicts, and a dict of what made them.
    """
    stored = files(__package__) / "stored"
    text = (stored / "features.csv").read_text(encoding="utf-8").splitlines()
    rows = [{k: json.loads(v) for k, v in row.items()} for row in csv.DictReader(text)]
    return rows, json.loads((stored / "features.json").read_text(encoding="utf-8"))


def sweep_rows(rows, name):
    """The rows of a factor's sweep over κ, in order.

    Args:
        rows: of :func:`load`.
        name: one of :data:`FACTORS`.

    Returns:
        A list of dicts.

    Raises:
        ValueError: there is no such factor.
    """
    _checks.one_of("name", name, tuple(FACTORS))
    kappas = FACTORS[name].kappas
    plain = [row for row in rows if row["slower"] == 1 and row["kept"] is None]
    found = {row["kappa"]: row for row in plain if row["factor"] == name}
    return [found[kappa] for kappa in kappas]


def crossing(kappas, values, level):
    """The κ at which values first reach a level from below, by straight lines between the rates.

    Args:
        kappas: rising, (k,).
        values: (k,).
        level: a number.

    Returns:
        A float; NaN if the values start at or above the level, or never reach it.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: the lengths differ, or κ does not rise.
    """
    kappas, values = (
        _checks.tensor_or_list(name, given).double().numpy()
        for name, given in (("kappas", kappas), ("values", values))
    )
    level = _checks.real_number("level", level)
    if kappas.ndim != 1 or kappas.shape != values.shape or (np.diff(kappas) <= 0).any():
        raise ValueError(f"kappas must rise and be as many as values, got {kappas} and {values}")
    above = np.flatnonzero(values >= level)
    if not len(above) or not above[0]:
        return float("nan")
    pair = slice(above[0] - 1, above[0] + 1)
    return float(np.interp(level, values[pair], kappas[pair]))


def summary():
    """One dict a factor, from the stored rows, for the comparison of all factors of chapter 13.

    Returns:
        A list of dicts with ``name``, ``words``; ``small``, ``small_half``, ``large`` and
        ``large_half``, the accuracies on weak points; ``best``, ``best_half`` and ``best_kappa``,
        the κ chosen on the first half of the seeds and the accuracy from the second; ``runs``;
        ``predicted`` and ``measured``, the threshold of the oscillation; ``learned_predicted`` and
        ``learned``, the κ from which v is learned: where the accuracy is half-way from that at
        the least rate to 1; ``comes``, the :func:`~benign_osc_lib.essentials.answer`; ``phi``, in
        how many of the runs at the large rate Φ never fell; and ``verdict``.
    """
    rows, _ = load()
    return [_summary(name, rows) for name in FACTORS]


def _summary(name, rows):
    factor = FACTORS[name]
    own = [row for row in rows if row["factor"] == name]
    sweep = sweep_rows(rows, name)
    kappas, weak = [row["kappa"] for row in sweep], [row["weak"] for row in sweep]
    fast, recorded = None, None
    for row in own:
        if row["slower"] == 1 and row["kappa"] == large(name):
            fast = row if row["kept"] is None else fast
            recorded = row if row["kept"] is not None else recorded
    slow = next(row for row in own if row["slower"] == SLOWER)
    best = max(sweep, key=lambda row: row["first"])
    return {
        "name": name,
        "words": factor.short,
        "small": slow["weak"],
        "small_half": slow["weak_half"],
        "large": fast["weak"],
        "large_half": fast["weak_half"],
        "best": best["second"],
        "best_half": best["second_half"],
        "best_kappa": best["kappa"],
        "runs": fast["runs"],
        "predicted": oscillates_from(factor),
        "measured": crossing(kappas, [row["oscillating"] for row in sweep], 0.5),
        "learned_predicted": learned_from(factor),
        "learned": crossing(kappas, weak, (1 + weak[0]) / 2),
        "comes": answer(slow["weak"], fast["weak"]),
        "phi": f"{recorded['kept']}/{recorded['runs']}" if recorded else "",
        "verdict": factor.verdict,
    }
