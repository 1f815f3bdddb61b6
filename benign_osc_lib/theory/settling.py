"""How long one point takes to learn, as a bound of the steps (appendix G)."""

import math

import torch

from .._formula import above, at_least, between, formula
from .scales import ALTERNATION_LIMIT
from .stopping import largest_signal, terminal_weak_signal

_KAPPA = between(1, ALTERNATION_LIMIT, "(]", text="in (1, 3/√2 − 1]")
_NU = between(0, 0.5, "(]")


@formula(s_0=above(0), q_0=at_least(0), kappa=above(1), nu=between(0, 1))
def settling_margins(s_0, q_0, kappa, nu):
    """By how much the hypotheses of the theorem on the time hold.

    With P_max of :func:`largest_signal`, q_edge of :func:`terminal_weak_signal` and
    k_log = log(1 + κν)/log(1 + κ) they are (T1) κ <= 3/√2 − 1, (T2) ν <= 1/2, (T3) s_0 + q_0 < 1
    and (T4) q_0 (P_max/s_0)^k_log <= q_edge/11: the weak signal is small until the first overshoot.

    Source: appendix G, Theorem G.2.

    Args:
        s_0: strong signal at the start, > 0.
        q_0: weak signal at the start, >= 0.
        kappa: κ > 1.
        nu: ν, in (0, 1).

    Returns:
        (3/√2 − 1 − κ, 1/2 − ν, 1 − s_0 − q_0, q_edge/11 − q_0 (P_max/s_0)^k_log), each with the
        shape of the arguments broadcast together; a negative entry is a hypothesis that fails.
    """
    power = (kappa * nu).log1p() / kappa.log1p()
    climbed = q_0 * (largest_signal(kappa) / s_0) ** power
    small = terminal_weak_signal(kappa, nu) / 11 - climbed
    zero = torch.zeros_like(small)
    return ALTERNATION_LIMIT - kappa + zero, 0.5 - nu + zero, 1 - s_0 - q_0 + zero, small


@formula(mu=at_least(0))
def alternating_amplitude(mu):
    """The positive root ω_cyc of ω² = μ (1 − ω), (√(μ² + 4μ) − μ)/2.

    Where a = κ (s + ν q) is 1 + μ on the line s + q = 1, the smaller κ abs(e) of the 2-cycle. Once
    the residual alternates it does not sink below it, or below the first overshoot.

    Source: appendix G, Lemma G.3.

    Args:
        mu: μ = a − 1 = (κ − 1)(1 − q/q_edge) >= 0, with q_edge the weak signal at the edge.

    Returns:
        ω_cyc, with the shape of μ.
    """
    return ((mu**2 + 4 * mu).sqrt() - mu) / 2


@formula(
    overshoot=above(0),
    s_0=between(0, 1),
    q_0=between(0, 1),
    kappa=_KAPPA,
    nu=_NU,
    theta=between(0, 1),
)
def settling_steps(overshoot, s_0, q_0, kappa, nu, theta):
    """Steps after which the weak signal has reached 1 − ϑ of its level at the edge, at most.

    The climb, the growth of the first overshoot to the 2-cycle, and the logistic growth of the
    weak signal, one after the other. Under the hypotheses of :func:`settling_margins` it is a
    bound, not an estimate.

    Source: appendix G, Theorem G.2 (1, 2).

    Args:
        overshoot: κ abs(e) > 0 at the first step with e < 0.
        s_0: strong signal at the start, in (0, 1).
        q_0: weak signal at the start, in (0, 1).
        kappa: κ, in (1, 3/√2 − 1].
        nu: ν, in (0, 0.5].
        theta: ϑ, in (0, 1).

    Returns:
        The number of steps, with the shape of the arguments broadcast together; NaN where the
        start violates (T3) or (T4) of :func:`settling_margins`.
    """
    return _steps(overshoot.log(), s_0, s_0, q_0, kappa, nu, theta)


@formula(kappa=_KAPPA, nu=_NU, density=above(0))
def small_overshoot_constant(kappa, nu, density):
    """C such that the first overshoot κ abs(e) is below x with probability at most C x.

    For a start with fixed q_0 and random s_0 > 0 whose logarithm has a density with one peak, at
    most k_peak high. A Gaussian start with K active filters has k_peak <= √(K/(4π)).

    Source: appendix G, Theorem G.2 (3).

    Args:
        kappa: κ, in (1, 3/√2 − 1].
        nu: ν, in (0, 0.5].
        density: k_peak > 0.

    Returns:
        C, with the shape of the arguments broadcast together.
    """
    c = _Constants(kappa, nu)
    shrinks = [1 - c.ratio * (1 + c.least_push) ** (-2 * k) for k in range(80)]
    kept = torch.stack(shrinks).prod(0)
    kept = kept - 2 * kappa * nu * c.edge / 10 / ((1 + c.least_push) ** 2 - 1)
    strong = kappa - _turning_push(kappa, 0 * kappa) - kappa * nu * c.edge / 10
    spacing = (kappa * (1 - c.edge / 10) / (kappa - c.least_push)).log()
    slope = 2 * c.early - 1
    return 2 * (2 / spacing + 5 * density) / (slope * strong * kept)


@formula(
    p=between(0, 1),
    s_low=between(0, 1),
    s_high=between(0, 1),
    q_0=between(0, 1),
    kappa=_KAPPA,
    nu=_NU,
    theta=between(0, 1),
    density=above(0),
)
def settling_time(p, s_low, s_high, q_0, kappa, nu, theta, density):
    """Steps that the weak signal needs with probability 1 − p, whatever s_0 in [s_low, s_high].

    The bound of :func:`settling_steps` with the first overshoot p/C, C the
    :func:`small_overshoot_constant`; the climb is from s_low, and s_high counts for what the weak
    signal gains in it. The probability that s_0 is not in the interval comes on top of p.

    Source: appendix G, Theorem G.2.

    Args:
        p: p, in (0, 1).
        s_low: the least strong signal at the start, in (0, 1).
        s_high: the largest, in (0, 1).
        q_0: weak signal at the start, in (0, 1).
        kappa: κ, in (1, 3/√2 − 1].
        nu: ν, in (0, 0.5].
        theta: ϑ, in (0, 1).
        density: k_peak > 0, as in :func:`small_overshoot_constant`.

    Returns:
        The number of steps, with the shape of the arguments broadcast together; NaN where s_high
        violates (T3) or s_low violates (T4).
    """
    log_overshoot = p.log() - small_overshoot_constant(kappa, nu, density).log()
    return _steps(log_overshoot, s_low, s_high, q_0, kappa, nu, theta)


def _steps(log_overshoot, s_low, s_high, q_0, kappa, nu, theta):
    """The bound for s_0 in [s_low, s_high]; NaN where the start is too large or too uneven."""
    c = _Constants(kappa, nu)
    odds = c.edge / q_0 * (s_high / (1 - c.edge / 10)) ** nu - 1
    climb = 1 - s_low.log() / (2 * c.least_push.log1p())
    growth = (c.quarter.log() - log_overshoot).clamp(min=0) / c.early_rate
    area = (1 + c.cycle) * (2 - c.cycle) * (1 - c.cycle)
    lag = math.log(4) / (2 * area * theta * (kappa - 1)).log1p()
    logistic = ((1 - theta) / theta * odds).log().clamp(min=0) / (2 * c.gain.log1p())
    steps = climb + 2 * (3 + growth + lag + logistic)
    small = settling_margins(s_low, q_0, kappa, nu)[3]
    return steps.masked_fill((s_high + q_0 >= 1) | (small < 0), math.nan)


class _Constants:
    """What the theorem names, at κ and ν: while q is at most a tenth of its level at the edge.

    Args:
        kappa: κ, a tensor.
        nu: ν, a tensor.
    """

    def __init__(self, kappa, nu):
        mu = 0.9 * (kappa - 1)
        self.edge = terminal_weak_signal(kappa, nu)
        self.cycle = alternating_amplitude(kappa - 1)
        self.quarter = self.cycle / 4
        self.early = 1 + mu
        self.least_push = _turning_push(self.early, nu * (kappa - 1) / 10)
        self.ratio = 2 * (kappa - self.least_push) / (1 + self.least_push)
        self.gain = nu * (1 - nu) * (kappa - 1)
        area = (self.early + self.quarter) * (2 - self.quarter) * (1 - self.quarter)
        self.early_rate = (2 * area * mu).log1p()


def _turning_push(a, chi):
    """The positive root of x² + (2 − a + k_q) x − (2a − 1): a larger κe does not turn the sign."""
    half = (2 - a + chi) / 2
    return (half**2 + 2 * a - 1).sqrt() - half
