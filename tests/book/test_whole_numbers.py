"""Numbers that do not part from their signs at the end of a line."""

import re

import pytest

from _ext.whole_numbers import held
from tests.book.common import SITE

HOLD = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize("text", ["57 % of", " % right", "96 ± 1", "20 ± 9 points", "(91 %)"])
def test_a_number_and_its_sign_are_held(text):
    assert held(text) == re.sub(r"(?<=\d) (?=[%±])|(?<=±) |^ (?=%)", HOLD, text)


@pytest.mark.parametrize("text", ["a % b", "n ± m", "57 percent", "5 to 7", ""])
def test_other_blanks_may_break(text):
    assert held(text) == text


def test_no_page_parts_them():
    page = (SITE / "chapters" / "self_test_3.html").read_text(encoding="utf-8")
    assert f"57{HOLD}%" in page and not re.search(r"\d %", page)
