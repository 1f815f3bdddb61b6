"""The pages of the book: which there are, and the text of a notebook among them."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent


def toc():
    """The pages in reading order, as paths without a suffix."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = (chapter["file"] for part in contents["parts"] for chapter in part["chapters"])
    return [contents["root"], *parts]


def chapters():
    """The notebooks among the pages."""
    return [ROOT / f"{page}.ipynb" for page in toc() if (ROOT / f"{page}.ipynb").exists()]


def markdown(notebook):
    """All the text of a notebook."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
