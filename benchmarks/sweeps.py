"""How fast a sweep draws and trains runs with fresh seeds, and how fast it could be."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch

from benchmarks.machine import cores
from benchmarks.parts import reduced
from benchmarks.sizes import SIZES, draw
from benchmarks.timing import in_turns, timed
from benign_osc_lib import sweep

N_TEST = 100
"""Fresh test points of either kind, the default of ``sweep``."""


def sweeps(plan, bar):
    """Time a sweep of the paper's cell over seeds that are new in every round, and its floor.

    The floor is what no sweep can do without: the numbers of every seed, drawn on all cores into
    memory that is used again and again; and the training of runs whose data are there.

    Args:
        plan: how many runs, how many rounds.
        bar: a progress bar; it moves once for each of four measurements in each round.

    Returns:
        A dictionary: ``runs`` of a call; ``numbers`` that a seed draws; the best microseconds a
        run ``sweep_us``, ``draw_us`` and ``train_us``, and ``projected_us`` of a sweep whose test
        points are projections; ``floor_us``, drawing and training; the ``ratio`` of the sweep to
        it; and ``runs_per_s``.
    """
    runs = plan.sweep_runs
    data, weights = draw(runs, **SIZES)
    first = iter(range(0, 10**9, runs))

    def seeds():
        start = next(first)
        return range(start, start + runs)

    by = {"n_test": N_TEST, "progress": False}
    calls = {
        "sweep_us": lambda: sweep({}, seeds(), **by),
        "projected_us": lambda: sweep({}, seeds(), test_points="projections", **by),
        "draw_us": lambda: draw_alone(seeds(), cores()),
        "train_us": partial(reduced, data, weights, SIZES["lr"], SIZES["epochs"]),
    }
    times = {name: [] for name in calls}
    for call in calls.values():
        call()
    for name in in_turns(calls, plan.repeats):
        times[name] += timed(calls[name], cores(), plan.at_least)
        bar.update()
    found = {name: 1e6 * min(seconds) / runs for name, seconds in times.items()}
    floor_us = found["draw_us"] + found["train_us"]
    return {
        "runs": runs,
        "numbers": sum(map(np.size, rooms())),
        **found,
        "floor_us": floor_us,
        "ratio": found["sweep_us"] / floor_us,
        "runs_per_s": 1e6 / found["sweep_us"],
    }


def rooms():
    """Arrays for all that a seed draws, in order.

    Labels and noise of the points, the initial weights, labels and noise of the test points. What
    is uniform has two axes, what is normal has three.
    """
    n, m, d, n_test = SIZES["n"], SIZES["m"], SIZES["d"], 2 * N_TEST
    shapes = [(2, n), (n, 2, d), (2, m, d), (2, n_test), (n_test, 2, d)]
    return [np.empty(shape) for shape in shapes]


def draw_seed(generator, arrays):
    """Draw them."""
    for numbers in map(torch.from_numpy, arrays):
        fill = numbers.uniform_ if numbers.dim() == 2 else numbers.normal_
        fill(generator=generator)


def draw_alone(seeds, threads):
    """Draw the numbers of all seeds, each by its own generator, in threads."""

    def some(part):
        arrays = rooms()
        for seed in part.tolist():
            draw_seed(torch.Generator().manual_seed(seed), arrays)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, np.array_split(np.arange(seeds.start, seeds.stop), threads)))
