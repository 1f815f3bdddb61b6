"""Markup that axe-core finds at fault in what Sphinx and the theme write, written rightly.

- A table whose corner is empty has row headers in its first column, and no empty header.
- A table scrolls in a box that the keyboard reaches, and that is named.
- The parameters of a long signature are no list of definitions without terms.
- A list of works is a list.
- What a reader presses is named by what it shows (templates/).
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

TEMPLATES = str(Path(__file__).parent / "templates")


def add_row_headers(app, doctree):
    """Mark the first column as headers where the first cell of the head is empty."""
    for group in doctree.findall(nodes.tgroup):
        head = group.next_node(nodes.thead)
        if head is not None and not head[0][0].astext().strip():
            group.next_node(nodes.colspec)["stub"] = 1


def visit_entry(self, node):
    """A cell of a table; the empty corner is no header."""
    if isinstance(node.parent.parent, nodes.thead) and not node.astext().strip():
        node.parent.column += 1
        self.body.append(self.starttag(node, "td", ""))
        self.context.append("</td>\n")
        return
    first = len(self.body)
    type(self).visit_entry(self, node)
    if self.body[first].startswith("<th"):
        scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
        self.body[first] = self.body[first].replace("<th", f'<th scope="{scope}"', 1)


def depart_entry(self, node):
    """Close a cell; a formula that is all of a header gets its letters for a name."""
    if isinstance(node.parent.parent, nodes.thead):
        first = max(place for place, text in enumerate(self.body) if text.startswith("<t"))
        self.body[first:] = [name_formulas("".join(self.body[first:]))]
    type(self).depart_entry(self, node)


def name_formulas(html):
    """Give each <math> its text as a name: axe-core finds a header of MathML alone empty."""

    def named(match):
        letters = re.sub(r"<[^>]+>", "", match[2])
        return f'<math aria-label="{letters}"{match[1]}>{match[2]}<annotation'

    return re.sub(r"<math([^>]*)>(.*?)<annotation", named, html, flags=re.S)


def table_name(node):
    """What a table is called: its caption, or the columns that it has."""
    caption = node.next_node(nodes.title)
    if caption is not None:
        return caption.astext()
    head = node.next_node(nodes.thead)
    cells = [cell.astext().strip() for cell in head[0]] if head is not None else []
    return "Table: " + ", ".join(cell for cell in cells if cell)


def visit_table(self, node):
    """The theme's box that scrolls, with a name and reached by the keyboard."""
    first = len(self.body)
    type(self).visit_table(self, node)
    box = self.starttag(
        nodes.container(),
        "div",
        "",
        CLASS="pst-scrollable-table-container",
        role="group",
        tabindex="0",
        **{"aria-label": table_name(node)},
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
