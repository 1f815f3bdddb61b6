"""The grids of the phase diagrams, runs reduced to cells, and the cells that are stored."""

import warnings
from importlib.resources import files

import xarray

from .. import _checks, _netcdf

KAPPAS = [round(0.1 * k, 1) for k in range(1, 23)]
"""The rates of the stored diagrams, κ from 0.1 to 2.2."""

DIAGRAMS = {
    "nu": ({"kappa": KAPPAS, "nu": [0.005 * 2 ** (k / 2) for k in range(15)]}, 320),
    "rho": ({"kappa": KAPPAS, "n_weak": list(range(8))}, 600),
    "noise": ({"kappa": KAPPAS, "noise_norm": [0.1 * 2 ** (k / 3) for k in range(16)]}, 320),
}
"""The stored diagrams: name -> (grid, number of seeds). What a grid does not name is as in §4.3."""

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
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        found = values.quantile(list(QUANTILES), "seed", skipna=True)
    return found.transpose(..., "quantile")


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
