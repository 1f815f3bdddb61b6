"""How the cost of a step grows with the number of runs, their epochs, m, n, P and d."""

from functools import partial
from math import inf

from benchmarks.parts import step_alone
from benchmarks.peers import PEERS
from benchmarks.sizes import SIZES, draw, rate
from benchmarks.timing import thread_counts, timed

LONG = 1.0
"""Seconds; a call that takes longer is not repeated."""


def curves(functions, plan, bar):
    """Microseconds per step and run along each axis, the other sizes as in the paper.

    Args:
        functions: the peers by name.
        plan: the values on each axis, and how many runs and steps.
        bar: a progress bar; it moves once for each peer and value.

    Returns:
        A dictionary by axis: ``values``, and ``us``, the times of each peer; on the axis of d also
        ``step_us``, a step of the reduced engine alone.
    """
    found = {}
    for axis, values in plan.axes.items():
        us = {name: [] for name in functions}
        found[axis] = {"values": values, "us": us}
        for value in values:
            sizes = {**SIZES, "epochs": None, "runs": plan.curve_runs, axis: value}
            sizes["n_weak"] = max(1, sizes["n"] // 8)
            data, weights = draw(**sizes)
            for name, function in functions.items():
                us[name].append(cost(function, PEERS[name], data, weights, sizes["epochs"], plan))
                bar.update()
            if axis == "d":
                epochs = plan.curve_steps // sizes["n"]
                step = step_alone(data, weights, epochs, plan)["step_us"]
                found[axis].setdefault("step_us", []).append(step)
    return found


def cost(function, peer, data, weights, epochs, plan):
    """The best time of a peer, in microseconds per step and run.

    ``epochs`` None stands for so many that a run has the steps of the plan.
    """
    n, m = data.y.shape[-1], weights.shape[-2]
    runs = 1 if peer.one_by_one else len(data.y)
    steps = plan.curve_steps_full if peer.full_weights else plan.curve_steps
    epochs = epochs or max(1, steps // n)
    call = partial(function, data[:runs], weights[:runs], rate(m), epochs)
    call()
    best = inf
    for _ in range(2):
        for threads in thread_counts(peer, plan):
            best = min(best, *timed(call, threads, plan.at_least / 2))
        if best > LONG:
            break
    return 1e6 * best / (runs * epochs * n)
