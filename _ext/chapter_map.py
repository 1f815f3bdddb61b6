"""The map of dependencies on the front page: which chapter needs which.

The front page lists the chapters, one a line. `CHAPTER-ARCS` becomes a picture beside that list, an
arc from each chapter to those that need it, and `CHAPTER-MAP` a table that says the same in words.
Both are made from the line "Prerequisites" of each chapter. An appendix is named after the line of
the chapter that it belongs to.
"""

import re
from pathlib import Path

import nbformat
import yaml

PAGE = "index"
ARCS, MARKER = "CHAPTER-ARCS", "CHAPTER-MAP"
NEEDS = re.compile(r"^\*\*Prerequisites:\*\*(.*?)(?=\*\*Run time:\*\*|$)", re.M | re.S)
LINK = re.compile(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`")
ROW = re.compile(
    r"^- (?:\{doc\}`chapters/([^`]+)`)?.*$", re.M
)  # of the list: a chapter, or a part's name
APPENDIX = re.compile(r"[A-Z]_")


def needs(notebook):
    """The chapters that a chapter's line of prerequisites links to, in that order."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = NEEDS.search(text)
    return list(dict.fromkeys(LINK.findall(found[1]))) if found else []


def notebooks(folder):
    """The notebooks of the table of contents in reading order, as {page: notebook}."""
    contents = yaml.safe_load((folder / "_toc.yml").read_text(encoding="utf-8"))
    pages = (chapter["file"] for part in contents["parts"] for chapter in part["chapters"])
    paths = ((page, folder / f"{page}.ipynb") for page in pages)
    return {page: nbformat.read(path, as_version=4) for page, path in paths if path.exists()}


def graph(read):
    """What each chapter builds on, as {name: [names]}."""
    return {page.split("/")[-1]: needs(notebook) for page, notebook in read.items()}


def table(read):
    """The map in MyST Markdown: a row for each chapter that needs another."""
    rows = ["| chapter | builds on |", "| --- | --- |"]
    for page, notebook in read.items():
        before = " · ".join(f"{{doc}}`chapters/{name}`" for name in needs(notebook))
        if before:
            rows.append(f"| {{doc}}`{page}` | {before} |")
    return "\n".join(rows)


def rows(text):
    """The lines of the list: the name of a chapter, or None for the name of a part."""
    return [row[1] for row in ROW.finditer(text.partition(ARCS)[2].partition(":::")[0])]


def arcs(names, before):
    """An SVG with one arc for each dependence between two lines, as tall as the list."""
    at = {name: 10 * line + 5 for line, name in enumerate(names) if name}
    paths = []
    for name in at:
        for other in before.get(name, ()):
            if other in at:
                start, end = at[other], at[name]
                bulge = 98 - 125 * min(1, (abs(end - start) / (10 * len(names))) ** 0.75 + 0.04)
                paths.append(
                    f'<path data-from="{names.index(other)}" data-to="{names.index(name)}" '
                    f'd="M98 {start}C{bulge:.1f} {start} {bulge:.1f} {end} 98 {end}"/>'
                )
    return (
        f'<svg class="bo-arcs" viewBox="0 0 100 {10 * len(names)}" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(paths)}</svg>'
    )


def appendices(before):
    """The appendices of each chapter, {name: [names]}: each belongs to what it first names."""
    found = {}
    for name, others in before.items():
        if APPENDIX.match(name) and others:
            found.setdefault(others[0], []).append(name)
    return found


def with_appendices(text, before):
    """The list, each line followed by the letters of the chapter's appendices."""
    belonging = appendices(before)
    head, marker, tail = text.partition(ARCS)
    body, end, rest = tail.partition(":::")

    def complete(row):
        letters = [f"{{doc}}`{name[0]} <chapters/{name}>`" for name in belonging.get(row[1], ())]
        return f"{row[0]} *Appendix {', '.join(letters)}*" if letters else row[0]

    return head + marker + ROW.sub(complete, body) + end + rest


def fill_page(app, docname, source):
    """Replace the markers of the front page."""
    if docname != PAGE:
        return
    folder = Path(app.srcdir)
    read = notebooks(folder)
    for page in read:  # a changed chapter rebuilds the map
        app.env.note_dependency(str(folder / f"{page}.ipynb"))
    before = graph(read)
    text = with_appendices(source[0].replace(MARKER, table(read)), before)
    picture = f"```{{raw}} html\n{arcs(rows(text), before)}\n```"
    source[0] = text.replace(ARCS, picture)


def setup(app):
    app.connect("source-read", fill_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
