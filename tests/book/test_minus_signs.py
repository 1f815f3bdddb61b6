"""Which hyphens of a table are minus signs."""

import pytest

from _ext.minus_signs import signed


@pytest.mark.parametrize("text", ["-0.299", "e = -0.6", "[-1, -.5]", "mean -3"])
def test_a_hyphen_that_begins_a_number_becomes_a_minus_sign(text):
    assert signed(text) == text.replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize("text", ["2-cycle", "1e-05", "10-20", "2026-11-28", "seed-1", "--2"])
def test_other_hyphens_stay(text):
    assert signed(text) == text
