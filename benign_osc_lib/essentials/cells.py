"""Runs of a factor reduced to one row a rate, and what the rows say (chapter 13)."""

from numbers import Real
from typing import NamedTuple

import numpy as np

from .. import _checks
from ..phase.prediction import crossing

LEVELS = (0.1, 0.2, 0.4)
"""The amplitudes above which a run is counted as oscillating; the chapter takes the middle one."""


class Cell(NamedTuple):
    """The runs of one factor at one rate. A run that diverged has nothing right."""

    factor: str
    """The factor's name."""
    kind: str
    """Which runs: "sweep"; "small", the small rate; "fit" and "fit-small", stopped at one loss."""
    kappa: float
    """κ."""
    epochs: int
    """Passes over the data, at most."""
    runs: int
    """How many."""
    diverged: int
    """Those that diverged."""
    lost: int
    """Those that did not, and lost a class."""
    oscillating_10: int
    """Those left that oscillate with an amplitude above 0.1,"""
    oscillating_20: int
    """above 0.2,"""
    oscillating_40: int
    """above 0.4."""
    fit: int
    """Those whose loss fell below the level at which runs stop; of a sweep, 0."""
    loss: float
    """Median loss of the last epoch; NaN if all diverged."""
    weak_signal: float
    """Median weak signal of the slower class."""
    strong: float
    """Mean accuracy on strong points."""
    weak_first: float
    """Mean accuracy on weak points, over the first half of the seeds;"""
    weak_second: float
    """over the second half."""
    weak_first_sd: float
    """The standard deviations of both,"""
    weak_second_sd: float
    """between runs."""

    @property
    def weak(self):
        """The mean accuracy on weak points and half the width of its 95 % interval, by run."""
        first, second = self.runs // 2, self.runs - self.runs // 2
        parts = ((first, self.weak_first, self.weak_first_sd),)
        parts += ((second, self.weak_second, self.weak_second_sd),)
        mean = sum(n * a for n, a, _ in parts if n) / self.runs
        square = sum(n * (sd**2 + (a - mean) ** 2) for n, a, sd in parts if n)
        return mean, 1.96 * (square / max(self.runs - 1, 1) / self.runs) ** 0.5

    @property
    def broken(self):
        """Runs that diverged or lost a class."""
        return self.diverged + self.lost


def reduce_runs(runs, *, kind="sweep", fit_only=False):
    """One Cell for each rate of some runs.

    Args:
        runs: what :func:`benign_osc_lib.essentials.measure` returns.
        kind: what these runs are, see :class:`Cell`.
        fit_only: count only runs that stopped at the wanted loss.

    Returns:
        A list of Cells; a rate at which no run is left out of the count has NaN for its means.
    """
    cells = []
    for kappa in runs.kappa.values:
        own = runs.sel(kappa=kappa)
        fit = own.stopped.values
        own = own.isel(seed=np.flatnonzero(fit)) if fit_only else own
        n, alive = own.sizes["seed"], ~(own.diverged | own.lost).values
        amplitude = own.amplitude.values
        halves = own.accuracy_weak.values[: n // 2], own.accuracy_weak.values[n // 2 :]
        cells.append(
            Cell(
                runs.attrs["factor"],
                kind,
                float(kappa),
                runs.attrs["epochs"],
                n,
                int(own.diverged.sum()),
                int(own.lost.sum()),
                *(int((alive & (amplitude > level)).sum()) for level in LEVELS),
                int(fit.sum()),
                _median(own.loss.values),
                _median(own.weak_signal.values),
                float(own.accuracy_strong.mean()) if n else np.nan,
                *(float(half.mean()) if len(half) else np.nan for half in halves),
                *(float(half.std()) if len(half) else np.nan for half in halves),
            )
        )
    return cells


def _median(values):
    values = values[~np.isnan(values)]
    return float(np.median(values)) if len(values) else np.nan


def threshold(cells, *, level=0.2, share=0.5):
    """The κ at which the share of oscillating runs first crosses a share (chapter 13).

    Args:
        cells: Cells of one sweep, with increasing κ.
        level: the amplitude above which a run oscillates, one of ``LEVELS``.
        share: the share of all runs, in (0, 1).

    Returns:
        κ, between two rates by interpolation in log κ; NaN where the share is never reached, or
        already at the first rate.

    Raises:
        TypeError: the share is not a number.
        ValueError: the level is none of those, or the share is outside its range.
    """
    if not isinstance(level, Real) or level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(map(str, LEVELS))}, got {level!r}")
    share = _checks.real_number("share", share)
    _checks.all_between("share", share, 0, 1)
    counts = [cell[Cell._fields.index("oscillating_10") + LEVELS.index(level)] for cell in cells]
    return _crossing(cells, counts, share)


def broken_from(cells, *, share=0.5):
    """The κ at which the share of runs that diverged or lost a class first crosses a share.

    Args:
        cells: Cells of one sweep, with increasing κ.
        share: the share of all runs, in (0, 1).

    Returns:
        κ, as for :func:`threshold`.

    Raises:
        TypeError: the share is not a number.
        ValueError: it is outside its range.
    """
    share = _checks.real_number("share", share)
    _checks.all_between("share", share, 0, 1)
    return _crossing(cells, [cell.broken for cell in cells], share)


def _crossing(cells, counts, share):
    shares = [count / cell.runs for count, cell in zip(counts, cells, strict=True)]
    return crossing([cell.kappa for cell in cells], shares, share)


def best(cells):
    """The rate that is best for weak points on the first half of the seeds, tried on the second.

    So the choice of the rate does not flatter the accuracy.

    Args:
        cells: Cells of one sweep.

    Returns:
        (κ, mean accuracy on weak points, half the width of its 95 % interval), of the second half.
    """
    cell = max(cells, key=lambda cell: cell.weak_first)
    n = cell.runs - cell.runs // 2
    return cell.kappa, cell.weak_second, 1.96 * cell.weak_second_sd / max(n - 1, 1) ** 0.5


def answer(small, large):
    """Whether the weak feature comes, in words, from the accuracies on weak points.

    Args:
        small: at the small rate.
        large: at the large rate.

    Returns:
        "at every rate" if both are at least 0.75; "yes" if the large rate reaches 0.75 and gains
        0.1; "partly" if it gains 0.1 only; or else "no".

    Raises:
        TypeError: an accuracy is not a number.
        ValueError: it is outside [0, 1].
    """
    for name, value in (("small", small), ("large", large)):
        value = _checks.real_number(name, value)
        _checks.all_between(name, value, 0, 1, low_open=False, high_open=False)
    if small >= 0.75 and large >= 0.75:
        return "at every rate"
    if large < small + 0.1:
        return "no"
    return "yes" if large >= 0.75 else "partly"
