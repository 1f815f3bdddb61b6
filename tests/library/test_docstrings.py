"""Docstrings name every argument, and those of the theory a chapter with the statement they use."""

import inspect
import re

import pytest

from tests.book.common import chapters, markdown, read
from tests.library.common import public
from tools.statements import KINDS, statements

PUBLIC = {f"{value.__module__}.{name}": value for name, value in public()}
THEORY = {name: value for name, value in PUBLIC.items() if ".theory." in name}

PLACE = r"\b(?:chapter|appendix) (\d+|[A-Z])"


def headings():
    """The headings of each chapter, by its number or letter."""
    return {
        path.stem.split("_")[0].lstrip("0"): re.findall(r"^#+ (.*)$", markdown(read(path)), re.M)
        for path in chapters()
    }


STATEMENTS, HEADINGS = set(statements().values()), headings()


def test_the_walk_finds_what_it_should():
    assert {"benign_osc_lib.theory.scales.kappa", "benign_osc_lib.training.train"} <= set(PUBLIC)
    assert {"Theorem G.1", "Proposition 4.1", "Theorem D.1"} <= STATEMENTS


@pytest.mark.parametrize("name", PUBLIC)
def test_a_list_of_arguments_names_each(name):
    doc = PUBLIC[name].__doc__
    assert doc and doc[0] != " "
    if "Args:" not in doc and name not in THEORY:
        return
    try:
        parameters = inspect.signature(PUBLIC[name]).parameters.values()
    except ValueError:  # a class built in C tells of no signature
        parameters = []
    wanted = [p.name for p in parameters if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    missing = [word for word in wanted if not re.search(rf"^\s*{word}: \S", doc, re.M)]
    assert not missing


@pytest.mark.parametrize("name", THEORY)
def test_theory_says_what_it_takes_returns_and_raises(name):
    doc = THEORY[name].__doc__
    if inspect.isfunction(THEORY[name]):
        assert re.search(r"^\s*Returns:\n.*^\s*Raises:\n", doc, re.M | re.S)


@pytest.mark.parametrize("name", THEORY)
def test_theory_names_its_source(name):
    doc = " ".join(inspect.getdoc(THEORY[name]).split())
    source = re.search(r"\bSource: (.*?)\.( Args:|$)", doc)
    assert source and re.search(PLACE, source[1])
    for kind, number in re.findall(rf"\b({KINDS}) ((?:\d+|[A-Z])\.\d+)", doc):
        assert f"{kind} {number}" in STATEMENTS
        assert number.split(".")[0] in re.findall(PLACE, source[1])
    for chapter, quoted in re.findall(rf'{PLACE}, "(.*?)"', doc):
        assert quoted in HEADINGS[chapter]
