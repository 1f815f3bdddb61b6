"""The formulas that the laboratory draws are those of the library."""

import itertools

import numpy as np
import pytest

from benign_osc_lib import cubic_map, theory
from tests.library.lab.common import floats

KAPPAS, NUS = (1.0, 1.1, 1.2, 1.6, 2.2), (0.0, 0.005, 0.04, 0.5, 0.9)
SMALL = (0.05, 0.5, 0.99)
E = (-2.0, -0.5, -0.1, 0.0, 0.3, 1.0)

FORMULAS = {  # the laboratory's name: the library's, and values of each argument
    "kappa": (theory.kappa, (0.1, 1.2), (2.0, 3.0), (8, 20)),
    "nu": (theory.nu, (2.0, 3.0), (0.4, 1.0)),
    "twoCycle": (theory.two_cycle, KAPPAS),
    "twoCycleMultiplier": (theory.two_cycle_multiplier, KAPPAS),
    "meanResidual": (theory.mean_residual, KAPPAS),
    "oscillationAmplitude": (theory.oscillation_amplitude, (0.0, 0.1, 0.9), SMALL + KAPPAS),
    "terminalWeakSignal": (theory.terminal_weak_signal, SMALL + KAPPAS, NUS),
    "landingWeakSignal": (theory.landing_weak_signal, KAPPAS, NUS),
    "relativeSharpness": (theory.relative_sharpness, (0.0, 0.5), (0.0, 0.5), KAPPAS, NUS),
    "potential": (theory.potential, (-0.1, 0.0, 0.3, 2.0), (-0.1, 0.0, 0.3), NUS),
    "potentialGain": (theory.potential_gain, E, SMALL + KAPPAS, NUS),
    "potentialGainBound": (theory.potential_gain_bound, E, SMALL + KAPPAS, NUS),
    "growthRate": (theory.growth_rate, KAPPAS, NUS),
    "weakSignalCurve": (theory.weak_signal_curve, (0.0, 50.0, 1000.0), (1e-4,), KAPPAS[1:], NUS),
    "cubicStep": (cubic_map.step, (-0.4, 0.0, 0.7, 1.5), SMALL + KAPPAS),
    "criticalPoint": (cubic_map.critical_point, SMALL + KAPPAS),
    "smallestFactor": (theory.smallest_factor, SMALL + KAPPAS),
}

CONSTANTS = {
    name: getattr(theory, name)
    for name in (
        "SIGN_LIMIT",
        "STABLE_CYCLE_LIMIT",
        "ALTERNATION_LIMIT",
        "ESCAPE",
        "MONOTONE_LIMIT",
    )
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_the_librarys(node, name):
    formula, *values = FORMULAS[name]
    rows = list(itertools.product(*values))
    theirs = floats([formula(*row) for row in rows])
    mine = floats(node("each", name, rows))
    np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_limit_is_the_librarys(node, name):
    assert node("constant", name) == pytest.approx(CONSTANTS[name], rel=1e-15, abs=0)


def test_the_learning_rate_of_a_kappa(node):
    assert theory.kappa(node("call", "learningRate", 1.3, 2.0, 20), 2.0, 20) == pytest.approx(1.3)
