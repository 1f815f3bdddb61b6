"""Phase diagrams (chapter 11): cells of runs, regimes, agreement, and what the theory predicts.

A stored diagram is what ``tools/phase_diagrams.py`` makes of a sweep of 10^5 runs: per cell sums,
counts and quantiles over the seeds. ``reduce_runs`` makes the same of any sweep, so that a small
one can be held against the store.
"""

from .agreement import disagreement, sampling_bound
from .diagrams import (
    DIAGRAMS,
    KAPPAS,
    KINDS,
    LEVELS,
    QUANTILES,
    SIGNALS,
    load,
    reduce_runs,
)
from .prediction import (
    crossing,
    horizon,
    noise_border,
    noise_threshold,
    nu_border,
    predicted_regimes,
    strong_visits,
    visits_to_learn,
)
from .regimes import REGIMES, mean_accuracy, regimes

__all__ = [
    "DIAGRAMS",
    "KAPPAS",
    "KINDS",
    "LEVELS",
    "QUANTILES",
    "REGIMES",
    "SIGNALS",
    "crossing",
    "disagreement",
    "horizon",
    "load",
    "mean_accuracy",
    "noise_border",
    "noise_threshold",
    "nu_border",
    "predicted_regimes",
    "reduce_runs",
    "regimes",
    "sampling_bound",
    "strong_visits",
    "visits_to_learn",
]
