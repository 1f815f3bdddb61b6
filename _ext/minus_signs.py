"""A minus sign before the numbers of tables and sliders, where Python prints a hyphen.

The notebooks keep what was printed; only the page shows the sign, as its formulas do.
"""

import re

from docutils import nodes

HYPHEN = re.compile(r"(?<![\w.)-])-(?=\.?\d)")  # no range, no exponent, no name


def signed(text):
    """A text with a minus sign in the place of each hyphen that begins a number."""
    return HYPHEN.sub("\N{MINUS SIGN}", text)


def in_tables(app, doctree, docname):
    """Put the sign into the tables of a page, except in code."""
    for table in doctree.findall(nodes.table):
        for text in list(table.findall(nodes.Text)):
            if signed(text) != text and not isinstance(
                text.parent, (nodes.literal, nodes.math, nodes.raw)
            ):
                text.parent.replace(text, nodes.Text(signed(text)))


def setup(app):
    app.connect("doctree-resolved", in_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
