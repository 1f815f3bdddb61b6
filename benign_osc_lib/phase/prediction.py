"""The borders that theory draws over a phase diagram, and where a measured one lies (chapter 11).

Nothing here is fitted. The theory is that of one noiseless point, so a prediction knows the sizes
of the data and the rate, and nothing of the run. Default sizes are those of a sweep (§4.3).
"""

import math

import numpy as np
import torch

from .. import _checks, theory
from .._formula import above, at_least, between, formula
from ..sweeps import DEFAULTS
from ..theory.growth import time_from_logarithms
from .regimes import REGIMES

_NU = (DEFAULTS["v_norm"] / DEFAULTS["u_norm"]) ** 2


@formula(n_weak=at_least(0, text="in [0, n]"), n=at_least(1), epochs=at_least(0))
def strong_visits(n_weak=DEFAULTS["n_weak"], *, n=DEFAULTS["n"], epochs=DEFAULTS["epochs"]):
    """T = epochs (n − n_weak)/2, the mean number of visits to strong points of one class (ch. 11).

    Args:
        n_weak: weak training points, in [0, n].
        n: training points, >= 1.
        epochs: >= 0.

    Returns:
        T, with the shape of the arguments broadcast together.
    """
    _within("n_weak", n_weak, n_weak <= n, "<= n")
    return epochs * (n - n_weak) / 2


@formula(kappa=above(0), nu=between(0, 1), scale=above(0), u_norm=above(0))
def visits_to_learn(kappa, nu, *, scale=DEFAULTS["scale"], u_norm=DEFAULTS["u_norm"]):
    """t(κ, ν), the strong visits until v is half learned: chapter 7's time for a mean start.

    The start is the mean over random weights, s_0 = σ_0² ‖u‖²/2 and q_0 = ν s_0, see
    :func:`benign_osc_lib.theory.time_to_learn`.

    Args:
        kappa: κ > 0.
        nu: ν, in (0, 1).
        scale: σ_0 > 0, with s_0 < 1.
        u_norm: ‖u‖ > 0.

    Returns:
        t, with the shape of the arguments broadcast together: infinite for κ <= 1, where nothing
        oscillates; NaN where v is past half-way when the climb of u ends, that is in time.
    """
    _within("scale", scale, scale**2 * u_norm**2 / 2 < 1, "< √2/u_norm")
    start = 2 * (scale.log() + u_norm.log()) - math.log(2)  # of s_0
    oscillates = kappa > 1
    kappa = torch.where(oscillates, kappa, 2.0)
    time = time_from_logarithms(start, nu.log() + start, kappa, nu)
    return torch.where(oscillates, time, math.inf)


@formula(kappa=above(0), visits=above(0), scale=above(0), u_norm=above(0))
def horizon(kappa, visits, *, scale=DEFAULTS["scale"], u_norm=DEFAULTS["u_norm"]):
    """The smallest ν that is learned within so many strong visits, t(κ, ν) = T (chapter 11).

    Up to ν = 1/2, :func:`visits_to_learn` falls with ν, because the start and the rate of growth
    rise with it; the solution is found by bisection.

    Args:
        kappa: κ > 0.
        visits: T > 0, as :func:`strong_visits` counts them.
        scale: σ_0 > 0, with σ_0² ‖u‖²/2 < 1.
        u_norm: ‖u‖ > 0.

    Returns:
        ν, with the shape of the arguments broadcast together; NaN where T is too short for
        ν = 1/2, and for κ <= 1.
    """
    shape = torch.broadcast_shapes(*(x.shape for x in (kappa, visits, scale, u_norm)))
    smallest = torch.finfo(kappa.dtype).tiny ** 0.5
    low, high = (kappa.new_full(shape, x).log() for x in (smallest, 0.5))

    def too_slow(log_nu):
        return visits_to_learn(kappa, log_nu.exp(), scale=scale, u_norm=u_norm) > visits

    never = too_slow(high)
    for _ in range(64):
        middle = (low + high) / 2
        slow = too_slow(middle)
        low, high = torch.where(slow, middle, low), torch.where(slow, high, middle)
    return high.exp().masked_fill(never, math.nan)


@formula(nu=above(0), points=at_least(0), u_norm=above(0))
def noise_border(nu, points, *, u_norm=DEFAULTS["u_norm"]):
    """√points ‖v‖, the length of noise at which so many points teach as much of v as of noise.

    With shorter noise they learn v. For the weak points of a class this holds at any rate, the
    border n‖v‖² = ‖ξ‖² of chapter 9; for all points of a class it is that of Theorem 10.1 (5), for
    small starts, and of the race of appendix A.

    Args:
        nu: ν > 0.
        points: how many points of the class, >= 0.
        u_norm: ‖u‖ > 0.

    Returns:
        ‖ξ‖, with the shape of the arguments broadcast together.
    """
    return (points * nu).sqrt() * u_norm


@formula(noise_norm=above(0), points=above(0), u_norm=above(0))
def nu_border(noise_norm, points, *, u_norm=DEFAULTS["u_norm"]):
    """‖ξ‖²/(points ‖u‖²), the ν at which so many points teach as much of v as of noise.

    The border of :func:`noise_border`, solved for ν.

    Args:
        noise_norm: ‖ξ‖ > 0.
        points: how many points of the class, > 0.
        u_norm: ‖u‖ > 0.

    Returns:
        ν, with the shape of the arguments broadcast together.
    """
    return (noise_norm / u_norm) ** 2 / points


@formula(kappa=above(0), u_norm=above(0))
def noise_threshold(kappa, *, u_norm=DEFAULTS["u_norm"]):
    """‖u‖/√κ, the length of noise at which κ_ξ = κ ‖ξ‖²/‖u‖² is 1: from here on noise oscillates.

    The threshold κ = 1 of chapter 6, for noise in place of u.

    Args:
        kappa: κ > 0.
        u_norm: ‖u‖ > 0.

    Returns:
        ‖ξ‖, with the shape of the arguments broadcast together.
    """
    return u_norm / kappa.sqrt()


@formula(
    kappa=above(0),
    nu=between(0, 1),
    n_weak=at_least(0, text="in [0, n]"),
    noise_norm=above(0),
    escape=above(0),
    n=at_least(1),
    epochs=at_least(0),
    scale=above(0),
    u_norm=above(0),
)
def predicted_regimes(
    kappa,
    nu=_NU,
    n_weak=DEFAULTS["n_weak"],
    noise_norm=DEFAULTS["noise_norm"],
    *,
    escape=theory.ESCAPE,
    n=DEFAULTS["n"],
    epochs=DEFAULTS["epochs"],
    scale=DEFAULTS["scale"],
    u_norm=DEFAULTS["u_norm"],
):
    """The regime that the theory of one noiseless point predicts (chapter 11).

    *Diverged* beyond the escape; or else *malignant*, a class lost, beyond the sign limit; or else
    *benign* where κ > 1 and :func:`visits_to_learn` is within :func:`strong_visits`, or where the
    weak points of a class teach v at any rate (:func:`noise_border` with n_weak/2 points); or else
    *too small*.

    Args:
        kappa: κ > 0.
        nu: ν, in (0, 1).
        n_weak: weak training points, in [0, n]; half of them belong to each class.
        noise_norm: ‖ξ‖ > 0.
        escape: the κ > 0 beyond which runs diverge: that of the cubic map (chapter 6), or another.
        n: training points, >= 1.
        epochs: >= 0.
        scale: σ_0 > 0, with σ_0² ‖u‖²/2 < 1.
        u_norm: ‖u‖ > 0.

    Returns:
        The place of the regime in ``REGIMES``, with the shape of the arguments broadcast together.
    """
    # What is NaN is in time. On the line itself rounding must not decide.
    late = visits_to_learn(kappa, nu, scale=scale, u_norm=u_norm) > strong_visits(
        n_weak, n=n, epochs=epochs
    )
    taught = noise_border(nu, n_weak / 2, u_norm=u_norm) >= (1 - 1e-9) * noise_norm
    number = {name: kappa.new_full((), i).long() for i, name in enumerate(REGIMES)}
    found = torch.where(taught | ((kappa > 1) & ~late), number["benign"], number["too small"])
    found = torch.where(kappa > theory.SIGN_LIMIT, number["malignant"], found)
    return torch.where(kappa > escape, number["diverged"], found)


def _within(name, value, allowed, text):
    """Raise unless all elements of an argument are allowed beside the others."""
    if not bool(allowed.all()):
        worst = value.expand(allowed.shape)[~allowed].flatten()[0].item()
        raise ValueError(f"{name} must be {text}, got {worst}")


def crossing(y, values, level):
    """Where measured values first cross a level from below, on a log scale of y (chapter 11).

    Args:
        y: finite, positive and increasing, (k,).
        values: (k,); NaN where nothing was measured.
        level: a finite number.

    Returns:
        The y at which the straight line between two neighbours meets the level; NaN where the
        values never reach it, where they begin at or above it, and where the neighbour is NaN.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: y is not finite, positive and increasing, the lengths differ, or the level is
            not finite.
    """
    if not math.isfinite(_checks.real_number("level", level)):
        raise ValueError(f"level must be finite, got {level}")
    y, values = (
        np.asarray(_checks.tensor_or_list(name, given), dtype=float)
        for name, given in (("y", y), ("values", values))
    )
    if y.ndim != 1 or not np.isfinite(y).all() or (np.diff(y, prepend=0) <= 0).any():
        raise ValueError(f"y must be finite, positive and increasing, got {y}")
    if values.shape != y.shape:
        raise ValueError(f"values must have the shape of y, {y.shape}, got {values.shape}")
    reached = np.flatnonzero(values >= level)
    if not reached.size or not reached[0]:
        return math.nan
    pair = slice(reached[0] - 1, reached[0] + 1)
    return float(np.exp(np.interp(level, values[pair], np.log(y[pair]))))
