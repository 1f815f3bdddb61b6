"""What the benchmark trains, and how much of it: the paper's runs, and a full or a quick plan."""

from dataclasses import dataclass

import torch

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights
from benign_osc_lib.sweeps import DEFAULTS

SIZES = {name: DEFAULTS[name] for name in ("n", "n_weak", "d", "m", "lr", "epochs")}
"""The paper's experiment, section 4.3."""

NORMS = {name: DEFAULTS[name] for name in ("u_norm", "v_norm", "noise_norm")}
"""Of the features and of the noise, there."""


def rate(m):
    """The learning rate of networks with m filters a sign that has the paper's κ = 2η‖u‖²/m."""
    return SIZES["lr"] * m / SIZES["m"]


def draw(runs, *, n, n_weak, d, m, **_):
    """Data sets and initial weights of independent runs, with the paper's norms.

    Args:
        runs: how many.
        n: points of each.
        n_weak: how many of them are weak.
        d: dimension of a patch.
        m: filters a sign.

    Returns:
        PatchData with x (runs, n, 3, d), and weights (runs, 2, m, d), in float64. Other sizes, such
        as the learning rate, are ignored, so that all of ``SIZES`` can be given.
    """
    seeds = generators(range(runs))
    model = FeatureNoiseModel(d=d, **NORMS)
    data = model.sample(n, n_weak=n_weak, generator=seeds, dtype=torch.float64)
    weights = init_weights(m, d, DEFAULTS["scale"], generator=seeds, dtype=torch.float64)
    return data, weights


def in_float32(data, weights):
    """The same in single precision."""
    floats = {name: getattr(data, name).float() for name in ("x", "y", "u", "v")}
    return PatchData(is_weak=data.is_weak, **floats), weights.float()


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        runs: in a call, in the table.
        epochs: of each.
        repeats: rounds in which all take turns.
        at_least: seconds that the calls of one peer take together in a round.
        axes: the values of each curve.
        curve_runs: runs in a call, in the curves over m, n and d.
        curve_steps: steps of a run in the curves.
        curve_steps_full: the same with full weights, where nothing is set up.
        large_d: a second dimension, for the price of d.
        long: epochs that show what a single step costs.
        memory_runs: runs of the call whose memory is measured.
        imports: how often the import is timed.
        try_threads: whether to try one thread and all cores where either may be faster.
        first_call: whether to measure how long the compiler takes.
        floor: how often the processor's arithmetic is measured, and for how long.
    """

    runs: int
    epochs: int
    repeats: int
    at_least: float
    axes: dict
    curve_runs: int
    curve_steps: int
    curve_steps_full: int
    large_d: int
    long: int
    memory_runs: int
    imports: int
    try_threads: bool
    first_call: bool
    floor: dict


STEPS = SIZES["epochs"] * SIZES["n"]
"""Of one of the paper's runs."""

FULL = Plan(
    runs=400,
    epochs=SIZES["epochs"],
    repeats=7,
    at_least=0.2,
    axes={
        "runs": [1, 4, 16, 64, 256, 1024, 4096],
        "m": [1, 2, 4, 8, 16, 32, 64],
        "n": [4, 8, 16, 32, 64, 128],
        "d": [16, 64, 256, 1024, 4096],
    },
    curve_runs=64,
    curve_steps=STEPS,
    curve_steps_full=STEPS // 10,
    large_d=100_000,
    long=100_000,
    memory_runs=4000,
    imports=5,
    try_threads=True,
    first_call=True,
    floor={},
)

QUICK = Plan(
    runs=8,
    epochs=2,
    repeats=1,
    at_least=0.0,
    axes={"runs": [1, 4], "m": [8, 16], "n": [4, 8], "d": [16, 32]},
    curve_runs=2,
    curve_steps=32,
    curve_steps_full=32,
    large_d=1000,
    long=200,
    memory_runs=100,
    imports=1,
    try_threads=False,
    first_call=False,
    floor={"times": 10**5, "repeats": 1},
)
