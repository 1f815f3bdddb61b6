"""One signal and noise: points (y μ, ξ) as in Cao et al. (2022), with the noise as strong feature.

Training a class of n points with mutually orthogonal noise patches, all orthogonal to μ, is a map
of a few signals (chapter 9). With e_i = 1 − y f(x_i) and [z]₊ = max(z, 0), a visit to point i does

    s_i  ← s_i  [1 + κ_i e_i]₊²      q  ← q  [1 + κ_μ e_i]₊²
    s_i⁻ ← s_i⁻ [1 − κ_i e_i]₊²      q⁻ ← q⁻ [1 − κ_μ e_i]₊²     y f(x_i) = s_i + q − s_i⁻ − q⁻

where κ_i = 2 η ‖ξ_i‖²/m and κ_μ = 2 η ‖μ‖²/m. This is exact while κ_μ abs(e) < 1; beyond that an
overlap with μ can change its sign, and the map is exact only if the other class is absent. For one
point it is ``one_point`` with ν = τ.
"""

from dataclasses import dataclass

import numpy as np

from .. import _checks


@dataclass(frozen=True, eq=False)
class Orbit:
    """The signals of one class at the end of the epochs 0, 1, …, epochs.

    Source: chapter 9, Proposition 9.1.

    Args:
        s: noise signals of the points, (epochs + 1, ..., n).
        q: signal of the class, (epochs + 1, ...).
        s_other: s⁻ of the points, (epochs + 1, ..., n).
        q_other: q⁻ of the class, (epochs + 1, ...).
        e: the residual of each point at its visit, before the update, (epochs, ..., n).
    """

    s: np.ndarray
    q: np.ndarray
    s_other: np.ndarray
    q_other: np.ndarray
    e: np.ndarray


def orbit(kappa, kappa_mu, s, q, *, epochs, s_other=0.0, q_other=0.0):
    """Follow one class of n points with mutually orthogonal noise, in cyclic order.

    This is training while κ_μ abs(e) < 1 at every visit. Beyond that it is training of the class
    alone: with points of the other class an overlap with μ would change its side.

    Source: chapter 9, Proposition 9.1.

    Args:
        kappa: κ_i = 2 η ‖ξ_i‖²/m > 0, (..., n) or a number.
        kappa_mu: κ_μ = 2 η ‖μ‖²/m > 0, (...) or a number.
        s: the noise signals at the start, >= 0, (..., n).
        q: the signal at the start, >= 0, (...) or a number.
        epochs: number of passes, at least 0.
        s_other: s⁻ at the start, >= 0, (..., n) or a number.
        q_other: q⁻ at the start, >= 0, (...) or a number.

    Returns:
        An Orbit. An orbit that leaves the floating-point range ends in infinities or NaN.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or s has no axis of points.
    """
    _checks.integer("epochs", epochs, low=0)
    for name, value in {"kappa": kappa, "kappa_mu": kappa_mu}.items():
        _checks.all_between(name, value, 0)
    for name, value in {"s": s, "q": q, "s_other": s_other, "q_other": q_other}.items():
        _checks.all_between(name, value, 0, low_open=False)
    if np.ndim(s) < 1:
        raise ValueError(f"s must have shape (..., n), got {np.shape(s)}")
    shapes = {"kappa": kappa, "s": s, "s_other": s_other}
    shapes = {name: np.shape(value) for name, value in shapes.items()}
    for name, value in {"kappa_mu": kappa_mu, "q": q, "q_other": q_other}.items():
        shapes[name] = (*np.shape(value), 1)
    full = tuple(_checks.broadcast(**shapes))
    k, k_mu = np.broadcast_to(kappa, full), np.broadcast_to(kappa_mu, full[:-1])
    s, s_other = (np.broadcast_to(x, full).astype(float) for x in (s, s_other))
    q, q_other = (np.broadcast_to(x, full[:-1]).astype(float) for x in (q, q_other))
    record, residuals = [(s, q, s_other, q_other)], np.empty((epochs, *full))
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(epochs):
            s, s_other = s.copy(), s_other.copy()
            for i in range(full[-1]):
                e = 1 - q - s[..., i] + q_other + s_other[..., i]
                residuals[t, ..., i] = e
                s[..., i] *= np.maximum(1 + k[..., i] * e, 0) ** 2
                s_other[..., i] *= np.maximum(1 - k[..., i] * e, 0) ** 2
                q = q * np.maximum(1 + k_mu * e, 0) ** 2
                q_other = q_other * np.maximum(1 - k_mu * e, 0) ** 2
            record.append((s, q, s_other, q_other))
    return Orbit(*(np.stack(parts) for parts in zip(*record, strict=True)), residuals)


def potential(s, q, tau):
    """Φ = ½ log q − ½ Σ_i τ_i log s_i; for τ_i <= 1 it never decreases while signs are kept.

    That is while 1 + κ_i e_i > 0 and κ_μ abs(e_i) < 1 at every visit.

    Source: chapter 9, Theorem 9.1.

    Args:
        s: the noise signals of the points of the class, > 0, (..., n).
        q: the signal, > 0, (...).
        tau: τ_i = ‖μ‖²/‖ξ_i‖² >= 0, a number or (..., n).

    Returns:
        Φ, an array (...).

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or shapes are not those above.
    """
    _checks.all_between("s", s, 0)
    _checks.all_between("q", q, 0)
    _checks.all_between("tau", tau, 0, low_open=False)
    if np.ndim(s) < max(np.ndim(q), 1):
        raise ValueError(
            f"s must have shape (..., n), and not fewer axes than q, got {np.shape(s)} "
            f"beside {np.shape(q)}"
        )
    _checks.broadcast(s=np.shape(s)[:-1], q=np.shape(q))
    _checks.broadcast(s=np.shape(s), tau=np.shape(tau))
    s, q, tau = (np.asarray(x) for x in (s, q, tau))
    return (np.log(q) - (tau * np.log(s)).sum(-1)) / 2


def flow_limit(s_0, q_0, tau):
    """The signal that gradient flow learns: the root of q = q_0 Π_i ((1 − q)/s_{i,0})^{τ_i}.

    Source: chapter 9, Proposition 9.2.

    Args:
        s_0: the noise signals at the start, > 0, (n,).
        q_0: the signal at the start, > 0, a number.
        tau: τ_i = ‖μ‖²/‖ξ_i‖² > 0, a number or (n,).

    Returns:
        q_∞ in [0, 1], a float; 0 and 1 by rounding only. The points end with s_i = 1 − q_∞.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or s_0 has not one axis.
    """
    _checks.all_between("s_0", s_0, 0)
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("tau", tau, 0)
    if np.ndim(s_0) != 1:
        raise ValueError(f"s_0 must have shape (n,), got {np.shape(s_0)}")
    if np.ndim(q_0):
        raise ValueError(f"q_0 must be a number, got one of shape {np.shape(q_0)}")
    from scipy.optimize import brentq  # here, because importing SciPy takes a while
    from scipy.special import expit

    s_0, q_0 = np.asarray(s_0), np.asarray(q_0)
    tau = np.broadcast_to(tau, s_0.shape)
    start = np.log(q_0) - (tau * np.log(s_0)).sum()
    power = tau.sum()

    def excess(x):  # x = log(q/(1 − q)): no digit is lost at either end
        log_q, log_s = -np.logaddexp(0, -x), -np.logaddexp(0, x)
        return log_q - power * log_s - start

    low, high = -750.0, 40.0  # beyond, q is 0 and 1 to rounding
    if excess(low) >= 0:
        return 0.0
    return float(expit(brentq(excess, low, high, xtol=1e-13))) if excess(high) > 0 else 1.0


def largest_output(kappa, kappa_mu, n):
    """An upper bound of f_top, which bounds q + s_i at all but the first visit to each of n points.

    f_top is the maximum over q in [0, 1] of 4 (1 + κ (1 − q))³/(27 κ) + q_up(…q_up(q)), n times,
    with q_up(q) = q (1 + κ_μ (1 − q))². In cyclic order, with κ_μ = τ κ <= 1/2, 0 < τ < 1 and
    silent filters of the other class, signs are kept if f_top < 1 + 1/κ, 0 < q_0 < 1 and all
    s_{i,0} are in (0, 1/κ). The first term falls and the second rises in q, so between two
    neighbours of a grid one end of each gives a bound from above.

    Source: chapter 9, Assumption 9.1, and appendix H, Lemma H.1.

    Args:
        kappa: κ > 0, the same for all points, a number.
        kappa_mu: κ_μ, in (0, 1/2], a number.
        n: points of the class, at least 1.

    Returns:
        The bound, a float.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.positive("kappa", kappa)
    _checks.real_number("kappa_mu", kappa_mu)
    _checks.all_between("kappa_mu", kappa_mu, 0, 0.5, high_open=False)
    _checks.integer("n", n, low=1)
    grid = np.linspace(0, 1, 4001)
    top, q = 4 * (1 + kappa * (1 - grid)) ** 3 / (27 * kappa), grid
    for _ in range(n):
        q = q * (1 + kappa_mu * (1 - q)) ** 2
    return float((top[:-1] + q[1:]).max())


def epoch_matrix(q, kappa, kappa_mu):
    """The linear map of the residuals (e_1, …, e_n) over one epoch, close to q + s_i = 1.

    It is the product of the matrices I − 2 𝒜 1_i 1_iᵀ, the first visit on the right, where 1_i is
    the i-th unit vector and 𝒜 = diag(κ_i (1 − q)) + κ_μ q 11ᵀ the curvature matrix of the class.

    Source: chapter 9, Proposition 9.4.

    Args:
        q: the signal, in [0, 1), a number.
        kappa: κ_i > 0, (n,).
        kappa_mu: κ_μ > 0, a number.

    Returns:
        The matrix, an array (n, n).

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or κ has not one axis.
    """
    _checks.real_number("q", q)
    _checks.all_between("q", q, 0, 1, low_open=False)
    _checks.all_between("kappa", kappa, 0)
    _checks.positive("kappa_mu", kappa_mu)
    if np.ndim(kappa) != 1:
        raise ValueError(f"kappa must have shape (n,), got {np.shape(kappa)}")
    k = np.diag(np.asarray(kappa) * (1 - q)) + kappa_mu * q
    matrix = np.eye(len(k))
    for i in range(len(k)):
        matrix -= 2 * np.outer(k[:, i], matrix[i])
    return matrix


def epoch_multiplier(q, kappa, kappa_mu):
    """The spectral radius of :func:`epoch_matrix`: below 1 the fixed point is linearly stable.

    For equal κ_i it is below 1 iff κ (1 − q) + κ_μ q < 1, however many points there are.

    Source: chapter 9, Proposition 9.4.

    Args:
        q: the signal, in [0, 1), a number.
        kappa: κ_i > 0, (n,).
        kappa_mu: κ_μ > 0, a number.

    Returns:
        The radius, a float.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or κ has not one axis.
    """
    return float(np.abs(np.linalg.eigvals(epoch_matrix(q, kappa, kappa_mu))).max())


def epoch_determinant(q, kappa, kappa_mu):
    """The determinant of one epoch close to q + s_i = 1: Π (1 − 2a_i), a_i = κ_i (1 − q) + κ_μ q.

    It is that of :func:`epoch_matrix`. Almost every start whose run fits all points in cyclic
    order ends where its size is at most 1, for noises of any lengths.

    Source: appendix H, Theorem H.1.

    Args:
        q: the signal, in [0, 1), (...) or a number.
        kappa: κ_i > 0, (..., n).
        kappa_mu: κ_μ > 0, (...) or a number.

    Returns:
        The determinant, an array (...).

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or shapes are not those above.
    """
    _checks.all_between("q", q, 0, 1, low_open=False)
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("kappa_mu", kappa_mu, 0)
    if np.ndim(kappa) < 1:
        raise ValueError(f"kappa must have shape (..., n), got {np.shape(kappa)}")
    shapes = {"q": (*np.shape(q), 1), "kappa_mu": (*np.shape(kappa_mu), 1)}
    _checks.broadcast(kappa=np.shape(kappa), **shapes)
    q, k_mu = (np.asarray(x)[..., None] for x in (q, kappa_mu))
    return (1 - 2 * (np.asarray(kappa) * (1 - q) + k_mu * q)).prod(-1)
