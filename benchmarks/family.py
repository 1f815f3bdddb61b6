"""What other rules of SGD cost, against the plain rule in the same process."""

from functools import partial
from statistics import median

from benchmarks.agreement import check_same
from benchmarks.machine import cores
from benchmarks.peers import autograd_rule
from benchmarks.rules import PEER, RATE, RULES
from benchmarks.sizes import SIZES, draw
from benchmarks.timing import in_turns, timed
from benign_osc_lib import generators, train


def family(plan, bar):
    """Train the paper's runs by every rule, round after round; one rule by the autograd loop too.

    Args:
        plan: which rules; how many runs, epochs and rounds.
        bar: a progress bar; it moves ``1 + plan.repeats`` times for each rule and once more.

    Returns:
        A dictionary: ``lr``, ``runs`` and ``epochs``; ``rules``, for each the best and the median
        microseconds per visited point and run, the ratio to the plain rule's, the deviation from
        the reference engine, and how many runs diverged; and ``peer``, the same of the autograd
        loop, with the ratio to ours.

    Raises:
        DisagreementError: a rule, or the loop, does not compute what the reference engine does.
    """
    data, weights = draw(plan.runs, **SIZES)
    calls = {name: partial(by_rule, data, weights, name, plan.epochs) for name in plan.rules}
    rows, times = {}, {name: [] for name in calls}
    for name, call in calls.items():
        rows[name] = {
            "deviation": deviation(data[:2], weights[:2], name),
            "diverged": (call().diverged_at >= 0).sum().item(),
        }
        bar.update()
    for name in in_turns(calls, plan.repeats):
        times[name] += timed(calls[name], cores(), plan.at_least)
        bar.update()
    visits = plan.epochs * SIZES["n"]
    for name, row in rows.items():
        row |= {
            "best_us": 1e6 * min(times[name]) / (visits * plan.runs),
            "median_us": 1e6 * median(times[name]) / (visits * plan.runs),
        }
    for row in rows.values():
        row["ratio"] = row["best_us"] / rows["plain"]["best_us"]
    peer = autograd(data, weights, plan)
    peer["ratio"] = peer["best_us"] / rows[PEER]["best_us"]
    bar.update()
    return {"lr": RATE, "runs": plan.runs, "epochs": plan.epochs, "rules": rows, "peer": peer}


def by_rule(data, weights, name, epochs, engine="reduced"):
    """A call of the library with one of the rules; label noise is the same for all runs."""
    rule = RULES[name][1]
    seeds = generators([0])[0] if rule.draws else None
    return train(
        data,
        weights,
        RATE,
        epochs=epochs,
        rule=rule,
        record_every=None,
        generator=seeds,
        engine=engine,
    )


def deviation(data, weights, name):
    """How far the reduced engine is from the reference engine after a few epochs."""
    one, other = (by_rule(data, weights, name, 5, engine) for engine in ("reduced", "reference"))
    return check_same(name, (one.margins, one.weights), (other.margins, other.weights))


def autograd(data, weights, plan):
    """The autograd loop with one of the rules: a single run, on one core."""
    rule, few = RULES[PEER][1], (data[:2], weights[:2])
    names = ("batch_size", "momentum", "nesterov", "weight_decay")
    loop = partial(autograd_rule.train, lr=RATE, **{name: getattr(rule, name) for name in names})
    right = by_rule(*few, PEER, 5, "reference")
    apart = check_same("autograd_rule", loop(*few, epochs=5), (right.margins, right.weights))
    call = partial(loop, data[:1], weights[:1], epochs=plan.epochs)
    found = [each for _ in range(plan.repeats) for each in timed(call, 1)]
    us = 1e6 * min(found) / (plan.epochs * SIZES["n"])
    return {"rule": PEER, "best_us": us, "deviation": apart}
