"""A chapter's notebook again, with plain Markdown between the cells of code.

The code, its outputs and the order are the chapter's; folded cells are folded in Colab and in
JupyterLab as they are on the page.
"""

import re

import nbformat
from nbformat.v4 import new_markdown_cell

from tools.colab.blocks import Blocks

TO_FILL_IN = re.compile(
    r"^\s*(my_\w+ = |return )None\b", re.M
)  # a reader writes here: never folded
NOTE = (
    "*This notebook is made from [a chapter]({page}) of the book [Benign Oscillation]({book}); its"
    " references lead there. To begin, run all cells. A folded cell opens with a click on it.*"
)


class Chapter:
    """Collects the cells of one chapter in the order of its tree."""

    def __init__(self, notebook, writer, book, heading):
        self.code = dict(enumerate(notebook.cells))
        self.metadata = notebook.metadata
        self.writer = writer
        self.heading = heading  # a function from a section to its number, "" or "5. "
        self.note = NOTE.format(page=writer.page, book=book)
        self.cells, self.texts = [], []

    def add(self, text):
        if text:
            self.texts.append(text)

    def flush(self):
        """End a cell of text."""
        if self.texts:
            name = f"text-{len(self.cells) + 1}"
            self.cells.append(new_markdown_cell("\n\n".join(self.texts), id=name))
        self.texts = []

    def walk(self, nodes, level=0):
        for node in nodes:
            name = type(node).__name__
            if name == "section":
                self.section(node, level + 1)
            elif node.get("nb_element") == "cell_code":
                self.flush()
                self.add_code(node)
            elif not has_code(node):
                if name == "exercise_enumerable_node":  # so that a cell can be put below it
                    self.flush()
                self.add(self.writer.block(node))
            elif name in ("solution_node", "admonition"):
                self.fold_around_code(node)
            else:
                self.walk(node.children, level)

    def section(self, node, level):
        title, *rest = node.children
        self.flush()
        self.add(f"{'#' * level} {self.heading(node)}{self.writer.children(title).strip()}")
        if self.note:
            self.add(self.note)
            self.note = None
        self.walk(rest, level)

    def fold_around_code(self, node):
        """A fold cannot hold a cell: its text is folded in parts, its code on its own."""
        title, *rest = node.children
        parts = [child for one in rest for child in one.children] if len(rest) == 1 else rest
        shell = type(node)("", **{"classes": ["dropdown"]})
        waiting = []

        def fold_text():
            if any(self.writer.block(one) for one in waiting):
                self.add(self.writer.block(shell_of(shell, title, waiting)))
            waiting.clear()

        for one in parts:
            if one.get("nb_element") == "cell_code":
                fold_text()
                self.flush()
                self.add_code(one, title.astext())
            else:
                waiting.append(one)
        fold_text()

    def add_code(self, node, within=None):
        """A cell of code as in the chapter, and the caption of its figure below it."""
        cell = self.code[node["cell_index"]]
        self.cells.append(folded(cell, within))
        for figure in node.findall():
            if type(figure).__name__ == "figure":
                self.add(self.writer.block(figure))
                self.flush()

    def finish(self):
        self.flush()
        notebook = nbformat.v4.new_notebook(cells=self.cells, metadata=dict(self.metadata))
        notebook.metadata["colab"] = {"provenance": [], "toc_visible": True}
        return notebook


def shell_of(shell, title, children):
    """A fold of the same kind with other children."""
    copy = shell.copy()
    copy.extend([title.deepcopy(), *(child.deepcopy() for child in children)])
    return copy


def has_code(node):
    return any(
        one.get("nb_element") == "cell_code" for one in node.findall() if hasattr(one, "get")
    )


def folded(cell, within=None):
    """The cell with what Colab and JupyterLab need to fold it as the page does.

    Colab folds a form, and shows the title in its first line; JupyterLab goes by the metadata.
    """
    tags, about = cell.metadata.get("tags", []), cell.metadata.get("mystnb", {})
    copy = nbformat.from_dict({**cell, "metadata": {}})
    prompt = about.get("code_prompt_show", "")
    hidden = {"hide-input", "hide-cell"} & set(tags) or within
    if hidden and not TO_FILL_IN.search(cell.source):
        title = prompt if not within else f"{within}: {prompt}" if prompt else within
        copy.source = f"# @title {title}\n{cell.source}"
        copy.metadata["cellView"] = "form"
        copy.metadata["jupyter"] = {"source_hidden": True}
        if "hide-cell" in tags:
            copy.metadata["jupyter"]["outputs_hidden"] = True
            copy.metadata["collapsed"] = True
    words = about.get("image", {}).get("alt")
    for output in copy.outputs:
        if words and "image/png" in output.get("data", {}):
            output.metadata["image/png"] = {"alt": words}
    return copy


def convert(tree, notebook, page, book, number, heading):
    """The plain notebook of a chapter, from its resolved tree and its notebook."""
    chapter = Chapter(notebook, Blocks(page, number), book, heading)
    chapter.walk(tree.children)
    return chapter.finish()
