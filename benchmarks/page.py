"""Write chapters/performance.md and its figure from benchmarks/results.json.

python -m benchmarks.page

Every number of the page is filled in here; the text around them is benchmarks/page.md.
"""

import hashlib
import json
import re
from pathlib import Path

import matplotlib.pyplot as plt

from benchmarks import peers
from benign_osc_lib import plotting as bp

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
TEMPLATE = ROOT / "benchmarks" / "page.md"
PAGE = ROOT / "chapters" / "performance.md"
FIGURE = PAGE.with_suffix(".png")

ROWS = {
    "autograd": "autograd loop",
    "reference": "library, reference",
    "batched": "torch, batched",
    "jax_full": "JAX, full",
    "jax_reduced": "JAX, reduced",
    "reduced": "library, reduced",
    "reduced_float32": "the same, float32",
}
"""Name of each peer in the table: short enough for a phone."""

LINES = {
    "autograd": ("autograd loop", {"color": "0.6", "ls": ":"}),
    "batched": ("torch, batched", {"color": bp.WEAK, "ls": "--", "marker": "o"}),
    "jax_full": ("JAX, full", {"color": bp.NOISE, "ls": "--", "marker": "s"}),
    "jax_reduced": ("JAX, reduced", {"color": bp.NOISE, "ls": "-", "marker": "s"}),
    "reduced": ("library, reduced", {"color": bp.STRONG, "ls": "-", "marker": "D"}),
}
"""Name and line of each peer in the figure: dashed for full weights, solid for reduced."""

AXES = {"runs": "runs in a batch", "m": "filters a sign, $m$", "n": "points, $n$", "d": "$d$"}


def digits(value, count=2):
    """A number in words of Markdown, to so many significant digits and without an exponent."""
    if value is None:
        return "not measured"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    shown = float(f"{value:.{count}g}")
    if shown == 0:
        return "0"
    text = f"{shown:.10f}".rstrip("0").rstrip(".")
    whole, _, decimals = text.partition(".")
    missing = count - len((whole + decimals).lstrip("0"))
    if missing > 0 and abs(shown) < 10 ** (count - 1):
        decimals += "0" * missing
    return f"{int(whole):,}".replace(",", "\u202f") + (f".{decimals}" if decimals else "")


def duration(seconds):
    """A time with the unit that suits it."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds)} seconds"


def table(results):
    """The table of all peers in Markdown."""
    lines = ["| | best | median | ratio |", "|---|---:|---:|---:|"]
    for name, label in ROWS.items():
        row = results["table"].get(name)
        if row is None:
            lines.append(f"| {label} ({results['missing'][name]}) | | | |")
        else:
            numbers = (digits(row[key], 3) for key in ("best_us", "median_us"))
            lines.append(f"| {label} | {' | '.join(numbers)} | {digits(row['ratio'])} |")
    return "\n".join(lines)


def compile_times(results):
    """How long the compilers took, in a sentence."""
    first = results["first_call"]
    text = (
        f"The first call of the reduced engine on a machine takes {digits(first['compiled_s'])} s, "
        f"because it is compiled then; in later sessions {digits(first['cached_s'])} s, because "
        f"the code is kept on the disk (both with the import of Numba)."
    )
    jax = [results["table"].get(name) for name in ("jax_full", "jax_reduced")]
    if all(jax):
        full, reduced = (digits(row["compile_s"]) for row in jax)
        text += (
            f" JAX compiles for {full} s (full) and {reduced} s (reduced), anew for each "
            "shape and each session."
        )
        curve = results["curves"]["axes"]["runs"]
        best = min(zip(curve["us"]["jax_reduced"], curve["values"], strict=True))
        text += (
            f" The size of a batch matters to it: its reduced program is fastest, of the sizes "
            f"in the figure, with {best[1]} runs a call, {digits(best[0])} µs."
        )
    return text


def values(results):
    """What stands for each {{name}} of the template."""
    rows, sizes, floor = results["table"], results["sizes"], results["floor"]
    counted, d, memory = floor["operations"], results["d"], results["memory"]
    axes = results["curves"]["axes"]
    steps = sizes["epochs"] * sizes["n"]
    whole_us = steps * rows["reduced"]["best_us"]
    on = results["machine"]
    versions = results["versions"].items()

    def whole(name):
        return duration(1e5 * steps * rows[name]["best_us"] / 1e6)

    def ends(axis, name="reduced"):
        first, *_, last = axes[axis]["us"][name]
        return {f"{axis}_first": digits(first), f"{axis}_last": digits(last)}

    found = {
        "table": table(results),
        "compile_times": compile_times(results),
        "date": results["date"][:10],
        "cpu": on["cpu"],
        "cores": on["cores"],
        "system": on["system"],
        "load": "unknown" if on["load"] is None else digits(on["load"]),
        "versions": ", ".join(f"{name} {number}" for name, number in versions if number),
        "commit": results["commit"] or "none",
        "runs": rows["reduced"]["runs"],
        "autograd_all": whole("autograd"),
        "reduced_all": whole("reduced"),
        "steps": digits(steps),
        "deviation": deviation(results["agreement"]),
        "batched_median": power(rows["batched"]["apart"]["median"]),
        "batched_apart": rows["batched"]["apart"]["above_1e-6"],
        "batched_largest": power(rows["batched"]["apart"]["largest"]),
        "operations": digits(counted["total"], 4),
        "rows": digits(counted["rows"], 3),
        "noise": sizes["n"] + sizes["n_weak"],
        "peak": digits(floor["peak"] / 1e9),
        "peak_from_memory": digits(floor["peak_from_memory"] / 1e9),
        "floor_us": digits(floor["floor_us"]),
        "responses_us": digits(floor["responses_us"]),
        "step_us": digits(results["set_up"]["step_us"]),
        "floor_ratio": digits(floor["ratio"]),
        "set_up_us": digits(results["set_up"]["run_us"]),
        "set_up_share": digits(100 * results["set_up"]["run_us"] / whole_us),
        "large_d": digits(d["d"][1]),
        "d_steps": digits(d["epochs"] * sizes["n"]),
        "d_ratio": digits(d["ratio"], 3),
        "curve_runs": results["curves"]["runs"],
        "d_full": ratio_of_ends(axes["d"]["us"]["batched"]),
        "step_first": digits(axes["d"]["step_us"][0]),
        "step_last": digits(axes["d"]["step_us"][-1]),
        "m_max": axes["m"]["values"][-1],
        "n_max": axes["n"]["values"][-1],
        "d_max": digits(axes["d"]["values"][-1]),
        "d_min": axes["d"]["values"][0],
        "runs_max": digits(axes["runs"]["values"][-1]),
        "import_ms": digits(1e3 * results["import"]["seconds"]),
        "import_numba": "is" if results["import"]["numba"] else "is not",
        "memory_ratio": digits(memory["ratio"], 3),
        "memory_returned": digits(memory["returned"] / 2**20, 3),
        "memory_runs": memory["runs"],
        "compiler_memory": digits(memory["compiler"] / 2**20),
    }
    for axis in axes:
        found.update(ends(axis))
    for place, size in enumerate(("small", "large")):
        for part in ("step_us", "gram_ms", "filters_ms"):
            found[f"d_{size}_{part}"] = digits(max(0.0, d[part][place]))
    return {name: str(value) for name, value in found.items()}


def deviation(agreement):
    """The largest of the double-precision peers."""
    return power(max(one for name, one in agreement.items() if not name.endswith(peers.HALF)))


def power(value):
    """A small number as a formula."""
    if value == 0:
        return "$0$"
    factor, exponent = f"{value:.0e}".split("e")
    return rf"${factor} \cdot 10^{{{int(exponent)}}}$"


def ratio_of_ends(numbers):
    """How much the last is of the first."""
    return digits(numbers[-1] / numbers[0])


def render(results):
    """The page.

    Raises:
        ValueError: the results are those of a quick run.
        KeyError: the template asks for something that is not there.
    """
    if results["quick"]:
        raise ValueError("the page shows a full run, not one with --quick")
    found = values(results)
    text = TEMPLATE.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: found[match[1]], text)


def draw(results):
    """The figure: cost against runs, m, n and d."""
    bp.use_style()
    fig, panels = bp.figure(2, 2, height=2.4, sharey=True)
    for ax, (axis, label) in zip(panels.flat, AXES.items(), strict=True):
        curve = results["curves"]["axes"][axis]
        for name, (legend, line) in LINES.items():
            if name in curve["us"]:
                ax.loglog(curve["values"], curve["us"][name], ms=3.5, label=legend, **line)
        if "step_us" in curve:
            style = {"color": bp.STRONG, "ls": ":", "label": "the same, a step alone"}
            ax.loglog(curve["values"], curve["step_us"], **style)
        ax.set_xlabel(label)
    for ax in panels[:, 0]:
        ax.set_ylabel("µs per step and run")
    handles, labels = panels[1, 1].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return fig


def fingerprint():
    """Of the stored results: the figure carries it, so that a test can tell what it shows."""
    return hashlib.sha256(RESULTS.read_bytes()).hexdigest()


def main():
    """Write the page and the figure."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(render(results), encoding="utf-8")
    fig = draw(results)
    fig.savefig(FIGURE, metadata={"Source": fingerprint()})
    plt.close(fig)
    print(f"wrote {PAGE.relative_to(ROOT)} and {FIGURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
