"""All that `make bench` measures, one after the other."""

import time
from datetime import datetime, timezone

from tqdm import tqdm

from benchmarks import agreement, machine, probe
from benchmarks.calls import calls, kinds
from benchmarks.comparison import compare
from benchmarks.curves import curves
from benchmarks.family import family
from benchmarks.parts import against_the_floor, cost_of_d, set_up
from benchmarks.peers import PEERS
from benchmarks.plans import FULL, QUICK
from benchmarks.sizes import SIZES
from benchmarks.sweeps import sweeps
from benign_osc_lib._commit import git_commit


def measure(quick, functions, missing):
    """Check every peer, then measure.

    Args:
        quick: tiny sizes.
        functions: the peers by name.
        missing: why others are not among them.

    Returns:
        A dictionary, as stored in benchmarks/results.json.

    Raises:
        DisagreementError: a peer does not compute the same runs.
    """
    plan = QUICK if quick else FULL
    on = machine.machine()  # before the benchmark itself keeps it busy
    if (on["load"] or 0) > 0.5 * on["cores"]:
        print(f"This machine is busy (load {on['load']}): all times will be too long.")
    deviations = agree(functions, missing)
    in_curves = {name: functions[name] for name in functions if PEERS[name].in_curves}
    values, start = sum(map(len, plan.axes.values())), time.monotonic()
    total = len(in_curves) * values + (len(functions) + len(plan.rules)) * (1 + plan.repeats)
    total += (len(kinds(plan)) + 4) * plan.repeats + 5
    with tqdm(total=total, disable=None, unit="measurement") as bar:
        table = compare(functions, plan, bar)
        drawn = curves(in_curves, plan, bar)
        parts_of_calls = calls(plan, bar)
        rules = family(plan, bar)
        drawn_anew = sweeps(plan, bar)
        price = cost_of_d(plan)
        bar.update()
        once = set_up(plan)
        bar.update()
        near = against_the_floor(once["step_us"], plan)
        bar.update()
        imports = probe.imports(plan.imports)
        memory = probe.probe("memory", plan.memory_runs)
        first_call = probe.first_calls() if plan.first_call else None
        bar.update()
    return {
        "quick": quick,
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "minutes": (time.monotonic() - start) / 60,
        "command": "python -m benchmarks.bench" + " --quick" * quick,
        "commit": git_commit(machine.ROOT),
        "machine": on,
        "versions": machine.versions(),
        "sizes": SIZES,
        "agreement": deviations,
        "tolerance": agreement.TOLERANCE,
        "missing": missing,
        "table": table,
        "curves": {"runs": plan.curve_runs, "axes": drawn},
        "calls": parts_of_calls,
        "rules": rules,
        "sweep": drawn_anew,
        "d": price,
        "set_up": once,
        "floor": near,
        "first_call": first_call,
        "import": imports,
        "memory": memory,
    }


def agree(functions, missing):
    """The largest deviation of each peer from the reference, printed too."""
    print("Do all of them train the same runs? Largest deviation from the reference:")
    deviations = agreement.check_agreement(functions)
    for name, deviation in deviations.items():
        print(f"  {name:16} {deviation:.0e}")
    for name, message in missing.items():
        print(f"  {name:16} {message}")
    return deviations
