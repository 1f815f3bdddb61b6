"""The page is for the reader: what each chapter has in view, and what is folded."""

import ast
import re

import pytest

from tests.book.common import ROOT, chapters, markdown, read
from tools.telling import ambiguous, boxes, count, is_open, symbols

NOTATION = (ROOT / "chapters" / "notation.md").read_text(encoding="utf-8")
MAIN_LINE = 5_000  # words of a chapter in view
WORDS = {  # of the numbered chapters; the edition before had 72 395 in the first twelve
    "the paper, the theory and its reproduction": (range(1, 13), 47_000),
    "experiments beyond the paper": (range(13, 17), 17_400),
}
OPEN = 0.4  # share of the code cells in view
LINES, COLUMNS = 15, 80  # of a code cell in view
each_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
NUMBERED = [path for path in chapters() if path.stem[:2].isdigit()]


@each_chapter
def test_what_is_in_view(path):
    telling = count(read(path))
    assert telling.main_line <= MAIN_LINE
    assert telling.open_cells <= OPEN * telling.cells
    assert telling.longest_open <= LINES
    assert telling.widest_open <= COLUMNS
    assert telling.verdicts == 0, "a check prints its margin, not True or False"
    assert telling.unfoldable_proofs == 0, "write {admonition} Proof with :class: dropdown"


@pytest.mark.parametrize("numbers, words", WORDS.values(), ids=list(WORDS))
def test_the_chapters_stay_short(numbers, words):
    counts = [count(read(path)) for path in NUMBERED if int(path.stem[:2]) in numbers]
    assert sum(telling.main_line + telling.folded for telling in counts) <= words


def test_every_numbered_chapter_is_counted():
    numbers = {number for counted, _ in WORDS.values() for number in counted}
    assert {int(path.stem[:2]) for path in NUMBERED} <= numbers


@each_chapter
def test_plumbing_is_folded(path):
    for cell in read(path).cells:
        if cell.cell_type == "code" and is_open(cell):
            imports = (ast.Import, ast.ImportFrom)
            lines = [node for node in ast.parse(cell.source).body if not isinstance(node, imports)]
            assert lines, f"{cell.id} has imports only"


@each_chapter
def test_a_proof_comes_after_its_key_line(path):
    """What stands above a fold is text in view, not another statement's end or a heading."""
    lines = markdown(read(path)).splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[:`]{3,}\{admonition\} Proof", line):
            above = next(text for text in reversed(lines[:number]) if text.strip())
            assert not re.match(r"[:`]{3,}\s*$|#", above), (
                f"no key line above: {lines[number - 4 : number]}"
            )


@each_chapter
def test_symbols_have_a_box_that_leads_to_the_page(path):
    text = markdown(read(path))
    assert re.search(
        r"^:::\{admonition\} Symbols of this (chapter|page|appendix)\n:class: dropdown$", text, re.M
    )
    assert "{doc}`notation`" in text


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_exercises_of_three_kinds(path):
    titles = re.findall(r"^[:`]{3,}\{exercise\} (.*)$", markdown(read(path)), re.M)
    kinds = [title.split(":")[0] for title in titles]
    assert len(titles) >= 3
    assert {"By hand", "At the computer", "Open"} <= set(kinds)


def test_a_symbol_has_one_meaning():
    assert not ambiguous(NOTATION)


def test_the_page_on_notation_is_read():
    known = symbols(NOTATION)
    assert len(known) > 100 and {r"\kappa", r"\Phi", r"\nu", "q", "e"} <= set(known)
    twice = NOTATION + "\n| 5 | $q$ | something else | |\n"
    assert list(ambiguous(twice)) == ["q"]


def test_what_counts_as_folded():
    text = (
        ":::{admonition} Proof\n:class: dropdown\n\nfolded\n:::\nopen\n:::{prf:theorem}\nopen\n:::"
    )
    marked, open_proofs = boxes(text)
    assert [folded for line, folded in marked if line in ("folded", "open")] == [True, False, False]
    assert open_proofs == 0
    assert boxes(":::{prf:proof}\n:class: dropdown\nText\n:::")[1] == 1
    gated = boxes(":::{solution-start} a\n:class: dropdown\n:::\nin\n:::{solution-end}\n:::\nout")[
        0
    ]
    assert dict(gated)["in"] and not dict(gated)["out"]
