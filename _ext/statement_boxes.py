"""Titles of statements and exercises without brackets, origin badges, and an end mark of proofs.

sphinx-proof and sphinx-exercise write "Lemma 5.1 (The gain (ours))". The last bracket of a
statement's title says whose it is; what it says beyond the badge stands behind the badge.
"""

import re
from html import escape
from itertools import pairwise

from docutils import nodes
from sphinx.util import logging
from sphinx_exercise.nodes import is_exercise_node, is_solution_node

from _ext.origin_badges import MEANINGS, read_origins

logger = logging.getLogger(__name__)
SAME_IDS = (["proof-content"], ["exercise-content"], ["solution-content"])  # one in every box
END_OF_PROOF = '<span class="bo-qed" role="img" aria-label="End of the proof"></span>'


def unwrapped(children):
    """The nodes of a title without the brackets that go round all of it."""
    children = [child.deepcopy() for child in children]
    if not children or not str(children[0]).lstrip().startswith("("):
        return children
    children[0] = nodes.Text(str(children[0]).lstrip()[1:])
    children[-1] = nodes.Text(re.sub(r"\)$", "", str(children[-1])))
    return [child for child in children if child.astext()]


def split_last_bracket(children):
    """The nodes of a title before its closing bracket, and those within it."""
    if not children or not str(children[-1]).endswith(")"):
        return children, []
    depth = 0
    for place in range(len(children) - 1, -1, -1):
        if not isinstance(children[place], nodes.Text):
            continue
        text = str(children[place])
        for at in range(len(text) - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(text[at], 0)
            if depth == 0 and text[at] == "(":
                before = [*children[:place], nodes.Text(text[:at].rstrip())]
                within = [nodes.Text(text[at + 1 :]), *children[place + 1 :]]
                within[-1] = nodes.Text(str(within[-1])[:-1])
                return [child for child in before if child.astext()], within
    return children, []


def note(within, word):
    """What the bracket says beyond the badge's word, as one muted piece; [] if nothing."""
    first = re.sub(rf"^{word}\b[,;:]?\s*", "", str(within[0])) if within else ""
    rest = [nodes.Text(first), *within[1:]] if within else []
    said = nodes.inline("", "", *rest, classes=["bo-origin-note"])
    return [nodes.Text(" "), said] if said.astext() else []


def badge(word):
    """The badge, with its meaning for a pointer that rests on it."""
    opening = f'<span class="bo-origin bo-origin-{word}" title="{escape(MEANINGS[word])}">'
    return nodes.raw("", f"{opening}{word}</span>", format="html")


def title_statement(node, word):
    """Name, badge and note of a statement."""
    title = node[0]
    name, within = split_last_bracket(unwrapped(title.children))
    title.children = []
    if name:
        title += nodes.inline("", "", *name, classes=["bo-title"])
        title += nodes.Text(" ")
    title += badge(word)
    title.extend(note(within, word))


def title_exercise(node):
    """Name of an exercise."""
    title = node[0]
    name = unwrapped(title.children)
    title.children = []
    title += nodes.inline("", "", *name, classes=["bo-title"])


def title_solution(node):
    """ "Solution to Exercise 5.1": its name stands above already, and a link would not fold."""
    found = re.search(r"\w+ (?:\d+|[A-Z])\.\d+", node[0].astext())
    node[0].children = [nodes.Text(f"Solution to {found[0]}" if found else "Solution")]


def end_proof(node):
    """Close a proof with its mark, in its last paragraph if it ends with words."""
    node["classes"].append("bo-proof")
    last = node.children[-1]
    while isinstance(last, nodes.bullet_list | nodes.enumerated_list | nodes.list_item):
        last = last.children[-1]
    if not isinstance(last, nodes.paragraph):
        last = nodes.paragraph("", "", classes=["bo-qed-line"])
        node += last
    last += nodes.raw("", END_OF_PROOF, format="html")


def is_statement(node):
    return isinstance(node, nodes.Element) and "countertype" in node


def is_proof(node):
    """Whether a box ends a proof: a proof in steps ends with its last step."""
    return isinstance(node, nodes.admonition) and re.match("Proof", node[0].astext()) is not None


def boxes(app, doctree, docname):
    """Work through the boxes of a page."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(is_statement)):
        word = app.env.bo_origins.get(node["label"])
        if word is None:
            logger.warning("no row of claims.yml names the statement %s", node["label"])
        else:
            title_statement(node, word)
    for node in list(doctree.findall(is_exercise_node)):
        title_exercise(node)
    for node in list(doctree.findall(is_solution_node)):
        title_solution(node)
    for node in list(doctree.findall(nodes.section)):
        if node["ids"] in SAME_IDS:
            node["ids"] = []
    proofs = list(doctree.findall(is_proof))
    for node, following in pairwise([*proofs, None]):
        step = re.match(r"Proof, step \d+", node[0].astext())
        if not (step and following is not None and following[0].astext().startswith("Proof, step")):
            end_proof(node)


def read_ledger(app, env, docnames):
    """Read the ledger; a changed one makes the pages anew."""
    found = read_origins(app.srcdir)
    if getattr(env, "bo_origins", found) != found:
        docnames.extend(env.found_docs - set(docnames))
    env.bo_origins = found


def setup(app):
    app.connect("env-before-read-docs", read_ledger)
    app.connect("doctree-resolved", boxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
