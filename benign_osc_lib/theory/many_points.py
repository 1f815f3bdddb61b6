"""Many data points: how much noise the signs bear, and how many visits are needed (appendix A).

These are the bounds with noise of the appendix, and its letters. For one class j, s and q are the
strong and weak signals of the filters of sign j, q⁻ the weak signal of the filters of sign −j at
the same patch j v, and e = 1 − y f the residual at a visit, before the update.
"""

from .._formula import above, at_least, between, formula
from .stopping import largest_signal


@formula(kappa=above(0), growth=at_least(0))
def noise_allowance(kappa, growth=0.0):
    """The largest h for which Lemma A.2 keeps signs, with abs(P − y f) <= h at strong visits.

    P = s + q is the class's own signal, at most 4 (1 + κ + κh)³/(27 κ) at the start. h solves
    4 (1 + κ + κh)³ = 27 (1 + κ − κh − κω), that is
    1 + κ + κh = 3 sinh(arsinh(2 (1 + κ) − κω)/3).

    Source: appendix A, Lemma A.2.

    Args:
        kappa: κ > 0.
        growth: ω >= 0, how much P grows in all through other visits than strong ones of the class:
            from the start or a strong visit of the class with e >= 0 to the next such visit or the
            end of the period.

    Returns:
        h, with the shape of the arguments broadcast together; zero at the sign limit for ω = 0,
        negative where no noise is allowed.
    """
    top = 3 * ((2 * (1 + kappa) - kappa * growth).asinh() / 3).sinh()
    return (top - 1 - kappa) / kappa


@formula(kappa=above(0), growth=at_least(0), down=at_least(0))
def upward_noise_allowance(kappa, growth=0.0, down=0.0):
    """The largest h₋ for which Lemma A.2 keeps signs, with −h₋ <= P − y f <= h₊ at strong visits.

    Noise of the class's own filters raises y f, and only h₋ bounds it; what pulls y f down, noise
    and weak signal of the other filters, is bounded by h₊. The condition
    4 (1 + κ + κh₊)³ < 27 (1 + κ − κh₋ − κω) is solved for h₋.

    Source: appendix A, Lemma A.2.

    Args:
        kappa: κ > 0.
        growth: ω >= 0, as for :func:`noise_allowance`.
        down: h₊ >= 0.

    Returns:
        h₋ = 1 + 1/κ − ω − 4 (1 + κ + κh₊)³/(27 κ), with the shape of the arguments broadcast
        together; negative where no noise is allowed.
    """
    return 1 + 1 / kappa - growth - largest_signal(kappa, down)


@formula(q_0=at_least(0), q_other_0=at_least(0), target=above(0))
def signal_needed(q_0, q_other_0, target):
    """The weak signal x at which x − q_0 q⁻_0/x reaches a target: (D + √(D² + 4 q_0 q⁻_0))/2.

    While κν abs(e) < 1 at all visits, q q⁻ never increases; then q >= x implies q − q⁻ >= D.

    Source: appendix A, Theorem A.1, with chapter 10, Lemma 10.2.

    Args:
        q_0: q at the start, >= 0.
        q_other_0: q⁻ at the start, >= 0.
        target: D > 0.

    Returns:
        x, with the shape of the arguments broadcast together.
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
    """q_0 c^{2ν} e^{2NG − 2C}, a lower bound of the weak signal of a class.

    It holds under the hypotheses (H1) to (H4) of Theorem A.1, which speak of the run itself: G, c
    and C bound what happened at its visits.

    Source: appendix A, Theorem A.1 (after the paper, Theorem 5).

    Args:
        q_0: q at the start, > 0.
        visits: N >= 0, visits to strong points of the class.
        gain: G >= 0, the mean of the potential gain over these visits.
        nu: ν, in [0, 1].
        kept: c, in (0, 1]: the strong overlaps are at least c times those at the start.
        undone: C >= 0: visits to weak points lower log⟨w, j v⟩ by at most C in all.

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
    """N*, the visits to strong points of a class after which q − q⁻ >= D by Theorem A.1.

    N* = (log(x/q_0) + 2ν log(1/c) + 2C)/(2G) with x of :func:`signal_needed`: where
    :func:`weak_signal_floor` reaches x. The same hypotheses on the run, (H1) to (H4), are needed.

    Source: appendix A, Theorem A.1 (after the paper, Theorem 5).

    Args:
        q_0: q at the start, > 0.
        q_other_0: q⁻ at the start, >= 0.
        target: D > 0.
        gain: G > 0.
        nu: ν, in [0, 1].
        kept: c, in (0, 1].
        undone: C >= 0.

    Returns:
        N* (not rounded, at least 0), with the shape of the arguments broadcast together.
    """
    rise = (signal_needed(q_0, q_other_0, target) / q_0).log()
    return ((rise - 2 * nu * kept.log() + 2 * undone) / (2 * gain)).clamp(min=0)


@formula(
    noise_signal=above(0), distance=above(0), factor=between(0, 1, "(]"), tau=between(0, 1, "[]")
)
def undone_by_weak_visits(noise_signal, distance, factor, tau):
    """(τ/2) log⁺(N_0/(μ φ²)), the most that visits to one weak point take from log⟨w, j v⟩.

    For noise patches orthogonal to each other, to u and to v, and of one length.

    Source: appendix A, Lemma A.4.

    Args:
        noise_signal: N_0 > 0, what the class's filters draw from the two noise patches of the
            point at the start.
        distance: μ > 0, with q <= 1 − μ at all these visits.
        factor: φ, in (0, 1], with 1 + κ_ξ e >= φ at all these visits.
        tau: τ = ‖v‖²/‖ξ‖², in [0, 1].

    Returns:
        The bound, >= 0, with the shape of the arguments broadcast together.
    """
    return tau / 2 * (noise_signal / (distance * factor**2)).log().clamp(min=0)
