"""The parts of a call of the reduced engine: its steps, and what is done once."""

import time
from functools import partial
from math import inf

from benchmarks import floor
from benchmarks.machine import cores
from benchmarks.sizes import SIZES, draw, rate
from benchmarks.timing import in_turns, seconds, timed
from benign_osc_lib import train


def reduced(data, weights, lr, epochs, **options):
    """Train with the reduced engine and record nothing on the way."""
    return train(data, weights, lr, epochs=epochs, record_every=None, engine="reduced", **options)


def step_alone(data, weights, epochs, plan):
    """Microseconds of a step of a run, and of what is done once a run.

    From calls with so many epochs and with ten times as many, in turns.
    """
    times = {epochs: [], 10 * epochs: []}
    for length in in_turns(times, plan.repeats):
        call = partial(reduced, data, weights, SIZES["lr"], length)
        times[length] += timed(call, cores(), plan.at_least / 4)
    short, long = (1e6 * min(found) / len(data.y) for found in times.values())
    n = data.y.shape[-1]
    step = (long - short) / (9 * epochs * n)
    return {"step_us": step, "run_us": short - step * epochs * n}


def set_up(plan):
    """The same at the paper's sizes."""
    return step_alone(*draw(plan.runs, **SIZES), plan.epochs, plan)


def cost_of_d(plan):
    """What d costs: a step, and what is done once a run. One run, one thread, processor time.

    What is done once has a part for the data (the distinct patches and their Gram matrix), and a
    part for each filter (its first inner products, its final weights). m and 2m tell them apart.
    """
    dimensions, m, long = [SIZES["d"], plan.large_d], SIZES["m"], plan.long
    inputs = {
        (d, filters): draw(1, **{**SIZES, "d": d, "m": filters})
        for d in dimensions
        for filters in (m, 2 * m)
    }
    cases = [(d, m, epochs) for d in dimensions for epochs in (long, 2 * long)]
    cases += [(d, filters, 1) for d, filters in inputs]
    calls = {
        (d, filters, epochs): partial(reduced, *inputs[d, filters], rate(filters), epochs)
        for d, filters, epochs in cases
    }
    best = dict.fromkeys(cases, inf)
    for call in calls.values():
        call()
    for case in in_turns(cases, plan.repeats):
        best[case] = min(best[case], *seconds(calls[case], clock=time.process_time))
    step = [
        1e6 * (best[d, m, 2 * long] - best[d, m, long]) / (long * SIZES["n"]) for d in dimensions
    ]
    once = [1e3 * best[d, m, 1] for d in dimensions]
    filters = [1e3 * (best[d, 2 * m, 1] - best[d, m, 1]) for d in dimensions]
    return {
        "d": dimensions,
        "epochs": long,
        "step_us": step,
        "ratio": step[1] / step[0],
        "once_ms": once,
        "filters_ms": filters,
        "gram_ms": [all_of_it - part for all_of_it, part in zip(once, filters, strict=True)],
    }


def against_the_floor(step_us, plan):
    """Operations of a step, what this CPU could do, and how near the engine is."""
    sizes = SIZES["n"], SIZES["n_weak"], SIZES["m"]
    operations = floor.operations(*sizes)
    peak = floor.peak(cores(), **plan.floor)
    reading = floor.peak_from_memory(cores(), *sizes, **plan.floor)
    floor_us = 1e6 * operations["total"] / peak
    return {
        "operations": operations,
        "peak": peak,
        "peak_from_memory": reading,
        "floor_us": floor_us,
        "responses_us": 1e6 * operations["responses"] / reading,
        "ratio": step_us / floor_us,
    }
