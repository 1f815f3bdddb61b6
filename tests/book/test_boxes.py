"""The boxes of the built pages: whose a statement is, how titles read, how proofs fold and end."""

import re
from collections import Counter
from functools import cache
from html import unescape

import pytest
import yaml

from _ext.origin_badges import MEANINGS, UNLISTED, origins
from tests.book.common import ROOT, SITE, toc
from tools.statements import statements

CLAIMS = yaml.safe_load((ROOT / "claims.yml").read_text(encoding="utf-8"))
PROOF_BOX = re.compile(
    r'<div class="proof[^"]*" id="([^"]+)">\s*<p class="admonition-title">(.*?)</p>', re.S
)
TITLE = re.compile(
    r'<div class="(?:proof|exercise) [^>]*>\s*<p class="admonition-title">(.*?)</p>', re.S
)
FOLD = re.compile(
    r'<(\w+) class="(?:[^"]* )?(?:dropdown|hide)(?: [^"]*)?"[^>]*>\s*<(\w+)[^>]*>(.*?)</\2>', re.S
)


def words(html):
    """What a piece of HTML says."""
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()


@cache
def articles():
    """{page: HTML of its article}. Read as text: the pages are too long to parse them all again."""
    pages = {page: (SITE / f"{page}.html").read_text(encoding="utf-8") for page in toc()}
    return {
        page: text[text.index("<article") : text.index("</article>")]
        for page, text in pages.items()
    }


# What the bracket behind a title may say of a statement that has this badge.
SAID = {
    "paper": "paper|Theorem 5|Proposition 6",
    "corrected": "corrected|Proposition 1",
    "known": "known|standard|see|after|Cao|limits",
    "ours": "ours",
}


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
    shown = dict(found for text in articles().values() for found in PROOF_BOX.findall(text))
    assert set(shown) == set(expected)
    for label, title in shown.items():
        word = words(re.search(r'<span class="bo-origin [^>]*>(.*?)</span>', title)[1])
        assert word == expected[label]
        _, _, note = title.partition('<span class="bo-origin-note">')
        assert not note or re.search(SAID[word], f"{word} {words(note)}"), f"{label}: {note}"


def test_titles_have_no_brackets_of_brackets():
    titles = [words(title) for text in articles().values() for title in TITLE.findall(text)]
    assert len(titles) > 180
    for title in titles:
        assert re.match(r"\w+ (\d+|[A-Z]\.\d+)(\.\d+)? ([^(]|\(H2\))", title), title
        assert "))" not in title


def test_folded_boxes_are_details_and_proofs_have_an_end():
    proofs = ends = 0
    for page, text in articles().items():
        for tag, summary, title in FOLD.findall(text):
            assert (tag, summary) == ("details", "summary"), f"{page}: {title}"
            assert words(title), "a summary says what it opens"
            proofs += words(title) == "Proof"
        ends += text.count("bo-qed")
    assert proofs > 80 and ends >= proofs


def test_no_id_stands_twice_in_an_article():
    for page, text in articles().items():
        count = Counter(re.findall(r'\sid="([^"]+)"', text))
        assert not {name for name, times in count.items() if times > 1}, page
