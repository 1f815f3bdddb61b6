"""Every page as a reader sees it in a browser, on a laptop and on a phone."""

import io

import pytest
from PIL import Image

from tests.book.common import toc
from tests.browser.cut import AT_ONCE, CUT

FAULTS = """() => ({
    "formulas not rendered": [...document.querySelectorAll("span.math, div.math")]
        .filter((formula) => !formula.querySelector(".katex-html .katex-base") ||
                             !formula.querySelector(".katex-mathml math")).length,
    "formula errors": document.querySelectorAll(".katex-error, .math merror").length,
    "tab stops at formulas in the text":
        document.querySelectorAll("span.math[tabindex], .math .katex [tabindex]").length,
    "boxes that scroll and no key reaches": [...document.querySelectorAll("div.math, pre")]
        .filter((box) => box.scrollWidth > box.clientWidth && box.tabIndex < 0).length,
    "formulas that are tab stops though they fit": [...document.querySelectorAll("div.math")]
        .filter((box) => box.scrollWidth <= box.clientWidth && box.tabIndex === 0).length,
    "pictures without alternative text": [...document.querySelectorAll("main img")]
        .filter((image) => !image.alt.trim()).length,
    "pictures out of proportion": [...document.querySelectorAll(".bd-article img")]
        .filter(({ clientWidth: w, clientHeight: h, naturalWidth, naturalHeight }) =>
            w && h && naturalWidth && Math.abs((w * naturalHeight) / (h * naturalWidth) - 1) > 0.03)
        .length,
    // A displayed formula scrolls in its own box; a part of an inline one would be cut off.
    "inline formulas wider than their paragraph":
        [...document.querySelectorAll(".katex-base, .bo-whole .katex-html")].filter((part) => {
            if (part.closest("div.math")) return false;
            const block = part.closest("p, li, td, th, dd, figcaption, div");
            const { paddingLeft, paddingRight } = getComputedStyle(block);
            const room = block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
            return part.getBoundingClientRect().width > room + 1;
        }).length,
    "marks parted from their formula": [...document.querySelectorAll(".bo-hold")].filter((hold) => {
        const parts = hold.querySelectorAll(".katex-base"), mark = document.createRange();
        if (hold.lastChild.nodeType !== Node.TEXT_NODE) return false;
        mark.selectNodeContents(hold.lastChild);
        const end = parts[parts.length - 1].getBoundingClientRect().right;
        return mark.getBoundingClientRect().left < end - 2;
    }).length,
    "pixels wider than the screen":
        Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
})"""


@pytest.mark.parametrize("name", [*toc(), "genindex", "search"])
def test_page_is_sound_and_nothing_cut(open_page, name):
    """Loaded on a phone, then on a screen as wide as a laptop's: all boxes are laid out anew.

    The folds are closed at first, then all are open.
    """
    page = open_page(f"{name}.html", 390)
    for width in (390, 1280):
        if width != 390:
            page.evaluate("delete document.documentElement.dataset.boxes")
            page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("document.documentElement.dataset.boxes === 'known'")
        found = {fault: count for fault, count in page.evaluate(FAULTS).items() if count}
        assert found == {}, f"{width} pixels wide"
        page.add_style_tag(content=AT_ONCE)
        assert page.evaluate(CUT) == [], f"{width} pixels wide"
    assert page.faults == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_link_leads_to_its_place(open_page, width):
    """Though what lies before the place has not been laid out."""
    page = open_page("chapters/api.html#benign_osc_lib.sweeps.sweep", width)
    place = page.locator("[id='benign_osc_lib.sweeps.sweep']")
    page.wait_for_function("document.documentElement.dataset.boxes === 'known'")
    assert 0 <= place.bounding_box()["y"] < 150


def test_what_is_cut_is_found(open_page):
    page = open_page("genindex.html", 390)
    page.evaluate("""() => document.querySelector("article").insertAdjacentHTML("beforeend",
        `<pre style="white-space: pre; overflow: hidden">${"x".repeat(100)}</pre>
        <pre style="white-space: pre; overflow: auto">${"y".repeat(100)}</pre>
        <p style="width: 500px">wide</p>
        <p><span class="math"><math><semantics><mi>x &lt; 1</mi></semantics></math>
        ${`<span class="katex-base" style="display: inline-block; width: 200px"></span> `.repeat(2)}
        </span></p>`)""")
    found = [line.split(":")[0] for line in page.evaluate(CUT)]
    assert found == ["cut", "scrolls without a cue", "sticks out", "parted"]


def test_no_picture_is_blank_in_a_screenshot_of_the_whole_page(open_page):
    """Though nobody scrolled there: decoded beside the painting, pictures come too late for it."""
    page = open_page("chapters/05_the_potential.html", 390)
    page.wait_for_function("document.documentElement.dataset.laid === 'out'")
    page.wait_for_function("[...document.querySelectorAll('main img')].every((i) => i.complete)")
    boxes = page.evaluate("""() => [...document.querySelectorAll("article img")]
        .map((image) => image.getBoundingClientRect()).filter(({ width }) => width)
        .map(({ left, right, top, bottom }) => [left, top + scrollY, right, bottom + scrollY])""")
    whole = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
    assert len(boxes) > 3
    darkest = [whole.crop(tuple(map(int, box))).getextrema()[0] for box in boxes]
    assert max(darkest) < 100
