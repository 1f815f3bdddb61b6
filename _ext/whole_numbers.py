"""A number and its unit stay on one line, and so do a mean and its ±.

The sources have plain blanks; only the page has blanks that do not break.
"""

import re

from docutils import nodes

# After a figure or a formula, which ends the text before.
UNIT = r"[%±]|(?:s|ms|min|px|kB|MB|GB|MiB|GiB)\b"
PARTED = re.compile(rf"(?<=\d) (?={UNIT})|(?<=\d ±) (?=\d)|^ (?=[%±])")
CODE = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def held(text):
    """A text whose numbers do not part from their signs."""
    return PARTED.sub("\N{NO-BREAK SPACE}", text)


def in_texts(app, doctree, docname):
    """Hold the numbers of a page together, except in code and formulas."""
    if app.builder.format != "html":
        return
    for text in list(doctree.findall(nodes.Text)):
        if held(text) != text and not isinstance(text.parent, CODE):
            text.parent.replace(text, nodes.Text(held(text)))


def setup(app):
    app.connect("doctree-resolved", in_texts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
