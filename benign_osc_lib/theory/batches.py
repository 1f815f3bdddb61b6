"""Batches drawn at random: when the residual of a class dies out (appendix J).

The points of a class are noiseless strong ones, the filters of the other class do not answer to
them, and the output is near the label. A batch of B points, K of them of the class, then multiplies
the residual of the class by 1 − 2 κ K/B. Batches are drawn with replacement, or in shuffled epochs,
whose last batch may be shorter.
"""

import numpy as np

from .. import _checks

GRID = 0.005
"""Steps of κ in which the first root of the mean square is looked for (appendix J)."""


def _check(batch_size, own, points, shuffled):
    _checks.integer("batch_size", batch_size, low=1)
    _checks.integer("points", points, low=2)
    _checks.integer("own", own, low=1, high=points - 1)
    _checks.instance("shuffled", shuffled, bool)


def _epoch(batch_size, points):
    """The sizes of the batches of an epoch, each with how many there are."""
    full, rest = divmod(points, batch_size)
    return [(batch_size, full)] + ([(rest, 1)] if rest else [])


def _laws(batch_size, own, points, shuffled):
    """Sizes of a batch, how often each comes, and the probabilities of K = 0 … size."""
    from scipy.stats import binom, hypergeom  # here, because importing it takes a second

    if not shuffled:
        return [(batch_size, 1.0, binom(batch_size, own / points).pmf(np.arange(batch_size + 1)))]
    sizes = _epoch(min(batch_size, points), points)
    number = sum(count for _, count in sizes)
    return [
        (size, count / number, hypergeom(points, own, size).pmf(np.arange(size + 1)))
        for size, count in sizes
    ]


def batch_exponent(kappa, batch_size, own=1, points=2, shuffled=False):
    """Lyapunov exponent of the residual of a class: the mean of log abs(1 − 2 κ K/B) over batches.

    Almost surely the residual of the linearised map grows or shrinks at this rate a step.

    Source: appendix J, Proposition J.3.

    Args:
        kappa: κ > 0: a number, array or tensor.
        batch_size: B, at least 1; in shuffled epochs B > points is the full batch.
        own: points of the class, in 1..points − 1.
        points: points in all, at least 2.
        shuffled: whether batches are drawn in shuffled epochs, or with replacement.

    Returns:
        The exponent, float64, with the shape of ``kappa``: a number for a number, else an array;
        −inf where a batch takes the residual to 0.

    Raises:
        TypeError: kappa is not a number, array or tensor, shuffled not a bool, or another argument
            not an integer.
        ValueError: an argument is out of its range.
    """
    _check(batch_size, own, points, shuffled)
    _checks.all_between("kappa", kappa, 0)
    rates = np.asarray(_checks.as_tensor("kappa", kappa), dtype=float)
    found = np.zeros(rates.shape)
    with np.errstate(divide="ignore"):
        for size, weight, law in _laws(batch_size, own, points, shuffled):
            for k in range(1, size + 1):
                if law[k] > 0:
                    found += weight * law[k] * np.log(np.abs(1 - 2 * rates * k / size))
    return found if found.ndim else found.item()


def batch_limit(batch_size, own=1, points=2, shuffled=False):
    """The κ from which on the mean square of the residual of a class grows.

    With replacement it is 1/(p + (1 − p)/B), where p = own/points. In shuffled
    epochs the mean square of the product of all factors of an epoch is counted exactly.

    Source: appendix J, Proposition J.3.

    Args:
        batch_size: B, at least 1; in shuffled epochs B > points is the full batch.
        own: points of the class, in 1..points − 1.
        points: points in all, at least 2.
        shuffled: whether batches are drawn in shuffled epochs, or with replacement.

    Returns:
        The limit, a float.

    Raises:
        TypeError: shuffled is not a bool, or another argument not an integer.
        ValueError: an argument is out of its range.
    """
    _check(batch_size, own, points, shuffled)
    if not shuffled:
        return 1 / (own / points + (1 - own / points) / batch_size)
    from scipy.optimize import brentq
    from scipy.special import comb

    ways = comb(points, own)

    def excess(kappa):
        """Mean square of the product of the factors of an epoch, less 1.

        The batch with K points of the class counts C(B, K) ways; the product over batches is that
        of the polynomials Σ_K C(B, K) (1 − 2κK/B)² z^K, and z^own is wanted.
        """
        total = np.ones(1)
        for size, count in _epoch(min(batch_size, points), points):
            k = np.arange(size + 1)
            one = comb(size, k) * (1 - 2 * kappa * k / size) ** 2
            for _ in range(count):
                total = np.convolve(total, one)[: own + 1]
        return total[own] / ways - 1

    if excess(1.0) > -1e-12:  # batches of one point: every factor is 1 or −1
        return 1.0
    low = 1.0  # below it no factor exceeds 1 in size
    while excess(low + GRID) < 0:
        low += GRID
    return brentq(excess, low, low + GRID, xtol=1e-13)


def batch_limit_almost_surely(batch_size, own=1, points=2, shuffled=False):
    """The κ from which on the residual of a class grows almost surely.

    The first zero of :func:`batch_exponent`. Beyond it the exponent can fall below 0 again, near
    κ = B/(2K) for a possible K.

    Source: appendix J, Proposition J.3.

    Args:
        batch_size: B, at least 1; in shuffled epochs B > points is the full batch.
        own: points of the class, in 1..points − 1.
        points: points in all, at least 2.
        shuffled: whether batches are drawn in shuffled epochs, or with replacement.

    Returns:
        The limit, a float.

    Raises:
        TypeError: shuffled is not a bool, or another argument not an integer.
        ValueError: an argument is out of its range.
    """
    _check(batch_size, own, points, shuffled)
    from scipy.optimize import brentq, minimize_scalar

    def exponent(kappa):
        return batch_exponent(kappa, batch_size, own, points, shuffled)

    if exponent(1.0) > -1e-12:  # batches of one point: every factor is 1 or −1
        return 1.0
    laws = _laws(batch_size, own, points, shuffled)
    zeros = {size / (2 * k) for size, _, law in laws for k in range(1, size + 1) if law[k] > 0}
    low, ends = 1.0, sorted(zero for zero in zeros if zero > 1)
    for end in ends:  # between two of them the exponent is concave
        inside = (1 - 1e-9) * low + 1e-9 * end, 1e-9 * low + (1 - 1e-9) * end
        top = minimize_scalar(lambda k: -exponent(k), bounds=inside, method="bounded").x
        if exponent(top) > 0:
            return brentq(exponent, inside[0], top, xtol=1e-13)
        low = end
    high = 2 * low
    while exponent(high) < 0:
        high *= 2
    return brentq(exponent, low * (1 + 1e-12), high, xtol=1e-13)
