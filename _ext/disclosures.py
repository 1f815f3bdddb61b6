"""Boxes that fold, as <details> of HTML: no script, and the keyboard works.

Admonitions and solutions of class `dropdown`, and the hidden cells of MyST-NB. The scripts of
sphinx-togglebutton, which Jupyter Book loads for them, are left out.
"""

from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

TOGGLE = ("togglebutton", "toggleHint", "toggleOpenOnPrint")


class disclosure(nodes.General, nodes.Element):
    """A box that folds; its first child is the summary."""


class disclosure_summary(nodes.General, nodes.TextElement):
    """The line that stays when it is folded."""


def fold(app, doctree, docname):
    """Make a disclosure of each box of class `dropdown`. On paper (EPUB) they stay open."""
    if app.builder.format != "html" or app.builder.name == "epub":
        return
    for node in list(doctree.findall(nodes.Admonition)):
        if "dropdown" not in node["classes"]:
            continue
        title, *body = node.children
        box = disclosure("", ids=node["ids"], classes=["admonition", *node["classes"]])
        box += disclosure_summary("", "", *title.children, classes=["admonition-title"])
        box.extend(body)
        node.replace_self(box)


def visit_disclosure(self, node):
    self.body.append(self.starttag(node, "details"))


def depart_disclosure(self, node):
    self.body.append("</details>\n")


def visit_summary(self, node):
    self.body.append(self.starttag(node, "summary", ""))


def depart_summary(self, node):
    self.body.append("</summary>\n")


def visit_hidden_cell(self, node):
    """As in MyST-NB, but the summary is named by what it says, which is the same open or closed."""
    classes = " ".join(["admonition", "hide", *node["classes"]])
    summary = escape(node["prompt_show"])
    self.body.append(f'<details class="{classes}">\n')
    self.body.append(f'<summary class="admonition-title">{summary}</summary>\n')


def depart_hidden_cell(self, node):
    self.body.append("</details>\n")


def leave_out_toggle(app, pagename, templatename, context, doctree):
    """Drop the files and settings of sphinx-togglebutton from a page."""
    for files in ("script_files", "css_files"):
        context[files] = [
            file
            for file in context.get(files, [])
            if not any(
                name in f"{getattr(file, 'filename', file)} {getattr(file, 'attributes', '')}"
                for name in TOGGLE
            )
        ]


def setup(app):
    app.add_node(disclosure, html=(visit_disclosure, depart_disclosure))
    app.add_node(disclosure_summary, html=(visit_summary, depart_summary))
    visitors = (visit_hidden_cell, depart_hidden_cell)
    app.add_node(HideCodeCellNode, override=True, html=visitors)
    app.connect("doctree-resolved", fold, priority=900)  # after the titles are what they will be
    app.connect("html-page-context", leave_out_toggle, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
