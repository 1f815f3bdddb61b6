"""What several tests of the theory need."""

import math
from functools import cache

from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, init_weights, metrics, theory, train
from benign_osc_lib import many_points as mp
from tests.library.common import seeded

MODEL = FeatureNoiseModel(d=40, u_norm=2.0, v_norm=0.5, noise_norm=0.8)
M, LR = 8, 1.2
KAPPA, NU = theory.kappa(LR, 2.0, M), MODEL.nu

LATER_FORMULAS = {  # arguments of formulas, for tests/library/test_formula.py
    "point_sharpness": {"s": 0.7, "q": 0.2, "kappa": 1.2, "nu": 0.04},
    "cycle_sharpness": {"kappa": 1.2},
    "landing_sharpness": {"kappa": 1.2, "nu": 0.04},
    "central_growth_rate": {"kappa": 1.2, "nu": 0.04},
    "turning_level": {"kappa": 1.7},
    "silent_cycle": {"kappa": 1.7},
    "settling_factor": {"kappa": 0.6, "nu": 0.04, "start": 0.1},
    "change_budget": {"room": 4.0, "largest": 1.2, "nu": 0.04},
    "barrier_factor": {"kappa": 1.2, "nu": 0.04, "opposite": 0.01},
    "energy_gain": {"e": 0.3, "sharpness": 1.1},
    "alternating_amplitude": {"mu": 0.1},
    "settling_margins": {"s_0": 0.1, "q_0": 1e-3, "kappa": 1.08, "nu": 0.04},
    "settling_steps": {
        **{"overshoot": 1e-3, "s_0": 0.1, "q_0": 1e-4},
        **{"kappa": 1.08, "nu": 0.04, "theta": 0.5},
    },
    "small_overshoot_constant": {"kappa": 1.08, "nu": 0.04, "density": 0.8},
    "settling_time": {
        **{"p": 0.01, "s_low": 0.1, "s_high": 0.2, "q_0": 1e-4},
        **{"kappa": 1.08, "nu": 0.04, "theta": 0.5, "density": 0.8},
    },
    "slow_curve": {"e": 0.2, "kappa": 1.2, "nu": 0.04},
    "landing_second_order": {"kappa": 1.2, "nu": 0.04},
    "rest_with_decay": {"kappa": 0.9, "nu": 0.04, "decay": 0.01},
    "rest_limit": {"slope_square": 4.0, "second_layer": 0.5},
    "power_limits": {"degree": 3.0, "m": 8},
    "wrong_labels": {"share": 0.2},
    "label_noise": {"size": 0.1, "kappa": 0.5, "nu": 0.04, "q": 0.1},
    "sam_cycle": {"radius": 0.1, "kappa": 0.5, "nu": 0.04, "u_norm": 2.0, "m": 8, "q": 0.1},
}

oscillating = st.floats(1.0, 4.0)


def odd_map(z, kappa):
    return z * (1 + kappa - kappa * z**2)


def small_start(c, log_total, share):
    """s_0 and q_0 with the sum c² e^{log_total}, at most c² as (H3) of appendix G asks."""
    total = c**2 * math.exp(log_total)
    return total * share, total * (1 - share)


def drawn(weights, patches, y):
    """What the filters of sign y draw from patches."""
    own = weights[0 if y == 1 else 1]
    return float(metrics.learned_signal(patches @ own.T).sum())


@cache
def class_run():
    """Points with orthogonal noise, the start, and a run at the large rate."""
    points = mp.with_orthogonal_noise(MODEL.sample(12, n_weak=3, generator=seeded(5)), 0.8)
    w = init_weights(M, 40, 1 / 16, generator=seeded(6))
    return points, w, train(points, w, LR, epochs=60)
