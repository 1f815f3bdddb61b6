"""The model, the training loop and the theory of the Benign Oscillation book.

The symbols of the docstrings are the paper's (Lu, Wu, Yang and Zou, ICLR 2024); the book's
notation page defines each of them once. Figures and sliders live in ``benign_osc_lib.plotting``
and ``benign_osc_lib.widgets``, which you import yourself: figures need matplotlib.
"""

from . import assumptions, metrics, signals, theory
from ._version import __version__ as __version__
from .activations import Activation
from .data import FeatureNoiseModel
from .network import init_weights, predict
from .patch_data import PatchData, noiseless_point
from .rule import Rule
from .run import Run
from .seeds import generators
from .sgd import sgd_step
from .training import resume, train


def __getattr__(name):
    if name == "sweep":  # xarray takes half a second to import
        from .sweeps import sweep

        return sweep
    if name == "check":
        from .exercises import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Activation",
    "FeatureNoiseModel",
    "PatchData",
    "Rule",
    "Run",
    "assumptions",
    "check",
    "generators",
    "init_weights",
    "metrics",
    "noiseless_point",
    "predict",
    "resume",
    "sgd_step",
    "signals",
    "sweep",
    "theory",
    "train",
]
