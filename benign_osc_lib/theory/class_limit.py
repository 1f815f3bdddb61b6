"""Where a class of many points stops: growth, accounts, and the limit q* (chapter 10)."""

import math
from dataclasses import dataclass

import numpy as np

from .. import _checks
from .class_map import ClassSignals, class_energy, class_path, sharpness


@dataclass(frozen=True, eq=False)
class LimitMargins:
    """By how much the hypotheses of Theorem 10.1 hold for one class of a run.

    Source: chapter 10, Theorem 10.1.

    Args:
        start: the least of s, q and the N_i of weak points at the start, and −s⁻ if s⁻ > 0; (M1).
        lengths: 1 − χ at most, χ − ν at least: the smaller of the two; 0 is allowed where χ = ν.
        room: 1 − q_max, over the run, infinite without weak points; (M3).
        factor: φ, the least of 1 and the factors 1 + κ e (strong) and 1 + κ_i e (weak); (M2).
        noise_factor: 1 − κ_i abs(e) at least; (M2).
        opposite: f⁻_max, the largest q⁻ + N_i⁻ of a point.
        steepness: Δ_a = 2 − a_rest − κν/φ, with a_rest the largest a_i without κ s; (M3).
        weak: ½ − κ_i (1 + 2 f⁻_max) at least over weak points, infinite without any; for (3)
            to (5).
    """

    start: float
    lengths: float
    room: float
    factor: float
    noise_factor: float
    opposite: float
    steepness: float
    weak: float

    @property
    def least(self):
        """The smallest margin: if it is positive, (M1) to (M3) hold."""
        first = (self.start, self.lengths, self.room, self.factor)
        return min(*first, self.noise_factor, self.steepness, self.weak)


def limit_margins(state, kappa, e):
    """The margins of (M1) to (M3) for one class of a run in cyclic order, which is (M4).

    Source: chapter 10, Theorem 10.1.

    Args:
        state: ClassSignals at the start, without leading axes.
        kappa: κ > 0, a number.
        e: the residuals of the points at their visits, (epochs, n).

    Returns:
        LimitMargins.

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ or e is not numeric.
        ValueError: κ is not positive, the state has leading axes, or e is not (epochs, n).
    """
    path = class_path(state, kappa, e)
    e, weak = np.asarray(e, dtype=float), ~state.strong
    z = np.where(weak, kappa * state.chi, kappa) * e
    phi = float((1 + z).min(initial=1.0))
    opposite = float((path.q_other[:, None] + path.noise_other).max())
    rest = sharpness(path, kappa) - kappa * path.s[:, None] * state.strong
    steep = 2 - float(rest.max()) - kappa * state.nu / phi if phi > 0 else -math.inf
    own = kappa * state.chi[weak] * (1 + 2 * opposite)
    start = min(float(state.s), float(state.q), *state.noise[weak].tolist())
    return LimitMargins(
        start=min(start, -float(state.s_other) or start),
        lengths=float(min((state.chi - state.nu).min(), 1 - state.chi.max())),
        room=1 - float(path.q.max()) if weak.any() else math.inf,
        factor=phi,
        noise_factor=1 - float((kappa * state.chi * abs(e)).max(initial=0.0)),
        opposite=opposite,
        steepness=steep,
        weak=0.5 - float(own.max()) if weak.any() else math.inf,
    )


def growth_floor(state, noise):
    """q_0 Π_i (N_i/N_i(0))^{τ_i}, below which q cannot be once the noise signals are N_i.

    Source: chapter 10, Proposition 10.1.

    Args:
        state: ClassSignals at the start, with N_i(0) > 0.
        noise: N_i >= 0 later, (..., n).

    Returns:
        The floor, an array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals, or an entry is not numeric.
        ValueError: an N_i is negative, an N_i(0) is zero, or shapes do not broadcast.
    """
    _checks.instance("state", state, ClassSignals)
    _checks.all_between("noise", noise, 0, low_open=False)
    _checks.all_between("state.noise", state.noise, 0)
    _checks.broadcast(noise=np.shape(noise), state=np.shape(state.noise))
    return state.q * ((np.asarray(noise) / state.noise) ** state.tau).prod(-1)


def energy_account(state, kappa):
    """U = 𝓔 − log q/(κν) >= 1/(κν), which a visit changes by at most −(Δ_a − κ s [strong]) e².

    Source: chapter 10, Lemma 10.3.

    Args:
        state: ClassSignals with q > 0.
        kappa: κ > 0, a number.

    Returns:
        An array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ no number.
        ValueError: κ is not positive.
    """
    return class_energy(state, kappa) - np.log(state.q) / (kappa * state.nu)


def growth_account(state):
    """H = log q/(2ν) − ½ log s − ½ Σ_weak log N_i/χ_i, which no visit lowers.

    A strong visit adds g_ν(κ e)/ν, a weak one g_τ(κ_i e)/ν with τ = τ_i, where g_ν is the gain
    of :func:`benign_osc_lib.theory.potential_gain`. Without weak points H is Φ/ν.

    Source: chapter 10, Lemma 10.3.

    Args:
        state: ClassSignals with s, q and the N_i of weak points positive.

    Returns:
        An array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals.
    """
    _checks.instance("state", state, ClassSignals)
    weak = ~state.strong
    noise = (np.log(state.noise[..., weak]) / state.chi[weak]).sum(-1)
    return (np.log(state.q) / state.nu - np.log(state.s) - noise) / 2


def edge_determinant(state, kappa):
    """Π_i abs(1 − 2 a_i), at most 1 where almost every run ends: the edge of a whole epoch.

    Source: chapter 10, Theorem 10.1 (3).

    Args:
        state: ClassSignals.
        kappa: κ > 0, a number.

    Returns:
        An array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ no number.
        ValueError: κ is not positive.
    """
    return abs(1 - 2 * sharpness(state, kappa)).prod(-1)


def weak_signal_at_rest(state, kappa, opposite=0.0):
    """q*, the weak signal that a class of many points has at least where it comes to rest.

    q* is the root x of the increasing function (1 − ν) x + (1 − χ_min) N_cap(x) = 1 − a_max/κ,

        N_cap(x) = N̄ [(x/q_0) Π_weak (N_i(0)/(1 − x))^{τ_i}]^{1/τ_strong},

    with τ_strong = Σ_strong τ_i, N̄ the mean of the N_i(0) of strong points, geometric with weights
    τ_i, and a_max = ½ + ½ Π_weak (1 − 2 κ_i (1 + 2 f⁻_end))^{−1/n_s}.

    Source: chapter 10, Theorem 10.1 (4).

    Args:
        state: ClassSignals at the start, without leading axes; a strong point, q and the N_i of
            weak points > 0.
        kappa: κ > 0, a number.
        opposite: f⁻_end >= 0, a bound of q⁻ + N_i⁻ at weak points in the end.

    Returns:
        q* in [0, 1], a float; 0 where nothing is promised, because the right side is not positive
        or a factor 1 − 2 κ_i (1 + 2 f⁻_end) is not.

    Raises:
        TypeError: ``state`` is no ClassSignals, or a number is none.
        ValueError: an argument is outside its range.
    """
    _checks.instance("state", state, ClassSignals)
    _checks.positive("kappa", kappa)
    _checks.real_number("opposite", opposite)
    _checks.all_between("opposite", opposite, 0, low_open=False)
    strong, weak, tau = state.strong, ~state.strong, state.tau
    if np.ndim(state.q) or not strong.any() or min([state.q, *state.noise[weak]]) <= 0:
        raise ValueError("state must be one state with a strong point, q > 0 and N_i > 0 if weak")
    room = 1 - 2 * kappa * state.chi[weak] * (1 + 2 * opposite)
    if room.min(initial=1.0) <= 0:
        return 0.0
    goal = 1 - (1 + math.exp(-np.log(room).sum() / strong.sum())) / (2 * kappa)
    if goal <= 0:
        return 0.0
    with np.errstate(divide="ignore"):
        start = (tau * np.log(state.noise)).sum() - np.log(state.q)
    power, own = tau[strong].sum(), math.log1p(-state.chi[strong].min())
    if state.noise[strong].min() == 0:
        return min(1.0, goal / (1 - state.nu))
    from scipy.optimize import brentq  # here, because importing SciPy takes a while
    from scipy.special import expit

    def excess(x):  # x = log(q/(1 − q)): no digit is lost at either end
        log_q, log_rest = -np.logaddexp(0, -x), -np.logaddexp(0, x)
        noise = own + (start + log_q - tau[weak].sum() * log_rest) / power
        return (1 - state.nu) * math.exp(log_q) + math.exp(min(noise, 700.0)) - goal

    low, high = -750.0, 40.0  # beyond, q is 0 and 1 to rounding
    if excess(low) >= 0:
        return 0.0
    return float(expit(brentq(excess, low, high, xtol=1e-13))) if excess(high) > 0 else 1.0


def squared_residuals_at_a_large_rate(state, kappa, margins):
    """A bound of Σ e² over all visits of a class, under the hypotheses of Theorem 10.1.

    (2/Δ_a) (U − 1/(κν) + C_H max(H_max − H, 0)), with U and H at the start.

    Source: chapter 10, Theorem 10.1 (1).

    Args:
        state: ClassSignals at the start, without leading axes.
        kappa: κ > 0, a number.
        margins: LimitMargins of the run, all positive; φ, Δ_a, f⁻_max and q_max are taken from it.

    Returns:
        The bound, a float; infinite if φ, Δ_a or 1 − q_max is not positive.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: κ is not positive.
    """
    _checks.instance("state", state, ClassSignals)
    _checks.positive("kappa", kappa)
    _checks.instance("margins", margins, LimitMargins)
    phi, delta, b, nu = margins.factor, margins.steepness, margins.opposite, state.nu
    if min(phi, delta, margins.room) <= 0:
        return math.inf
    k, weak, reach = np.float64(kappa), ~state.strong, 1 + b
    steepest = 2 - delta - k * nu / phi  # a_rest
    rise = (1 - nu) * k**2 / (2 * (1 + k * nu * reach) * (1 + k * reach))
    least = np.log(np.minimum(state.noise[weak], margins.room * phi**2)) / state.chi[weak]
    high = np.log(steepest / (k * nu)) / nu - np.log(phi**2 * delta / (2 * k))
    room = max(0.0, (high - least.sum()) / 2 - growth_account(state))
    start = energy_account(state, k) - 1 / (k * nu)
    return float(2 / delta * (start + (1 + k + k * b) / rise * room))


def squared_residuals_at_a_small_rate(state, kappa, margin):
    """A bound of Σ e² over all visits of a class, from the start alone.

    (𝓔 − (1 + log s)/κ − Σ_weak (1 + log N_i)/κ_i)/Δ, for runs with a_i + κ/φ <= 2 − Δ at strong
    and a_i + κ_i/φ <= 2 − Δ at weak visits: small rates.

    Source: appendix A, Proposition A.4.

    Args:
        state: ClassSignals at the start, with s and the N_i of weak points > 0.
        kappa: κ > 0, a number.
        margin: Δ > 0, a number.

    Returns:
        The bound, an array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals, or a number is none.
        ValueError: κ or Δ is not positive.
    """
    _checks.positive("margin", margin)
    weak = ~state.strong if isinstance(state, ClassSignals) else None
    energy = class_energy(state, kappa)
    noise = ((1 + np.log(state.noise[..., weak])) / state.chi[weak]).sum(-1)
    return (energy - (1 + np.log(state.s) + noise) / kappa) / margin
