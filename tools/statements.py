#!/usr/bin/env python3
"""The numbers of the book's statements, as Sphinx gives them.

    tools/statements.py               # number and label of each
    tools/statements.py --since REV   # renew the numbers that library, tests and ledger have from
                                      # an earlier commit

Chapters refer by label. Docstrings cannot: they say "chapter 5, Theorem 5.1". When a statement has
moved, its label tells where to.
"""

import argparse
import re
import subprocess

import nbformat
import yaml

from tools.contents import ROOT, markdown

KINDS = "Theorem|Proposition|Lemma|Corollary|Definition|Assumption|Remark"
DIRECTIVE = re.compile(rf"^[:`]{{3,}}\{{prf:({KINDS.lower()})\}}[^\n]*\n((?::\w+:[^\n]*\n)*)", re.M)
CITED = re.compile(
    rf"(?:(?P<word>[Cc]hapter|[Aa]ppendix) (?P<page>\d+|[A-Z])(?P<gap>,\s+))?"
    rf"(?P<kind>{KINDS}) (?P<number>(?:\d+|[A-Z])\.\d+)\b"
)


def numbered(contents, text_of):
    """{label: "Theorem 5.1"}, from a table of contents and a function from a page to its text."""
    found, chapter = {}, 0
    for part in contents["parts"]:
        letters = part.get("style") == "alphaupper"
        for place, page in enumerate(part["chapters"]):
            if not part.get("numbered"):
                continue
            chapter += not letters
            name, counts = chr(ord("A") + place) if letters else str(chapter), {}
            for kind, options in DIRECTIVE.findall(text_of(page["file"])):
                counts[kind] = counts.get(kind, 0) + 1
                for label in re.findall(r":label: (\S+)", options):
                    found[label] = f"{kind.capitalize()} {name}.{counts[kind]}"
    return found


def statements():
    """The statements of the working tree."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def text_of(page):
        path = ROOT / f"{page}.ipynb"
        return markdown(nbformat.read(path, as_version=4)) if path.exists() else ""

    return numbered(contents, text_of)


def statements_of(revision):
    """The statements of a commit."""

    def show(path):
        shown = subprocess.run(
            ["git", "show", f"{revision}:{path}"], cwd=ROOT, capture_output=True, text=True
        )
        return "" if shown.returncode else shown.stdout

    def text_of(page):
        source = show(f"{page}.ipynb")
        return markdown(nbformat.reads(source, as_version=4)) if source else ""

    return numbered(yaml.safe_load(show("_toc.yml")), text_of)


def renumber(text, renamed):
    """`text` with every statement of the mapping under its new number, and in its new chapter."""

    def new(match):
        old = f"{match['kind']} {match['number']}"
        now = renamed.get(old, old)
        if not match["word"]:
            return now
        page = now.split()[1].split(".")[0]
        word = "appendix" if page.isalpha() else "chapter"
        word = word.capitalize() if match["word"][0].isupper() else word
        return f"{word} {page}{match['gap']}{now}"

    return CITED.sub(new, text)


def cited_in():
    """The files whose text names statements by number."""
    folders = (ROOT / "benign_osc_lib", ROOT / "tests" / "library")
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [*paths, ROOT / "claims.yml"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--since", metavar="REV", help="a commit at which the numbers were right")
    since, now = parser.parse_args().since, statements()
    if since is None:
        for label, number in now.items():
            print(f"{number:18} {label}")
        return
    before = statements_of(since)
    for label in before.keys() - now.keys():
        print(f"gone: {before[label]} ({label})")
    renamed = {number: now[label] for label, number in before.items() if label in now}
    for path in cited_in():
        old = path.read_text(encoding="utf-8")
        if (text := renumber(old, renamed)) != old:
            path.write_text(text, encoding="utf-8")
            print(f"changed: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
