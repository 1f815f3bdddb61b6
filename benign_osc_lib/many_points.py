"""Many data points (chapter 10 and appendix A), under one name.

The exact map of a class is written in ``theory/class_map.py``, where it stops in
``theory/class_limit.py``, the bounds with noise in ``theory/many_points.py``, the noise at a
test in ``theory/noise_at_test.py``, the record of a run in ``class_record.py``, the signals of a
network in ``class_signals.py``, the data in ``orthogonal_noise.py`` and the lead of a class in
``signals.py``.
"""

from .class_record import ClassRecord, class_record
from .class_signals import class_signals
from .orthogonal_noise import with_orthogonal_noise
from .signals import class_lead
from .theory.class_limit import (
    LimitMargins,
    edge_determinant,
    energy_account,
    growth_account,
    growth_floor,
    limit_margins,
    squared_residuals_at_a_large_rate,
    squared_residuals_at_a_small_rate,
    weak_signal_at_rest,
)
from .theory.class_map import (
    ClassSignals,
    class_energy,
    class_path,
    class_residuals,
    margins,
    sharpness,
)
from .theory.many_points import (
    noise_allowance,
    signal_needed,
    undone_by_weak_visits,
    upward_noise_allowance,
    visits_needed,
    weak_signal_floor,
)
from .theory.noise_at_test import error_probability, noise_term, squared_relu_product

__all__ = [
    "ClassSignals",
    "class_signals",
    "margins",
    "sharpness",
    "class_energy",
    "class_residuals",
    "class_path",
    "growth_floor",
    "energy_account",
    "growth_account",
    "edge_determinant",
    "LimitMargins",
    "limit_margins",
    "weak_signal_at_rest",
    "squared_residuals_at_a_large_rate",
    "squared_residuals_at_a_small_rate",
    "noise_allowance",
    "upward_noise_allowance",
    "ClassRecord",
    "class_record",
    "signal_needed",
    "weak_signal_floor",
    "visits_needed",
    "undone_by_weak_visits",
    "with_orthogonal_noise",
    "squared_relu_product",
    "noise_term",
    "class_lead",
    "error_probability",
]
