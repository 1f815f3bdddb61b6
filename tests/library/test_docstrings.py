"""Docstrings name every argument, and those of the theory a chapter with the statement they use."""

import inspect
import re
from collections import Counter

import pytest

from tests.book.common import chapters, markdown, read
from tests.library.common import public

PUBLIC = {f"{value.__module__}.{name}": value for name, value in public()}
THEORY = {name: value for name, value in PUBLIC.items() if ".theory." in name}

NUMBERED = "Definition|Proposition|Lemma|Theorem|Corollary|Remark|Assumption"
KINDS = {kind.lower() for kind in NUMBERED.split("|")}


def statements():
    """The numbered statements of the chapters, as "Theorem 8.1": sphinx-proof counts each kind."""
    found = set()
    for path in chapters():
        count, chapter = Counter(), int(path.stem[:2])
        for kind in re.findall(r"^:::+\{prf:(\w+)\}", markdown(read(path)), re.M):
            count[kind] += 1
            found |= {f"{kind.capitalize()} {chapter}.{count[kind]}"} if kind in KINDS else set()
    return found


def headings():
    """The headings of each chapter, by its number."""
    return {
        int(path.stem[:2]): re.findall(r"^#+ (.*)$", markdown(read(path)), re.M)
        for path in chapters()
    }


STATEMENTS, HEADINGS = statements(), headings()


def test_the_walk_finds_what_it_should():
    assert {"benign_osc_lib.theory.scales.kappa", "benign_osc_lib.training.train"} <= set(PUBLIC)
    assert {"Theorem 8.1", "Proposition 9.4", "Assumption 8.2"} <= STATEMENTS


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
    assert source and re.search(r"\bchapter \d+\b", source[1])
    for kind, number in re.findall(rf"({NUMBERED}) (\d+\.\d+)", doc):
        assert f"{kind} {number}" in STATEMENTS
        assert f"chapter {number.split('.')[0]}" in source[1]
    for chapter, quoted in re.findall(r'chapter (\d+), "(.*?)"', doc):
        assert quoted in HEADINGS[int(chapter)]
