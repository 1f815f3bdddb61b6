"""Many data points: how much noise the signs bear, and how many visits are needed (appendix A).

These are the bounds with noise of the appendix, and its letters. For one class j, s and q are the
strong and weak signals of the filters of sign j, q⁻ the weak signal of the filters of sign −j at
the same patch j v, and e = 1 − y f the residual at a visit, before the update.
"""

from .._formula import above, at_least, between, formula
from .stopping import largest_signal


@formula(kappa=above(0), growth=at_least(0))
def noise_allowance(kappa, growth=0.0):
    """The largest x for which Lemma A.2 keeps signs, with abs(P − y f) <= x at strong visits.

    P = s + q is the class's own signal, at most 4 (1 + κ + κx)³/(27 κ) at the start. x solves
    4 (1 + κ + κx)³ = 27 (1 + κ − κx − κ P_in), that is
    1 + κ + κx = 3 sinh(arsinh(2 (1 + κ) − κ P_in)/3).

    Source: appendix A, Lemma A.2.

    Args:
        kappa: κ > 0.
        growth: P_in >= 0, how much P grows in all through other visits than strong ones of the
            class: from the start or a strong visit of the class with e >= 0 to the next such visit
            or the end of the period.

    Returns:
        x, with the shape of the arguments broadcast together; zero at the sign limit for P_in = 0,
        negative where no noise is allowed.
    """
    top = 3 * ((2 * (1 + kappa) - kappa * growth).asinh() / 3).sinh()
    return (top - 1 - kappa) / kappa


@formula(kappa=above(0), growth=at_least(0), down=at_least(0))
def upward_noise_allowance(kappa, growth=0.0, down=0.0):
    """The largest f_↑ for which Lemma A.2 keeps signs, if −f_↑ <= P − y f <= f_↓ at strong visits.

    Noise of the class's own filters raises y f, and only f_↑ bounds it; what pulls y f down, noise
    and weak signal of the other filters, is bounded by f_↓. The condition
    4 (1 + κ + κ f_↓)³ < 27 (1 + κ − κ f_↑ − κ P_in) is solved for f_↑.

    Source: appendix A, Lemma A.2.

    Args:
        kappa: κ > 0.
        growth: P_in >= 0, as for :func:`noise_allowance`.
        down: f_↓ >= 0.

    Returns:
        f_↑ = 1 + 1/κ − P_in − 4 (1 + κ + κ f_↓)³/(27 κ), with the shape of the arguments broadcast
        together; negative where no noise is allowed.
    """
    return 1 + 1 / kappa - growth - largest_signal(kappa, down)


@formula(q_0=at_least(0), q_other_0=at_least(0), target=above(0))
def signal_needed(q_0, q_other_0, target):
    """q_need, where x − q_0 q⁻_0/x reaches a target: (q_lead + √(q_lead² + 4 q_0 q⁻_0))/2.

    While κν abs(e) < 1 at all visits, q q⁻ never increases; then q >= q_need implies a lead
    q − q⁻ >= q_lead.

    Source: appendix A, Theorem A.1, with chapter 10, Corollary 10.1.

    Args:
        q_0: q at the start, >= 0.
        q_other_0: q⁻ at the start, >= 0.
        target: q_lead > 0.

    Returns:
        q_need, with the shape of the arguments broadcast together.
    """
    return (target + (target**2 + 4 * q_0 * q_other_0).sqrt()) / 2


@formula(
    q_0=above(0),
    visits=at_least(0),
    gain=at_least(0),
    nu=between(0, 1, "[]"),
    kept=between(0, 1, "(]"),
    undone=at_least(0),
)
def weak_signal_floor(q_0, visits, gain, nu, kept=1.0, undone=0.0):
    """q_0 Γ_min^{2ν} exp(2 T ḡ − 2 C_weak), a lower bound of the weak signal of a class.

    It holds under the hypotheses (V1) to (V4) of Theorem A.1, which speak of the run itself: ḡ,
    Γ_min and C_weak bound what happened at its visits.

    Source: appendix A, Theorem A.1 (after the paper, Theorem 5).

    Args:
        q_0: q at the start, > 0.
        visits: T >= 0, visits to strong points of the class.
        gain: ḡ >= 0, the mean of the potential gain over these visits.
        nu: ν, in [0, 1].
        kept: Γ_min, in (0, 1]: the strong overlaps are at least Γ_min times those at the start.
        undone: C_weak >= 0: visits to weak points lower log⟨w, j v⟩ by at most C_weak in all.

    Returns:
        The floor, with the shape of the arguments broadcast together.
    """
    return q_0 * kept ** (2 * nu) * (2 * visits * gain - 2 * undone).exp()


@formula(
    q_0=above(0),
    q_other_0=at_least(0),
    target=above(0),
    gain=above(0),
    nu=between(0, 1, "[]"),
    kept=between(0, 1, "(]"),
    undone=at_least(0),
)
def visits_needed(q_0, q_other_0, target, gain, nu, kept=1.0, undone=0.0):
    """T*, the visits to strong points of a class after which q − q⁻ >= q_lead by Theorem A.1.

    T* = (log(q_need/q_0) + 2ν log(1/Γ_min) + 2 C_weak)/(2ḡ) with :func:`signal_needed`: where
    :func:`weak_signal_floor` reaches q_need. The same hypotheses, (V1) to (V4), are needed.

    Source: appendix A, Theorem A.1 (after the paper, Theorem 5).

    Args:
        q_0: q at the start, > 0.
        q_other_0: q⁻ at the start, >= 0.
        target: q_lead > 0.
        gain: ḡ > 0.
        nu: ν, in [0, 1].
        kept: Γ_min, in (0, 1].
        undone: C_weak >= 0.

    Returns:
        T* (not rounded, at least 0), with the shape of the arguments broadcast together.
    """
    rise = (signal_needed(q_0, q_other_0, target) / q_0).log()
    return ((rise - 2 * nu * kept.log() + 2 * undone) / (2 * gain)).clamp(min=0)


@formula(
    noise_signal=above(0), distance=above(0), factor=between(0, 1, "(]"), tau=between(0, 1, "[]")
)
def undone_by_weak_visits(noise_signal, distance, factor, tau):
    """(τ/2) log⁺(N_0/(φ² (1 − q_max))), the most that weak visits take from log⟨w, j v⟩.

    For the visits to one weak point, with noise patches orthogonal to each other, to u and to v,
    and of one length.

    Source: appendix A, Lemma A.3.

    Args:
        noise_signal: N_0 > 0, what the class's filters draw from the two noise patches of the
            point at the start.
        distance: 1 − q_max > 0, with q <= q_max at all these visits.
        factor: φ, in (0, 1], with 1 + κ_ξ e >= φ at all these visits.
        tau: τ = ‖v‖²/‖ξ‖², in [0, 1].

    Returns:
        The bound, >= 0, with the shape of the arguments broadcast together.
    """
    return tau / 2 * (noise_signal / (distance * factor**2)).log().clamp(min=0)
