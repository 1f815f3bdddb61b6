"""Google's Lighthouse on some pages of the built book: four scores of a hundred each.

python -m benchmarks.lighthouse [PAGE ...] [--site DIR]

Lighthouse is no part of the set-up: npx fetches it. It emulates a phone and slow 4G.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.site_server import serving
from tests.book.common import SITE
from tests.browser.chromium import ARGUMENTS, find_chromium

VERSION = "12.8.2"
PAGES = (
    "index",
    "chapters/01_two_learning_rates",
    "chapters/05_the_potential",
    "chapters/08_where_it_stops",
    "chapters/E_other_rules",
    "chapters/claims",
    "chapters/api",
)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def audit(address, chromium):
    """The report of one page.

    Raises:
        subprocess.CalledProcessError: npx or Lighthouse failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        flags = " ".join(["--headless=new", *ARGUMENTS])
        command = ["npx", "--yes", f"lighthouse@{VERSION}", address, "--quiet", "--output=json"]
        command += [f"--output-path={path}", f"--chrome-path={chromium}", f"--chrome-flags={flags}"]
        command += [f"--only-categories={','.join(CATEGORIES)}"]
        subprocess.run(command, check=True, capture_output=True)
        return json.loads(path.read_text(encoding="utf-8"))


def failed(report):
    """The names of the audits that cost points outside of performance."""
    found = set()
    for category in CATEGORIES[1:]:
        for part in report["categories"][category]["auditRefs"]:
            score = report["audits"][part["id"]]["score"]
            if part["weight"] and score is not None and score < 1:
                found.add(part["id"])
    return sorted(found)


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--site", type=Path, default=SITE, help="the folder of the built pages")
    options = parser.parse_args(arguments)
    chromium = find_chromium()
    if chromium is None:
        sys.exit("needs Chromium")
    print(f"{'page':36}", *(f"{name:>14}" for name in CATEGORIES))
    with serving(options.site) as address:
        for name in options.pages:
            report = audit(f"{address}{name}.html", chromium)
            scores = (report["categories"][category]["score"] for category in CATEGORIES)
            print(f"{name:36}", *(f"{100 * score:14.0f}" for score in scores), *failed(report))


if __name__ == "__main__":
    main()
