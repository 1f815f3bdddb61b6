"""Real images beside a planted shortcut (chapter 15): scikit-learn's digits, two classes at a time.

``pair`` makes training and test points for the paper's network, ``trained`` trains it for many
seeds, ``preferred_directions`` says from the training images alone what oscillation should teach.
What ``tools/digits.py`` made of tens of thousands of runs is read by ``load``. The plain network
that stands beside the paper's is in ``digits.mlp``.
"""

from . import mlp as mlp
from .cells import NEIGHBOURS, ONSET, ONSET_KAPPAS, SETTINGS, SOME_KAPPAS, load, measure_rates
from .mlp_cells import KINDS, RATES, mlp_rates, mlp_start
from .pairs import SHORTCUT_NORM, pair
from .preferred import preferred_directions
from .runs import CALM, KAPPAS, PAIRS, Setting, Trained, calmed, measure, trained
from .source import images

__all__ = [
    "CALM",
    "KAPPAS",
    "KINDS",
    "NEIGHBOURS",
    "ONSET",
    "ONSET_KAPPAS",
    "PAIRS",
    "RATES",
    "SETTINGS",
    "SHORTCUT_NORM",
    "SOME_KAPPAS",
    "Setting",
    "Trained",
    "calmed",
    "images",
    "load",
    "measure",
    "measure_rates",
    "mlp_rates",
    "mlp_start",
    "pair",
    "preferred_directions",
    "trained",
]
