"""Phase diagrams: the grids, their runs reduced to cells, and the cells that the library carries.

A stored diagram is what ``tools/phase_diagrams.py`` makes of a sweep of 10^5 runs: per cell sums,
counts and quantiles over the seeds. ``reduce_runs`` makes the same of any sweep, so that a small
one can be held against the store.
"""

from importlib.resources import files

import numpy as np
import xarray

from . import _checks, _netcdf

KAPPAS = [round(0.1 * k, 1) for k in range(1, 23)]
"""The rates of the stored diagrams, κ from 0.1 to 2.2."""

DIAGRAMS = {
    "nu": ({"kappa": KAPPAS, "nu": [0.005 * 2 ** (k / 2) for k in range(15)]}, 320),
    "rho": ({"kappa": KAPPAS, "n_weak": list(range(8))}, 600),
    "noise": ({"kappa": KAPPAS, "noise_norm": [0.1 * 2 ** (k / 3) for k in range(16)]}, 320),
}
"""The stored diagrams: name -> (grid, number of seeds). What a grid does not name is as in §4.3."""

REGIMES = ("too small", "benign", "malignant", "diverged")
"""What can become of a run, see :func:`regimes`."""

LEVELS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95)
"""The accuracies at which a reduced diagram counts runs."""

SIGNALS = (0.0, 0.001, 0.01)
"""The strong signals at which a reduced diagram counts runs."""

KINDS = ("weak", "strong")
"""The kinds of test points."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The quantiles of a reduced diagram."""

_MEASURED = {  # name in a reduced diagram: (of what, in words)
    "gap": ("weak_gap", "weak gap of Theorem 5, the smaller of the two labels"),
    "strong": ("strong_signal", "strong signal, the smaller of the two labels"),
    "oscillation": ("oscillation", "oscillation, the mean change of y f between strong visits"),
}

_COUNTED = {
    "runs": "number of runs",
    "diverged": "number of runs that diverged",
    "weak_sum": "sum of the accuracies on weak points",
    "weak_squares": "sum of the squared accuracies on weak points",
    "strong_sum": "sum of the accuracies on strong points",
    "strong_squares": "sum of the squared accuracies on strong points",
    "reached": "number of runs with at least these accuracies",
    "kept": "number of those whose strong signal is above this, for both labels",
}


def reduce_runs(runs):
    """Reduce the runs of a sweep to cells, over the axis "seed".

    Divergence is counted; everything else is about the runs of a cell that did not diverge.

    Args:
        runs: what :func:`benign_osc_lib.sweeps.sweep` returns.

    Returns:
        An ``xarray.Dataset`` with the other axes of the grid (…), the attributes of ``runs`` and

        - ``runs``, ``diverged`` (…): the number of runs, and of those that diverged;
        - ``weak_sum``, ``weak_squares``, ``strong_sum``, ``strong_squares`` (…): Σ a and Σ a² over
          the runs, a their accuracy on weak and on strong points;
        - ``reached`` (…, strong_level, weak_level): runs with at least these accuracies;
        - ``kept`` (…, signal_level, strong_level, weak_level): those of them whose strong signal is
          above ``signal_level`` for both labels;
        - ``gap``, ``strong``, ``oscillation`` (…, quantile): quantiles over the runs of the weak
          gap, of the strong signal (the smaller of the two labels) and of the oscillation; NaN
          where all runs diverged.

    Raises:
        TypeError: ``runs`` is not a Dataset.
        ValueError: a variable or the axis "seed" is missing.
    """
    _checks.instance("runs", runs, xarray.Dataset)
    needed = {"accuracy_strong", "accuracy_weak", "diverged", *(of for of, _ in _MEASURED.values())}
    if "seed" not in runs.dims or not needed <= set(runs.data_vars):
        raise ValueError(
            f"runs must have an axis 'seed' and the variables {', '.join(sorted(needed))}, got "
            f"axes {tuple(runs.dims)} and variables {', '.join(runs.data_vars)}"
        )
    diverged = runs.diverged.drop_attrs(deep=False)
    alive = ~diverged
    cells = xarray.Dataset(attrs=runs.attrs)
    cells["runs"] = alive.count("seed")
    cells["diverged"] = diverged.sum("seed")
    for kind in KINDS:
        share = runs[f"accuracy_{kind}"].drop_attrs(deep=False).where(alive, 0)
        cells[f"{kind}_sum"] = share.sum("seed")
        cells[f"{kind}_squares"] = (share**2).sum("seed")
    strong_level, weak_level = (
        xarray.DataArray(list(LEVELS), dims=name, coords={name: list(LEVELS)})
        for name in ("strong_level", "weak_level")
    )
    # An accuracy is a ratio of counts: a millionth keeps 0.9 = 90/100 on the right side.
    strong_ok = runs.accuracy_strong >= strong_level - 1e-6
    weak_ok = runs.accuracy_weak >= weak_level - 1e-6
    sound = alive & strong_ok & weak_ok
    cells["reached"] = sound.sum("seed")
    strong_signal = runs.strong_signal.drop_attrs(deep=False)
    if "label" in strong_signal.dims:
        strong_signal = strong_signal.min("label")
    kept = xarray.Dataset({x: (sound & (strong_signal > x)).sum("seed") for x in SIGNALS})
    kept = kept.to_dataarray("signal_level")
    levels = ("signal_level", "strong_level", "weak_level")
    cells["kept"] = kept.transpose(*cells.runs.dims, *levels)
    for name, (of, words) in _MEASURED.items():
        values = runs[of].min("label") if "label" in runs[of].dims else runs[of]
        cells[name] = _quantiles(values.where(alive))
        cells[name].attrs = {"long_name": words}
    for name, words in _COUNTED.items():
        cells[name].attrs = {"long_name": words}
    return cells


def _quantiles(values):
    """The quantiles over the seeds, NaN left out."""
    axis = values.get_axis_num("seed")
    table = np.sort(values.values, axis=axis)  # NaN comes last
    counts = np.isfinite(table).sum(axis)
    at = np.multiply.outer(np.array(QUANTILES), np.maximum(counts - 1, 0))
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, np.maximum(counts - 1, 0))
    table = np.moveaxis(table, axis, 0)
    below, above = (np.take_along_axis(table, index, 0) for index in (low, high))
    found = below + (at - low) * (above - below)
    dims = [dim for dim in values.dims if dim != "seed"]
    coords = {dim: values[dim] for dim in dims} | {"quantile": list(QUANTILES)}
    return xarray.DataArray(np.moveaxis(found, 0, -1), coords, [*dims, "quantile"])


def load(name):
    """A stored diagram, as :func:`reduce_runs` made it.

    Args:
        name: "nu", "rho" or "noise".

    Returns:
        An ``xarray.Dataset``; its attributes hold the command that made it, the date, the
        versions, the number of runs and every fixed parameter.

    Raises:
        ValueError: there is no such diagram.
    """
    _checks.one_of("name", name, tuple(DIAGRAMS))
    return _netcdf.from_bytes((files(__package__) / "stored" / f"phase_{name}.nc").read_bytes())


def regimes(cells, *, signal=0.0, strong=0.9, weak=0.9):
    """How many runs of each cell ended in which regime.

    A run is *diverged*; or *malignant*, if the strong signal of one of the labels is not above
    ``signal`` (with 0: no filter of the class fires at its strong feature any more); or else
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
        if level not in allowed:
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


def disagreement(first, second):
    """How improbable it is that two reductions of the same cells come from the same law.

    Compared, cell by cell, are the sums over runs of three numbers between 0 and 1: whether a run
    diverged, and its accuracy on weak and on strong points (0 if it diverged). If both samples
    have one law, the first is a random part of the two together: see :func:`sampling_bound`.

    Args:
        first: what :func:`reduce_runs` or :func:`load` returns.
        second: the same with the same axes.

    Returns:
        An ``xarray.DataArray`` (…, quantity) of bounds, at most 1, with the coordinates
        "diverged", "weak" and "strong".

    Raises:
        TypeError: an argument is not a Dataset.
        ValueError: the axes differ.
    """
    for name, cells in (("first", first), ("second", second)):
        _checks.instance(name, cells, xarray.Dataset)
    try:
        first, second = xarray.align(first, second, join="exact")
    except ValueError:
        raise ValueError("second must have the cells of first, got other axes") from None
    both = first.runs + second.runs
    bounds = {}
    for name in ("diverged", *KINDS):
        total, squares = (name, name) if name == "diverged" else (f"{name}_sum", f"{name}_squares")
        mean = (first[total] + second[total]) / both
        variance = ((first[squares] + second[squares]) / both - mean**2).clip(min=0)
        epsilon = abs(first[total] / first.runs - mean)
        bounds[name] = mean.copy(data=sampling_bound(epsilon, variance, first.runs))
    return xarray.Dataset(bounds).to_dataarray("quantity").transpose(..., "quantity")


def sampling_bound(epsilon, variance, n):
    """Bennett's bound of P(abs(mean of a sample − mean of all) ≥ ε).

    2 exp(−n σ² h(ε/σ²)),  h(x) = (1 + x) log(1 + x) − x,

    for a sample of n, drawn without replacement, from numbers between 0 and 1 with the variance σ².

    Args:
        epsilon: ε ≥ 0.
        variance: σ² ≥ 0; with 0 there is no ε > 0, and what rounding leaves is ignored.
        n: size of the sample.

    Returns:
        The bound, at most 1, as an array of the shape of the arguments broadcast.
    """
    epsilon, variance, n = np.broadcast_arrays(epsilon, variance, n)
    # The tiny number decides for variance 0 and changes nothing else.
    x = epsilon / np.maximum(variance, 1e-12)
    exponent = n * np.maximum(variance, 1e-12) * ((1 + x) * np.log1p(x) - x)
    return np.minimum(2 * np.exp(-exponent), 1)
