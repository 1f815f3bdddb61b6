"""How much the benchmark measures: a full and a quick plan."""

from dataclasses import dataclass

from benchmarks.rules import RULES
from benchmarks.sizes import SIZES


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        runs: in a call, in the table.
        epochs: of each.
        repeats: rounds in which all take turns.
        at_least: seconds that the calls of one peer take together in a round.
        axes: the values of each curve.
        curve_runs: runs in a call, in all curves but that over runs.
        curve_steps: steps of a run, in all curves but that over epochs.
        curve_steps_full: the same with full weights, where nothing is set up.
        rules: which rules are compared.
        short_epochs: of a short run.
        sweep_runs: runs of a sweep.
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
    rules: list
    short_epochs: int
    sweep_runs: int
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
    repeats=5,
    at_least=0.2,
    axes={
        "runs": [1, 4, 16, 64, 256, 1024, 4096],
        "epochs": [1, 5, 20, 100, 500],
        "m": [1, 2, 4, 8, 16, 32, 64],
        "n": [4, 8, 16, 32, 64, 128],
        "patches": [3, 4, 8, 16],
        "d": [16, 64, 256, 1024, 4096],
    },
    curve_runs=64,
    curve_steps=STEPS,
    curve_steps_full=STEPS // 10,
    rules=[*RULES],
    short_epochs=20,
    sweep_runs=2000,
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
    axes={
        "runs": [1, 4],
        "epochs": [1, 2],
        "m": [3, 8],
        "n": [4, 8],
        "patches": [3],
        "d": [16, 32],
    },
    curve_runs=2,
    curve_steps=32,
    curve_steps_full=32,
    rules=["plain", "momentum", "label_noise"],
    short_epochs=1,
    sweep_runs=4,
    large_d=1000,
    long=200,
    memory_runs=100,
    imports=1,
    try_threads=False,
    first_call=False,
    floor={"times": 10**5, "repeats": 1},
)
