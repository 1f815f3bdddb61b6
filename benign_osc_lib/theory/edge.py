"""The central flow of one point: gradient flow that keeps the sharpness at 2/η (chapter 14).

After Cohen et al. (2025), derived for this model. Their flow follows the centre of the
oscillation. With ϱ the variance of √s about the centre, along the top eigenvector, the mean
gradient is that of the centre plus ϱ/2 times the gradient of the sharpness:

    d log s/dt = 2 κ e − 4 ϱ ∂a/∂s        d log q/dt = 2 κ ν e − 4 ν ϱ ∂a/∂q,

with e = 1 − s − q at the centre and a = η λ/2. Below the edge ϱ = 0; on it ϱ keeps a = 1.
"""

import numpy as np

from .. import _checks
from .._formula import at_least, between, formula
from .curvature import point_sharpness


@formula(kappa=at_least(1), nu=between(0, 1, "[]"))
def central_growth_rate(kappa, nu):
    """Growth of log⟨w, y v⟩ per step on the central flow at the edge, while q is small.

    κ ν e (1 − (1 + 2 ν s/(1/κ + ν e/2))/3) with s = (2/κ + 1)/3 and e = 1 − s. To leading order
    in κ − 1 it is (4/9) ν (1 − ν) (κ − 1), 8/9 of :func:`growth_rate`.

    Source: chapter 14, "The central flow" (after Cohen et al. 2025).

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1].

    Returns:
        The rate per step, with the shape of the arguments broadcast together.
    """
    s = (2 / kappa + 1) / 3
    e = 1 - s
    pull = (1 + 2 * nu * s / (1 / kappa + nu * e / 2)) / 3
    return kappa * nu * e * (1 - pull)


def central_flow(kappa, nu, s, q, *, times):
    """Follow the central flow of one noiseless point.

    Source: chapter 14, "The central flow" (after Cohen et al. 2025).

    Args:
        kappa: κ > 0.
        nu: ν, in (0, 1).
        s: strong signal of the centre at the start, > 0, below the edge.
        q: weak signal there, > 0.
        times: increasing times in steps, the first one 0, (T,).

    Returns:
        (s, q, ϱ), each an array (T,).

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or the start is beyond the edge.
    """
    from scipy.integrate import solve_ivp  # here, because importing it takes a while

    for name, value in (("kappa", kappa), ("s", s), ("q", q)):
        _checks.positive(name, value)
    _checks.real_number("nu", nu)
    _checks.all_between("nu", nu, 0, 1)
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or len(times) < 2 or times[0] != 0 or not (np.diff(times) > 0).all():
        raise ValueError("times must increase from 0, at least two of them")
    if point_sharpness(s, q, kappa, nu) >= 1:
        raise ValueError(f"s must be below the edge, got {s} with q = {q}")

    options = {"rtol": 1e-9, "atol": 1e-11, "dense_output": True}

    def calm(_, logs):
        e = 1 - np.exp(logs).sum()
        return 2 * kappa * e, 2 * kappa * nu * e

    def edge(_, logs):
        return point_sharpness(*np.exp(logs), kappa, nu) - 1

    edge.terminal = True
    before = solve_ivp(calm, (0, times[-1]), np.log([float(s), float(q)]), events=edge, **options)
    met, spread = before.t[-1], np.zeros(len(times))
    s, q = np.exp(before.sol(times.clip(max=met)))
    later = times > met
    if before.status == 1 and later.any():

        def along_the_edge(_, log_q):
            return _at_the_edge(np.exp(log_q), kappa, nu)[2]

        kept = solve_ivp(along_the_edge, (met, times[-1]), before.y[1:, -1], **options)
        q[later] = np.exp(kept.sol(times[later])[0])
        s[later], spread[later], _ = _at_the_edge(q[later], kappa, nu)
    return s, q, spread


def _at_the_edge(q, kappa, nu):
    """The s at which a = 1, the spread that keeps it there, and the growth of log q."""
    first = (q - 1) / 2 - 1 / kappa  # a = 1 is a quadratic equation of s, from the 2 by 2 matrix
    last = nu * (3 * q - 1) / 2 - 1 / kappa
    middle = nu * q - 1.5 * last - nu * first / 2
    s = 2 * first * last / (middle + np.sqrt(middle**2 - 3 * nu * first * last))
    e, (by_s, by_q) = 1 - s - q, _slopes(s, q, kappa, nu)
    rise = 2 * kappa * e * (by_s * s + nu * by_q * q)
    spread = np.maximum(rise, 0) / (4 * (by_s**2 * s + nu * by_q**2 * q))
    return s, spread, nu * (2 * kappa * e - 4 * spread * by_q)


def _slopes(s, q, kappa, nu):
    """∂a/∂s and ∂a/∂q of the top eigenvalue in :func:`point_sharpness`."""
    strong, weak = (3 * s + q - 1) / 2, nu * (3 * q + s - 1) / 2
    gap = np.sqrt(((strong - weak) / 2) ** 2 + nu * s * q)
    along = (1 + (strong - weak) / (2 * gap)) / 2  # the share of the eigenvector along u
    by_s = 1.5 * along + 0.5 * nu * (1 - along) + nu * q / (2 * gap)
    by_q = 0.5 * along + 1.5 * nu * (1 - along) + nu * s / (2 * gap)
    return kappa * by_s, kappa * by_q
