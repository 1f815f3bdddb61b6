"""The book on paper: every chapter is in the PDF; links and contents lead to the right pages."""

import re

import pytest
from pypdf import PdfReader

from tests.book.common import ROOT, SITE
from tools.paper.__main__ import print_book
from tools.paper.sources import parts

CHAPTERS = [name for _, pages in parts(ROOT) for name in pages]

PRINTED = """() => {
    const shown = (element) => element.checkVisibility() && element.getClientRects().length;
    const light = ([r, g, b]) => Number(r) + Number(g) + Number(b) > 500;
    const all = (selector) => [...document.querySelectorAll(selector)];
    return {
        "background": getComputedStyle(document.body).backgroundColor,
        "dark text": all("article p, article pre, article td").filter((element) =>
            shown(element) && light(getComputedStyle(element).color.match(/[0-9]+/g))).length,
        "folded": all("details > :not(summary)").filter((element) => !shown(element)).length,
        "cut": all("article pre").filter((code) => code.scrollWidth > code.clientWidth + 1).length,
        "navigation": all("nav, .bd-header, .bd-sidebar-primary, .copybtn").filter(shown)
            .map((element) => element.className),
    };
}"""


@pytest.fixture(scope="module")
def paper(browser, tmp_path_factory):
    """The PDF, printed once; `browser` skips where there is none."""
    out = tmp_path_factory.mktemp("paper") / "book.pdf"
    print_book(SITE, out)
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
    heading = re.search(r"<h1>(.*?)<a class=\"headerlink\"", text, re.S)[1]
    return squeeze(re.sub(r"<[^>]+>", "", heading))


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def test_every_part_and_chapter_is_in_the_outline_at_its_page(paper, outline):
    captions = [caption for caption, _ in parts(ROOT)]
    tops = [text for level, text, _ in outline if level == 0]
    assert tops[2:] == captions  # after the title and the contents
    chapters = {text: page for level, text, page in outline if level == 1}
    assert list(chapters) == [title(name) for name in CHAPTERS]
    for text, page in chapters.items():
        assert text in squeeze(paper.pages[page].extract_text())
    assert sum(level == 2 for level, _, _ in outline) > 100  # sections


def test_contents_say_the_pages(paper, outline):
    text = squeeze(paper.pages[1].extract_text())
    for level, heading, page in outline[2:]:
        if level < 2:
            number = re.match(r"([\dA-Z]+)\. (.*)", heading)
            line = f"{number[1]} {number[2]}" if number else heading
            assert f"{line} {page + 1}" in text
    labels = [squeeze(page.extract_text()) for page in paper.pages]
    assert all(re.search(rf"\b{n}\b", label) for n, label in enumerate(labels, 1) if n > 60)


def test_every_link_inside_leads_to_a_page(paper):
    """Links of one chapter to another too: each chapter is printed by itself."""
    places = paper.trailer["/Root"]["/Dests"]
    pages = {page.indirect_reference for page in paper.pages}
    inside, outside = [], set()
    for page in paper.pages:
        for link in page.get("/Annots", []):
            link = link.get_object()
            if "/Dest" in link:
                inside.append(link["/Dest"])
            elif "/A" in link:
                outside.add(link["/A"]["/URI"])
    assert len(inside) > 1000
    assert not [name for name in inside if name not in places]
    assert all(place.get_object()[0] in pages for place in places.values())
    assert not [uri for uri in outside if not uri.startswith(("https://", "http://", "mailto:"))]


def test_text_is_typeset(paper):
    text = "\n".join(page.extract_text() for page in paper.pages)
    assert not re.findall(r"\\[a-zA-Z]+\{|\{(?:prf:)?ref\}|\$\$|:::", strip_code(text))
    for never in ("Show code", "Copy to clipboard", "Hide the code"):
        assert never not in text


def strip_code(text):
    """Without the lines of code, where TeX stands in the labels of figures."""
    return "\n".join(line for line in text.splitlines() if 'r"' not in line and 'f"' not in line)


def test_sliders_are_grids_and_pictures_have_words(paper):
    names = re.compile(r'<figure class="[^"]*bo-frames.*?</figure>', re.S)
    for name in ("chapters/04_one_data_point", "chapters/06_the_cubic_map"):
        frames = names.search((SITE / f"{name}.html").read_text(encoding="utf-8"))[0]
        labels = re.findall(r'data-label="([^"]+)"', frames)
        everything = "\n".join(page.extract_text() for page in paper.pages)
        assert len(labels) == 12 and all(label in everything for label in labels)


def test_document_says_what_it_is(paper):
    root = paper.trailer["/Root"]
    assert (root["/Lang"], root["/MarkInfo"]["/Marked"]) == ("en", True)
    assert paper.metadata.title == "Benign Oscillation"
    assert paper.metadata.author
    assert 250 < len(paper.pages) < 600


def test_tags_reach_every_page(paper):
    """Each page finds its elements in the tree of owners, and these find the page."""
    tree = paper.trailer["/Root"]["/StructTreeRoot"]
    numbers = tree["/ParentTree"]["/Nums"]
    owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in paper.pages:
        elements = [e.get_object() for e in owners[page["/StructParents"]].get_object()]
        assert any(element.get("/Pg") == page for element in elements if "/Pg" in element)


def test_a_page_of_the_site_prints_light_open_and_whole(browser, site):
    context = browser.new_context(color_scheme="dark", viewport={"width": 700, "height": 900})
    page = context.new_page()
    page.goto(site + "chapters/04_one_data_point.html")
    page.emulate_media(media="print", color_scheme="dark")
    found = page.evaluate(PRINTED)
    assert found["background"] == "rgb(255, 255, 255)"
    assert found["dark text"] == found["folded"] == found["cut"] == 0
    assert found["navigation"] == []
    context.close()
