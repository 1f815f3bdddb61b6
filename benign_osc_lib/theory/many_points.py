"""Many data points: how the signs are held, and how many visits are needed (chapter 8).

The letters are those of chapter 8. For one class j, s and q are the strong and weak signals of the
filters of sign j, q⁻ the weak signal of the filters of sign −j at the same patch j v, and
e = 1 − y f the residual at a visit, before the update.
"""

from .. import _checks
from .._elementwise import elementwise


@elementwise
def noise_allowance(kappa, growth=0.0):
    """The largest h such that signs are kept when abs(P − y f) <= h at every strong visit.

    P = s + q is the class's own signal. h solves 4 (1 + κ + κh)³ = 27 (1 + κ − κh − κω), that is
    1 + κ + κh = 3 sinh(arsinh(2 (1 + κ) − κω)/3).

    Args:
        kappa: κ > 0.
        growth: ω >= 0, how much P grows in all through other visits than strong ones of the class:
            from the start or a strong visit of the class with e >= 0 to the next such visit or the
            end of the period.

    Returns:
        h, with the shape of the arguments broadcast together; zero at the sign limit for ω = 0,
        negative where no noise is allowed.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("growth", growth, 0, low_open=False)
    top = 3 * ((2 * (1 + kappa) - kappa * growth).asinh() / 3).sinh()
    return (top - 1 - kappa) / kappa


@elementwise
def signal_needed(q_0, q_other_0, target):
    """The weak signal x at which x − q_0 q⁻_0/x reaches a target: (D + √(D² + 4 q_0 q⁻_0))/2.

    Since q q⁻ never increases, q >= x implies q − q⁻ >= D.

    Args:
        q_0: q at the start, >= 0.
        q_other_0: q⁻ at the start, >= 0.
        target: D > 0.

    Returns:
        x, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0, low_open=False)
    _checks.all_between("q_other_0", q_other_0, 0, low_open=False)
    _checks.all_between("target", target, 0)
    return (target + (target**2 + 4 * q_0 * q_other_0).sqrt()) / 2


@elementwise
def weak_signal_floor(q_0, visits, gain, nu, kept=1.0, undone=0.0):
    """q_0 c^{2ν} e^{2NG − 2C}, below which the weak signal of a class cannot be.

    Args:
        q_0: q at the start, > 0.
        visits: N >= 0, visits to strong points of the class.
        gain: G >= 0, the mean of the potential gain over these visits.
        nu: ν, in [0, 1].
        kept: c, in (0, 1]: the strong overlaps are at least c times those at the start.
        undone: C >= 0: visits to weak points lower log⟨w, j v⟩ by at most C in all.

    Returns:
        The floor, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0)
    for name, value in (("visits", visits), ("gain", gain), ("undone", undone)):
        _checks.all_between(name, value, 0, low_open=False)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    _checks.all_between("kept", kept, 0, 1, high_open=False)
    return q_0 * kept ** (2 * nu) * (2 * visits * gain - 2 * undone).exp()


@elementwise
def visits_needed(q_0, q_other_0, target, gain, nu, kept=1.0, undone=0.0):
    """N*, the visits to strong points of a class after which q − q⁻ >= D for certain.

    N* = (log(x/q_0) + 2ν log(1/c) + 2C)/(2G) with x of :func:`signal_needed`: where
    :func:`weak_signal_floor` reaches x.

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

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("gain", gain, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    _checks.all_between("kept", kept, 0, 1, high_open=False)
    _checks.all_between("undone", undone, 0, low_open=False)
    rise = (signal_needed(q_0, q_other_0, target) / q_0).log()
    return ((rise - 2 * nu * kept.log() + 2 * undone) / (2 * gain)).clamp(min=0)


@elementwise
def undone_by_weak_visits(noise_signal, distance, factor, tau):
    """(τ/2) log⁺(N_0/(μ φ²)), the most that visits to one weak point take from log⟨w, j v⟩.

    For noise patches orthogonal to each other, to u and to v, and of one length.

    Args:
        noise_signal: N_0 > 0, what the class's filters draw from the two noise patches of the
            point at the start.
        distance: μ > 0, with q <= 1 − μ at all these visits.
        factor: φ, in (0, 1], with 1 + κ_ξ e >= φ at all these visits.
        tau: τ = ‖v‖²/‖ξ‖², in [0, 1].

    Returns:
        The bound, >= 0, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("noise_signal", noise_signal, 0)
    _checks.all_between("distance", distance, 0)
    _checks.all_between("factor", factor, 0, 1, high_open=False)
    _checks.all_between("tau", tau, 0, 1, low_open=False, high_open=False)
    return tau / 2 * (noise_signal / (distance * factor**2)).log().clamp(min=0)
