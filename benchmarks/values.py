"""What stands for each {{name}} of the page: the numbers of each section, in words.

One function a section of benchmarks/page.md, in its order. Each gets the results and returns a
dictionary.
"""

from benchmarks.peers import PEERS
from benchmarks.values_beyond import BEYOND
from benchmarks.words import commit, digits, duration, power


def values(results):
    """Everything that the template asks for, as text."""
    found = {}
    for section in SECTIONS:
        found.update(section(results))
    return {name: str(value) for name, value in found.items()}


def waiting(results):
    """How long a phase diagram takes."""
    sizes, rows = results["sizes"], results["table"]
    steps = sizes["epochs"] * sizes["n"]

    def all_runs(name):
        return duration(1e5 * steps * rows[name]["best_us"] / 1e6)

    return {
        "steps": digits(steps),
        "autograd_all": all_runs("autograd"),
        "reduced_all": all_runs("reduced"),
    }


def the_table(results):
    """The table, and where it was measured."""
    on, versions = results["machine"], results["versions"].items()
    agreement = results["agreement"].items()
    return {
        "runs": results["table"]["reduced"]["runs"],
        "table": rows_of_table(results),
        "numba_ratio": digits(results["table"]["plain_numba"]["ratio"]),
        "date": results["date"][:10],
        "cpu": on["cpu"],
        "cores": on["cores"],
        "system": on["system"],
        "load": "unknown" if on["load"] is None else digits(on["load"]),
        "versions": ", ".join(f"{name} {number}" for name, number in versions if number),
        "commit": commit(results["commit"]),
        "deviation": power(max(one for name, one in agreement if not PEERS[name].single)),
    }


def rows_of_table(results):
    """The table of all peers in Markdown."""
    lines = ["| | best | median | ratio |", "|---|---:|---:|---:|"]
    for name, peer in PEERS.items():
        if name in results["missing"]:
            lines.append(f"| {peer.label} ({results['missing'][name]}) | | | |")
        else:
            row = results["table"][name]
            numbers = [digits(row[key], 3) for key in ("best_us", "median_us")]
            lines.append(f"| {peer.label} | {' | '.join(numbers)} | {digits(row['ratio'])} |")
    return "\n".join(lines)


def the_calls(results):
    """Compilers, import and memory."""
    memory = results["memory"]
    return {
        "compile_times": compile_times(results),
        "import_ms": digits(1e3 * results["import"]["seconds"]),
        "import_numba": "is" if results["import"]["numba"] else "is not",
        "memory_runs": memory["runs"],
        "memory_ratio": digits(memory["ratio"], 3),
        "memory_returned": digits(memory["returned"] / 2**20, 3),
        "memory_without_margins": digits(memory["without_margins"] / 2**20, 3),
        "compiler_memory": digits(memory["compiler"] / 2**20),
    }


def compile_times(results):
    """How long the compilers took, in sentences."""
    first = results["first_call"]
    text = (
        f"The first call of the reduced engine on a machine takes {digits(first['compiled_s'])} s, "
        f"because it is compiled then; in later sessions {digits(first['cached_s'])} s, because "
        f"the code is kept on the disk (both with the import of Numba)."
    )
    jax = [results["table"].get(name) for name in ("jax_full", "jax_reduced")]
    if all(jax):
        full, reduced = (digits(row["compile_s"]) for row in jax)
        curve = results["curves"]["axes"]["runs"]
        us, runs = min(zip(curve["us"]["jax_reduced"], curve["values"], strict=True))
        text += (
            f" JAX compiles for {full} s (full) and {reduced} s (reduced), anew for each "
            f"shape and each session. The size of a batch matters to it: its reduced program is "
            f"fastest, of the sizes in the figure, with {runs} runs a call, {digits(us)} µs."
        )
    return text


def growth(results):
    """The ends of the curves, and whether our engine is the lowest."""
    axes = results["curves"]["axes"]
    steps, batched = axes["d"]["step_us"], axes["d"]["us"]["batched"]
    found = {
        "curve_runs": results["curves"]["runs"],
        "lowest": sum(
            us == min(each)
            for curve in axes.values()
            for us, *each in zip(curve["us"]["reduced"], *curve["us"].values(), strict=True)
        ),
        "places": sum(len(curve["values"]) for curve in axes.values()),
        "d_min": digits(axes["d"]["values"][0]),
        "d_full": digits(batched[-1] / batched[0]),
        "step_first": digits(steps[0]),
        "step_last": digits(steps[-1]),
    }
    for axis, curve in axes.items():
        ours = curve["us"]["reduced"]
        found[f"{axis}_max"] = digits(curve["values"][-1])
        found[f"{axis}_first"], found[f"{axis}_last"] = digits(ours[0]), digits(ours[-1])
    return found


def the_floor(results):
    """Operations of a step, and the processor's pace; the set-up of a run."""
    sizes, floor, once = results["sizes"], results["floor"], results["set_up"]
    run_us = sizes["epochs"] * sizes["n"] * results["table"]["reduced"]["best_us"]
    return {
        "noise": sizes["n"] + sizes["n_weak"],
        "rows": digits(floor["operations"]["rows"], 3),
        "operations": digits(floor["operations"]["total"], 4),
        "peak": digits(floor["peak"] / 1e9),
        "floor_us": digits(floor["floor_us"]),
        "step_us": digits(once["step_us"]),
        "floor_ratio": digits(floor["ratio"]),
        "peak_from_memory": digits(floor["peak_from_memory"] / 1e9),
        "responses_us": digits(floor["responses_us"]),
        "set_up_us": digits(once["run_us"]),
        "set_up_share": digits(100 * once["run_us"] / run_us),
    }


def price_of_d(results):
    """A step and what is done once, with a small and a large d."""
    price = results["d"]
    found = {
        "d_steps": digits(price["epochs"] * results["sizes"]["n"]),
        "large_d": digits(price["d"][1]),
        "d_ratio": digits(price["ratio"], 3),
    }
    for part in ("step_us", "gram_ms", "filters_ms"):
        for size, value in zip(("small", "large"), price[part], strict=True):
            found[f"d_{size}_{part}"] = digits(max(0.0, value))
    return found


def rounding(results):
    """How far the margins of batched torch are from the reduced engine's."""
    apart = results["table"]["batched"]["apart"]
    return {
        "batched_median": power(apart["median"]),
        "batched_apart": apart["above_1e-6"],
        "batched_largest": power(apart["largest"]),
    }


SECTIONS = (waiting, the_table, the_calls, growth, the_floor, price_of_d, rounding, *BEYOND)
"""All of them."""
