"""Every page as a reader sees it in a browser, on a laptop and on a phone."""

import json
import re
from pathlib import Path

import pytest

from tests.book.common import CONFIG, toc

FAULTS = """() => ({
    "formulas not rendered": [...document.querySelectorAll("span.math, div.math")]
        .filter((formula) => !formula.querySelector("mjx-container")).length,
    "formula errors": document.querySelectorAll("mjx-merror").length,
    "pictures without alternative text": [...document.querySelectorAll("main img")]
        .filter((image) => !image.alt.trim()).length,
    // A displayed formula scrolls in its own box; an inline one would be cut off.
    "inline formulas wider than their paragraph":
        [...document.querySelectorAll("span.math mjx-math")].filter((formula) => {
            const block = formula.closest("p, li, td, th, dd, figcaption, div");
            const { paddingLeft, paddingRight } = getComputedStyle(block);
            const room = block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
            return formula.getBoundingClientRect().width > room + 1;
        }).length,
    "pixels wider than the screen":
        Math.max(0, document.documentElement.scrollWidth - window.innerWidth),
})"""


def test_packages_are_those_the_pages_load():
    manifest = json.loads((Path(__file__).parent / "package.json").read_text())
    settings = json.dumps(CONFIG["sphinx"]["config"])
    loaded = re.findall(r"cdn\.jsdelivr\.net/npm/((?:@[^/@]+/)?[^/@\"]+)@([\w.-]+)/", settings)
    assert dict(loaded) == manifest["dependencies"]


@pytest.mark.parametrize("name", toc())
def test_page_is_sound(open_page, name):
    """Loaded on a phone, then on a screen as wide as a laptop's: all boxes are laid out anew."""
    page = open_page(f"{name}.html", 390)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        found = {fault: count for fault, count in page.evaluate(FAULTS).items() if count}
        assert found == {}, f"{width} pixels wide"
    assert page.faults == []
