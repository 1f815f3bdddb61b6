"""One row a factor: predicted and found (chapter 13)."""

from typing import NamedTuple

from .cells import answer, best, broken_from, threshold
from .factors import FACTORS


class Summary(NamedTuple):
    """What came of one factor. Accuracies are on fresh weak points, with half the 95 % interval."""

    name: str
    """The factor's name."""
    words: str
    """What it is, in a few words."""
    predicted: float | None
    """The predicted threshold in κ, or None."""
    measured: float
    """The measured one, :func:`threshold`; NaN if there is none."""
    broken: float
    """The κ from which on most runs lose a class or diverge, :func:`broken_from`."""
    at: float
    """The κ of the large rate."""
    small: float
    """Accuracy at the small rate,"""
    small_half: float
    """with its half-width."""
    large: float
    """Accuracy at the large rate,"""
    large_half: float
    """with its half-width."""
    best_kappa: float
    """The best κ, chosen on the first half of the seeds."""
    best: float
    """Accuracy there, on the second half,"""
    best_half: float
    """with its half-width."""
    runs: int
    """Runs at each rate."""
    expected: str
    """The predicted answer to whether the weak feature comes at the large rate."""
    comes: str
    """The measured one, :func:`answer`."""
    phi: str
    """Runs in which no step lowered Φ, of those that could be followed."""


def summary(cells, ratchets):
    """The Summary of every factor in some stored rows.

    Args:
        cells: Cells, as from ``load("cells")``.
        ratchets: rows as from ``load("ratchets")``.

    Returns:
        A list of Summary, in the order of ``FACTORS``.

    Raises:
        KeyError: a factor that has a sweep has no small rate, no large rate, or no row of Φ.
    """
    followed = {row.factor: f"{row.kept}/{row.runs}" for row in ratchets}
    rows = []
    for name, factor in FACTORS.items():
        own = [cell for cell in cells if cell.factor == name]
        swept = sorted((c for c in own if c.kind == "sweep"), key=lambda cell: cell.kappa)
        if not swept:
            continue
        small = {cell.kind: cell for cell in own}["small"]
        large = {cell.kappa: cell for cell in swept}[factor.large]
        rows.append(
            Summary(
                name,
                factor.words,
                factor.threshold,
                threshold(swept),
                broken_from(swept),
                factor.large,
                *small.weak,
                *large.weak,
                *best(swept),
                large.runs,
                factor.comes,
                answer(small.weak[0], large.weak[0]),
                followed[name],
            )
        )
    return rows
