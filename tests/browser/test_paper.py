"""The book on paper: every chapter is in the PDF; links and contents lead to the right pages."""

import re
import subprocess
import sys
from functools import cache
from html import unescape
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from tests.book.common import CONFIG, ROOT, SITE
from tools.paper.sources import parts

FOR_A_SCREEN = re.compile(r"Set-up for Colab|In Python:|import torch|Show |as plt|check\(")
RAW = re.compile(r".?.?(?:\\(?:frac|kappa|eta|lVert|text)\b|\{(?:prf:)?ref\}|\$\$|:::).?.?")
PRE = re.compile(r"<pre>.*?</pre>", re.S)
CHAPTER = "chapters/04_one_data_point"
CHAPTERS = [name for _, pages in parts(ROOT) for name in pages]

PRINTED = """() => {
    const shown = (element) => element.checkVisibility() && element.getClientRects().length;
    const sum = (colour) => {
        const [r, g, b, opacity = 1] = colour.match(/[0-9.]+/g).map(Number);
        return opacity ? r + g + b : 765;
    };
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        "background": getComputedStyle(document.body).backgroundColor,
        "pale text": all("article :is(p, pre, pre span, td)").filter((element) =>
            shown(element) && sum(getComputedStyle(element).color) > 500).length,
        "dark ground": all("article *").filter((element) =>
            shown(element) && sum(getComputedStyle(element).backgroundColor) < 600
            && element.textContent.trim()).length,
        "folded": all("details:not(.hide) > :not(summary, .tag_hide-cell)").filter((element) =>
            !shown(element)).length,
        "for a screen": all(".cell > details, .tag_hide-cell, .bo-check, input, button")
            .filter(shown).map((element) => element.className),
        "cut": all("article pre").filter((code) => code.scrollWidth > code.clientWidth + 1).length,
        "titles": all("h1").filter(shown).map((heading) => heading.innerText),
        "navigation": all("nav, .bd-header, .bd-sidebar-primary, .copybtn").filter(shown)
            .map((element) => element.className),
    };
}"""


@pytest.fixture(scope="module")
def paper(browser, tmp_path_factory):
    """The PDF, printed once; `browser` skips where there is none."""
    out = tmp_path_factory.mktemp("paper") / "book.pdf"
    command = [sys.executable, "-m", "tools.paper", "--site", SITE, "--out", out]
    subprocess.run(command, cwd=ROOT, check=True)
    assert out.stat().st_size < 25e6
    return PdfReader(out)


@pytest.fixture(scope="module")
def outline(paper):
    """The outline, as (level, title, page)."""

    def walk(items, level=0):
        for item in items:
            if isinstance(item, list):
                yield from walk(item, level + 1)
            else:
                yield level, item.title, paper.get_destination_page_number(item)

    return list(walk(paper.outline))


def title(name):
    """A page's heading on the site, with its number."""
    text = (SITE / f"{name}.html").read_text(encoding="utf-8")
    heading = re.search(r'<article.*?<h1>(.*?)<a class="headerlink"', text, re.S)[1]
    return squeeze(unescape(re.sub(r"<[^>]+>", "", heading)))


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


@cache
def words(paper, page):
    """The text of a page, counted from 0."""
    return squeeze(paper.pages[page].extract_text())


def test_every_part_and_chapter_is_in_the_outline_at_its_page(paper, outline):
    captions = [caption for caption, _ in parts(ROOT)]
    tops = [text for level, text, _ in outline if level == 0]
    assert tops[2:] == captions  # after the title and the contents
    chapters = {text: page for level, text, page in outline if level == 1}
    assert list(chapters) == [title(name) for name in CHAPTERS]
    for text, page in chapters.items():
        assert text in words(paper, page)
        # At the head and the foot: the chapter and the number of the page.
        assert f"{text.replace('. ', ' ', 1)} {page + 1} " in words(paper, page)
    assert sum(level == 2 for level, _, _ in outline) > 100  # sections


def test_contents_say_the_pages(paper, outline):
    first = next(page for level, _, page in outline[2:] if level == 0)
    text = " ".join(words(paper, page) for page in range(1, first))
    for level, heading, page in outline[2:]:
        if level == 0:
            assert heading in text
        elif level == 1:
            assert f"{heading.replace('. ', ' ', 1)} {page + 1}" in text


def test_every_link_inside_leads_to_a_page(paper):
    """Links of one chapter to another too: each chapter is printed by itself."""
    places = paper.trailer["/Root"]["/Dests"]
    pages = {page.indirect_reference.idnum for page in paper.pages}
    inside, outside = set(), set()
    for page in paper.pages:
        for link in page.get("/Annots", []):
            link = link.get_object()
            if "/Dest" in link:
                inside.add(link["/Dest"])
            elif "/A" in link:
                outside.add(link["/A"]["/URI"])
    assert len(inside) > 500
    assert not inside - set(places)
    assert all(place.get_object()[0].idnum in pages for place in places.values())
    assert not [uri for uri in outside if not uri.startswith(("https://", "http://", "mailto:"))]


def code(name):
    """All code of a page, without blanks."""
    text = (SITE / f"{name}.html").read_text(encoding="utf-8")
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]+>", "", "".join(PRE.findall(text)))))


def test_text_is_typeset(paper):
    """On a sample of pages: reading them all takes as long as printing them.

    Code writes TeX too, where it labels a picture.
    """
    of_code = "".join(map(code, CHAPTERS))
    for page in range(4, len(paper.pages), 30):
        text = words(paper, page)
        raw = [re.sub(r"\s", "", found) for found in RAW.findall(text)]
        assert [found for found in raw if found not in of_code] == []
        assert "Show code" not in text and "Hide the code" not in text


def test_raw_text_is_found():
    found = r"of $\kappa = 1$, by {ref}`fig-one`, as $$x$$ and ::: say"
    assert len(RAW.findall(found)) == 4


@pytest.fixture(scope="module")
def chapter(paper, outline):
    """The text of the fourth chapter, which has a slider, a laboratory, proofs and exercises."""
    start = next(page for _, text, page in outline if text == title(CHAPTER))
    end = next(page for level, _, page in outline if level < 2 and page > start)
    return " ".join(words(paper, page) for page in range(start, end))


def test_sliders_are_grids_of_their_frames(chapter):
    page = (SITE / f"{CHAPTER}.html").read_text(encoding="utf-8")
    labels = re.findall(r'data-label="([^"]+)"', page)
    assert len(labels) == 12
    assert all(label in chapter for label in labels)


def test_formulas_are_copied_where_they_stand(chapter):
    """A letter in a sentence; it is missing where a word is divided just there."""
    page = BeautifulSoup((SITE / f"{CHAPTER}.html").read_text(encoding="utf-8"), "html.parser")
    text = re.sub(r"\s", "", chapter)
    there = []
    for formula in page.select("article span.math"):
        letter = formula.annotation.get_text()
        around = [formula.previous_sibling, formula.next_sibling]
        if re.fullmatch("[a-z]", letter) and all(isinstance(one, str) for one in around):
            before, after = (re.sub(r"\s", "", one) for one in around)
            there.append(f"{before[-6:]}{letter}{after[:6]}" in text)
    assert len(there) > 10 and sum(there) > 0.9 * len(there)


def test_what_only_a_screen_can_use_is_left_out(chapter):
    """Set-up, imports, code of figures, forms; what teaches stays, and lies open."""
    assert not FOR_A_SCREEN.findall(chapter)
    page = (SITE / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert chapter.count("Proof") >= page.count('class="admonition dropdown bo-proof"') > 2
    assert chapter.count("Solution to Exercise") == page.count("Solution to Exercise") > 2
    assert f"On the site it moves: {CONFIG['html']['baseurl'].split('://')[1]}" in chapter
    assert "for step in range(8):" in chapter  # code that computes before the reader's eyes


def test_readers_are_led_to_where_the_pdf_is_published():
    address = f"{CONFIG['html']['baseurl']}/benign-oscillation.pdf"
    workflow = (ROOT / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8")
    assert "make pdf && mv _build/benign-oscillation.pdf _build/html/" in workflow
    assert f"]({address})" in (ROOT / "README.md").read_text(encoding="utf-8")
    for page in ("index.html", f"{CHAPTER}.html"):  # in a card, and in the menu of downloads
        assert f'href="{address}"' in (SITE / page).read_text(encoding="utf-8")


def test_document_says_what_it_is(paper):
    root = paper.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"].value) == ("en", True)
    assert paper.metadata.title == "Benign Oscillation"
    assert paper.metadata.author
    assert 300 < len(paper.pages) < 500


def test_tags_and_pages_find_each_other(paper):
    """A page has its elements in the tree of owners, and these name the page; on a sample."""
    numbers = list(paper.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"])
    owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in paper.pages[::20]:
        elements = [element.get_object() for element in owners[page["/StructParents"]].get_object()]
        of = {element.raw_get("/Pg").idnum for element in elements if "/Pg" in element}
        assert page.indirect_reference.idnum in of


def test_a_page_of_the_site_prints_light_open_and_whole(browser, site):
    context = browser.new_context(color_scheme="dark", viewport={"width": 700, "height": 900})
    page = context.new_page()
    page.goto(site + "chapters/04_one_data_point.html")
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate(PRINTED)
    assert found["background"] == "rgb(255, 255, 255)"
    assert found["pale text"] == found["dark ground"] == found["folded"] == found["cut"] == 0
    assert found["navigation"] == found["for a screen"] == []
    assert [text.removesuffix("#") for text in found["titles"]] == ["4. One data point"]
    assert len(PdfReader(BytesIO(page.pdf(format="A4"))).pages) < 13
    context.close()
