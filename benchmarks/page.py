"""Write chapters/performance.md and its figure from benchmarks/results*.json.

python -m benchmarks.page

Every number of the page is filled in here; the text around them is benchmarks/page*.md.
"""

import hashlib
import json
import re

import matplotlib.pyplot as plt

from benchmarks.figure import draw
from benchmarks.machine import ROOT
from benchmarks.values import values
from benchmarks.values_gpu import values_gpu
from benchmarks.values_paint import values_paint

RESULTS = ROOT / "benchmarks" / "results.json"
RESULTS_GPU = ROOT / "benchmarks" / "results_gpu.json"
RESULTS_PAINT = ROOT / "benchmarks" / "results_paint.json"
TEMPLATE = ROOT / "benchmarks" / "page.md"
WITH_GPU, WITHOUT_GPU = (TEMPLATE.with_stem(name) for name in ("page_gpu", "page_without_gpu"))
PAINT = TEMPLATE.with_stem("page_paint")
PAGE = ROOT / "chapters" / "performance.md"
FIGURE = PAGE.with_suffix(".png")


def read(path):
    """What a file of results holds; None if there is no such file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def render(results, on_gpu, paint=None):
    """The page.

    Args:
        results: of `make bench`.
        on_gpu: of `make bench-gpu`, or None.
        paint: of `make paint`, or None.

    Raises:
        ValueError: the results are those of a quick run.
        KeyError: the template asks for something that is not there.
    """
    if results["quick"] or (on_gpu and on_gpu["quick"]):
        raise ValueError("the page shows a full run, not one with --quick")
    section = fill(WITH_GPU, values_gpu(on_gpu)) if on_gpu else fill(WITHOUT_GPU, {})
    text = fill(TEMPLATE, {**values(results), "gpu": section.rstrip()})
    return text + (fill(PAINT, values_paint(paint)) if paint else "")


def fill(template, found):
    """The text of a file with every {{name}} replaced."""
    text = template.read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: found[match[1]], text)


def fingerprint():
    """Of the stored results: the figure carries it, so that a test can tell what it shows."""
    return hashlib.sha256(RESULTS.read_bytes()).hexdigest()


def main():
    """Write the page and the figure."""
    results = read(RESULTS)
    PAGE.write_text(render(results, read(RESULTS_GPU), read(RESULTS_PAINT)), encoding="utf-8")
    fig = draw(results)
    fig.savefig(FIGURE, metadata={"Source": fingerprint()})
    plt.close(fig)
    print(f"wrote {PAGE.relative_to(ROOT)} and {FIGURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
