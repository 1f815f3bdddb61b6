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

__all__ = [
    "CLASSES",
    "FACTORS",
    "KAPPAS",
    "LEARNED",
    "SIZES",
    "Factor",
    "FeaturesModel",
    "balanced_gain",
    "flow_limit",
    "follow",
    "learned_from",
    "oscillates_from",
]
