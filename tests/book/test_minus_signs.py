"""How the page shows the numbers of a table."""

import pytest

from _ext.minus_signs import shown, signed


@pytest.mark.parametrize("text", ["-0.299", "e = -0.6", "[-1, -.5]", "mean -3"])
def test_a_hyphen_that_begins_a_number_becomes_a_minus_sign(text):
    assert signed(text) == text.replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize("text", ["2-cycle", "1e-05", "10-20", "2026-11-28", "seed-1", "--2"])
def test_other_hyphens_stay(text):
    assert signed(text) == text


@pytest.mark.parametrize(
    ("printed", "page"),
    [
        ("3e-06", "3·10^−6"),
        ("below 1e-9", "below 10^−9"),
        ("6.2e-10, -2e-99", "6.2·10^−10, −2·10^−99"),
        ("8e-03 and 3e-01", "8·10^−3 and 0.3"),
        ("1e+06", "10^6"),
        ("0.0e+00", "0"),
        *((text, text) for text in ("a1e-3", "2e", "0x1e4", "1.2.3e-4", "")),
    ],
)
def test_an_exponent_becomes_a_power_of_ten(printed, page):
    marks = {"superscript": "^", "#text": ""}
    assert "".join(marks[node.tagname] + node.astext() for node in shown(printed)) == page
