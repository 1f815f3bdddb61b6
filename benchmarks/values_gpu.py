"""The numbers of the section on a GPU, from benchmarks/results_gpu.json."""

from benchmarks.words import commit, digits, power, thousands


def values_gpu(results):
    """What stands for each {{name}} of benchmarks/page_gpu.md."""
    rows, card = results["rows"], results["card"]
    best = {
        what: min((row for row in rows if row["what"] == what), key=lambda row: row["call_ns"])
        for what in ("tensors", "CPU engine")
    }
    kernels = [row for row in rows if (row["what"], row["dtype"]) == ("kernel", "float64")]
    largest = max(kernels, key=lambda row: row["runs"])
    times = {what: digits(row["call_ns"] / largest["call_ns"]) for what, row in best.items()}
    versions = results["versions"].items()
    found = dict(
        epochs=results["epochs"],
        card=card["name"],
        driver=card["driver"] or "unknown",
        cuda=card["cuda"],
        date=results["date"][:10],
        versions=", ".join(f"{name} {number}" for name, number in versions if number),
        commit=commit(results["commit"]),
        cores=results["machine"]["cores"],
        table=table(rows, best["CPU engine"]["call_ns"]),
        runs=thousands(largest["runs"]),
        call=digits(largest["call_ns"]),
        kernel=digits(largest["kernel_ns"]),
        tensors=times["tensors"],
        cpu=times["CPU engine"],
        compared=results["apart"]["runs"],
        apart=power(results["apart"]["median"]),
    )
    return {name: str(value) for name, value in found.items()}


def table(rows, cpu_ns):
    """The table in Markdown."""
    lines = ["| | runs | ns | ratio |", "|---|---:|---:|---:|"]
    for row in rows:
        what = row["what"] + (", float32" if row["dtype"] == "float32" else "")
        ratio = digits(cpu_ns / row["call_ns"])
        cells = what, thousands(row["runs"]), digits(row["call_ns"]), ratio
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
