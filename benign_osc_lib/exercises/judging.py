"""How an answer is judged: a part of an exercise as a list of ranges, or of letters.

A part that asks for a number has

- ``answer`` and ``within``: every number at most ``within`` away from ``answer`` is right;
- ``slips``: pairs of a number and what it tells, nearly right; a third entry "wrong" makes it so;
- ``hint``: what to say to any other number; ``because``: what to say to a right one;
- ``whole``, if the answer counts something, and ``share``, if it is a share of 1.

A part that asks to choose has ``right``, a letter, ``says`` with a text for each other letter, and
``because``.

The page does the same without Python: it is given what ``table`` returns, and ``judge`` and the
script of the page walk through it in the same way.
"""

RIGHT, NEARLY, WRONG, OPEN = "right", "nearly", "wrong", "open"
BLANK = "not answered", "Put your answer in the place of the dots."

SIGN = "The size is right. Look at the sign again."
TWICE = "Twice too large: is there a 2 or a square too many?"
HALF = "Half of it: is there a 2 or a square missing?"
PER_CENT = "That is in per cent. Give a share of 1."
CLOSE = "Close. Carry more digits, or look for a small term that you left out."
OFF_BY_ONE = "Off by one. Look at the border again: is it reached, or passed?"
CLOSE_FACTOR = 5  # up to so many times `within`, an answer is close


def table(part):
    """All that can be said to an answer, first match first.

    Args:
        part: a part of an exercise, as above.

    Returns:
        For a number ``{"ranges": [[low, high, verdict, say], ...], "hint": say}``, the ends
        included; for a choice ``{"letters": {letter: [verdict, say]}}``.
    """
    if "right" in part:
        says = {**{part["right"]: part["because"]}, **part["says"]}
        return {
            "letters": {
                letter: [RIGHT if letter == part["right"] else WRONG, says[letter]]
                for letter in sorted(says)
            }
        }
    answer, within = part["answer"], part["within"]
    relative = within / abs(answer) if answer else 0.0
    found = [[answer - within, answer + within, RIGHT, part.get("because", "")]]

    def add(value, verdict, say):
        room = relative * abs(value) if answer and value else within
        found.append([value - room, value + room, verdict, say])

    for value, say, *verdict in part.get("slips", []):
        add(value, *(verdict or [NEARLY]), say)
    if part.get("whole"):
        add(answer - 1, NEARLY, OFF_BY_ONE)
        add(answer + 1, NEARLY, OFF_BY_ONE)
    if part.get("share"):
        add(100 * answer, NEARLY, PER_CENT)
    if answer:
        add(-answer, NEARLY, SIGN)
        add(2 * answer, NEARLY, TWICE)
        add(answer / 2, NEARLY, HALF)
    far = CLOSE_FACTOR * within
    if far:
        found.append([answer - far, answer + far, NEARLY, CLOSE])
    return {"ranges": found, "hint": part["hint"]}


def judge(part, answer):
    """The verdict on an answer, and what to say.

    Args:
        part: a part of an exercise, as above.
        answer: a finite number, or one of the part's letters.

    Returns:
        ``(verdict, say)`` with a verdict "right", "nearly" or "wrong".
    """
    known = table(part)
    if "letters" in known:
        return tuple(known["letters"][answer])
    for low, high, verdict, say in known["ranges"]:
        if low <= answer <= high:
            return verdict, say
    return WRONG, known["hint"]
