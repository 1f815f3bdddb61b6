"""Numbers that do not part from their units at the end of a line."""

import re

import pytest

from _ext.whole_numbers import held
from tests.book.common import SITE

HOLD = "\N{NO-BREAK SPACE}"


# Here "_" is a blank that does not break.
@pytest.mark.parametrize(
    "text",
    ["57_% of", "_% right", "96_±_1", "20_±_9 points", "(91_%)", "15_s on 2 cores", "(860_kB)"],
)
def test_a_number_and_its_unit_are_held(text):
    assert held(text.replace("_", " ")) == text.replace("_", HOLD)


@pytest.mark.parametrize("text", ["a % b", "n ± m", "57 percent", "5 to 7", "2 steps", ""])
def test_other_blanks_may_break(text):
    assert held(text) == text


def test_no_page_parts_them():
    page = (SITE / "chapters" / "self_test_3.html").read_text(encoding="utf-8")
    assert f"57{HOLD}%" in page and not re.search(r"\d %", page)
