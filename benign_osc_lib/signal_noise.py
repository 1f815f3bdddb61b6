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
import torch
from scipy.optimize import brentq
from scipy.special import expit

from . import _checks
from .data import PatchData
from .network import activation


@dataclass(frozen=True, eq=False)
class SignalNoiseModel:
    """The one-signal model of Cao et al. (2022): two patches, y·μ and a noise vector ξ ⟂ μ.

    μ stands along the first axis. The noise is ξ ~ N(0, σ_p² (I − μμᵀ/‖μ‖²)) with
    σ_p = ``noise_norm``/√d.

    Args:
        d: dimension of a patch, at least 2.
        mu_norm: ‖μ‖ > 0.
        noise_norm: σ_p √d > 0, close to ‖ξ‖.

    Raises:
        TypeError: an argument is not a number, or d not an integer.
        ValueError: an argument is outside its range.
    """

    d: int
    mu_norm: float
    noise_norm: float = 1.0

    def __post_init__(self):
        _checks.integer("d", self.d, low=2)
        _checks.positive("mu_norm", self.mu_norm)
        _checks.positive("noise_norm", self.noise_norm)

    @property
    def mu(self):
        """The signal μ, (d,) float64 on the CPU."""
        vector = torch.zeros(self.d, dtype=torch.float64, device="cpu")
        vector[0] = self.mu_norm
        return vector

    @property
    def tau(self):
        """τ = ‖μ‖²/(σ_p² d), the squared signal-to-noise ratio."""
        return (self.mu_norm / self.noise_norm) ** 2

    def sample(self, n, *, orthogonal=False, generator=None):
        """Draw n points. The labels alternate, +1 first, so that the classes are balanced.

        Args:
            n: number of points, at least 1.
            orthogonal: make the noise patches mutually orthogonal, each of length ``noise_norm``;
                needs n < d.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.

        Returns:
            PatchData with x (..., n, 2, d) and u = v = μ, because there is one feature only.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: n < 1, too many orthogonal patches, or a generator not on the CPU.
        """
        _checks.integer("n", n, low=1, high=self.d - 1 if orthogonal else None)
        found, batched = _checks.cpu_generators(generator)
        kind = {"dtype": torch.float64, "device": "cpu"}
        xi = torch.stack([torch.randn(n, self.d, generator=g, **kind) for g in found])
        xi[..., 0] = 0
        if orthogonal:
            xi = self.noise_norm * torch.linalg.qr(xi.mT).Q.mT
        else:
            xi = self.noise_norm / self.d**0.5 * xi
        xi = xi if batched else xi[0]
        y = (1 - 2 * (torch.arange(n) % 2)).to(**kind).expand(xi.shape[:-1]).clone()
        x = torch.stack([y[..., None] * self.mu, xi], dim=-2)
        return PatchData(x=x, y=y, is_weak=torch.zeros_like(y).bool(), u=self.mu, v=self.mu)


@dataclass(frozen=True, eq=False)
class Signals:
    """What a network has learned and memorised.

    Args:
        q: (1/m) Σ_r σ(⟨w_{j,r}, j μ⟩) for j = +1 and −1, (..., 2).
        q_other: q⁻, the same for the filters of the other sign, (1/m) Σ_r σ(⟨w_{−j,r}, j μ⟩).
        s: (1/m) Σ_r σ(⟨w_{j,r}, ξ_i⟩) with j = y_i, (..., n).
        s_other: s⁻, the same with j = −y_i.
    """

    q: torch.Tensor
    q_other: torch.Tensor
    s: torch.Tensor
    s_other: torch.Tensor


def signals(weights, data):
    """The signals of a network on the points of a training set.

    Args:
        weights: (..., 2, m, d).
        data: PatchData with patches (y μ, ξ), x (..., n, 2, d), and u = μ, (d,) or (..., d).

    Returns:
        Signals; leading axes broadcast.

    Raises:
        TypeError: an argument is of the wrong type, or dtypes differ.
        ValueError: shapes or devices disagree, or the patches of a point are not (y μ, ξ).
    """
    mu, xi, _ = _patches(data)
    _checks.floats("weights", weights, last=(2, "m", mu.shape[-1]))
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    _checks.broadcast(data=data.y.shape[:-1], weights=weights.shape[:-3])
    overlaps = torch.einsum("...jrd,...d->...jr", weights, mu)
    both = [activation(side).mean(-1) for side in (overlaps, -overlaps)]
    q = torch.stack([both[0][..., 0], both[1][..., 1]], -1)
    q_other = torch.stack([both[0][..., 1], both[1][..., 0]], -1)
    noise = activation(torch.einsum("...jrd,...nd->...jrn", weights, xi)).mean(-2)
    plus, minus = noise.unbind(-2)
    own = data.y > 0
    return Signals(q, q_other, torch.where(own, plus, minus), torch.where(own, minus, plus))


def _patches(data):
    """μ, (d,) or (..., d), the noise patches (..., n, d) and the labels (..., n)."""
    _checks.instance("data", data, PatchData)
    if data.x.shape[-2] != 2 or data.u is None:
        raise ValueError(
            f"data must have two patches a point and u = μ, got x of shape {tuple(data.x.shape)}"
        )
    shown, mu = data.y[..., None] * data.x[..., 0, :], data.u[..., None, :]
    if not bool(((shown - mu).norm(dim=-1) <= 1e-5 * mu.norm(dim=-1)).all()):
        raise ValueError("data must have y·u as patch 0 of every point, with u = μ")
    return data.u, data.x[..., 1, :], data.y


@dataclass(frozen=True, eq=False)
class Orbit:
    """The signals of one class at the end of the epochs 0, 1, …, epochs.

    Args:
        q: (epochs + 1, ...).
        s: (epochs + 1, ..., n).
        q_other: q⁻, (epochs + 1, ...).
        s_other: s⁻, (epochs + 1, ..., n).
        e: the residual of each point at its visit, before the update, (epochs, ..., n).
    """

    q: np.ndarray
    s: np.ndarray
    q_other: np.ndarray
    s_other: np.ndarray
    e: np.ndarray


def orbit(kappa, kappa_mu, s, q, *, epochs, s_other=0.0, q_other=0.0):
    """Follow one class of n points with mutually orthogonal noise, in cyclic order.

    This is training while κ_μ abs(e) < 1 at every visit. Beyond that it is training of the class
    alone: with points of the other class an overlap with μ would change its side.

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
    record, residuals = [(q, s, q_other, s_other)], np.empty((epochs, *full))
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
            record.append((q, s, q_other, s_other))
    return Orbit(*(np.stack(parts) for parts in zip(*record, strict=True)), residuals)


def potential(q, s, tau):
    """Φ = ½ log q − ½ Σ_i τ_i log s_i; for τ_i <= 1 it never decreases while signs are kept.

    Args:
        q: the signal, > 0, (...).
        s: the noise signals of the points of the class, > 0, (..., n).
        tau: τ_i = ‖μ‖²/‖ξ_i‖² >= 0, a number or (..., n).

    Returns:
        Φ, an array (...).

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q", q, 0)
    _checks.all_between("s", s, 0)
    _checks.all_between("tau", tau, 0, low_open=False)
    q, s, tau = (np.asarray(x) for x in (q, s, tau))
    return (np.log(q) - (tau * np.log(s)).sum(-1)) / 2


def flow_limit(q_0, s_0, tau):
    """The signal that gradient flow learns: the root of q = q_0 Π_i ((1 − q)/s_{i,0})^{τ_i}.

    Args:
        q_0: the signal at the start, > 0, a number.
        s_0: the noise signals at the start, > 0, (n,).
        tau: τ_i = ‖μ‖²/‖ξ_i‖² > 0, a number or (n,).

    Returns:
        q_∞ in [0, 1], a float; 0 and 1 by rounding only. The points end with s_i = 1 − q_∞.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range, or s_0 has not one axis.
    """
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("s_0", s_0, 0)
    _checks.all_between("tau", tau, 0)
    if np.ndim(q_0) or np.ndim(s_0) != 1:
        raise ValueError(
            f"q_0 must be a number and s_0 of shape (n,), got shapes {np.shape(q_0)} "
            f"and {np.shape(s_0)}"
        )
    q_0, s_0 = np.asarray(q_0), np.asarray(s_0)
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
    """An upper bound of Λ, which bounds q + s_i at all but the first visit to each of n points.

    Λ is the maximum over q in [0, 1] of 4 (1 + κ (1 − q))³/(27 κ) + Q(Q(…Q(q))), n times, with
    Q(q) = q (1 + κ_μ (1 − q))². In cyclic order, with κ_μ = τ κ, signs are kept if Λ < 1 + 1/κ,
    q_0 < 1, all s_{i,0} < 1/κ and τ < 1. The first term falls and the second rises in q, so
    between two neighbours of a grid one end of each gives a bound from above.

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
    _checks.number("kappa_mu", kappa_mu)
    _checks.all_between("kappa_mu", kappa_mu, 0, 0.5, high_open=False)
    _checks.integer("n", n, low=1)
    grid = np.linspace(0, 1, 4001)
    top, q = 4 * (1 + kappa * (1 - grid)) ** 3 / (27 * kappa), grid
    for _ in range(n):
        q = q * (1 + kappa_mu * (1 - q)) ** 2
    return float((top[:-1] + q[1:]).max())


def epoch_matrix(q, kappa, kappa_mu):
    """The linear map of the residuals (e_1, …, e_n) over one epoch, close to q + s_i = 1.

    It is the product A_n … A_1 with A_i = I − 2 K ε_i ε_iᵀ, where ε_i is the i-th unit vector and
    K = diag(κ_i (1 − q)) + κ_μ q 11ᵀ.

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
    _checks.number("q", q)
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
