"""What became of the runs of a cell: regimes and accuracies."""

from numbers import Real

import xarray

from .. import _checks
from .diagrams import KINDS, LEVELS, SIGNALS

REGIMES = ("too small", "benign", "malignant", "diverged")
"""What can become of a run, see :func:`regimes`."""


def regimes(cells, *, signal=0.0, strong=0.9, weak=0.9):
    """How many runs of each cell ended in which regime.

    A run is *diverged*; or *malignant*, if the strong signal of one of the labels is not above
    ``signal`` (with 0: no filter of the class fires at its strong feature any more; the book says
    *class lost*); or else
    *benign*, if its accuracies on strong and on weak points are at least ``strong`` and ``weak``;
    or else *too small*.

    Args:
        cells: what :func:`reduce_runs` or :func:`load` returns.
        signal: one of ``SIGNALS``.
        strong: one of ``LEVELS``.
        weak: one of ``LEVELS``.

    Returns:
        An ``xarray.DataArray`` (…, regime) of counts, in the order of ``REGIMES``.

    Raises:
        TypeError: ``cells`` is not a Dataset.
        ValueError: a level is none of ``SIGNALS`` or ``LEVELS``.
    """
    _checks.instance("cells", cells, xarray.Dataset)
    chosen = (("signal", signal, SIGNALS), ("strong", strong, LEVELS), ("weak", weak, LEVELS))
    for name, level, allowed in chosen:
        if not isinstance(level, Real) or level not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, got {level!r}")
    kept = cells.kept.sel(signal_level=signal, drop=True)
    sound = kept.sel(strong_level=0.0, weak_level=0.0, drop=True)
    benign = kept.sel(strong_level=strong, weak_level=weak, drop=True)
    counts = (sound - benign, benign, cells.runs - cells.diverged - sound, cells.diverged)
    table = xarray.Dataset(dict(zip(REGIMES, counts, strict=True)))
    return table.drop_attrs().to_dataarray("regime").transpose(..., "regime")


def mean_accuracy(cells, kind):
    """The mean accuracy over the runs of each cell that did not diverge, and its standard error.

    The unit is the run: test points of one run share a network.

    Args:
        cells: what :func:`reduce_runs` or :func:`load` returns.
        kind: "weak" or "strong".

    Returns:
        (mean, standard error), each an ``xarray.DataArray`` (…); NaN where fewer than two runs are
        left.

    Raises:
        TypeError: ``cells`` is not a Dataset.
        ValueError: ``kind`` is neither.
    """
    _checks.instance("cells", cells, xarray.Dataset)
    _checks.one_of("kind", kind, KINDS)
    n = cells.runs - cells.diverged
    n = n.where(n > 1)
    mean = cells[f"{kind}_sum"] / n
    variance = (cells[f"{kind}_squares"] / n - mean**2).clip(min=0) * n / (n - 1)
    return mean, (variance / n) ** 0.5
