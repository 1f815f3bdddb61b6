"""The exact dynamics of one noiseless data point (chapter 4), under one name.

The map is written in ``theory/one_point.py``, the signals of weights in ``signals.py``.
"""

from .signals import at_point as signals
from .theory.one_point import Orbit, orbit

__all__ = [
    "Orbit",
    "orbit",
    "signals",
]
