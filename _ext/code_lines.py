"""Lines of code that wrap where a screen is too narrow, with the rest of a line further in.

Each line is a <span> that knows how far it is indented; the style sheet (look.css) does the rest.
"""

import re

from docutils import nodes

PRE = re.compile(r"(<pre>(?:<span></span>)?)(.*?)(</pre>)", re.S)
TAG = re.compile(r"<[^>]+>")
INDENT = re.compile(r"^((?:<span[^>]*>)*)( +)")


def in_spans(code):
    """Highlighted code, in which Pygments closes every tag at the end of its line."""
    lines = code.split("\n")
    ends = ["\n"] * (len(lines) - 1) + [""]
    found = []
    for line, end in zip(lines, ends, strict=True):
        text = TAG.sub("", line)
        indent = len(text) - len(text.lstrip(" "))
        style = f' style="--i:{indent}"' if indent else ""
        if line or end:
            # No line breaks at its indentation: that stands in the margin, for who copies it.
            line = INDENT.sub(r'\1<span class="bo-in">\2</span>', line)
            found.append(f'<span class="bo-line"{style}>{line}{end}</span>')
    return "".join(found)


def visit_literal_block(self, node):
    """A block of code, line by line."""
    first = len(self.body)
    try:
        type(self).visit_literal_block(self, node)
    except nodes.SkipNode:
        html = "".join(self.body[first:])
        self.body[first:] = [PRE.sub(lambda m: m[1] + in_spans(m[2]) + m[3], html)]
        raise


def depart_literal_block(self, node):
    type(self).depart_literal_block(self, node)


def setup(app):
    visitors = (visit_literal_block, depart_literal_block)
    app.add_node(nodes.literal_block, override=True, html=visitors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
