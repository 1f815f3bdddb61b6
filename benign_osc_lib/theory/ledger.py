"""The ledger of constants: what the one-point theory says at one κ and ν."""

import math
from typing import NamedTuple

from .. import _checks
from .growth import growth_rate
from .potentials import potential_gain
from .scales import SIGN_LIMIT
from .stopping import (
    landing_weak_signal,
    largest_signal,
    smallest_factor,
    strong_signal_floor,
    terminal_weak_signal,
)
from .two_cycles import (
    mean_residual,
    oscillation_amplitude,
    self_consistent_delta,
    two_cycle,
    two_cycle_multiplier,
)


class Constant(NamedTuple):
    """A constant of the one-point theory.

    Source: appendix G, "All constants in one table".

    Args:
        name: what it is, in words.
        formula: the formula in LaTeX.
        chapter: the chapter that proves or derives it.
        value: its value, a float.
    """

    name: str
    formula: str
    chapter: int
    value: float


def constants(kappa, nu):
    """The ledger of constants: what the one-point theory says at one κ and ν.

    No filters of the other class (B = 0).

    Source: appendix G, "All constants in one table".

    Args:
        kappa: κ, a number >= 1 and below the sign limit.
        nu: ν, a number in (0, 1).

    Returns:
        A list of :class:`Constant`, in the order of the chapters.

    Raises:
        TypeError: an argument is not a number.
        ValueError: an argument is outside its range.
    """
    kappa, nu = _checks.real_number("kappa", kappa), _checks.real_number("nu", nu)
    _checks.all_between("kappa", kappa, 1, SIGN_LIMIT, low_open=False)
    _checks.all_between("nu", nu, 0, 1)
    low, high = two_cycle(kappa)
    gain = potential_gain(1.0, kappa, nu)
    rows = [
        ("gain per squared residual, at least", r"g(\kappa)", 5, gain),
        ("2-cycle, lower strong signal", r"1/(\kappa p)", 6, low),
        ("2-cycle, upper strong signal", r"p/\kappa", 6, high),
        ("multiplier of the 2-cycle", r"9 - 2(1 + \kappa)^2", 6, two_cycle_multiplier(kappa)),
        ("mean residual on the 2-cycle", r"(\kappa - 1)/(2\kappa)", 6, mean_residual(kappa)),
        ("largest signal after a step", r"4(1 + \kappa)^3/(27\kappa)", 6, largest_signal(kappa)),
        (
            "growth of log weak overlap per step",
            r"\frac12\log(1 + \nu(1 - \nu)(\kappa - 1))",
            7,
            growth_rate(kappa, nu),
        ),
        ("smallest factor of strong overlaps", r"\phi", 8, smallest_factor(kappa)),
        ("floor of the strong signal", r"s_{\rm floor}", 8, strong_signal_floor(kappa, nu)),
        (
            "squared residuals per log(1/q_0), at most",
            r"1/(2g(\kappa))",
            8,
            1 / (2 * gain) if gain else math.inf,
        ),
        (
            "weak signal at the end, at least",
            r"(1 - 1/\kappa)/(1 - \nu)",
            8,
            terminal_weak_signal(kappa, nu),
        ),
        (
            "weak signal at the end, landing law",
            r"(1 - 1/\kappa)(1 + \nu/4)/(1 - \nu)",
            8,
            landing_weak_signal(kappa, nu),
        ),
        (
            "largest delta on the 2-cycle",
            r"(1 - 1/p)/\kappa",
            8,
            oscillation_amplitude(0.0, kappa),
        ),
        ("delta that equals its q", r"(\kappa - 1)/\kappa^2", 8, self_consistent_delta(kappa)),
    ]
    return [Constant(*row) for row in rows]
