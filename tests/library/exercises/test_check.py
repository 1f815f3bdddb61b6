"""``check`` as a reader meets it: verdicts, slips that do not hide each other, and bad input."""

import math
import re

import numpy as np
import pytest
import sympy
import torch

from benign_osc_lib import check
from benign_osc_lib.exercises import Verdict, answerable, judging, store
from tools import answers
from tools.statements import KINDS, statements

KNOWN = {number: row for number, row in store.load().items() if "parts" in row}
PARTS = [(number, i) for number, row in KNOWN.items() for i in range(len(row["parts"]))]


def part_of(number, i):
    return KNOWN[number]["parts"][i]


@pytest.mark.parametrize("number", KNOWN)
def test_the_stored_answer_is_right(number):
    parts = KNOWN[number]["parts"]
    found = check(number, [part.get("answer", part.get("right")) for part in parts])
    assert found.verdict == "right"
    assert [verdict for verdict, _ in found.parts] == ["right"] * len(parts)


@pytest.mark.parametrize(("number", "i"), PARTS)
def test_a_slip_is_told_as_itself(number, i):
    """No slip lies so near to the answer, or to another slip, that something else is said."""
    part = part_of(number, i)
    for value, say, *verdict in part.get("slips", []):
        assert judging.judge(part, value) == (*(verdict or ["nearly"]), say)
    for letter, say in part.get("says", {}).items():
        assert judging.judge(part, letter) == ("wrong", say)


@pytest.mark.parametrize(("number", "i"), PARTS)
def test_neither_hint_nor_slip_gives_the_answer_away(number, i):
    part = part_of(number, i)
    said = [part.get("hint", ""), *part.get("says", {}).values()]
    said += [say for _, say, *_ in part.get("slips", [])]
    assert all(len(say.split()) > 2 for say in said if say)
    if "answer" in part and not float(part["answer"]).is_integer():
        for say in said:
            numbers = re.findall(r"(?<![\w.])[−-]?\d+\.\d+", say)
            values = [float(text.replace("−", "-")) for text in numbers]
            assert all(judging.judge(part, value)[0] != "right" for value in values), say


def test_statements_that_a_hint_names_exist():
    texts = [row["read"] for row in store.load().values() if "read" in row]
    for row in KNOWN.values():
        for part in row["parts"]:
            texts += [part.get("hint", ""), part.get("because", "")]
    named = re.findall(rf"\b(?:{KINDS}) (?:\d+|[A-Z])\.\d+", " ".join(texts))
    assert named and set(named) <= set(statements().values())


def test_usual_slips_of_arithmetic():
    part = {"answer": 0.3, "within": 0.001, "hint": "Think.", "share": True}
    said = {0.3: "", -0.3: judging.SIGN, 0.6: judging.TWICE, 0.15: judging.HALF}
    said |= {30.0: judging.PER_CENT, 0.304: judging.CLOSE, 0.31: "Think."}
    assert {value: judging.judge(part, value)[1] for value in said} == said
    whole = {"answer": 5, "within": 0, "hint": "Count.", "whole": True}
    found = [judging.judge(whole, value) for value in (4, 5, 6, 5.01)]
    assert [verdict for verdict, _ in found] == ["nearly", "right", "nearly", "wrong"]


def test_the_worst_part_decides():
    right, half = 0.5556, 0.2778
    verdicts = [check("1.1", pair).verdict for pair in ((1.26, right), (1.26, half), (9, half))]
    assert verdicts == ["right", "nearly", "wrong"]
    assert repr(check("1.1", (1.26, half))).startswith("1.1 (1): right.\n1.1 (2): nearly. ")


@pytest.mark.parametrize(
    "value", [1.25, np.float32(1.25), torch.tensor(1.25), sympy.Rational(5, 4), np.array(1.25)]
)
def test_numbers_of_all_kinds(value):
    assert check("twenty.1", (value, 1.0045, 1.567)).verdict == "right"
    assert check("13.1", sympy.Rational(9, 10)).verdict == "right"
    assert check("4.1", np.array([0.0012, 1.0234])).verdict == "right"


def test_an_open_exercise_says_so():
    found = check("1.3", 100)
    assert isinstance(found, Verdict) and found.verdict == "open" and "chapter 7" in repr(found)
    assert "1.3" not in answerable() and answerable()["5.1"] == ("number", "number")


def test_a_label_does_as_well(capsys):
    assert check("ex-one-gain", (0.00492, -1)) == check(" 5.1 ", (0.00492, -1))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((5.1, 0), TypeError, "exercise must be a text such as"),
        (("5.9", 0), ValueError, r"exercise must be one of 5\.1, 5\.2, .*got '5\.9'"),
        (("Z.1", 0), ValueError, "exercise must be a chapter and a number.*got 'Z.1'"),
        (("13.1", "one"), TypeError, "answer must be a number, got 'one'"),
        (("13.1", True), TypeError, "answer must be a number, got True"),
        (("13.1", sympy.Symbol("x")), TypeError, "answer must be a number, got x"),
        (("13.1", math.nan), ValueError, "answer must be finite, got nan"),
        (("5.1", 0.1), ValueError, r"answer must have 2 values.*got 0\.1"),
        (("1.2", 1), TypeError, 'answer must be one of the letters "a", "b", "c", "d", got 1'),
        (("1.2", "e"), ValueError, "answer must be one of the letters .*got 'e'"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        check(*arguments)


def test_answers_are_not_read_by_accident(tmp_path, monkeypatch, capsys):
    """The file shows no answer; the tool shows all, and writes back what it showed."""
    stored = store.FILE.read_text(encoding="utf-8")
    assert "hint" not in stored and "0.5556" not in stored
    plain = tmp_path / "answers.yml"
    plain.write_text(answers.plain(), encoding="utf-8")
    assert "0.5556" in plain.read_text(encoding="utf-8")
    monkeypatch.setattr(store, "FILE", tmp_path / "answers.json")
    monkeypatch.setattr("sys.argv", ["answers.py", "--encode", str(plain)])
    answers.main()
    assert (tmp_path / "answers.json").read_text(encoding="utf-8") == stored


def test_an_answer_may_be_missing_yet():
    for answer in (..., (..., ...)):
        found = check("5.1", answer)
        assert found.verdict == "not answered" and repr(found).count("dots") == 2
    half = check("5.1", (1e9, ...))
    assert [verdict for verdict, _ in half.parts] == ["wrong", "not answered"]
    assert half.verdict == "not answered"
