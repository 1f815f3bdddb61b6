"""The numbers of the section on first paint, from benchmarks/results_paint.json."""

from benchmarks.words import digits


def values_paint(results):
    """What stands for each {{name}} of benchmarks/page_paint.md."""
    on = results["machine"]
    return dict(
        chromium=results["chromium"].partition(".")[0],
        line=results["line"],
        slower=str(results["slower"]),
        repeat=str(results["repeat"]),
        table=table(results["pages"]),
        date=results["date"][:10],
        cpu=on["cpu"],
        cores=str(on["cores"]),
        load=digits(on["load"]) if on["load"] is not None else "unknown",
    )


def table(pages):
    """A row for each page, and one for the worst of each number."""
    worst = {what: max(row[what] for row in pages.values()) for what in next(iter(pages.values()))}
    rows = [
        "| page | first paint, s | largest, s | blocking, s | shift | kB | requests |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in [*pages.items(), ("**the worst of each**", worst)]:
        times = [f"{row[f'{what}_s']:.1f}" for what in ("first_paint", "largest_paint", "blocking")]
        counts = [f"{row['shift']:.2f}", f"{row['kilobytes']:.0f}", f"{row['requests']:.0f}"]
        rows.append(f"| {' | '.join([name.removeprefix('chapters/'), *times, *counts])} |")
    return "\n".join(rows)
