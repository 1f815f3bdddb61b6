"""A reader's answer, and what the book says to it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from . import judging, store


@dataclass(frozen=True)
class Verdict:
    """What ``check`` found; printed, it is a few lines of text.

    Args:
        exercise: its number on the site.
        verdict: "right", "nearly", "wrong", "not answered" where dots still stand for the answer,
            or "open" where the book has no answer either. With several parts it is that of the
            worst.
        parts: for each part its own verdict and what there is to say.
    """

    exercise: str
    verdict: str
    parts: tuple

    def __repr__(self):
        several = len(self.parts) > 1
        return "\n".join(
            f"{self.exercise}{f' ({place})' if several else ''}: {verdict}. {say}".rstrip()
            for place, (verdict, say) in enumerate(self.parts, 1)
        )


def answerable():
    """The exercises that ``check`` knows an answer to.

    Returns:
        ``{number: kinds}`` in the order of the book; ``kinds`` is a tuple with "number" or
        "choice" for each part of the answer.
    """
    return {
        number: tuple("choice" if "right" in part else "number" for part in row["parts"])
        for number, row in store.load().items()
        if "parts" in row
    }


def check(exercise, answer):
    """Say whether an answer to an exercise is right, and if not, what may have gone wrong.

    Args:
        exercise: the number on the site, such as "5.1" or "A.1"; "T1.3" is question 3 of the first
            self-test, "twenty.1" and "real.1" are exercises of the unnumbered pages. The
            exercise's label, such as "ex-one-gain", does as well.
        answer: a number, or the letter of a choice, such as "b"; a sequence of these if the
            exercise has several parts. What is asked for stands under the exercise on the site.
            ``...`` for an answer that is still missing.

    Returns:
        A ``Verdict``. An answer is right if it is as near as the digits that are asked for, nearly
        right after a known slip, and otherwise wrong, with a hint that does not give it away.

    Raises:
        TypeError: an answer is neither a number nor a text, or has another kind than its part.
        ValueError: there is no such exercise, a number is not finite, a letter is not offered, or
            the parts are too few or too many.
    """
    number = _number(exercise)
    row = store.load()[number]
    if "read" in row:
        return Verdict(number, judging.OPEN, ((judging.OPEN, row["read"]),))
    if answer is ...:
        answer = (...,) * len(row["parts"])
    given = _parts(answer, len(row["parts"]))
    found = tuple(
        judging.BLANK
        if one is ...
        else judging.judge(part, _letter(part, one) if "right" in part else _finite(one))
        for part, one in zip(row["parts"], given, strict=True)
    )
    order = (judging.BLANK[0], judging.WRONG, judging.NEARLY, judging.RIGHT)
    return Verdict(number, min((verdict for verdict, _ in found), key=order.index), found)


def _number(exercise):
    """The number of an exercise that is named by its number or its label."""
    if not isinstance(exercise, str):
        raise TypeError(f'exercise must be a text such as "5.1", got {exercise!r}')
    known, wanted = store.load(), exercise.strip()
    for number, row in known.items():
        if wanted in (number, row["label"]):
            return number
    chapter = wanted.rpartition(".")[0]
    near = [number for number in known if number.rpartition(".")[0] == chapter]
    if near:
        raise ValueError(f"exercise must be one of {', '.join(near)}, got {exercise!r}")
    chapters = list(dict.fromkeys(number.rpartition(".")[0] for number in known))
    raise ValueError(
        f'exercise must be a chapter and a number, such as "5.1", got {exercise!r}; '
        f"chapters are {', '.join(chapters)}"
    )


def _parts(answer, count):
    """The answers to the parts of an exercise, one each."""
    if isinstance(answer, np.ndarray) or hasattr(answer, "tolist"):  # of NumPy or PyTorch
        answer = answer.tolist()
    several = isinstance(answer, Sequence) and not isinstance(answer, str)
    given = list(answer) if several else [answer]
    if len(given) != count:
        many = "one value" if count == 1 else f"{count} values, such as (0.1, 0.2)"
        raise ValueError(f"answer must have {many}, got {answer!r}")
    return given


def _finite(answer):
    """The answer to a part that asks for a number."""
    if isinstance(answer, bool | str) or not isinstance(answer, Real):
        if isinstance(answer, bool | str) or not hasattr(answer, "__float__"):
            raise TypeError(f"answer must be a number, got {answer!r}")
        try:  # SymPy's numbers, tensors with one element; a formula with free letters is none
            answer = float(answer)
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(f"answer must be a number, got {answer!r}") from None
    if not math.isfinite(answer):
        raise ValueError(f"answer must be finite, got {answer!r}")
    return float(answer)


def _letter(part, answer):
    """The answer to a part that asks to choose."""
    letters = sorted({part["right"], *part["says"]})
    offered = ", ".join(f'"{letter}"' for letter in letters)
    if not isinstance(answer, str):
        raise TypeError(f"answer must be one of the letters {offered}, got {answer!r}")
    letter = answer.strip().strip("().").lower()
    if letter not in letters:
        raise ValueError(f"answer must be one of the letters {offered}, got {answer!r}")
    return letter
