"""The boxes of the built pages: whose a statement is, how titles read, how proofs fold and end."""

import re

import pytest
import yaml

from _ext.origin_badges import MEANINGS, UNLISTED, origins
from tests.book.common import ROOT, SITE, toc
from tests.book.test_site import soup
from tools.statements import statements

CLAIMS = yaml.safe_load((ROOT / "claims.yml").read_text(encoding="utf-8"))
PAGES = [SITE / f"{page}.html" for page in toc()]
# What the bracket behind a title may say of a statement that has this badge.
SAID = {
    "paper": "paper|Theorem 5|Proposition 6",
    "corrected": "corrected|Proposition 1",
    "known": "known|standard|see|after|Cao|limits",
    "ours": "ours",
}


def boxes():
    return [box for page in PAGES for box in soup(page).select("div.proof[id]")]


def test_each_statement_has_one_origin():
    assert set(origins(CLAIMS)) == set(statements())
    assert set(origins(CLAIMS).values()) <= set(MEANINGS)


def test_a_statement_with_two_rows_is_refused():
    row = {"id": "x", "source": "ours", "status": "reproduced", "statements": "thm-x"}
    assert origins([row])["thm-x"] == "ours"
    assert origins([row | {"status": "negative"}])["thm-x"] == "negative"
    with pytest.raises(ValueError, match="y names thm-x"):
        origins([row, row | {"id": "y"}])
    with pytest.raises(ValueError, match=r"z names prop-angle"):
        origins([row | {"id": "z", "statements": ["prop-angle"]}])
    assert UNLISTED["prop-angle"] == "known"


def test_the_badge_is_the_ledgers_and_agrees_with_the_title():
    expected = origins(CLAIMS)
    shown = {box["id"]: box for box in boxes()}
    assert set(shown) == set(expected)
    for label, box in shown.items():
        title = box.select_one(".admonition-title")
        word = title.select_one(".bo-origin").get_text()
        assert word == expected[label]
        if note := title.select_one(".bo-origin-note"):
            assert re.search(SAID[word], f"{word} {note.get_text()}"), f"{label}: {note}"


def test_titles_have_no_brackets_of_brackets():
    for page in PAGES:
        for title in soup(page).select(".proof .admonition-title, .exercise .admonition-title"):
            text = title.get_text(" ", strip=True)
            assert re.match(r"\w+ (\d+|[A-Z])\.\d+ [^(]", text) or "(H2)" in text, text
            assert "))" not in text


def test_folded_boxes_are_details_and_proofs_have_an_end():
    proofs = 0
    for page in PAGES:
        for fold in soup(page).select("article .dropdown, article .hide"):
            assert fold.name == "details", fold["class"]
            assert fold.summary.get_text(strip=True), "a summary says what it opens"
            if fold.summary.get_text(strip=True) == "Proof":
                proofs += 1
                assert len(fold.select(".bo-qed")) == 1, page
    assert proofs > 80


def test_no_id_stands_twice_in_an_article():
    for page in PAGES:
        found = [tag["id"] for tag in soup(page).select("article [id]")]
        assert len(set(found)) == len(found), {name for name in found if found.count(name) > 1}
