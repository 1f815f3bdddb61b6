"""The pages are light: everything from the site itself, one style sheet, one script, few bytes."""

import re
from functools import cache

import pytest
from bs4 import BeautifulSoup, SoupStrainer
from PIL import Image

from benchmarks.site_server import compressed
from tests.book.common import ROOT, SITE, toc

each_page = pytest.mark.parametrize("name", toc())
LOADS = "script[src], link[rel=stylesheet], link[rel=preload], link[rel=icon], img, source, iframe"
MOST = 1_000_000  # bytes of a first visit, compressed


@pytest.fixture(scope="module")
def lean_page():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "_ext")
        import lean_page

        yield lean_page


@cache
def parts(name):
    """What a page makes a browser load, as (tag, address)."""
    text = (SITE / f"{name}.html").read_text(encoding="utf-8")
    only = SoupStrainer(["script", "link", "img", "source", "iframe", "template"])
    soup = BeautifulSoup(text, "html.parser", parse_only=only)
    return [(tag, tag.get("src") or tag.get("href") or "") for tag in soup.select(LOADS)]


@each_page
def test_everything_comes_from_the_site(name):
    assert [url for _, url in parts(name) if re.match(r"(https?:)?//", url)] == []
    assert "fontawesome" not in (SITE / f"{name}.html").read_text(encoding="utf-8")


@each_page
def test_nothing_but_the_style_sheet_holds_up_the_page(name):
    tags = [tag for tag, _ in parts(name)]
    assert len([tag for tag in tags if tag.get("rel") == ["stylesheet"]]) == 1
    scripts = [tag for tag in tags if tag.name == "script"]
    assert all(tag.has_attr("defer") or tag.get("type") == "module" for tag in scripts)


@each_page
def test_weight(name):
    """All fonts are counted, though a page needs but a few, and pictures that are fetched last.

    Frames of a slider wait in a template until it is touched.
    """
    page = SITE / f"{name}.html"
    files = {page} | {
        (page.parent / url.partition("?")[0]).resolve()
        for tag, url in parts(name)
        if url and not url.startswith("data:") and not tag.find_parent("template")
    }
    style = (SITE / "_static" / "all.css").read_text(encoding="utf-8")
    fonts = re.findall(r"url\([\"']?([^\"')]+\.woff2)", style)
    files |= {(SITE / "_static" / font).resolve() for font in fonts}
    assert sum(len(compressed(file)) for file in files) <= MOST


def test_the_style_sheet_needs_nothing_from_elsewhere():
    style = (SITE / "_static" / "all.css").read_text(encoding="utf-8")
    for address in re.findall(r"url\([\"']?([^\"')]+)", style):
        assert address.startswith(("data:", "#")) or (SITE / "_static" / address).is_file()
    assert "@import" not in style


def test_bundles_keep_the_order_of_each_page(lean_page):
    bundle = lean_page.Bundle()
    for paths in (["theme", "book"], ["theme", "extra", "book"], ["theme", "book", "last"]):
        bundle.add(paths)
    assert bundle.paths == ["theme", "extra", "book", "last"]


def test_a_changed_theme_is_noticed(lean_page):
    (path,) = lean_page.PATCHES
    with pytest.raises(lean_page.ExtensionError, match="must follow"):
        lean_page.patched(path, "something else")
    assert lean_page.patched("another.js", "something else") == "something else"


def test_figures_are_shown_as_webp_with_the_same_pixels(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "_ext")
        from lean_pictures import lighten
    picture = Image.linear_gradient("L").convert("RGB")
    for name in ("figure", "fig-frame-00"):
        picture.save(tmp_path / f"{name}.png", compress_level=0)
    tag = lighten('<img alt="" src="figure.png"/>', tmp_path / "page.html", first=True)
    assert 'src="figure.webp"' in tag and 'width="256" height="256"' in tag
    with Image.open(tmp_path / "figure.webp") as made:
        assert made.convert("RGB").tobytes() == picture.tobytes()
    frame = lighten('<img src="fig-frame-00.png"/>', tmp_path / "page.html", first=False)
    assert 'src="fig-frame-00.png"' in frame
