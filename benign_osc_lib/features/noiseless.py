"""Many features without noise: their signals visit by visit, and where a small rate ends."""

import torch
from scipy.optimize import brentq

from .. import _checks


def follow(start, ratios, kappa, carried):
    """The signals of one class whose points carry several features, without noise (chapter 13).

    A visit with the residual e = 1 − Σ_k s_k, over the features that the point carries, multiplies
    the signal s_k of each of them by (1 + κ ν_k e)², with ν_k = ‖feature k‖²/‖u_1‖². With two
    features that all points carry this is the one point of chapter 4.

    Args:
        start: signals s_k >= 0 before the first visit, (..., K).
        ratios: ν_k > 0, (K,).
        kappa: κ > 0 of the first feature; a number or (...), broadcast with ``start``.
        carried: which features the visited point carries, bool (T, K).

    Returns:
        The signals at the start and after each visit, (..., T + 1, K) float64.

    Raises:
        TypeError: an argument is not numeric, or ``carried`` is not a bool tensor.
        ValueError: shapes disagree, or an element is outside its range.
    """
    start, ratios, kappa = (
        _checks.tensor_or_list(name, value).double()
        for name, value in (("start", start), ("ratios", ratios), ("kappa", kappa))
    )
    _checks.all_between("start", start, 0, low_open=False)
    _checks.all_between("ratios", ratios, 0)
    _checks.all_between("kappa", kappa, 0)
    if not isinstance(carried, torch.Tensor) or carried.dtype != torch.bool:
        raise TypeError(f"carried must be a bool tensor, got {carried!r}")
    features = ratios.shape[-1:]
    if start.shape[-1:] != features or carried.dim() != 2 or carried.shape[1:] != features:
        raise ValueError(
            f"start, ratios and carried must end in one number of features, got "
            f"{tuple(start.shape)}, {tuple(ratios.shape)} and {tuple(carried.shape)}"
        )
    leading = _checks.broadcast(start=start.shape[:-1], kappa=kappa.shape)
    signals = start.expand(*leading, *features)
    push = kappa[..., None] * ratios
    path = [signals]
    for here in carried.double():
        residual = 1 - (signals * here).sum(-1, keepdim=True)
        signals = signals * (1 + push * here * residual) ** 2
        path.append(signals)
    return torch.stack(path, -2)


def flow_limit(start, ratios):
    """Where gradient flow ends if all points carry all features (chapter 13).

    Along the flow log s_k / ν_k grows equally for all features, so s_k = s_k(0) x^{ν_k} with the x
    that solves Σ_k s_k(0) x^{ν_k} = 1: for two features the smooth limit of chapter 5.

    Args:
        start: signals s_k > 0, (K,), of a sum below 1.
        ratios: ν_k > 0, (K,).

    Returns:
        The signals at the end, (K,) float64, of the sum 1.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: the lengths differ, an element is outside its range, or the sum is not below 1.
    """
    start, ratios = (
        _checks.tensor_or_list(name, value).double()
        for name, value in (("start", start), ("ratios", ratios))
    )
    for name, value in (("start", start), ("ratios", ratios)):
        _checks.all_between(name, value, 0)
    if start.dim() != 1 or start.shape != ratios.shape:
        raise ValueError(
            f"start and ratios must have one length, got {tuple(start.shape)}, "
            f"{tuple(ratios.shape)}"
        )
    if start.sum() >= 1:
        raise ValueError(f"start must have a sum below 1, got {start.sum().item()}")

    def end(log_x):
        return start * (ratios * log_x).exp()

    high = float(-start[0].log() / ratios[0]) + 1  # there the first feature alone is past 1
    return end(brentq(lambda log_x: float(end(log_x).sum()) - 1, 0, high, xtol=1e-14))


def balanced_gain(e, kappa, ratios, weights):
    """By how much Σ_k c_k log⟨w, y feature k⟩ grows in a visit with the residual e (chapter 13).

    It is Σ_k c_k log(1 + κ ν_k e). With Σ_k c_k ν_k = 0, and no feature with c_k > 0 longer than
    one with c_k < 0, it is never negative: a potential for points that carry any set of features.
    With two features and c = (−ν, 1) it is the gain of Φ.

    Args:
        e: residuals, (...), with 1 + κ ν_k e > 0 for every feature.
        kappa: κ > 0, a number.
        ratios: ν_k > 0 of the features that the point carries, (K,).
        weights: c_k, (K,).

    Returns:
        The gain, (...) float64.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: the lengths differ, or an element is outside its range.
    """
    e, ratios, weights = (
        _checks.tensor_or_list(name, value).double()
        for name, value in (("e", e), ("ratios", ratios), ("weights", weights))
    )
    kappa = _checks.positive("kappa", kappa)
    _checks.all_between("ratios", ratios, 0)
    if ratios.dim() != 1 or weights.shape != ratios.shape:
        raise ValueError(
            f"ratios and weights must have one length, got {tuple(ratios.shape)}, "
            f"{tuple(weights.shape)}"
        )
    _checks.all_between("e", e, -1 / (kappa * float(ratios.max())))
    return (weights * (kappa * ratios * e[..., None]).log1p()).sum(-1)
