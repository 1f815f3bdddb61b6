"""A table of Markdown, as notebooks and pages show it."""

import pytest

from benign_osc_lib.tables import table


def test_a_table():
    found = table("What it shows.", ["a", "b"], [[1, 2.5], ("x", None)])
    assert found.data == "*What it shows.*\n\n| a | b |\n| --- | --- |\n| 1 | 2.5 |\n| x | None |"


def test_lines_may_be_texts_with_bars():
    expected = table("c", ["a", "$x$"], [["1", "2"], ["3", ""]]).data
    assert table("c", "a | $x$", ["1 | 2", "| 3 | |"]).data == expected
    assert table("c", "| a | $x$ |", iter(["1|2", "3 | "])).data == expected


def test_numbers_stay_whole():
    body = table("5 % ± 1", ["share"], [["97.1 ± 0.5 %"]]).data
    assert body.startswith("*5 % ± 1*")
    assert body.endswith("| 97.1\u00a0±\u00a00.5\u00a0% |")


@pytest.mark.parametrize("rows", [[["1"]], [["1", "2"], ["1", "2", "3"]], ["1 | 2 | 3"]])
def test_a_row_of_another_length_is_refused(rows):
    with pytest.raises(ValueError, match=r"rows\[\d\] must have 2 cells"):
        table("c", ["a", "b"], rows)
