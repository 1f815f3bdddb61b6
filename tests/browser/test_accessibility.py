"""Every page, all folds open: no violation of axe-core, light or dark, and nothing cut off."""

import os

import pytest

from tests.book.common import ROOT, toc

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [*toc(), "genindex", "search"]
# Every kind of markup; the other pages take minutes more and are read with AXE=all.
KINDS = """index chapters/01_two_learning_rates chapters/11_phase_diagram chapters/C_statistics
    chapters/the_paper_in_one_page chapters/glossary chapters/performance chapters/bibliography
    genindex search""".split()

# Nothing moves, and what a reader has not scrolled to yet is laid out too.
AT_ONCE = "* { transition: none !important; content-visibility: visible !important; }"

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


# What is wider than its place must wrap, or scroll in a box that shows it and that has a name.
# And no line begins with the mark that follows a link or a name.
CUT = """async () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const found = [];
    const name = (element) =>
        `${element.tagName}.${element.className}: ${element.textContent.slice(0, 50)}`;
    const wider = (element) => element.scrollWidth > element.clientWidth + 1;
    const skipped = ".katex, svg, .visually-hidden, .sr-only, .bd-sidebar-secondary";
    const sieve = (element) => element.matches(skipped)
        || !element.checkVisibility() ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT;
    const all = document.createTreeWalker(
        document.querySelector("main"), NodeFilter.SHOW_ELEMENT, sieve);
    while (all.nextNode()) {
        const element = all.currentNode;
        const { overflowX, backgroundImage, display } = getComputedStyle(element);
        const { right, left, width } = element.getBoundingClientRect();
        const box = element.parentElement.closest("[role=region], .bd-sidebar, .bo-scrolls");
        if (!box && width > 1 && right > 0 && (right > innerWidth + 1 || left < -1))
            found.push(`sticks out: ${name(element)}`);
        if (display === "inline" || !element.clientWidth || !wider(element)) continue;
        if (/hidden|clip/.test(overflowX)) found.push(`cut: ${name(element)}`);
        if (/auto|scroll/.test(overflowX) && element.closest("article")
            && !(element.matches("[role=region][tabindex='0']") && backgroundImage !== "none"))
            found.push(`scrolls without a cue: ${name(element)}`);
    }
    const mark = document.createRange();
    for (const piece of document.querySelectorAll("main :is(a, code, em, strong, .bo-origin)")) {
        const next = piece.nextSibling, rects = piece.getClientRects();
        if (next?.nodeType !== Node.TEXT_NODE || !/^[.,;:!?)]/.test(next.data)) continue;
        if (!rects.length || !piece.checkVisibility()) continue;
        mark.setStart(next, 0);
        mark.setEnd(next, 1);
        const end = rects[rects.length - 1];
        if (mark.getBoundingClientRect().top > end.bottom - 2)
            found.push(`mark begins a line: ${name(piece)}${next.data.slice(0, 9)}`);
    }
    return found;
}"""


@pytest.mark.parametrize("name", PAGES)
def test_no_violations_and_nothing_cut(open_page, name):
    page = open_page(f"{name}.html", 390)
    page.add_style_tag(content=AT_ONCE)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(CUT) == [], f"{width} pixels wide"
    if name in KINDS or os.environ.get("AXE") == "all":
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(RUN) == []


def test_a_violation_is_found(open_page):
    page = open_page("genindex.html", 1280)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend",
        '<img src="x"><p style="color: #999">pale</p>')""")
    found = "\\n".join(page.evaluate(RUN))
    assert "image-alt" in found and "light, serious: color-contrast" in found


def test_what_is_cut_is_found(open_page):
    page = open_page("genindex.html", 390)
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend",
        `<pre style="white-space: pre; overflow: hidden">${"x".repeat(100)}</pre>
        <pre style="white-space: pre; overflow: auto">${"y".repeat(100)}</pre>
        <p style="width: 500px">wide</p>`)""")
    found = [line.split(":")[0] for line in page.evaluate(CUT)]
    assert found == ["cut", "scrolls without a cue", "sticks out"]
