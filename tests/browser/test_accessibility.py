"""No violation of axe-core, light or dark, all folds open."""

import os

import pytest

from tests.book.common import ROOT, toc
from tests.browser.cut import AT_ONCE

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ALL = [*toc(), "genindex", "search"]
# Every kind of markup; the other pages take minutes more and are read with AXE=all.
KINDS = """index chapters/01_two_learning_rates chapters/11_phase_diagram chapters/C_statistics
    chapters/the_paper_in_one_page chapters/glossary chapters/performance chapters/bibliography
    genindex search""".split()

# All rules but those of level AAA. Contrast is looked at for one text of each colour, size and
# ground, in both modes. Formulas are alike, and thousands: the first twenty stay as they are, and
# those of headings and heads of tables.
RUN = """async () => {
    const formulas = [...document.querySelectorAll(".katex")];
    for (const formula of formulas.slice(20))
        if (!formula.closest("th, h1, h2, h3, h4")) formula.replaceWith("x");
    const settled = () => new Promise((done) =>
        requestAnimationFrame(() => requestAnimationFrame(done)));
    const found = [];
    const run = async (mode, include, wanted) => {
        const rules = Object.fromEntries(axe.getRules().map(({ ruleId, tags }) =>
            [ruleId, { enabled: !tags.includes("wcag2aaa") && wanted(ruleId) }]));
        const { violations } = await axe.run(
            { include }, { resultTypes: ["violations"], rules });
        for (const { id, impact, nodes } of violations)
            for (const node of nodes)
                found.push(`${mode}, ${impact}: ${id}: ${node.target.join(" ")}`);
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$|^transparent$/.test(colour)) return colour;
        }
    };
    const samples = () => {
        const one = new Map();
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const element = texts.currentNode.parentElement;
            if (!texts.currentNode.data.trim() || element.closest("script, style, .katex")
                || !element.checkVisibility()) continue;
            const { color, fontSize, fontWeight } = getComputedStyle(element);
            one.set([color, fontSize, fontWeight, ground(element)].join(), element);
        }
        return [...one.values()];
    };
    await settled();
    await run("light", [document], (rule) => rule !== "color-contrast");
    for (const mode of ["light", "dark"]) {
        document.documentElement.dataset.theme = mode;
        await settled();
        await run(mode, samples(), (rule) => rule === "color-contrast");
    }
    return found;
}"""


@pytest.mark.parametrize("name", ALL if os.environ.get("AXE") == "all" else KINDS)
def test_no_violations(open_page, name):
    page = open_page(f"{name}.html", 1280)
    page.add_style_tag(content=AT_ONCE)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(RUN) == []


def test_a_violation_is_found(open_page):
    page = open_page("genindex.html", 1280)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend",
        '<img src="x"><p style="color: #999">pale</p>')""")
    found = "\\n".join(page.evaluate(RUN))
    assert "image-alt" in found and "light, serious: color-contrast" in found
