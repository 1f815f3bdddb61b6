#!/usr/bin/env python3
"""Count, chapter by chapter, how much a reader has in view and how much is folded.

    tools/telling.py    # a table, and the symbols with two meanings

The bounds stand in tests/book/test_telling.py.

Words are pieces between blanks, formulas included. The main line is what stands on the page before
anything is unfolded; a proof, a solution or a box with the class `dropdown` is not part of it.
"""

import re
from typing import NamedTuple

import nbformat

from tools.contents import ROOT, chapters, markdown

FENCE = re.compile(r"^(:{3,}|`{3,})(?:\{([\w:-]+)\})?")
FOLDED_CELLS = {"hide-cell", "hide-input", "remove-cell", "remove-input", "notebook-only"}
VERDICT = re.compile(r"\b(?:True|False)\b")


class Telling(NamedTuple):
    """What one chapter shows."""

    main_line: int  # words in view
    folded: int  # words of proofs, solutions and other boxes that open
    cells: int  # code cells
    open_cells: int  # code cells whose code is in view
    longest_open: int  # lines of the longest of them
    open_lines: int  # lines of code in view
    widest_open: int  # characters of their longest line
    verdicts: int  # True and False in what the cells print
    exercises: int
    unfoldable_proofs: int


def boxes(text):
    """Each line of a chapter's Markdown with whether it is folded, and how many proofs are not."""
    lines, depth, open_proofs = text.splitlines(), [], 0
    marked, gated = [], False
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        name = fence and fence[2]
        if name == "solution-end":
            gated = False
        elif name == "solution-start":
            gated = True
        if name:
            options = lines[number + 1 : number + 5]
            folds = name == "dropdown" or ":class: dropdown" in options
            depth.append((fence[1], folds))
            open_proofs += name == "prf:proof"  # these cannot fold: findings/proof-that-folds.sh
        marked.append((line, gated or any(folds for _, folds in depth)))
        if fence and not name and depth and fence[1] == depth[-1][0]:
            depth.pop()
    return marked, open_proofs


def printed(cell):
    """What a code cell prints, as text."""
    data = (output.get("data", {}) for output in cell.outputs)
    shown = (d.get(kind, "") for d in data for kind in ("text/markdown", "text/html", "text/plain"))
    return "\n".join([*(output.get("text", "") for output in cell.outputs), *shown])


def is_open(cell):
    """Whether a reader sees the code of a cell."""
    return not FOLDED_CELLS & set(cell.metadata.get("tags", []))


def count(notebook):
    """The :class:`Telling` of a notebook."""
    text = markdown(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    seen = [cell.source.splitlines() for cell in code if is_open(cell)]
    marked, open_proofs = boxes(text)
    return Telling(
        main_line=sum(len(line.split()) for line, folded in marked if not folded),
        folded=sum(len(line.split()) for line, folded in marked if folded),
        cells=len(code),
        open_cells=len(seen),
        longest_open=max(map(len, seen), default=0),
        open_lines=sum(map(len, seen)),
        widest_open=max((len(line) for lines in seen for line in lines), default=0),
        verdicts=sum(len(VERDICT.findall(printed(cell))) for cell in code),
        exercises=len(re.findall(r"^[:`]{3,}\{exercise\}", text, re.M)),
        unfoldable_proofs=open_proofs,
    )


def symbols(notation):
    """The symbols that the tables of the page on notation explain, each with its meanings."""
    meanings = {}
    for line in notation.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        local = bool(re.fullmatch(r"[\dA-Z, ]+", cells[0])) and len(cells) > 2
        column, words = (1, 2) if local else (0, 1)
        if line.startswith("|") and "$" in cells[column]:
            for formula in re.findall(r"\$([^$]+)\$", cells[column]):
                # Of a definition the left side, of a function its name.
                name = re.sub(r"(\s*(=|\\in|\\ge|\\le)\s.*|\(\w+\)$)", "", formula).strip()
                meanings.setdefault(name, []).append(cells[words])
    return meanings


def ambiguous(notation):
    """The symbols that stand in two rows, with what each row says."""
    return {name: said for name, said in symbols(notation).items() if len(said) > 1}


def main():
    found = {path.stem: count(nbformat.read(path, as_version=4)) for path in chapters()}
    names = [name.replace("_", " ") for name in Telling._fields]
    print(f"{'':28}" + "".join(f"{name:>18}" for name in names))
    for stem, telling in found.items():
        print(f"{stem:28}" + "".join(f"{value:18}" for value in telling))
    sums = [sum(column) for column in zip(*found.values(), strict=True)]
    print(f"{'sum':28}" + "".join(f"{value:18}" for value in sums))
    notation = (ROOT / "chapters" / "notation.md").read_text(encoding="utf-8")
    print("symbols with two meanings:", ", ".join(ambiguous(notation)) or "none")


if __name__ == "__main__":
    main()
