"""More features, more patches, more classes, and a diagonal linear network (chapter 13)."""

from .factors import (
    CLASSES,
    FACTORS,
    KAPPAS,
    LEARNED,
    SIZES,
    Factor,
    learned_from,
    oscillates_from,
)
from .model import FeaturesModel
from .noiseless import balanced_gain, flow_limit, follow
from .rows import crossing, large, load, measure, summary, sweep_rows

__all__ = [
    "CLASSES",
    "FACTORS",
    "KAPPAS",
    "LEARNED",
    "SIZES",
    "Factor",
    "FeaturesModel",
    "balanced_gain",
    "crossing",
    "flow_limit",
    "follow",
    "large",
    "learned_from",
    "load",
    "measure",
    "oscillates_from",
    "summary",
    "sweep_rows",
]
