"""Many data points (chapter 8), under one name.

The bounds are written in ``theory/many_points.py``, the noise at a test in
``theory/noise_at_test.py``, the record of a run in ``class_record.py``, the data in
``orthogonal_noise.py`` and the lead of a class in ``signals.py``.
"""

from .class_record import ClassRecord, class_record
from .orthogonal_noise import with_orthogonal_noise
from .signals import class_lead
from .theory.many_points import (
    noise_allowance,
    signal_needed,
    undone_by_weak_visits,
    visits_needed,
    weak_signal_floor,
)
from .theory.noise_at_test import error_probability, noise_term, squared_relu_product

__all__ = [
    "noise_allowance",
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
