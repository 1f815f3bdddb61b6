"""A page begins with its first idea; the code that sets it up stands where code begins."""

from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

from _ext.set_up_code import put_where_used
from tests.book.common import SITE, chapters


def cell(name, tag="", **about):
    return nodes.container(
        "", nodes.Text(name), nb_element="cell_code", classes=["cell", f"tag_{tag}"], **about
    )


def page(*opening):
    """A page whose opening has the set-up, the imports and other cells, and which has a section."""
    install = cell("install", "colab-bootstrap", hide_mode="all")
    imports = cell("imports", "imports", hide_mode="all")
    section = nodes.section("", nodes.title("", "Section"), nodes.paragraph("", "idea"))
    section += [cell("check", hide_mode="all"), cell("code")]
    tree = new_document("page")
    tree += nodes.section("", nodes.title("", "Title"), install, imports, *opening, section)
    return tree


def order(tree, kind):
    put_where_used(SimpleNamespace(builder=SimpleNamespace(format=kind)), tree, "page")
    return [one.astext() for one in tree.findall(nodes.container)]


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ([], ["imports", "check", "code"]),
        ([cell("figure", hide_mode="input")], ["figure", "imports", "check", "code"]),
        ([cell("lab", "remove-input")], ["lab", "imports", "check", "code"]),
        ([cell("shown")], ["imports", "shown", "check", "code"]),
    ],
)
def test_imports_stand_where_code_begins(opening, expected):
    assert order(page(*opening), "html") == expected


def test_a_plain_notebook_keeps_its_order():
    assert order(page(), "ipynb") == ["install", "imports", "check", "code"]


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_no_page_shows_the_set_up_and_each_has_its_imports(path):
    text = (SITE / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert "tag_colab-bootstrap" not in text
    assert text.count("tag_imports") == 1
