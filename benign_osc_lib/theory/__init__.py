"""Thresholds, rates and bounds of the theory, each with its chapter and source.

One file a subject; the formulas of one data point are offered here as ``theory.kappa`` and so on.
Numbers, NumPy arrays and tensors all work, element by element, and come back as what they were.

=================  ==============================================================  ========
file               subject                                                         chapter
=================  ==============================================================  ========
``scales``         κ, ν and the limits of κ                                        2 to 5
``small_rate``     learning without an oscillation that lasts                      4, 5
``one_point``      the exact map of four signals                                   4
``cubic_map``      the map that the strong signal follows                          5
``two_cycles``     the 2-cycle, alone and beside a weak signal                     5 to 7
``potentials``     the potential, its gain, the surplus and the budget             6
``growth``         how fast the weak signal grows                                  6
``energy``         what a step does to the length of the weights                   7
``stopping``       where the oscillation stops                                     7
``settling``       how long that takes, as a bound                                 7
``ledger``         the constants in one table                                      7
``class_map``      the exact map of one class of many points                       8
``class_limit``    where such a class stops                                        8
``noise_at_test``  what fresh noise does at a test point                           8
``signal_noise``   one signal and noise: map, potential, limits, edge              9
``curvature``      curvature of one point, off the fit and on the 2-cycle          14
``edge``           the central flow, which keeps the sharpness at 2/η              14
``averaging``      the curve of the slow drift, and the landing                    D
``turned_class``   how deep one class of two must be turned to matter              11
``rules``          thresholds of other rules than plain SGD                        J
``batches``        thresholds of batches drawn at random                           J
``disturbed``      label noise and sharpness-aware steps at rest                   J
``many_points``    what noise the signs bear, how many visits are needed           12
``assumptions``    the paper's Assumption 3 on numbers                             2
=================  ==============================================================  ========

A file has another name than a function in it wherever both would be called the same.
"""

from . import (
    assumptions,
    class_limit,
    class_map,
    cubic_map,
    many_points,
    noise_at_test,
    one_point,
    signal_noise,
)
from .averaging import landing_second_order, slow_curve
from .batches import batch_exponent, batch_limit, batch_limit_almost_surely
from .curvature import cycle_sharpness, landing_sharpness, point_sharpness
from .disturbed import label_noise, sam_cycle
from .edge import central_flow, central_growth_rate
from .energy import energy_gain
from .growth import growth_rate, time_to_learn, weak_signal_curve
from .ledger import Constant, constants
from .potentials import (
    change_budget,
    potential,
    potential_gain,
    potential_gain_bound,
    residual_surplus,
)
from .rules import (
    kappa_limit,
    power_limits,
    rest_limit,
    rest_with_decay,
    sharpness_limit,
    wrong_labels,
)
from .scales import (
    ALTERNATION_LIMIT,
    ESCAPE,
    MONOTONE_LIMIT,
    SIGN_LIMIT,
    STABLE_CYCLE_LIMIT,
    kappa,
    nu,
)
from .settling import (
    alternating_amplitude,
    settling_margins,
    settling_steps,
    settling_time,
    small_overshoot_constant,
)
from .small_rate import settling_factor, smooth_exponents, smooth_limit
from .stopping import (
    barrier_factor,
    landing_weak_signal,
    largest_signal,
    relative_sharpness,
    smallest_factor,
    squared_residual_budget,
    stopping_margins,
    strong_signal_floor,
    terminal_weak_signal,
)
from .turned_class import silent_cycle, turning_level
from .two_cycles import (
    mean_residual,
    oscillation_amplitude,
    self_consistent_delta,
    two_cycle,
    two_cycle_multiplier,
    weak_signal_at_amplitude,
)

__all__ = [
    "assumptions",
    "class_limit",
    "class_map",
    "cubic_map",
    "many_points",
    "noise_at_test",
    "one_point",
    "signal_noise",
    "kappa",
    "nu",
    "SIGN_LIMIT",
    "STABLE_CYCLE_LIMIT",
    "ALTERNATION_LIMIT",
    "ESCAPE",
    "MONOTONE_LIMIT",
    "smooth_limit",
    "smooth_exponents",
    "settling_factor",
    "two_cycle",
    "two_cycle_multiplier",
    "mean_residual",
    "oscillation_amplitude",
    "weak_signal_at_amplitude",
    "self_consistent_delta",
    "potential",
    "potential_gain",
    "potential_gain_bound",
    "residual_surplus",
    "change_budget",
    "growth_rate",
    "weak_signal_curve",
    "time_to_learn",
    "terminal_weak_signal",
    "relative_sharpness",
    "landing_weak_signal",
    "energy_gain",
    "largest_signal",
    "smallest_factor",
    "stopping_margins",
    "barrier_factor",
    "strong_signal_floor",
    "squared_residual_budget",
    "alternating_amplitude",
    "settling_margins",
    "settling_steps",
    "small_overshoot_constant",
    "settling_time",
    "slow_curve",
    "landing_second_order",
    "turning_level",
    "silent_cycle",
    "sharpness_limit",
    "kappa_limit",
    "rest_with_decay",
    "rest_limit",
    "power_limits",
    "wrong_labels",
    "batch_limit",
    "batch_limit_almost_surely",
    "batch_exponent",
    "label_noise",
    "sam_cycle",
    "point_sharpness",
    "cycle_sharpness",
    "landing_sharpness",
    "central_growth_rate",
    "central_flow",
    "Constant",
    "constants",
]
