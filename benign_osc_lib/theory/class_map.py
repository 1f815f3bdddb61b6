"""One class of many points with orthogonal noise: its signals and its exact map (chapter 10).

With e = 1 − y f(x_i), κ_i = κ χ_i and [z]₊ = max(z, 0), a visit to point i of the class does

    s  ← s  [1 + κ e]₊²  (strong)    q  ← q  [1 + κν e]₊²    N_i  ← N_i  [1 + κ_i e]₊²
    s⁻ ← s⁻ [1 − κ e]₊²  (strong)    q⁻ ← q⁻ [1 − κν e]₊²    N_i⁻ ← N_i⁻ [1 − κ_i e]₊²

and y f(x_i) is s + q + N_i − s⁻ − q⁻ − N_i⁻, without s and s⁻ at a weak point.
"""

from dataclasses import dataclass

import numpy as np

from .. import _checks


@dataclass(frozen=True, eq=False)
class ClassSignals:
    """What the filters of both signs draw from the patches of one class of n points.

    Source: chapter 10, "The setting".

    Args:
        s: strong signal of the filters of the class's sign, >= 0, (...).
        q: weak signal of these filters, >= 0, (...).
        noise: N_i, what they draw from the noise of each point, >= 0, (..., n).
        s_other: s⁻, strong signal of the filters of the other sign, >= 0, (...).
        q_other: q⁻, weak signal of those, >= 0, (...).
        noise_other: N_i⁻, what those draw from the noise, >= 0, (..., n).
        nu: ν = ‖v‖²/‖u‖², > 0, a number.
        chi: χ_i = ‖ξ_i‖²/‖u‖², > 0, (n,).
        strong: which points are strong, (n,) bool.

    Raises:
        TypeError: an entry is not numeric.
        ValueError: an entry is outside its range, or shapes disagree.
    """

    s: np.ndarray
    q: np.ndarray
    noise: np.ndarray
    s_other: np.ndarray
    q_other: np.ndarray
    noise_other: np.ndarray
    nu: float
    chi: np.ndarray
    strong: np.ndarray

    def __post_init__(self):
        _checks.positive("nu", self.nu)
        _checks.all_between("chi", self.chi, 0)
        n = np.shape(self.chi)
        if len(n) != 1 or np.shape(self.strong) != n:
            raise ValueError(
                f"chi and strong must have one shape (n,), got {n} and {np.shape(self.strong)}"
            )
        for name in ("s", "q", "s_other", "q_other"):
            _checks.all_between(name, getattr(self, name), 0, low_open=False)
        for name in ("noise", "noise_other"):
            value = getattr(self, name)
            _checks.all_between(name, value, 0, low_open=False)
            if np.shape(value)[-1:] != n:
                raise ValueError(f"{name} must have shape (..., {n[0]}), got {np.shape(value)}")

    @property
    def tau(self):
        """τ_i = ‖v‖²/‖ξ_i‖², (n,)."""
        return self.nu / self.chi

    def with_signals(self, s, q, noise, s_other, q_other, noise_other):
        """The same points with other signals."""
        return ClassSignals(
            s, q, noise, s_other, q_other, noise_other, self.nu, self.chi, self.strong
        )

    def at(self, index):
        """The signals at one index of the first leading axis."""
        return self.with_signals(*(x[index] for x in _six(self)))


def _six(state):
    return (
        *(state.s, state.q, state.noise),
        *(state.s_other, state.q_other, state.noise_other),
    )


def margins(state):
    """y f(x_i) of each point of the class.

    Source: chapter 10, "The setting".

    Args:
        state: ClassSignals.

    Returns:
        An array (..., n).

    Raises:
        TypeError: ``state`` is no ClassSignals.
    """
    _checks.instance("state", state, ClassSignals)
    lead = np.asarray(state.q - state.q_other)[..., None]
    strong = np.asarray(state.s - state.s_other)[..., None] * state.strong
    return strong + lead + state.noise - state.noise_other


def sharpness(state, kappa):
    """a_i = η ‖∇f(x_i)‖²/2, the relative sharpness of each point: η λ/2 where e = 0.

    a_i = κ (s + s⁻) [i strong] + κν (q + q⁻) + κ_i (N_i + N_i⁻).

    Source: chapter 10, "The setting".

    Args:
        state: ClassSignals.
        kappa: κ > 0, a number.

    Returns:
        An array (..., n).

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ no number.
        ValueError: κ is not positive.
    """
    _checks.instance("state", state, ClassSignals)
    _checks.positive("kappa", kappa)
    strong = np.asarray(state.s + state.s_other)[..., None] * state.strong
    weak = np.asarray(state.q + state.q_other)[..., None] * state.nu
    return kappa * (strong + weak + state.chi * (state.noise + state.noise_other))


def class_energy(state, kappa):
    """The class's part of ‖W‖²/(2η): (s + s⁻)/κ + (q + q⁻)/(κν) + Σ_i (N_i + N_i⁻)/κ_i.

    A visit to point i with residual e changes it by 2 e − (2 − a_i) e².

    Source: chapter 10, Proposition 10.2.

    Args:
        state: ClassSignals.
        kappa: κ > 0, a number.

    Returns:
        An array (...).

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ no number.
        ValueError: κ is not positive.
    """
    _checks.instance("state", state, ClassSignals)
    _checks.positive("kappa", kappa)
    noise = ((state.noise + state.noise_other) / state.chi).sum(-1)
    return (state.s + state.s_other + (state.q + state.q_other) / state.nu + noise) / kappa


def class_residuals(state, kappa, *, epochs):
    """The residuals of a class in cyclic order, by the exact map.

    This is training as long as all factors are positive.

    Source: chapter 10, "The setting".

    Args:
        state: ClassSignals without leading axes.
        kappa: κ > 0, a number.
        epochs: passes over the class, at least 0.

    Returns:
        e of each point at its visit, before the update, (epochs, n). A map that leaves the
        floating-point range ends in infinities or NaN.

    Raises:
        TypeError: ``state`` is no ClassSignals, κ no number, or epochs no integer.
        ValueError: κ is not positive, epochs is negative, or the state has leading axes.
    """
    s, q, noise, s_other, q_other, noise_other = _one(state)
    _checks.positive("kappa", kappa)
    _checks.integer("epochs", epochs, low=0)
    k_v, k_noise, e = kappa * state.nu, (kappa * state.chi).tolist(), []
    strong, noise, noise_other = state.strong.tolist(), noise.tolist(), noise_other.tolist()

    def times(signal, step):
        return np.float64(signal) * max(1 + step, 0.0) ** 2

    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(epochs):
            for i, k in enumerate(k_noise):
                now = 1 - q - noise[i] + q_other + noise_other[i] - strong[i] * (s - s_other)
                if strong[i]:
                    s, s_other = times(s, kappa * now), times(s_other, -kappa * now)
                q, q_other = times(q, k_v * now), times(q_other, -k_v * now)
                noise[i] = times(noise[i], k * now)
                noise_other[i] = times(noise_other[i], -k * now)
                e.append(now)
    return np.array(e, dtype=float).reshape(epochs, len(k_noise))


def class_path(state, kappa, e):
    """The signals of a class before each visit and after the last, from its residuals.

    Source: chapter 10, "The setting".

    Args:
        state: ClassSignals at the start, without leading axes.
        kappa: κ > 0, a number.
        e: the residuals of the points, in cyclic order, at their visits, (epochs, n).

    Returns:
        ClassSignals with one leading axis, (epochs · n + 1).

    Raises:
        TypeError: ``state`` is no ClassSignals, or κ or e is not numeric.
        ValueError: κ is not positive, the state has leading axes, or e is not (epochs, n).
    """
    start = _one(state)
    _checks.positive("kappa", kappa)
    n = len(state.chi)
    _checks.as_tensor("e", e)
    e = np.asarray(e, dtype=float)
    if e.ndim != 2 or e.shape[1] != n:
        raise ValueError(f"e must have shape (epochs, {n}), got {e.shape}")
    visits = np.arange(e.size + 1)[:, None]
    seen = visits // n + (visits % n > np.arange(n))  # how often each point was visited
    by_visit = (state.strong * np.ones_like(e)).reshape(-1), state.nu
    parts = []
    for sign, (s, q, noise) in ((1, start[:3]), (-1, start[3:])):
        z = sign * kappa * e
        for first, rate in zip((s, q), by_visit, strict=True):
            parts.append(first * _growth(1 + rate * z.reshape(-1)))
        parts.append(noise * _growth(1 + state.chi * z)[seen, np.arange(n)])
    return state.with_signals(*parts)


def _growth(factors):
    """Products of the squares of the first t factors, those that are not positive as 0."""
    squares = np.maximum(factors, 0) ** 2
    return np.concatenate([np.ones_like(squares[:1]), squares]).cumprod(0)


def _one(state):
    """The six signals of a state without leading axes."""
    _checks.instance("state", state, ClassSignals)
    s, q, noise, s_other, q_other, noise_other = _six(state)
    shapes = [np.shape(x) for x in (s, q, s_other, q_other)]
    if any(shapes) or np.ndim(noise) != 1 or np.ndim(noise_other) != 1:
        raise ValueError(f"state must be one state, got signals of shape {np.shape(noise)[:-1]}")
    return float(s), float(q), noise, float(s_other), float(q_other), noise_other
