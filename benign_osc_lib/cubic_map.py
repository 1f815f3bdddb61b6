"""The odd cubic map z ← z (1 + κ − κ z²) (chapter 6), under one name.

It is written in ``theory/cubic_map.py``.
"""

from .theory.cubic_map import (
    critical_point,
    iterate,
    lyapunov_exponent,
    period_doubling,
    share_with_sign,
    slope,
    step,
    superstable,
    trapping_interval,
)

__all__ = [
    "step",
    "slope",
    "critical_point",
    "trapping_interval",
    "iterate",
    "share_with_sign",
    "lyapunov_exponent",
    "superstable",
    "period_doubling",
]
