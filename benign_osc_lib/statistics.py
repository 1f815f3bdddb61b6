"""Means over runs, and the law of a count of right answers (chapter 12 and appendix C)."""

import numpy as np

from . import _checks


def mean_by_run(values, level=0.95):
    """The mean over runs, which are independent, and half the width of its interval (chapter 12).

    The points of one run share a network. So the interval comes from the spread between the runs:
    the mean ± z s/√n, with z the normal quantile and s the standard deviation of n runs.

    Args:
        values: one finite number a run, (n,); NaN is left out, and at least two must be left.
        level: confidence level, between 0 and 1.

    Returns:
        (mean, half-width), two floats.

    Raises:
        TypeError: ``values`` is not numeric, or the level is not a number.
        ValueError: fewer than two runs are left, one is infinite, the axes are not one, or the
            level is outside (0, 1).
    """
    _checks.real_number("level", level)
    _checks.all_between("level", level, 0, 1)
    values = _floats("values", values)
    if values.ndim != 1:
        raise ValueError(f"values must have shape (n,), got {values.shape}")
    values = values[~np.isnan(values)]
    if len(values) < 2:
        raise ValueError(f"values must hold at least two numbers that are not NaN, got {values}")
    if np.isinf(values).any():
        raise ValueError(f"values must be finite or NaN, got {values[np.isinf(values)][0]}")
    from scipy.stats import norm  # here, because importing it takes a second

    half = norm.ppf((1 + level) / 2) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean()), float(half)


def law_of_few(right, n, k):
    """The law of the right answers among k fresh points, without bias from n others (appendix C).

    A network had ``right`` of n points right. The law of the number among k of these points, drawn
    without replacement, has the mean that k fresh points have.

    Args:
        right: how many of the n points were right, integers (...) from 0 to n.
        n: points, >= 1.
        k: fresh points, 0 <= k <= n.

    Returns:
        The probabilities of 0, …, k right answers, an array (..., k + 1).

    Raises:
        TypeError: n or k is not an integer, or ``right`` is not numeric.
        ValueError: an argument is outside its range, or ``right`` is not whole.
    """
    n = _checks.integer("n", n, low=1)
    k = _checks.integer("k", k, low=0, high=n)
    right = _floats("right", right)
    _checks.all_between("right", right, 0, n, low_open=False, high_open=False)
    if (right != np.rint(right)).any():
        raise ValueError("right must hold whole numbers")
    from scipy.stats import hypergeom

    return hypergeom.pmf(np.arange(k + 1), n, right[..., None], k)


def law_of_sum(law, times):
    """The law of the sum of independent counts with one law.

    Args:
        law: the probabilities of 0, 1, …, n, (n + 1,).
        times: how many counts, >= 1.

    Returns:
        The probabilities of 0, …, times·n, (times·n + 1,).

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: ``law`` is no law, or ``times`` < 1.
    """
    law, times = _law(law), _checks.integer("times", times, low=1)
    total = law
    for _ in range(times - 1):
        total = np.convolve(total, law)
    return total


def two_sided(law, count):
    """Twice the smaller of the two tails of a law, both with the count; at most 1.

    Args:
        law: the probabilities of 0, 1, …, n, (n + 1,).
        count: from 0 to n.

    Returns:
        The two-sided probability of a count at least as far out as this one, a float.

    Raises:
        TypeError: ``law`` is not numeric, or the count no integer.
        ValueError: ``law`` is no law, or the count is outside its range.
    """
    law = _law(law)
    count = _checks.integer("count", count, low=0, high=len(law) - 1)
    return min(1.0, 2 * float(min(law[: count + 1].sum(), law[count:].sum())))


def _law(law):
    """Probabilities as an array, or an error."""
    law = _floats("law", law)
    if law.ndim != 1 or not law.size:
        raise ValueError(f"law must have shape (n + 1,), got {law.shape}")
    if not (law >= -1e-9).all() or abs(law.sum() - 1) > 1e-6:
        raise ValueError(f"law must hold probabilities that sum to 1, got the sum {law.sum()}")
    return law


def _floats(name, value):
    """Numbers of any kind of array as a float array, or an error."""
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = None
    if array is None or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of numbers, got {value!r}")
    return array.astype(float)
