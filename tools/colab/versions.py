#!/usr/bin/env python3
"""Renew tests/colab.txt, what Colab has of the packages that the book uses: `make colab-versions`

Colab publishes what its runtimes have in the repository googlecolab/backend-info.
"""

import re
import urllib.request
from datetime import UTC, datetime

from tools.contents import ROOT

LIST = ROOT / "tests" / "colab.txt"
LIVE = "https://raw.githubusercontent.com/googlecolab/backend-info/main"
PIN = re.compile(r"^([\w.-]+)==([\w.!+-]+)$", re.M)


def normal(name):
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def chosen(names, freeze):
    """Of a `pip freeze` the lines of some packages; without what says which build of torch it is.

    A package that the freeze does not have is left out: Colab lacks it.
    """
    wanted = {normal(name) for name in names}
    pins = [(name, version) for name, version in PIN.findall(freeze) if normal(name) in wanted]
    return [f"{name}=={version.partition('+')[0]}" for name, version in sorted(pins, key=str)]


def renewed(old, freeze, system, today):
    """The text of the list with the versions of a freeze, and where they come from."""
    python = re.search(r"^Python (\d+\.\d+\.\d+)$", system, re.M)[1]
    head = (
        "# What Colab has of the packages that the book and its kernel use; `make test-colab` runs"
        " every chapter with exactly these.\n"
        "# Source: pip-freeze.txt and os-info.txt of github.com/googlecolab/backend-info,"
        f" {today}, Python {python}.\n"
    )
    names = [name for name, _ in PIN.findall(old)]
    return head + "\n".join(sorted(chosen(names, freeze), key=str.lower)) + "\n"


def main():
    def fetch(name):
        with urllib.request.urlopen(f"{LIVE}/{name}", timeout=60) as answer:
            return answer.read().decode()

    today = datetime.now(UTC).date().isoformat()
    old = LIST.read_text(encoding="utf-8")
    LIST.write_text(renewed(old, fetch("pip-freeze.txt"), fetch("os-info.txt"), today))


if __name__ == "__main__":
    main()
