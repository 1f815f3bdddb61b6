"""What is essential (chapter 13): one factor at a time is changed in the setting of §4.3.

``FACTORS`` has each factor with its prediction; ``measure`` runs one, with any seeds and rates;
``reduce_runs``, ``threshold``, ``broken_from``, ``best`` and ``answer`` say what came of it;
``ratchet`` follows Φ; ``order_limit`` knows momentum in a given order; ``load`` reads what
``tools/essentials.py`` has stored.
"""

from .cells import Cell, answer, best, broken_from, reduce_runs, threshold
from .factor import SLOWER, Factor
from .factors import FACTORS, slower
from .orders import order_limit
from .ratchet import ratchet
from .runs import measure
from .store import load, sweep_of
from .summary import Summary, summary

__all__ = [
    "FACTORS",
    "SLOWER",
    "Cell",
    "Factor",
    "Summary",
    "answer",
    "best",
    "broken_from",
    "load",
    "measure",
    "order_limit",
    "ratchet",
    "reduce_runs",
    "slower",
    "summary",
    "sweep_of",
    "threshold",
]
