"""Write the map of dependencies into the front page: which chapter needs which.

The line `CHAPTER-MAP` is replaced by a table, made from the line "Prerequisites" of each chapter.
"""

import re
from pathlib import Path

import nbformat
import yaml

PAGE = "index"
MARKER = "CHAPTER-MAP"
NEEDS = re.compile(r"^\*\*Prerequisites:\*\*(.*?)(?=\*\*Run time:\*\*|$)", re.M | re.S)
LINK = re.compile(r"\{doc\}`(?:[^`<]*<)?([^`>]+)>?`")


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


def table(read):
    """The map in MyST Markdown: a row for each chapter that needs another."""
    rows = ["| chapter | builds on |", "| --- | --- |"]
    for page, notebook in read.items():
        before = " · ".join(f"{{doc}}`chapters/{name}`" for name in needs(notebook))
        if before:
            rows.append(f"| {{doc}}`{page}` | {before} |")
    return "\n".join(rows)


def fill_page(app, docname, source):
    """Replace the marker of the front page."""
    if docname != PAGE:
        return
    folder = Path(app.srcdir)
    read = notebooks(folder)
    for page in read:  # a changed chapter rebuilds the map
        app.env.note_dependency(str(folder / f"{page}.ipynb"))
    source[0] = source[0].replace(MARKER, table(read))


def setup(app):
    app.connect("source-read", fill_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
