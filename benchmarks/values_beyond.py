"""The numbers of the sections beyond the plain rule's steps: short runs, rules, sweeps.

As in ``values``: one function a section, a dictionary of what stands for each {{name}}.
"""

from benchmarks.rules import RULES
from benchmarks.words import digits

CALLS = {
    "usual": "{epochs} epochs, margins kept",
    "short": "{epochs} epochs",
    "one_epoch": "{epochs} epoch",
    "no_margins": "{epochs} epochs, `margins=False`",
    "each_epoch": "{epochs} epochs, recorded after each",
    "each_step": "{epochs} epochs, recorded after each step",
}
"""What a call is called on the page."""


def short_runs(results):
    """Short runs and what is kept."""
    rows = results["calls"]
    usual, record = rows["usual"]["us"], rows["each_step"]
    lines = ["| | µs | ratio |", "|---|---:|---:|"]
    for name, label in CALLS.items():
        row = rows[name]
        numbers = f"{digits(row['us'], 3)} | {digits(row['us'] / usual)}"
        lines.append(f"| {label.format(**row)} | {numbers} |")
    return {
        "calls": "\n".join(lines),
        "record_bytes": round(record["bytes"]),
        "record_write_us": digits(record["write_us"]),
        "record_ratio": digits(record["us"] / (usual + record["write_us"])),
    }


def rules(results):
    """The table of rules."""
    found, rows = results["rules"], results["rules"]["rules"]
    lines = ["| rule | µs | ratio |", "|---|---:|---:|"]
    for name, row in rows.items():
        numbers = f"{digits(row['best_us'], 3)} | {digits(row['ratio'])}"
        lines.append(f"| {RULES[name][0]} | {numbers} |")
    others = {name: row["ratio"] for name, row in rows.items() if name != "plain"}
    dearest = max(others, key=others.get)
    peer = found["peer"]
    return {
        "rules": "\n".join(lines),
        "rules_lr": found["lr"],
        "rules_others": len(others),
        "rules_within": sum(ratio <= 2 for ratio in others.values()),
        "rules_dearest": RULES[dearest][0],
        "rules_largest": digits(others[dearest]),
        "rules_diverged": sum(row["diverged"] for row in rows.values()),
        "rules_peer": rule_in_torch(peer["rule"]),
        "rules_peer_us": digits(peer["best_us"], 3),
        "rules_peer_ratio": digits(peer["ratio"]),
    }


def rule_in_torch(name):
    """What `torch.optim.SGD` is told for a rule."""
    rule = RULES[name][1]
    names = ("momentum", "nesterov", "weight_decay")
    return ", ".join(f"{name}={value}" for name in names if (value := getattr(rule, name)))


def sweep(results):
    """Runs a second with fresh seeds, and the floor."""
    found = results["sweep"]
    return {
        "sweep_runs": digits(found["runs"]),
        "sweep_numbers": digits(found["numbers"]),
        "sweep_per_s": digits(found["runs_per_s"]),
        "sweep_us": digits(found["sweep_us"], 3),
        "sweep_projected_per_s": digits(1e6 / found["projected_us"]),
        "sweep_draw_us": digits(found["draw_us"], 3),
        "sweep_train_us": digits(found["train_us"], 3),
        "sweep_ratio": digits(found["ratio"], 3),
    }


def repeating(results):
    """How long `make bench` takes."""
    return {"minutes": digits(results["minutes"])}


BEYOND = (short_runs, rules, sweep, repeating)
"""All of them."""
