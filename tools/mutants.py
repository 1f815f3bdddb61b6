#!/usr/bin/env python3
"""Break the library on purpose, one line at a time, and see whether the chapters notice.

    tools/mutants.py [WORD ...]    # only the mutants whose description contains a word

nbval runs the chapters against a broken copy of the library. A mutant that no chapter notices is
reported, and the exit status is 1. First comes a change that must NOT be noticed: it disturbs the
initial weights as another processor's rounding would.
"""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree

import yaml

ROOT = Path(__file__).resolve().parent.parent
HARMLESS = ("network", "weights *= scale", "weights *= (1 + 1e-13) * scale")
MUTANTS = [  # file, line as it is, line broken, what is broken
    (file, entry["line"], entry["broken"], entry["what"])
    for file, entries in yaml.safe_load(
        (ROOT / "tools" / "mutants.yml").read_text(encoding="utf-8")
    ).items()
    for entry in entries
]


def broken_name(source, line):
    """The innermost function or class of a Python file that has `line`, or its constant."""
    number = source[: source.index(line)].count("\n") + 1
    holders = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign))
        and node.lineno <= number <= node.end_lineno
    ]
    innermost = max(holders, key=lambda node: node.lineno)
    return getattr(innermost, "name", None) or ast.unparse(innermost.targets[0])


def most_likely_first(name):
    """The chapters, those first whose code speaks of `name`."""
    chapters = sorted((ROOT / "chapters").glob("*.ipynb"), reverse=True)
    return sorted(chapters, key=lambda path: name not in path.read_text(encoding="utf-8"))


def nbval(library, chapters):
    """The first failing test of the chapters with `library` on the path, or None."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-x", "-q", *chapters],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(library), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if run.returncode == 0:
        return None
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return failed[0].split()[1] if failed else run.stdout[-2000:] + run.stderr[-2000:]


def first_failure(file, line, replacement):
    """Run the chapters against a copy of the library with `line` replaced; it must stand once."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copytree(ROOT / "benign_osc_lib", Path(folder) / "benign_osc_lib") / f"{file}.py"
        source = copy.read_text(encoding="utf-8")
        if source.count(line) != 1:
            sys.exit(f"{file}.py has {line!r} {source.count(line)} times: mend the list of mutants")
        copy.write_text(source.replace(line, replacement), encoding="utf-8")
        return nbval(folder, most_likely_first(broken_name(source, line)))


def main(words):
    failed = first_failure(*HARMLESS)
    if failed:
        sys.exit(f"fails with {HARMLESS[-1]!r}, which only rounds differently: {failed}")
    print("the chapters pass when the initial weights are disturbed by 1e-13 of their size")
    survivors = 0
    for *change, what in MUTANTS:
        if words and not any(word in what for word in words):
            continue
        where = first_failure(*change)
        survivors += where is None
        print(f"noticed   {what}: {where}" if where else f"SURVIVED  {what}", flush=True)
    print(f"{survivors} survived")
    return survivors > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
