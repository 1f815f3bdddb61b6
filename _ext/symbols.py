"""Every row of the notation gets an address; a chapter links to it where a symbol first stands.

The link is the symbol itself; scripts show what it means without leaving the page. Symbols of
single chapters are linked in these only.
"""

import re

from docutils import nodes

PAGE = "chapters/notation"
# MathML alone is no name of a link to every reader of screens.
NAME = '<span class="visually-hidden">symbol </span>'
# A formula is taken for its symbol if it is that alone, or gives it a number.
VALUE = re.compile(r"(?s)([^=]+?)( = [\d.,]+)?")
LINKED = re.compile(r"chapters/(\d\d|[A-Z])_|chapters/(theory_in|to_real)")


def key(tex):
    """A symbol as it is compared: without spaces and without what defines it."""
    return re.sub(r"\s+|\\(?:,|;|!)", "", tex.split(" = ")[0])


def slug(tex):
    """A symbol as part of an address: `\\kappa_\\xi` is "kappa-xi"."""
    return re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"\\(rm|text)", "", tex)).strip("-") or "sign"


def chapters_of(entry):
    """The chapters that a symbol is limited to, such as {"6", "F"}."""
    return set(re.findall(r"\d+|[A-Z]", entry.astext()))


def name_rows(app, doctree):
    """Give the rows of the notation their addresses, and note which symbols they explain."""
    if app.env.docname != PAGE:
        return
    app.env.book_symbols = {}
    taken = set()
    for table in doctree.findall(nodes.table):
        heads = [entry.astext() for entry in next(table.findall(nodes.thead))[0]]
        column = heads.index("symbol") if "symbol" in heads else None
        if column is None:
            continue
        for row in next(table.findall(nodes.tbody)):
            symbols = [key(math.astext()) for math in row[column].findall(nodes.math)]
            if not symbols:
                continue
            name = f"symbol-{slug(symbols[0])}"
            while name in taken:
                name += "-2"
            taken.add(name)
            row["ids"].append(name)
            where = chapters_of(row[0]) if column else set()
            for symbol in symbols:
                app.env.book_symbols.setdefault(symbol, []).append((name, sorted(where)))


def chapter(docname):
    """The number or letter of a chapter's page, such as "6"."""
    found = re.match(r"chapters/(\d+|[A-Z])_", docname)
    return found[1].lstrip("0") if found else ""


def address(symbols, tex, docname):
    """The row that explains a symbol on a page, or None."""
    if not VALUE.fullmatch(tex.strip()):
        return None
    for name, where in symbols.get(key(tex), ()):
        if not where or chapter(docname) in where:
            return name
    return None


def in_plain_paragraph(node):
    """Whether a formula stands in the running text and nothing around it is a link."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, (nodes.reference, nodes.title, nodes.table, nodes.caption)):
            return False
        if {"bo-part", "cell_output", "dropdown"} & set(node.attributes.get("classes", ())):
            return False
    return True


def link_first_uses(app, doctree, docname):
    """Make the first use of each symbol on a page a link to its row."""
    symbols = getattr(app.env, "book_symbols", {})
    if app.builder.name != "html" or not LINKED.match(docname):
        return
    seen = set()
    for math in list(doctree.findall(nodes.math)):
        name = address(symbols, math.astext(), docname)
        if name is None or name in seen or not in_plain_paragraph(math):
            continue
        seen.add(name)
        uri = app.builder.get_relative_uri(docname, PAGE) + f"#{name}"
        opening = f'<a class="bo-symbol reference internal" href="{uri}">{NAME}'
        at = math.parent.index(math)
        math.parent[at : at + 1] = [raw(opening), math, raw("</a>")]


def raw(html):
    """A piece of HTML as a node."""
    return nodes.raw("", html, format="html")


def setup(app):
    app.connect("doctree-read", name_rows)
    app.connect("doctree-resolved", link_first_uses, priority=800)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
