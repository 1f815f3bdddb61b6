"""Each chapter links to the glossary where one of its terms first stands in the text.

Only terms that cannot be taken for an everyday word are linked.
"""

import re

from docutils import nodes
from sphinx.util.nodes import make_refnode
from symbols import LINKED, in_plain_paragraph

PAGE = "chapters/glossary"
EVERYDAY = {"active", "benign", "class", "gain", "miss", "point", "run", "silent", "visit"}


def terms(env):
    """The terms of the glossary as {term: anchor}, without everyday words."""
    objects = env.get_domain("std").get_objects()
    found = {
        name: anchor
        for name, _, kind, page, anchor, _ in objects
        if kind == "term" and page == PAGE
    }
    return {
        part.strip().lower(): anchor
        for name, anchor in found.items()
        for part in [name, *name.split(",")]
        if part.strip().lower() not in EVERYDAY
    }


def pattern(found):
    """Any of the terms as a whole word, also in the plural; the longest wins."""
    words = "|".join(re.escape(term) for term in sorted(found, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({words})(e?s)?(?![\w-])", re.I)


def link_first_uses(app, doctree, docname):
    """Make the first use of each term on a page a link to its entry."""
    found = terms(app.env)
    if app.builder.name != "html" or not found or not LINKED.match(docname):
        return
    sought, seen = pattern(found), set()
    for text in list(doctree.findall(nodes.Text)):
        if isinstance(text.parent, nodes.paragraph) and in_plain_paragraph(text):
            new = list(pieces(app, docname, str(text), sought, found, seen))
            if len(new) > 1:
                text.parent.replace(text, new)


def pieces(app, docname, text, sought, found, seen):
    """A text in parts: its first uses as links, the rest as it was."""
    end = 0
    for match in sought.finditer(text):
        anchor = found[match[1].lower()]
        if anchor in seen:
            continue
        seen.add(anchor)
        yield nodes.Text(text[end : match.start()])
        link = make_refnode(app.builder, docname, PAGE, anchor, nodes.inline("", match[0]))
        link["classes"].append("bo-term")
        yield link
        end = match.end()
    yield nodes.Text(text[end:])


def setup(app):
    app.connect("doctree-resolved", link_first_uses, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
