"""One signal and noise (chapter 9), under one name.

The model is written in ``signal_noise_data.py``, the signals of weights in ``signals.py``, the map
and its bounds in ``theory/signal_noise.py``.
"""

from .signal_noise_data import SignalNoiseModel
from .signals import Signals
from .signals import of_signal_and_noise as signals
from .theory.signal_noise import (
    Orbit,
    epoch_determinant,
    epoch_matrix,
    epoch_multiplier,
    flow_limit,
    largest_output,
    orbit,
    potential,
)

__all__ = [
    "SignalNoiseModel",
    "Signals",
    "signals",
    "Orbit",
    "orbit",
    "potential",
    "flow_limit",
    "largest_output",
    "epoch_matrix",
    "epoch_multiplier",
    "epoch_determinant",
]
