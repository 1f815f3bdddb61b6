"""The answers as they are stored: encoded, so that nobody reads one by accident.

``answers.json`` has one line an exercise. Its answer is base64 of JSON: no secret, but not to be
read at a glance. ``tools/answers.py`` turns the file into plain YAML and back.
"""

import base64
import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("answers.json")


def encode(value):
    """A value of JSON as one word of base64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def decode(word):
    """What ``encode`` was given."""
    return json.loads(base64.b64decode(word))


@cache
def load():
    """All exercises in the book's order, as ``{number: {"label", "parts" or "read"}}``.

    ``parts`` are what ``judging`` describes; an open exercise has none, and ``read`` says where to
    read on.
    """
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        number: {"label": row["label"], "read": row["read"]}
        if "read" in row
        else {"label": row["label"], "parts": decode(row["answer"])}
        for number, row in rows.items()
    }


def dump(exercises):
    """The text of ``answers.json`` for what ``load`` returns."""
    lines = []
    for number, row in exercises.items():
        stored = {"label": row["label"]}
        if "read" in row:
            stored["read"] = row["read"]
        else:
            stored["answer"] = encode(row["parts"])
        lines.append(f"{json.dumps(number)}: {json.dumps(stored, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
