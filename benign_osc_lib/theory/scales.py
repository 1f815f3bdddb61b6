"""κ and ν, the two scales of one data point, and the limits of κ (chapters 2 to 6)."""

import math

from .._formula import above, formula, whole

SIGN_LIMIT = math.sqrt(27) / 2 - 1
"""√27/2 − 1 ≈ 1.598, the sign limit (chapter 6, Proposition 6.4).

For κ below it, orbits of z ← z (1 + κ − κ z²) from 0 < z < √(1 + 1/κ) stay positive.
"""

STABLE_CYCLE_LIMIT = math.sqrt(5) - 1
"""√5 − 1 ≈ 1.236, up to which the 2-cycle attracts (chapter 6, Proposition 6.3).

It does for 1 < κ < √5 − 1.
"""

ALTERNATION_LIMIT = 3 / math.sqrt(2) - 1
"""3/√2 − 1 ≈ 1.121, up to which the residual of one point alternates (appendix G, Lemma G.3).

There the critical point of z ← z (1 + κ − κ z²) lies on the 2-cycle: the cycle is superstable.
"""

ESCAPE = 2.0
"""The κ up to which the critical point does not escape (appendix F, Proposition F.3).

Up to 2, z ← z (1 + κ − κ z²) maps the interval ±√(1 + 2/κ) into itself.
"""


MONOTONE_LIMIT = 2 * math.sqrt(2) - 2
"""2√2 − 2 ≈ 0.828, up to which no step on one point raises the loss (appendix F, Theorem F.1).

From any start without filters of the other class, with or without a weak signal.
"""


@formula(lr=above(0), u_norm=above(0), m=whole(1))
def kappa(lr, u_norm, m):
    """κ = 2 η ‖u‖² / m, how strongly one step pushes the strong signal back to the label.

    Source: chapter 3, and chapter 4, Proposition 4.1 (paper, eq. (5)).

    Args:
        lr: the learning rate η > 0.
        u_norm: ‖u‖ > 0.
        m: filters per sign, at least 1.

    Returns:
        κ, with the shape of the arguments broadcast together.
    """
    return 2 * lr * u_norm**2 / m


@formula(u_norm=above(0), v_norm=above(0))
def nu(u_norm, v_norm):
    """ν = ‖v‖²/‖u‖², the strength of the weak feature relative to the strong one.

    Source: chapter 2, and chapter 4, Definition 4.1.

    Args:
        u_norm: ‖u‖ > 0.
        v_norm: ‖v‖ > 0.

    Returns:
        ν, with the shape of the arguments broadcast together.
    """
    return (v_norm / u_norm) ** 2
