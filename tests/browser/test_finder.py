"""Finding and arriving: the search, what a link shows before it is followed, the map."""

import json
import re

import pytest

from tests.book.common import ROOT, SITE

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

EDGE = r"14_edge_of_stability\.html|08_where_it_stops\.html.*#the-edge-of-stability"
# What a reader types, and the place that must come first.
SOUGHT = {
    "edge of stability": EDGE,
    "Edge of Stabilit": EDGE,
    "potential": r"05_the_potential\.html",
    "theorem 8.1": r"08_where_it_stops\.html.*#thm-stop-clean",
    "cubic map": r"06_the_cubic_map\.html",
    "sign limit": r"glossary\.html.*#term-sign-limit|06_the_cubic_map\.html",
    "oscilation": r"oscillat",  # a slip of the pen
    "κ": r"notation\.html.*#symbol-kappa",
    "FeatureNoiseModel": r"api\.html.*FeatureNoiseModel",
    "exercise 8.1": r"08_where_it_stops\.html.*#ex-",
    "phase diagram": r"11_phase_diagram\.html",
    "two_cycle": r"api\.html.*two_cycle",
    "Cohen": r"bibliography\.html",
    "bank statement": r"glossary\.html.*#term-bank-statement|claims\.html|05_the_potential",
}


def faults_of_access(page, *selectors):
    """What axe-core finds in these parts of a page."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("async (parts) => (await axe.run(parts)).violations", list(selectors))
    return [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found]


def list_of(page, query):
    """Type a query into the open dialog, and wait for its list."""
    page.fill("dialog input[name=q]", query)
    page.wait_for_function(
        "query => document.querySelector('dialog .bo-found').dataset.query === query", arg=query
    )
    return page.eval_on_selector_all("dialog .bo-found a", "links => links.map((a) => a.href)")


def test_search_finds_sections_while_typing(open_page):
    page = open_page("chapters/01_two_learning_rates.html", 1280)
    assert not page.evaluate("Boolean(window.MiniSearch)")  # nothing is loaded before it is needed
    page.keyboard.press("Control+k")
    first = {query: (list_of(page, query) or [""])[0] for query in SOUGHT}
    wrong = {query: url for query, url in first.items() if not re.search(SOUGHT[query], url)}
    assert wrong == {}
    # Hidden code, outputs and TeX are no text of the book.
    for hidden in ("matplotlib.pyplot", "subprocess", "rVert", "bigl"):
        assert not [url for url in list_of(page, hidden) if "chapters/0" in url], hidden
    assert list_of(page, "zzzxqy") == []
    assert "Nothing found" in page.inner_text("dialog [role=status]")

    list_of(page, "edge of stability")
    assert re.match(r"\d+ places", page.inner_text("dialog [role=status]"))
    assert page.locator("dialog .bo-found mark").first.is_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert faults_of_access(page, "dialog") == []
    links = page.locator("dialog .bo-found a")
    assert links.nth(1).evaluate("link => link === document.activeElement")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    assert not page.locator("dialog[open]").count()
    assert page.faults == []


def test_search_arrives_at_the_place_and_marks_it(open_page):
    page = open_page("index.html", 390)
    page.keyboard.press("Control+k")
    urls = list_of(page, "edge of stability")
    at = next(number for number, url in enumerate(urls) if "08_where_it_stops" in url)
    page.locator("dialog .bo-found a").nth(at).click()
    page.wait_for_url("**/08_where_it_stops.html#*")  # and the query is gone from the address
    assert page.evaluate("CSS.highlights.get('bo-found')?.size") > 0
    place = page.locator(":target").first
    assert 0 <= place.bounding_box()["y"] < 450
    page.keyboard.press("Escape")
    assert page.evaluate("CSS.highlights.has('bo-found')") is False
    assert page.faults == []


def test_search_has_a_page_of_its_own(open_page):
    page = open_page("search.html?q=edge%20of%20stability", 390)
    page.wait_for_selector("article .bo-found a")
    assert re.search(EDGE, page.locator("article .bo-found a").first.get_attribute("href"))
    assert not list(SITE.glob("searchindex.js")), "Sphinx's own index is made as well"
    assert page.faults == []


def previews(page, selector):
    """The text of the card that a link shows on focus."""
    # One and the same link: as more of the page is laid out, another may become the first.
    link = page.locator(f"article {selector}:not(.headerlink):visible").first.element_handle()
    link.evaluate("link => link.focus({focusVisible: true})")
    card = page.locator(".bo-preview")
    card.wait_for()
    assert link.get_attribute("aria-describedby") == "bo-preview"
    return card.inner_text()


def test_links_show_what_they_lead_to(open_page):
    page = open_page("chapters/08_where_it_stops.html", 1280)
    shown = {
        "a[href$='#thm-time']": "Theorem G.",  # a statement elsewhere
        "a[href^='#equation-']": "(8.",  # an equation here
        "a[href*='bibliography.html#']": "20",  # a work
        "a.bo-term": "",
        "a.bo-symbol": "",
        "a[href*='claims.html#claim-']": "",
    }
    for selector, text in shown.items():
        card = previews(page, selector)
        assert text in card and len(card) > 15, selector
        box = page.locator(".bo-preview").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
        assert box["y"] >= 0 and box["y"] + box["height"] <= 900
        page.keyboard.press("Escape")
        assert not page.locator(".bo-preview").count()

    # By mouse: it stays while the pointer is on it, and goes when the pointer has left.
    page.locator("a.bo-term:visible").first.hover()
    card = page.locator(".bo-preview")
    card.wait_for()
    card.hover()
    assert card.count() == 1
    page.mouse.move(5, 5)
    card.wait_for(state="detached")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert ids.count("bo-preview") == 0
    assert page.faults == []


def test_cards_and_their_links_are_accessible(open_page):
    page = open_page("chapters/C_statistics.html", 390)
    previews(page, "a.bo-term")
    parts = (".bo-preview", "article a.bo-term", "article a.bo-symbol")
    assert faults_of_access(page, *parts) == []
    assert page.faults == []


def test_each_preview_exists():
    """Every link of a chapter to another place of the book has something to show."""
    items = {}
    for path in (SITE / "_previews").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        detail = json.loads(text[text.index("{detail:") + 8 : -3])
        items[detail["page"]] = detail["items"]
    empty = [
        f"{page}#{anchor}"
        for page, found in items.items()
        for anchor, html in found.items()
        if not re.sub(r"<[^>]*>", "", html).strip() and "<img" not in html
    ]
    assert items and not empty
    assert not [html for found in items.values() for html in found.values() if ' id="' in html]


@pytest.mark.parametrize("width", [390, 1280])
def test_the_map_of_chapters(open_page, width):
    page = open_page("index.html", width)
    row = page.locator(".bo-map li", has_text="Where it stops")
    row.locator("a").first.focus()
    lit = page.locator(".bo-arcs path.bo-on")
    assert lit.count() >= 3
    assert page.locator(".bo-map li.bo-before", has_text="The cubic map").count() == 1
    assert page.locator(".bo-map li.bo-after", has_text="Many data points").count() == 1
    lines = page.eval_on_selector_all(".bo-map li", "rows => rows.map((row) => row.offsetHeight)")
    assert max(lines) - min(lines) <= 1  # else the arcs would miss their lines
    assert page.faults == []
