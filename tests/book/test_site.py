"""The built pages in _build/html: complete, and without a dead link."""

import re
from copy import copy
from functools import cache
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.book.common import CONFIG, ROOT, SITE, chapters, toc
from tools.colab.publish import BRANCH
from tools.set_repository import slug

PAGES = [f"{page}.html" for page in toc()]
each_page = pytest.mark.parametrize("page", PAGES)


# Formulas are nine tenths of a page's elements; their letters stay, without a span for each.
LETTERS = re.compile(r"<math\b.*?</math>|</?span\b(?![^>]*\bid=)[^>]*>", re.S)


@cache
def soup(path):
    assert path.exists(), f"{path} is not built: run `make book`"
    return BeautifulSoup(LETTERS.sub("", path.read_text(encoding="utf-8")), "html.parser")


@cache
def anchors(path):
    return {tag["id"] for tag in soup(path).find_all(id=True)}


def dead(page, link):
    """Why a link on `page` to another place of the site leads nowhere, or None."""
    path, fragment = unquote(urlsplit(link).path), unquote(urlsplit(link).fragment)
    target = (page.parent / path).resolve() if path else page
    if not target.is_file():
        return f"{link}: no such file"
    if fragment and target.suffix == ".html" and fragment not in anchors(target):
        return f"{link}: no such anchor"
    return None


@each_page
def test_internal_links_are_alive(page):
    page = SITE / page
    tags = soup(page).find_all(["a", "img", "link", "script"])
    links = [tag.get("href") or tag.get("src") for tag in tags]
    internal = [link for link in links if link and link != "#" and not re.match(r"\w+:|//", link)]
    assert not list(filter(None, (dead(page, link) for link in internal)))


@each_page
def test_pictures_have_alternative_text(page):
    for image in soup(SITE / page).select("main img"):
        alt = image.get("alt", "").strip()
        assert alt and not re.search(r"\.(png|svg|jpe?g)$", alt), image["src"]


@each_page
def test_no_markup_is_left_unrendered(page):
    article = copy(soup(SITE / page).select_one("article"))
    for code in article.find_all(["pre", "code", "script", "annotation"]):
        code.decompose()
    text = article.get_text()
    assert not re.findall(r"\{[a-z:]+\}`|\]\(#|^:::|\$\$|\|\s*[-–—]+\s*\|", text, re.M)


@each_page
def test_nothing_tells_of_the_machine_that_built_it(page):
    assert f"{ROOT}/" not in (SITE / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_launch_button_opens_the_chapter_in_colab(path):
    place = f"{slug(CONFIG['repository']['url'])}/blob/{BRANCH}/{path.name}"
    page = soup((SITE / path.relative_to(ROOT)).with_suffix(".html"))
    links = {a["href"] for a in page.find_all("a", href=re.compile("colab"))}
    plain = f"../colab/{path.name}"  # the button for downloads, too, leads to the plain notebook
    assert links == {f"https://colab.research.google.com/github/{place}", plain}
    assert not page.find_all("a", href=re.compile(r"_sources/.*\.ipynb"))


EARLIER = [  # pages that stood elsewhere in an edition before
    "05_the_cubic_map",
    "06_oscillation_accumulates",
    "07_where_it_stops",
    "08_many_data_points",
    "10_reproduction",
    "12_bounds_with_noise",
    "13_averaging_and_landing",
]


@pytest.mark.parametrize("name", EARLIER)
def test_an_old_address_leads_to_the_new_page(name):
    script = soup(SITE / "chapters" / f"{name}.html").script.get_text()
    target = re.search(r'var target = "(.+?)"', script)[1]
    assert f"chapters/{target}" in PAGES
    assert "window.location.hash" in script  # and to the section on it
