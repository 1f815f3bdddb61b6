"""A minus sign before the numbers of tables, and powers of ten, where Python prints "-" and "e-06".

The notebooks keep what was printed; only the page shows numbers as its formulas do.
"""

import re

from docutils import nodes

HYPHEN = re.compile(r"(?<![\w.)-])-(?=\.?\d)")  # no range, no exponent, no name
POWER = re.compile(r"(?<![\w.])(\d(?:\.\d+)?)e([-+]?)0*(\d+)\b")


def signed(text):
    """A text with a minus sign in the place of each hyphen that begins a number."""
    return HYPHEN.sub("\N{MINUS SIGN}", text)


def shown(text):
    """A text as nodes: 3·10 with a raised −6 in the place of 3e-06, and 0.3 in that of 3e-01."""
    found, end = [], 0
    for power in POWER.finditer(text):
        digits, exponent = power[1], int(power[2] + power[3])
        found.append(text[end : power.start()])
        end = power.end()
        if abs(exponent) <= 1:
            found[-1] += f"{float(power[0]):.15g}"
            continue
        found[-1] += "10" if digits == "1" else f"{digits}·10"
        found.append(exponent)
    found.append(text[end:])
    return [
        nodes.superscript("", signed(str(part)))
        if isinstance(part, int)
        else nodes.Text(signed(part))
        for part in found
        if part != ""
    ]


def in_tables(app, doctree, docname):
    """Write the numbers in the tables of a page so, except in code."""
    for table in doctree.findall(nodes.table):
        for text in list(table.findall(nodes.Text)):
            new = shown(text)
            if new != [text] and not isinstance(
                text.parent, (nodes.literal, nodes.math, nodes.raw)
            ):
                text.parent.replace(text, new)


def setup(app):
    app.connect("doctree-resolved", in_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
