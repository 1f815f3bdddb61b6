"""findings/: scripts about other people's tools, run by hand; the page on testing lists them."""

import os
import re

import pytest

from tests.book.common import ROOT, section

SCRIPTS = sorted((ROOT / "findings").iterdir())
HEADING = "What other tools do against expectation"
each_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)


def rows():
    """What the page says: name of a script to the releases, what happens and what the book does."""
    page = (ROOT / "chapters" / "testing.md").read_text(encoding="utf-8")
    entry = r"^`(\S+)` \((.+)\)\n: (.+)\n\n  \*Here:\* (.+)$"
    return {name: rest for name, *rest in re.findall(entry, section(page, HEADING), re.M)}


def pins(path):
    """What the script installs, as {name: version}."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    (command,) = (line for line in lines if re.search(r"pip.* install\b", line))
    packages = command.partition("--only-binary :all:")[2].split()
    assert packages and all("==" in package for package in packages)
    scripts = [
        part.split("@") for line in lines if "npm install" in line for part in line.split()[2:]
    ]
    return dict([package.split("==") for package in packages] + [s for s in scripts if len(s) == 2])


def test_the_page_lists_them_all():
    assert [path.name for path in SCRIPTS] == sorted(rows())


@each_script
def test_a_script_stands_alone(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert os.access(path, os.X_OK)
    for line in ("set -eu", "work=$(mktemp -d)", "# Expected: ", "# Seen: "):
        assert f"\n{line}" in text
    assert re.search(r"^diff seen\.txt - <<'SEEN' \|\| .*exit 1; \}\n(.+\n)+SEEN$", text, re.M)
    assert "benign" not in text


@each_script
def test_the_page_names_the_releases(path):
    releases, happens, answer = rows()[path.name]
    named = dict(re.findall(r"([\w-]+) ([\d.]+)", releases))
    assert named and {name.lower(): version for name, version in named.items()}.items() <= (
        pins(path).items()
    )
    assert happens and answer


def test_no_machine_runs_them():
    callers = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / ".github").rglob("*.yml")]
    assert not [path for path in callers if "findings" in path.read_text(encoding="utf-8")]
