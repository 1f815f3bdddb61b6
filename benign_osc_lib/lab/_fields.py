"""The numbers of a laboratory: their ranges and first values, as in ``state.js``."""

from .. import _checks

VIEWS = ("all", "point", "potential", "cobweb", "network", "phase")
"""What a laboratory can show: one view, or all of them under tabs."""

DIAGRAMS = ("nu", "rho", "noise")
"""The phase diagrams, by their names in ``benign_osc_lib.phase``."""

NUMBERS = {
    "kappa": (0.05, 2.2, 1.2),
    "nu": (0.005, 0.64, 0.04),
    "strong": (1e-4, 0.5, 0.0078),
    "weak": (1e-6, 0.5, 0.0003),
    "steps": (20, 3000, 1500),
    "e": (-0.95, 1.0, -0.6),
    "z": (0.02, 1.5, 0.2),
    "noise_norm": (0.0, 3.2, 0.8),
    "n_weak": (0, 8, 2),
    "m": (1, 20, 8),
    "scale": (0.0025, 0.25, 1 / 16),
    "epochs": (20, 400, 200),
    "seed": (0, 9999, 1),
}
"""Least and largest value and the first one; an integer where that is one."""


def checked(name, value):
    """The value of an attribute of a laboratory, or an error that says what is allowed."""
    words = {"view": VIEWS, "diagram": DIAGRAMS}
    if name in words:
        _checks.one_of(name, value, words[name])
        return value
    low, high, first = NUMBERS[name]
    if isinstance(first, int):
        return _checks.integer(name, value, low=low, high=high)
    value = _checks.real_number(name, value)
    _checks.all_between(name, value, low, high, low_open=False, high_open=False)
    return value
