"""Markup that axe-core finds at fault in what Sphinx and the theme write, written rightly.

- A table whose corner is empty has row headers in its first column, and no empty header.
- A table scrolls in a box that has a name (scrolling.js lets the keyboard in where it does scroll).
- The parameters of a long signature are no list of definitions without terms.
- A list of works is a list.
- What a reader presses is named by what it shows (templates/).
- A long name breaks after a dot, an underscore or a bracket, and not before what follows it.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

LONG_NAME = 24  # characters; a shorter one has room in a line
TEMPLATES = str(Path(__file__).parent / "templates")


def add_row_headers(app, doctree):
    """Mark the first column as headers where the first cell of the head is empty."""
    for group in doctree.findall(nodes.tgroup):
        head = group.next_node(nodes.thead)
        if head is not None and not head[0][0].astext().strip():
            group.next_node(nodes.colspec)["stub"] = 1


def name_above(node):
    """What an empty header of a row goes on with: the last one above it that says something."""
    rows = node.parent.parent
    if isinstance(rows, nodes.thead) or node is not node.parent[0] or not rows.parent.stubs[0]:
        return ""
    above = [row[0].astext().strip() for row in rows[: rows.index(node.parent)]]
    return next(filter(None, reversed(above)), "")


def visit_entry(self, node):
    """A cell of a table; an empty one is no header, but for a row that goes on with one."""
    if not node.astext().strip() and not node.next_node(nodes.image):
        node.parent.column += 1
        name = name_above(node)
        tag = "th" if name else "td"
        self.body.append(self.starttag(node, tag, "", **({"scope": "row"} if name else {})))
        if name:
            self.body.append(f'<span class="visually-hidden">{escape(name)}</span>')
        self.context.append(f"</{tag}>\n")
        return
    first = len(self.body)
    type(self).visit_entry(self, node)
    if self.body[first].startswith("<th"):
        scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
        self.body[first] = self.body[first].replace("<th", f'<th scope="{scope}"', 1)


def depart_entry(self, node):
    """Close a cell; a formula that is all of a header gets its letters for a name."""
    first = len(self.body) - 1
    while not self.body[first].startswith(("<th", "<td")):
        first -= 1
    if self.body[first].startswith("<th"):
        self.body[first:] = [name_formulas("".join(self.body[first:]))]
    type(self).depart_entry(self, node)


def name_formulas(html):
    """Give each <math> its text as a name: axe-core finds a header of MathML alone empty."""

    def named(match):
        letters = re.sub(r"<[^>]+>", "", match[2])
        return f'<math aria-label="{letters}"{match[1]}>{match[2]}<annotation'

    return re.sub(r"<math([^>]*)>(.*?)<annotation", named, html, flags=re.S)


def name_links(app, pagename, templatename, context, doctree):
    """The same for links that are a formula."""
    if body := context.get("body"):
        link = r'<a [^>]*><span class="[^"]*\bmath\b.*?</a>'
        context["body"] = re.sub(link, lambda found: name_formulas(found[0]), body, flags=re.S)


def break_names(app, pagename, templatename, context, doctree):
    """Let a long name in code break between its parts, and a signature after its bracket."""
    if body := context.get("body"):
        body = re.sub(r'(?<=<span class="pre">)[^<]+', between_parts, body)
        bracket = '<span class="sig-paren">(</span>'
        context["body"] = body.replace(bracket, bracket + "<wbr>")


def between_parts(found):
    """The same letters, with places to break: after a dot, in a long part after an underscore."""
    parts = re.split(r"(?<=[A-Za-z_]\.)(?=[A-Za-z_])", found[0])
    return "<wbr>".join(
        re.sub(r"(?<=[a-z0-9]_)(?=[a-z])", "<wbr>", part) if len(part) > LONG_NAME else part
        for part in parts
    )


def table_name(node):
    """What a table is called: its caption, or the columns that it has."""
    caption = node.next_node(nodes.title)
    if caption is not None:
        return caption.astext()
    head = node.next_node(nodes.thead)
    cells = [cell.astext().strip() for cell in head[0]] if head is not None else []
    return "Table of " + ", ".join(cell for cell in cells if cell)


def visit_table(self, node):
    """The theme's box that scrolls, with a name."""
    first = len(self.body)
    type(self).visit_table(self, node)
    box = self.starttag(
        nodes.container(),
        "div",
        "",
        CLASS="pst-scrollable-table-container",
        **{"data-name": table_name(node)},
    )
    self.body[first] = box


def depart_table(self, node):
    type(self).depart_table(self, node)


def visit_parameters(self, node):
    """A list of parameters; with a line for each, in spans."""
    type(self).visit_desc_parameterlist(self, node)
    if self.multi_line_parameter_list:
        self.body[-1] = '<span class="sig-lines">'


def depart_parameters(self, node):
    first = len(self.body)
    type(self).depart_desc_parameterlist(self, node)
    self.body[first:] = [text.replace("</dl>", "</span>") for text in self.body[first:]]


def visit_parameter(self, node):
    first = len(self.body)
    type(self).visit_desc_parameter(self, node)
    self.body[first:] = [text.replace("<dd", "<span", 1) for text in self.body[first:]]


def depart_parameter(self, node):
    first = len(self.body)
    type(self).depart_desc_parameter(self, node)
    self.body[first:] = [text.replace("</dd>", "</span>") for text in self.body[first:]]


def visit_citation(self, node):
    """An entry of a list of works: <li>, with its label."""
    if not isinstance(node.previous_sibling(), nodes.citation):
        self.body.append('<ul class="citation-list">\n')
    self.body.append(self.starttag(node, "li", classes=["citation"]))


def depart_citation(self, node):
    self.body.append("</li>\n")
    if not isinstance(node.next_node(descend=False, siblings=True), nodes.citation):
        self.body.append("</ul>\n")


def setup(app):
    app.connect("config-inited", lambda app, config: config.templates_path.insert(0, TEMPLATES))
    app.connect("doctree-read", add_row_headers)
    app.connect("html-page-context", name_links)
    app.connect("html-page-context", break_names)
    visitors = {
        nodes.entry: (visit_entry, depart_entry),
        nodes.table: (visit_table, depart_table),
        nodes.citation: (visit_citation, depart_citation),
        addnodes.desc_parameterlist: (visit_parameters, depart_parameters),
        addnodes.desc_parameter: (visit_parameter, depart_parameter),
    }
    for node, functions in visitors.items():
        app.add_node(node, override=True, html=functions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
