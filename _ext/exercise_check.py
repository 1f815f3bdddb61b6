"""Put a form under each exercise that has an answer, which judges it with no kernel.

What is asked stands in `exercises.yml`, what is right in the library. The text of a notebook is
completed when Sphinx reads it: after an exercise that is known there comes

    :::{check} 5.1
    :::

A page may use the directive itself, with a question of its own as content: a self-test does. A list
in it holds the options of a choice. Without scripts the question is plain text, with the call that
checks its answer in Python; `_static/check.js` makes it a form.
"""

import json
import re
from functools import cache
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from benign_osc_lib.exercises import judging, store

QUESTIONS = Path(__file__).resolve().parents[1] / "exercises.yml"
EXERCISE = re.compile(r"^:::\{exercise\}[^\n]*\n:label: (?P<label>\S+)\n.*?^:::$", re.M | re.S)


class check_form(nodes.Element):  # noqa: N801 (nodes of docutils are written so)
    """The questions of one exercise, and what the page's script needs to judge an answer."""


@cache
def questions():
    """What is asked, as ``{number: [{"ask", "options"}]}``; a number has no options."""
    return yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))


def part_text(part):
    """One part of a question in MyST Markdown."""
    options = "\n".join(f"1. {option}" for option in part.get("options", []))
    return f"{part['ask']}\n\n{options}".rstrip()


def question_text(number):
    """All that an exercise asks for, in MyST Markdown, for a notebook."""
    parts = []
    for part in questions()[number]:
        options = [f"- ({chr(97 + i)}) {text}" for i, text in enumerate(part.get("options", []))]
        parts.append("\n".join([part["ask"], "", *options]).rstrip())
    if len(parts) > 1:
        parts = [f"**{place}.** {text}" for place, text in enumerate(parts, 1)]
    return "\n\n".join(parts)


def call_text(number):
    """The call that checks an answer in Python, with gaps for the reader."""
    gaps = ['"…"' if "right" in part else "…" for part in store.load()[number]["parts"]]
    return f'check("{number}", {gaps[0] if len(gaps) == 1 else "(" + ", ".join(gaps) + ")"})'


class Check(SphinxDirective):
    """The form for the exercise that is named."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Parse what is asked, part by part, and add how to check it in Python."""
        number = self.arguments[0]
        known = store.load()
        if number not in known or "parts" not in known[number]:
            raise self.error(f"no answer is stored for {number!r}")
        for file in (QUESTIONS, store.FILE):  # a changed answer rebuilds the page
            self.env.note_dependency(str(file))
        texts = (
            [list(self.content)]
            if self.content
            else [part_text(part).splitlines() for part in questions()[number]]
        )
        parts = known[number]["parts"]
        if len(texts) != len(parts):
            raise self.error(f"{number!r} has {len(parts)} answers and {len(texts)} questions")
        form = check_form(number=number, answer=store.encode([judging.table(p) for p in parts]))
        for lines, part in zip(texts, parts, strict=True):
            kind = "choice" if "right" in part else "number"
            box = nodes.container(classes=["bo-part", f"bo-{kind}"])
            self.state.nested_parse(StringList(lines, self.env.docname), self.content_offset, box)
            for options in box.findall(nodes.enumerated_list):
                options["enumtype"] = "loweralpha"
            form += box
        call = nodes.paragraph("", "In Python: ", classes=["bo-call"])
        call += nodes.literal(text=call_text(number))
        form += call
        return [form]


def with_forms(text):
    """A text in MyST Markdown with a form after each exercise whose answer is known."""
    numbers = {row["label"]: number for number, row in store.load().items() if "parts" in row}

    def add(found):
        number = numbers.get(found["label"])
        return f"{found[0]}\n\n:::{{check}} {number}\n:::" if number else found[0]

    return EXERCISE.sub(add, text)


def complete(app, docname, source):
    """Add the forms to the text of a page, which is Markdown or a notebook."""
    if "{exercise}" not in source[0]:
        return
    if not app.env.doc2path(docname).endswith(".ipynb"):
        source[0] = with_forms(source[0])
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_forms("".join(cell["source"]))
    source[0] = json.dumps(notebook)


def open_form(self, node):
    names = "bo-check bo-several" if len(list(node.findall(nodes.container))) > 1 else "bo-check"
    self.body.append(
        f'<div class="{names}" data-number="{node["number"]}" data-answer="{node["answer"]}">\n'
    )


def close_form(self, node):
    self.body.append("</div>\n")


def nothing(self, node):
    """On paper the questions stand for themselves."""


def setup(app):
    app.add_node(
        check_form,
        html=(open_form, close_form),
        **dict.fromkeys(("latex", "text", "man", "texinfo"), (nothing, nothing)),
    )
    app.add_directive("check", Check)
    app.connect("source-read", complete)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
