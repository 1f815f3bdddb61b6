"""Factors of the network and of the step, with what was expected (chapter 13).

The predictions were written, and committed, before the first run: see :mod:`.factors`.
"""

import math

from ..activations import Activation
from ..rule import Rule
from .factor import Factor


def _around(threshold):
    """A sweep around a predicted threshold."""
    shares = (0.25, 0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5, 1.75, 2)
    return tuple(round(threshold * share, 3) for share in shares)


RELU_1_5 = Activation(
    lambda z: z.clamp(min=0).pow(1.5),
    lambda z: max(z, 0.0) * math.sqrt(max(z, 0.0)),
    lambda z: 1.5 * math.sqrt(max(z, 0.0)),
    "relu1.5",
)
"""σ(z) = max(z, 0)^{3/2}, an activation that the library does not name."""

STEPS = (
    Factor("baseline", "as in §4.3", "Threshold 1; beyond it v is learned.", "yes"),
    # Activations: thresholds of rest, Proposition J.1 and Corollary J.2.
    Factor(
        "relu",
        "ReLU",
        "All filters become active, so rest ends at κ = 4, and there the overshoot turns them all. "
        "Growth is a sum and no product: v gets the share ν at every rate, and that is enough.",
        "at every rate",
        threshold=4.0,
        lost=4.0,
        phi=False,
        rule=Rule(activation="relu"),
        kappas=(0.3, 0.5, 1.0, 2.0, 3.0, 3.5, 3.8, 4.0, 4.2, 4.8, 6.0, 8.0),
    ),
    Factor(
        "relu1.5",
        "ReLU to the power 1.5",
        "The filters even out: rest ends at 4/1.5² = 1.78. v grows faster than with squares.",
        "yes",
        threshold=1.78,
        phi=False,
        rule=Rule(activation=RELU_1_5),
        kappas=_around(1.78),
    ),
    Factor(
        "relu3",
        "ReLU cubed",
        "One filter outgrows the others, so rest ends between 0.22 and 0.44, near 0.25. v grows "
        "far too slowly from a small start.",
        "no",
        threshold=0.25,
        phi=False,
        rule=Rule(activation="relu3"),
        kappas=(0.1, 0.15, 0.2, 0.22, 0.25, 0.28, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6),
    ),
    Factor(
        "quadratic",
        "square, both signs",
        "An even activation gives y u and −y u the same answer: neither class is learned.",
        "no",
        threshold=None,
        at=1.2,
        rule=Rule(activation="quadratic"),
    ),
    Factor(
        "gelu",
        "GELU",
        "Nearly linear: the filters of both signs share the answer, rest ends near 3.4; like ReLU "
        "v gets its share at every rate.",
        "at every rate",
        threshold=3.4,
        phi=False,
        rule=Rule(activation="gelu"),
        kappas=_around(3.4),
    ),
    # A trained second layer: Proposition J.1 with four equal filters of eight, on balanced paths.
    Factor(
        "second-layer",
        "second layer trained",
        "It adds to the curvature: rest ends at 0.83. v is learned beyond.",
        "yes",
        threshold=0.83,
        rule=Rule(second_layer="trained"),
        kappas=_around(0.83),
    ),
    Factor(
        "second-layer-inside",
        "the same, 1/m in the weights",
        "The second layer moves m² times faster: rest ends at 0.265. v is learned beyond.",
        "yes",
        threshold=0.265,
        rule=Rule(second_layer="trained", second_layer_rate=64.0),
        kappas=_around(0.265),
    ),
    # Batches: the almost sure limit of Proposition J.3 with 7 strong points a class of 16.
    Factor(
        "batch-2",
        "batches of 2",
        "A batch mixes the classes: threshold 1.74. Batches of one class then push beyond the "
        "sign limit, and a class is lost.",
        "no",
        threshold=1.74,
        lost=1.74,
        rule=Rule(batch_size=2),
        kappas=(0.5, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.09, 2.3, 2.6),
    ),
    Factor(
        "batch-4",
        "batches of 4",
        "As for 2, threshold 2.58.",
        "no",
        threshold=2.58,
        lost=2.58,
        rule=Rule(batch_size=4),
        kappas=(0.6, 1.2, 1.5, 1.7, 1.9, 2.1, 2.3, 2.5, 2.7, 2.9, 3.1, 3.4, 3.8),
    ),
    Factor(
        "batch-8",
        "batches of 8",
        "As for 2, threshold 2.49.",
        "no",
        threshold=2.49,
        lost=2.6,
        rule=Rule(batch_size=8),
        kappas=(0.6, 1.2, 1.5, 1.7, 1.9, 2.1, 2.3, 2.5, 2.7, 3.0, 3.4, 3.8, 4.2),
    ),
    Factor(
        "batch-16",
        "all 16 at once",
        "Gradient descent: κ acts as κ times the share of the class, threshold 16/7 = 2.29, and "
        "v is learned beyond.",
        "yes",
        threshold=2.29,
        rule=Rule(batch_size=16),
        kappas=(0.6, 1.2, 1.6, 1.8, 2.0, 2.15, 2.3, 2.5, 2.75, 3.0, 3.3, 3.7, 4.2),
    ),
    Factor(
        "shuffled",
        "a new order every epoch",
        "Nothing changes.",
        "yes",
        changes={"order": "shuffled"},
    ),
    # Momentum: Corollary J.1 for a point that is visited every second step.
    Factor(
        "momentum-0.5",
        "heavy ball, 0.5",
        "Between the visits to a class the ball rolls on: threshold 0.83. v is learned beyond.",
        "yes",
        threshold=0.833,
        rule=Rule(momentum=0.5),
        kappas=(0.2, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
    ),
    Factor(
        "momentum-0.9",
        "heavy ball, 0.9",
        "Threshold 0.95, but from a small start the filters turn before (appendix J: 0.74).",
        "no",
        threshold=0.953,
        lost=0.74,
        rule=Rule(momentum=0.9),
        kappas=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.144, 1.3, 1.5, 1.9),
    ),
    Factor(
        "nesterov-0.5",
        "Nesterov, 0.5",
        "Threshold 0.625. v is learned beyond.",
        "yes",
        threshold=0.625,
        phi=False,
        rule=Rule(momentum=0.5, nesterov=True),
        kappas=_around(0.625),
    ),
    Factor(
        "nesterov-0.9",
        "Nesterov, 0.9",
        "Threshold 0.51. v is learned beyond.",
        "yes",
        threshold=0.514,
        phi=False,
        rule=Rule(momentum=0.9, nesterov=True),
        kappas=_around(0.514),
    ),
)
"""The unchanged experiment, activations, second layer, batches, order, momentum."""
