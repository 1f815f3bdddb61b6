"""The table: every peer trains the paper's runs."""

from functools import partial
from statistics import median

from benchmarks.peers import PEERS
from benchmarks.sizes import SIZES, draw, in_float32
from benchmarks.timing import in_turns, seconds, thread_counts, timed


def compare(functions, plan, bar):
    """Train the paper's runs with every peer, round after round.

    Args:
        functions: the peers by name, "reduced" among them.
        plan: how many runs, epochs and rounds.
        bar: a progress bar; it moves ``1 + plan.repeats`` times for each peer.

    Returns:
        A row for each peer, by name: a dictionary of numbers.
    """
    data, weights = draw(plan.runs, **SIZES)
    calls, rows, margins = {}, {}, {}
    for name, function in functions.items():
        peer = PEERS[name]
        runs = 1 if peer.one_by_one else plan.runs
        given = data[:runs], weights[:runs]
        if peer.single:
            given = in_float32(*given)
        calls[name] = partial(function, *given, SIZES["lr"], plan.epochs)
        margins[name], _ = calls[name]()
        compiling = jit_time(function, plan.epochs) if peer.recompiles else None
        rows[name] = {"runs": runs, "epochs": plan.epochs, "compile_s": compiling}
        bar.update()
    times = {name: {count: [] for count in thread_counts(PEERS[name], plan)} for name in calls}
    for name in in_turns(calls, plan.repeats):
        for threads, found in times[name].items():
            found += timed(calls[name], threads, plan.at_least)
        bar.update()
    for name, row in rows.items():
        row |= fastest(times[name], row["runs"] * plan.epochs * SIZES["n"])
        row["apart"] = apart(margins[name], margins["reduced"][: row["runs"]])
    for row in rows.values():
        row["ratio"] = row["best_us"] / rows["reduced"]["best_us"]
    return rows


def jit_time(function, epochs):
    """Seconds by which the first call with a new shape takes longer than the second: two runs."""
    call = partial(function, *draw(2, **SIZES), SIZES["lr"], epochs)
    first, second = (min(seconds(call)) for _ in range(2))
    return first - second


def fastest(times, steps):
    """Of the numbers of threads that were tried the best one, and its microseconds a step.

    Args:
        times: the seconds of all calls, by the number of threads.
        steps: of all runs of a call together.
    """
    threads = min(times, key=lambda count: min(times[count]))
    found = times[threads]
    return {
        "threads": threads,
        "best_us": 1e6 * min(found) / steps,
        "median_us": 1e6 * median(found) / steps,
        "times": len(found),
    }


def apart(margins, ours):
    """How far the margins of each run are from the reduced engine's."""
    differences = (margins - ours).abs().amax((-2, -1))
    return {
        "median": differences.median().item(),
        "largest": differences.max().item(),
        "above_1e-6": (differences > 1e-6).sum().item(),
    }
