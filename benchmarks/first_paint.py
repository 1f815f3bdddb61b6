"""How soon a page of the book is there, on a slow phone: `make paint`.

python -m benchmarks.first_paint [PAGE ...] [--repeat N] [--site DIR] [--save PATH]

Chromium opens each page with nothing cached, 390 pixels wide, over an emulated slow 4G line
(1.6 Mbit/s down, 0.75 up, 150 ms) and with a processor four times as slow as this one. A table is
printed: medians of N loads. Without options all pages of the book are measured, the results are
stored in benchmarks/results_paint.json, and the page "Performance" is written from them.
"""

import argparse
import json
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import page as performance
from benchmarks.machine import machine
from benchmarks.site_server import serving
from tests.book.common import SITE, toc
from tests.browser.chromium import ARGUMENTS, find_chromium

LINE = {"latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4
WIDTH = 390
MEASURES = ("first_paint_s", "largest_paint_s", "blocking_s", "shift", "kilobytes", "requests")

# What the browser observes of itself. A long task blocks for what it takes beyond 50 ms.
OBSERVE = """
window.seen = {first: 0, largest: 0, blocking: 0, shift: 0, last: performance.now()};
const watch = (type, act) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) act(entry);
  seen.last = performance.now();
}).observe({type, buffered: true});
watch("paint", (entry) => {
  if (entry.name === "first-contentful-paint") seen.first = entry.startTime;
});
watch("largest-contentful-paint", (entry) => { seen.largest = entry.startTime; });
watch("longtask", (entry) => { seen.blocking += Math.max(0, entry.duration - 50); });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
"""
# Loaded, painted, and nothing observed for two seconds.
QUIET = """() => document.readyState === "complete" && seen.first > 0 &&
    performance.now() - seen.last > 2000"""


def load(browser, address):
    """One load of a page, with nothing cached: each of MEASURES."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 844}, is_mobile=True)
    try:
        page = context.new_page()
        page.add_init_script(OBSERVE)
        devtools = context.new_cdp_session(page)
        received = []
        devtools.on(
            "Network.loadingFinished", lambda event: received.append(event["encodedDataLength"])
        )
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", {"offline": False, **LINE})
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(address, wait_until="load", timeout=120_000)
        page.wait_for_function(QUIET, timeout=120_000, polling=200)
        seen = page.evaluate("seen")
    finally:
        context.close()
    return {
        "first_paint_s": seen["first"] / 1000,
        "largest_paint_s": seen["largest"] / 1000,
        "blocking_s": seen["blocking"] / 1000,
        "shift": seen["shift"],
        "kilobytes": sum(received) / 1000,
        "requests": len(received),
    }


def measure(names, repeat, site):
    """Medians of `repeat` loads of each page, as {name: {measure: number}}."""
    found = {}
    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for name in names:
            loads = [load(browser, f"{address}{name}.html") for _ in range(repeat)]
            found[name] = {what: statistics.median(one[what] for one in loads) for what in MEASURES}
            print(line(name, found[name]), flush=True)
        version = browser.version
        browser.close()
    return {
        "pages": found,
        "line": "slow 4G (1.6 Mbit/s down, 0.75 up, 150 ms)",
        "slower": SLOWER,
        "repeat": repeat,
        "chromium": version,
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def line(name, row):
    """A row of the table as text."""
    return (
        f"{name:40} {row['first_paint_s']:6.2f} {row['largest_paint_s']:6.2f} "
        f"{row['blocking_s']:6.2f} {row['shift']:6.3f} {row['kilobytes']:7.0f} "
        f"{row['requests']:4.0f}"
    )


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_paint", description=__doc__)
    parser.add_argument("pages", nargs="*", help="such as chapters/05_the_potential; default: all")
    parser.add_argument("--repeat", type=int, default=3, help="loads of each page")
    parser.add_argument("--site", type=Path, default=SITE, help="the folder of the built pages")
    parser.add_argument("--save", type=Path, metavar="PATH", help="write the results there only")
    options = parser.parse_args(arguments)
    if find_chromium() is None:
        sys.exit("needs Chromium")
    print(f"{'page':40} {'first':>6} {'large':>6} {'block':>6} {'shift':>6} {'kB':>7} requests")
    results = measure(options.pages or list(toc()), options.repeat, options.site)
    path = options.save or (None if options.pages else performance.RESULTS_PAINT)
    if path:
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if path == performance.RESULTS_PAINT:
        performance.main()


if __name__ == "__main__":
    main()
