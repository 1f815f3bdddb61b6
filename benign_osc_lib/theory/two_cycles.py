"""The 2-cycle of the strong signal, alone and beside a weak signal (chapters 6 and 8)."""

import torch

from .._formula import above, at_least, between, formula


@formula(kappa=at_least(1))
def two_cycle(kappa):
    """The 2-cycle of the strong signal s = z² under s ← s (1 + κ (1 − s))², in closed form.

    The two factors 1 + κ (1 − s) of the cycle are p and 1/p, so that
    p = ((κ + 1) ± √((κ + 1)² − 4))/2 and s = 1 − (p − 1)/κ. The cycle exists for κ >= 1 (at κ = 1
    it is the fixed point s = 1) and attracts for 1 < κ < √5 − 1.

    Source: chapter 6, Proposition 6.2 (Strogatz 2015, Chen et al. 2024).

    Args:
        kappa: κ >= 1.

    Returns:
        (s_low, s_high), each with the shape of κ.
    """
    half_gap = ((kappa + 1) ** 2 - 4) ** 0.5 / 2
    middle = (kappa + 1) / 2
    s_low = 1 - (middle + half_gap - 1) / kappa
    s_high = 1 - (middle - half_gap - 1) / kappa
    return s_low, s_high


@formula(kappa=at_least(1))
def two_cycle_multiplier(kappa):
    """9 − 2 (1 + κ)², by which two steps multiply a small distance from the 2-cycle.

    It is the derivative of z ← z (1 + κ − κ z²) applied twice, at the cycle of :func:`two_cycle`.
    The cycle attracts iff it lies in (−1, 1), that is for 1 < κ < √5 − 1.

    Source: chapter 6, Proposition 6.3 (Strogatz 2015, Chen et al. 2024).

    Args:
        kappa: κ >= 1.

    Returns:
        The multiplier, with the shape of κ.
    """
    return 9 - 2 * (1 + kappa) ** 2


@formula(kappa=at_least(1))
def mean_residual(kappa):
    """(κ − 1)/(2κ), the mean of 1 − s over the 2-cycle of :func:`two_cycle`.

    Source: chapter 6, Proposition 6.2, and chapter 7, Proposition 7.2.

    Args:
        kappa: κ >= 1.

    Returns:
        The mean, with the shape of κ.
    """
    return (kappa - 1) / (2 * kappa)


@formula(q=between(0, 1, "[)"), kappa=above(0))
def oscillation_amplitude(q, kappa):
    """The smaller abs(e) of the 2-cycle while the weak signal is held at q.

    With κ' = κ (1 − q) and p the larger root of p + 1/p = κ' + 1, it is (1 − 1/p)/κ. At q = 0 it is
    the largest δ for which Assumption 4 can hold on the cycle; it falls to 0 at q = 1 − 1/κ.

    Source: chapter 7, Proposition 7.4, and chapter 8, Proposition 8.2 (3).

    Args:
        q: weak signal, in [0, 1).
        kappa: κ > 0.

    Returns:
        The amplitude, with the shape of the arguments broadcast together; 0 where κ (1 − q) <= 1.
    """
    half = ((kappa * (1 - q)).clamp(min=1) + 1) / 2
    p = half + (half**2 - 1).sqrt()
    return (1 - 1 / p) / kappa


@formula(delta=at_least(0, text="in [0, 1/κ)"), kappa=at_least(1))
def weak_signal_at_amplitude(delta, kappa):
    """The weak signal at which the 2-cycle has shrunk to the amplitude δ.

    The inverse of :func:`oscillation_amplitude` in q: with p = 1/(1 − κδ), it is
    1 − (p + 1/p − 1)/κ.

    Source: chapter 8, Proposition 8.2 (3), solved for q.

    Args:
        delta: δ, in [0, 1/κ).
        kappa: κ >= 1.

    Returns:
        q, with the shape of the arguments broadcast together: 1 − 1/κ at δ = 0, and negative
        where δ exceeds the amplitude at q = 0.
    """
    if bool((delta * kappa >= 1).any()):
        worst = (delta * torch.ones_like(kappa))[delta * kappa >= 1].flatten()[0].item()
        raise ValueError(f"delta must be < 1/kappa, got {worst}")
    p = 1 / (1 - kappa * delta)
    return 1 - (p + 1 / p - 1) / kappa


@formula(kappa=at_least(1))
def self_consistent_delta(kappa):
    """(κ − 1)/κ², the largest δ that the weak signal has reached when abs(e) >= δ ends.

    It solves δ = :func:`oscillation_amplitude` at q = δ: on the slowly varying 2-cycle, to
    leading order in ν, Theorem 2's conclusion q >= δ is true at the end of its hypothesis iff δ
    is at most this.

    Source: chapter 8, Proposition 8.2 (4).

    Args:
        kappa: κ >= 1.

    Returns:
        δ, with the shape of κ.
    """
    return (kappa - 1) / kappa**2
