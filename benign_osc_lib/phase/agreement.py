"""Whether two samples of runs agree: a stored diagram against new runs."""

import numpy as np
import xarray

from .. import _checks
from .diagrams import KINDS


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
        bound = sampling_bound(epsilon.values, variance.values, first.runs.values)
        bounds[name] = mean.copy(data=bound)
    return xarray.Dataset(bounds).to_dataarray("quantity").transpose(..., "quantity")


def sampling_bound(epsilon, variance, n):
    """Bennett's bound of P(abs(mean of a sample − mean of all) ≥ ε).

    2 exp(−n σ² h(ε/σ²)),  h(x) = (1 + x) log(1 + x) − x,

    for a sample of n, drawn without replacement, from numbers between 0 and 1 with the variance σ².

    Args:
        epsilon: ε ≥ 0, a number, an array or a nested list.
        variance: σ² ≥ 0, likewise; with 0 there is no ε > 0, and what rounding leaves is ignored.
        n: size of the sample, at least 1, likewise.

    Returns:
        The bound, at most 1, as an array of the shape of the arguments broadcast.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    given = []
    for name, value, low in (("epsilon", epsilon, 0), ("variance", variance, 0), ("n", n, 1)):
        value = _checks.tensor_or_list(name, value)
        _checks.all_between(name, value, low, low_open=False)
        given.append(value.numpy())
    epsilon, variance, n = np.broadcast_arrays(*given)
    # The tiny number decides for variance 0 and changes nothing else.
    x = epsilon / np.maximum(variance, 1e-12)
    exponent = n * np.maximum(variance, 1e-12) * ((1 + x) * np.log1p(x) - x)
    return np.minimum(2 * np.exp(-exponent), 1)
