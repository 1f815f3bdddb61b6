"""What a call costs beside its steps: short runs, margins, the record; and writing it alone."""

from functools import partial

import torch

from benchmarks.machine import cores
from benchmarks.sizes import SIZES, draw
from benchmarks.timing import in_turns, timed
from benign_osc_lib import train

NOTHING = {"record_every": None}
"""Margins and the signals at the start and the end, as in the table of the page."""


def kinds(plan):
    """The calls: what `train` is given, by name."""
    return {
        "usual": {"epochs": plan.epochs, **NOTHING},
        "short": {"epochs": plan.short_epochs, **NOTHING},
        "one_epoch": {"epochs": 1, **NOTHING},
        "no_margins": {"epochs": plan.epochs, **NOTHING, "margins": False},
        "each_epoch": {"epochs": plan.epochs, "record_every": SIZES["n"]},
        "each_step": {"epochs": plan.epochs, "record_every": 1},
    }


def calls(plan, bar):
    """Time the calls of :func:`kinds` in turns, each with the writing of what it returns.

    Args:
        plan: how many runs, epochs and rounds.
        bar: a progress bar; it moves once for each call and round.

    Returns:
        A dictionary by name: ``epochs``; the best microseconds per step and run, ``us``; the bytes
        that come back a step, ``bytes``; and ``write_us``, a step's share of filling as much fresh
        memory with all threads and nothing else.
    """
    data, weights = draw(plan.runs, **SIZES)
    rows, both, times = {}, {}, {}
    for name, options in kinds(plan).items():
        call = partial(train, data, weights, SIZES["lr"], engine="reduced", **options)
        both[name], times[name] = (call, partial(write, returned(call()))), ([], [])
    for name in in_turns(both, plan.repeats):
        for one, found in zip(both[name], times[name], strict=True):
            found += timed(one, cores(), plan.at_least / 4)
        bar.update()
    for name, (call, writing) in both.items():
        epochs = call.keywords["epochs"]
        steps = epochs * SIZES["n"] * plan.runs
        us, write_us = (1e6 * min(found) / steps for found in times[name])
        size = writing.args[0] / steps
        rows[name] = {"epochs": epochs, "us": us, "bytes": size, "write_us": write_us}
    return rows


def returned(run):
    """Bytes of the tensors of a Run."""
    fields = (run.weights, run.margins, run.strong, run.weak, run.diverged_at)
    return sum(field.nbytes for field in fields if field is not None)


def write(size):
    """Fill so many bytes of fresh memory."""
    torch.empty(-(-size // 8), dtype=torch.float64).fill_(1.0)
