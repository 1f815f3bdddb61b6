"""The plain notebooks in _build/colab: the chapters' code and text, and nothing raw."""

import ast
import re
from copy import copy
from functools import cache

import nbformat
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from tests.book.common import CONFIG, ROOT, SITE, chapters, read
from tools.colab.blocks import Blocks, unnested
from tools.colab.inline import code, html, plain

COLAB = ROOT / "_build" / "colab"
each_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
RAW = {
    "directive": re.compile(r"^\s*(?:>\s*)*(?::{3,}|(?:`{3,}|~{3,})\{)", re.M),
    "role": re.compile(r"\{[\w:-]+\}`"),
    "label": re.compile(r"^\([\w:-]+\)=\s*$", re.M),
    "labelled formula": re.compile(r"\$\$[ \t]*\([\w-]+\)"),
    "comment": re.compile(r"^\s*%", re.M),
    "attributes": re.compile(r"^\{[.#][^}]*\}\s*$", re.M),
    "anchor of MyST": re.compile(r"\]\(#"),
    "HTML of the site": re.compile(r"<(?:script|style|svg|iframe|bo-)", re.I),
}
LEFT = re.compile(r"\*\*|(?<!\w)[*_](?=\w)|\\[a-zA-Z]|\$|\]\(|\|\s*-{3}")  # what marks text


@cache
def converted(path):
    target = COLAB / path.name
    assert target.exists(), f"{target} is not built: run `make colab`"
    return read(target)


@cache
def texts(path):
    return [cell.source for cell in converted(path).cells if cell.cell_type == "markdown"]


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@cache
def rendered(text):
    """What CommonMark with tables and formulas, as in every notebook editor, makes of a cell."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table").use(dollarmath_plugin)
    return BeautifulSoup(parser.render(text), "html.parser")


def test_each_chapter_has_its_notebook_and_no_other_is_left():
    names = {path.name for path in chapters()}
    assert {path.name for path in COLAB.glob("*.ipynb")} == names
    assert {path.name for path in (SITE / "colab").iterdir()} == names
    for name in names:
        assert (SITE / "colab" / name).read_bytes() == (COLAB / name).read_bytes()


@each_chapter
def test_it_is_a_valid_notebook_with_the_code_of_the_chapter(path):
    notebook, chapter = converted(path), read(path)
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.metadata.kernelspec == chapter.metadata.kernelspec
    assert notebook.metadata.get("widgets") == chapter.metadata.get("widgets")
    for new, old in zip(code_cells(notebook), code_cells(chapter), strict=True):
        assert new.id == old.id
        assert re.sub(r"\A# @title .*\n", "", new.source) == old.source
        assert [{**out, "metadata": {}} for out in new.outputs] == [
            {**out, "metadata": {}} for out in old.outputs
        ]
        ast.parse(new.source)


@each_chapter
def test_nothing_raw_is_left(path):
    for text in texts(path):
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        for name, pattern in RAW.items():
            assert not pattern.search(prose), (name, pattern.search(prose)[0], text[:80])


@each_chapter
def test_it_renders(path):
    """No mark of Markdown or TeX is left in what a reader sees outside of formulas and code."""
    for text in texts(path):
        page = copy(rendered(text))
        for tag in page.select(".math, code, pre, summary"):
            tag.decompose()
        assert not LEFT.search(page.get_text()), (LEFT.search(page.get_text())[0], text)


@each_chapter
def test_folds_are_closed_and_whole(path):
    for text in texts(path):
        page = rendered(text)
        assert text.count("<details>") == text.count("</details>") == len(page.find_all("details"))
        assert not page.find_all("details", attrs={"open": True})
        for found in page.find_all("details"):
            assert not LEFT.search(re.sub(r"\$[^$]+\$", "", found.summary.get_text()))
            assert found.summary.get_text().strip() and found.find_parent("blockquote") is None
            assert found.find("details") is None


@each_chapter
def test_links_work_from_anywhere(path):
    """They lead to the site, to an anchor that is there, or to another host."""
    base = CONFIG["html"]["baseurl"]
    for text in texts(path):
        for link in rendered(text).find_all("a"):
            address = link["href"]
            assert address.startswith("https://") and link.get_text().strip(), link
            if address.startswith(f"{base}/"):
                page, _, anchor = address.removeprefix(f"{base}/").partition("#")
                assert page == "" or anchor == "" or anchor in anchors(page), address


@cache
def anchors(page):
    text = (SITE / page).read_text(encoding="utf-8")
    return set(re.findall(r"""\bid=["']([^"']+)""", text))


@cache
def built(path):
    return (SITE / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")


@each_chapter
def test_formulas_are_numbered_as_on_the_site(path):
    on_site = re.findall(r'class="eqno">\(([\w.]+)\)', built(path))
    assert re.findall(r"\\tag\{(.*?)\}", "\n".join(texts(path))) == on_site


def test_statements_and_exercises_are_numbered_as_on_the_site():
    found = []
    for path in chapters():
        on_site = re.findall(r'class="caption-number">([A-Z]\w+ (?:\d+|[A-Z])\.\d+)', built(path))
        heads = re.findall(r"^> \*\*([A-Z]\w+ (?:\d+|[A-Z])\.\d+)\b", "\n".join(texts(path)), re.M)
        assert heads == on_site
        found += heads
    assert len(found) > 100


@each_chapter
def test_figures_are_numbered_as_on_the_site(path):
    on_site = re.findall(r'class="caption-number">(Fig\. [\w.]+?) *<', built(path))
    assert re.findall(r"^\*\*(Fig\. [\w.]+?)\.?\*\*", "\n".join(texts(path)), re.M) == on_site


@each_chapter
def test_folded_code_is_folded_and_answers_are_open(path):
    for new, old in zip(code_cells(converted(path)), code_cells(read(path)), strict=True):
        folded = new.metadata.get("cellView") == "form"
        assert folded == new.metadata.get("jupyter", {}).get("source_hidden", False)
        assert folded == new.source.startswith("# @title ")
        asks = re.search(r"^\s*(my_\w+ = |return )None\b", old.source, re.M)
        hidden = {"hide-input", "hide-cell"} & set(old.metadata.get("tags", []))
        assert not (folded and asks)
        assert folded or asks or not hidden


def document(*children):
    return nodes.paragraph("", "", *children)


@pytest.mark.parametrize(
    "text",
    ["2 * 3 * 4", "a_b and _c_", "5 $ and 6 $", "a < b", "<b>", r"a \* b", "[a](b)", "`x`", "&lt;"],
)
def test_plain_text_shows_as_it_is(text):
    page = rendered(f"x {plain(text)} y")
    assert page.get_text().strip() == f"x {text} y"
    assert [tag.name for tag in page.find_all(True)] == ["p"]


@pytest.mark.parametrize("text", ["x", "a`b", "``", "`a"])
def test_code_shows_as_it_is(text):
    assert rendered(code(text)).code.get_text() == text


def test_marks_hold_no_blank_at_their_ends():
    """`* a*` would be no emphasis; and a number at the start of a line would be a list."""
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    emphasis = nodes.emphasis("", " so ")
    assert writer.block(document(nodes.Text("is"), emphasis, nodes.Text("it"))) == "is *so* it"
    assert rendered(writer.block(document(nodes.Text("1. May")))).get_text().strip() == "1. May"


def test_a_table_escapes_what_would_be_a_border():
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    entry = nodes.entry(
        "", document(nodes.math("", "|x|"), nodes.Text(" | "), nodes.literal("", "a|b"))
    )
    head = nodes.row("", nodes.entry("", document(nodes.Text("a"))))
    table = nodes.table(
        "", nodes.tgroup("", nodes.thead("", head), nodes.tbody("", nodes.row("", entry)))
    )
    page = rendered(writer.block(table))
    assert len(page.select("td")) == 1
    assert page.td.code.get_text() == "a|b"


def test_a_list_by_letters_says_its_letters():
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    items = [nodes.list_item("", document(nodes.Text(text))) for text in ("yes", "no")]
    page = rendered(writer.block(nodes.enumerated_list("", *items, enumtype="loweralpha")))
    assert [item.get_text() for item in page.find_all("li")] == ["(a) yes", "(b) no"]


def test_the_call_that_judges_an_answer_can_be_pasted():
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    call = document(nodes.Text("In Python: "), nodes.literal("", 'check("5.1", 2)'))
    check_form = type("check_form", (nodes.Element,), {})
    page = rendered(writer.block(check_form("", document(nodes.Text("How many?")), call)))
    assert page.blockquote.p.get_text() == "How many?"
    ast.parse(page.code.get_text())


def test_what_is_asked_is_counted_where_there_is_more_than_one():
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    check_form = type("check_form", (nodes.Element,), {})
    call = document(nodes.literal("", 'check("5.1", (2, 3))'))
    parts = [nodes.container("", document(nodes.Text(text))) for text in ("How many?", "Why?")]
    page = rendered(writer.block(check_form("", *parts, call)))
    assert [p.get_text() for p in page.select("p")][:2] == ["(1) How many?", "(2) Why?"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("(The gain (ours))", "(The gain; ours)"),
        ("(A map (paper, eq. (5), exact))", "(A map; paper, eq. (5), exact)"),
        ("(Drift (Lu [24](https://a.org/b)))", "(Drift; Lu [24](https://a.org/b))"),
        ("(The size of f(x))", "(The size of f(x))"),
        ("(Network)", "(Network)"),
        ("", ""),
    ],
)
def test_a_title_has_no_bracket_within_another_for_whose_it_is(title, shown):
    assert unnested(title) == shown


def test_what_has_no_markdown_is_refused_by_name():
    writer = Blocks("https://example.org/page.html", lambda kind, node: "")
    with pytest.raises(NotImplementedError, match="line_block"):
        writer.block(nodes.line_block())
    with pytest.raises(NotImplementedError, match="subscript"):
        writer.block(document(nodes.subscript("", "2")))


def test_the_line_of_a_fold_is_html():
    title = nodes.title(
        "", "", nodes.Text("a < b, "), nodes.math("", "x < y"), nodes.emphasis("", "c")
    )
    assert html(title) == "a &lt; b, $x &lt; y$<em>c</em>"
