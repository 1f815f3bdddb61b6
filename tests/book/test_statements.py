"""Statements are cited by number where labels do not reach: these must be the book's numbers."""

import re

import pytest

from tests.book.common import ROOT, SITE, chapters
from tests.book.test_site import soup
from tools.statements import CITED, cited_in, renumber, statements

NUMBERS = set(statements().values())


@pytest.mark.parametrize("path", cited_in(), ids=lambda path: str(path.relative_to(ROOT)))
def test_cited_statements_exist(path):
    for match in CITED.finditer(path.read_text(encoding="utf-8")):
        assert f"{match['kind']} {match['number']}" in NUMBERS, match[0]
        if match["page"]:
            assert match["number"].split(".")[0] == match["page"], match[0]


def test_the_numbers_are_those_of_the_pages():
    found = {}
    for path in chapters():
        page = soup((SITE / path.relative_to(ROOT)).with_suffix(".html"))
        for box in page.select("div.proof[id]"):
            if title := box.select_one(".admonition-title"):
                number = re.match(r"\w+ (\d+|[A-Z])\.\d+", title.get_text(strip=True))
                found[box["id"]] = number and number[0]
    assert len(statements()) > 50 and statements().items() <= found.items()


def test_a_statement_that_moved_takes_its_chapter_along():
    renamed = {"Theorem 6.1": "Theorem 5.1", "Lemma G.2": "Lemma A.1", "Theorem 5.1": "Theorem F.1"}
    text = "Source: chapter 6, Theorem 6.1. Lemma G.2 (1); chapter 8,\n    Lemma G.2. Theorem 5.1"
    assert renumber(text, renamed) == (
        "Source: chapter 5, Theorem 5.1. Lemma A.1 (1); appendix A,\n    Lemma A.1. Theorem F.1"
    )
    assert renumber("Appendix G, Lemma G.2", renamed) == "Appendix A, Lemma A.1"
