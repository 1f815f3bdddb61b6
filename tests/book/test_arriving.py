"""What a page tells who has not opened it: descriptions, cards, the map for robots, dates."""

import json
import os
import re
import struct
import subprocess
from collections import Counter
from functools import cache
from html import unescape
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from _ext.chapter_map import appendices, arcs, graph, notebooks, rows
from _ext.edition import dates
from _ext.front_page import entries
from tests.book.common import CONFIG, ROOT, SITE, git, toc

BASE = CONFIG["html"]["baseurl"].rstrip("/") + "/"
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


@cache
def head(page):
    """The head of a built page, and its footer: the rest is long."""
    html = (SITE / f"{page}.html").read_text(encoding="utf-8")
    return html[: html.index("</head>")]


def meta(page, name):
    """The content of the one tag `meta` with that name or property."""
    found = re.findall(rf'<meta (?:name|property)="{name}" content="([^"]*)"', head(page))
    assert len(found) == 1, f"{page}: {name} stands {len(found)} times"
    return found[0]


def test_every_page_describes_itself():
    described = {page: meta(page, "description") for page in toc()}
    for page, text in described.items():
        assert 50 <= len(text) <= 160, f"{page}: {text}"
        assert not re.search(r"\\|\$|\{[a-z:]+\}|<", text), f"{page}: {text}"
        assert meta(page, "og:description") == text
    assert max(Counter(described.values()).values()) == 1


def test_every_title_is_its_own():
    titles = [re.search(r"<title>(.*?)</title>", head(page), re.S)[1] for page in toc()]
    assert max(Counter(titles).values()) == 1
    assert titles[0] == "Benign Oscillation"


def test_every_page_has_a_card():
    for page in toc():
        address = meta(page, "og:image")
        assert address.startswith(BASE)
        image = (SITE / address.removeprefix(BASE)).read_bytes()
        assert image.startswith(b"\x89PNG") and struct.unpack(">II", image[16:24])[0] >= 1100
        assert meta(page, "og:url") == f"{BASE}{page}.html"
        assert meta(page, "twitter:card") == "summary_large_image"


def test_every_page_says_where_it_stands():
    """Canonical address, neighbours, icon, and its place in the book."""
    for number, page in enumerate(toc()):
        assert f'<link rel="canonical" href="{BASE}{page}.html"' in head(page)
        for name, there in (("prev", number > 0), ("next", number < len(toc()) - 1)):
            assert (f'<link rel="{name}"' in head(page)) == there
        data = json.loads(re.search(r'application/ld\+json">(.*?)</script>', head(page))[1])
        assert data["@type"] == ("Chapter" if number else "Book")
        assert data["description"] == unescape(meta(page, "description"))
        up = "../" * page.count("/")
        for name in ("_static/mark.svg", "favicon.ico", "touch-icon.png"):
            assert f'href="{up}{name}"' in head(page) and (SITE / name).stat().st_size


def test_the_map_for_robots_lists_every_page():
    places = ElementTree.parse(SITE / "sitemap.xml").findall(".//{*}loc")
    assert sorted(place.text for place in places) == sorted(f"{BASE}{page}.html" for page in toc())
    assert f"Sitemap: {BASE}sitemap.xml" in (SITE / "robots.txt").read_text()


def test_the_page_of_a_dead_address_works_at_any_depth():
    """All it loads and links to is named from the root of the server."""
    html = (SITE / "404.html").read_text(encoding="utf-8")
    root = urlsplit(BASE).path
    assert f'data-content_root="{root}"' in html
    for address in re.findall(r'(?:href|src|action)="([^"]*)"', html):
        if address.startswith("#") or re.match(r"\w+:", address):
            continue
        assert address.startswith(root), address
        assert (SITE / urlsplit(address.removeprefix(root)).path).exists(), address
    assert '<meta name="robots" content="noindex">' in html


def test_every_page_has_its_version_and_date():
    found, newest = dates(ROOT)
    for page in toc():
        html = (SITE / f"{page}.html").read_text(encoding="utf-8")
        line = re.search(r'class="last-updated">\s*(.*?)\s*<br', html, re.S)
        if newest is None:
            assert line is None
            continue
        day = r"Last updated on \d{1,2} [A-Z][a-z]+ 20\d\d"
        assert re.fullmatch(rf"{day}, version {re.escape(CITATION['version'])}\.", line[1]), line[1]


def test_dates_come_from_git(tmp_path):
    """The last commit that touched a page; in a shallow clone the one that is built; else none."""
    assert dates(tmp_path) == ({}, None)
    whole = tmp_path / "whole"
    whole.mkdir()
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    git(whole, "init", "-q")
    for name, day in (("old.md", "2020-02-03"), ("new.md", "2021-04-05")):
        (whole / name).write_text(name)
        git(whole, "add", name)
        commit = [*author, "commit", "-qm", name, "--date", f"{day}T12:00:00"]
        environment = {"GIT_COMMITTER_DATE": f"{day}T12:00:00"}
        subprocess.run(["git", *commit], cwd=whole, check=True, env={**os.environ, **environment})
    assert dates(whole) == ({"old.md": "2020-02-03", "new.md": "2021-04-05"}, "2021-04-05")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{whole}", "shallow")
    assert dates(tmp_path / "shallow") == ({}, "2021-04-05")


def test_the_entries_to_cite_say_what_citation_cff_says():
    text = entries(CITATION)
    assert text.count("{") == text.count("}")
    for value in (CITATION["version"], CITATION["url"], CITATION["references"][0]["url"]):
        assert value in text
    for author in CITATION["references"][0]["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in text
    shown = (SITE / "index.html").read_text(encoding="utf-8")
    plain = re.sub(r"<[^>]*>", "", shown[shown.index("highlight-bibtex") :])
    assert text.replace("\n", "") in plain.replace("\n", "").replace("&amp;", "&")


@pytest.fixture(scope="module")
def chapters_and_needs():
    return graph(notebooks(ROOT))


def test_the_map_has_every_numbered_chapter_in_order(chapters_and_needs):
    names = [name for name in rows((ROOT / "index.md").read_text(encoding="utf-8")) if name]
    assert [name for name in names if name[0].isdigit()] == [
        name for name in chapters_and_needs if name[0].isdigit()
    ]
    letters = sorted(name[0] for found in appendices(chapters_and_needs).values() for name in found)
    assert letters == sorted(name[0] for name in chapters_and_needs if name[1] == "_")


def test_the_map_draws_each_dependence_once(chapters_and_needs):
    names = rows((ROOT / "index.md").read_text(encoding="utf-8"))
    drawn = re.findall(r'data-from="(\d+)" data-to="(\d+)"', arcs(names, chapters_and_needs))
    shown = {(names[int(start)], names[int(end)]) for start, end in drawn}
    assert len(shown) == len(drawn)
    assert shown == {
        (other, name)
        for name, others in chapters_and_needs.items()
        for other in others
        if {name, other} <= set(names)
    }
