"""What nbval compares of a slider: its labels and words, not the bytes of its pictures."""

import re
import tomllib

import pytest
from nbval.plugin import get_sanitize_patterns

from benign_osc_lib.widgets import FrameSlider
from tests.book.common import ROOT

PATTERNS = get_sanitize_patterns((ROOT / "tests" / "nbval.cfg").read_text(encoding="utf-8"))


def compared(frames=(b"one", b"two"), labels=("η = 1", "η = 2"), alts=("calm", "wild"), **more):
    """What is left of a slider's HTML for nbval to compare."""
    text = FrameSlider(frames, labels, alts, **more)._repr_html_()
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text


def test_the_tests_use_the_file():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (
        "--nbval-sanitize-with=tests/nbval.cfg"
        in settings["tool"]["pytest"]["ini_options"]["addopts"]
    )


def test_other_pictures_pass():
    assert compared() == compared(frames=(b"one?", b"another"))
    assert len(compared()) < 1000


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ("η = 1", "η = 3")},
        {"alts": ("calm", "worse")},
        {"start": 1},
        {"description": "η"},
        {"caption": "See."},
        {"name": "fig-x"},
        {"frames": (b"1", b"2", b"3"), "labels": "abc", "alts": "abc"},
    ],
)
def test_another_word_fails(change):
    assert compared() != compared(**change)
