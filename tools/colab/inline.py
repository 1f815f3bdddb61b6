"""Text within a line, from Sphinx's tree to Markdown that every notebook editor shows.

Formulas stay between dollars; a reference becomes a link to the site, with the words that stand
there. What a chapter has never used is refused by name rather than shown raw.
"""

import re
from html import escape

# What CommonMark reads as markup where it stands in plain text.
MARKUP = re.compile(r"[\\`*$~]|(?<![^\W_])_|_(?![^\W_])|<(?=[\w/!?])|&(?=#?\w+;)|\](?=[\[(:])")
AT_THE_START = re.compile(r"^(\d*)([#>+-](?=\s)|[.)](?=\s))")


def plain(text):
    """Text that shows as it is: every character that would be markup is escaped."""
    return MARKUP.sub(lambda found: "\\" + found[0], text)


def math(source):
    """A formula within the line. No blank at its ends: GitHub and VS Code want none."""
    return f"${' '.join(source.split())}$"


def code(text):
    """A code span; its fence is longer than any row of backticks in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"


class Inline:
    """Writes nodes within a line. `page` is the address of the page they stand on."""

    def __init__(self, page):
        self.page = page

    def line(self, node):
        """All that stands in a node, as Markdown; a digit or a dash at its start is no list."""
        text = "".join(self.write(child) for child in node.children).strip()
        return AT_THE_START.sub(r"\1\\\2", text)

    def write(self, node):
        """One node, by its class."""
        name = type(node).__name__
        writer = getattr(self, f"write_{name}", None)
        if writer is None:
            raise NotImplementedError(f"{self.page}: no Markdown for {name} in a line: {node}")
        return writer(node)

    def children(self, node):
        return "".join(self.write(child) for child in node.children)

    def marked(self, node, mark):
        """Text between marks, with the blanks at its ends outside, as CommonMark demands."""
        inside = self.children(node)
        text = inside.strip()
        if not text:
            return inside
        before = inside[: len(inside) - len(inside.lstrip())]
        return f"{before}{mark}{text}{mark}{inside[len(inside.rstrip()) :]}"

    def write_Text(self, node):
        return plain(node.astext())

    def write_math(self, node):
        return math(node.astext())

    def write_literal(self, node):
        if "xref" in node.get("classes", []) or any(type(c).__name__ != "Text" for c in node):
            return self.children(node)  # a reference that Sphinx would set in the font of code
        return code(node.astext())

    def write_superscript(self, node):
        return f"<sup>{self.children(node)}</sup>"

    def write_emphasis(self, node):
        return self.marked(node, "*")

    def write_strong(self, node):
        return self.marked(node, "**")

    write_inline = write_abbreviation = children

    def write_target(self, node):
        return self.children(node)

    def write_title_reference(self, node):
        return self.marked(node, "*")

    def write_reference(self, node):
        text = " ".join(self.children(node).split())
        return f"[{text}]({self.address(node)})" if text else ""

    write_number_reference = write_reference

    def address(self, node):
        """Where a reference leads: to the site, for the notebook may stand anywhere."""
        target = node.get("refuri") or f"{self.page}#{node['refid']}"
        if target.startswith("#"):
            target = self.page + target
        return re.sub(r"[()\s]", lambda found: f"%{ord(found[0]):02X}", target)


def html(node):
    """The same for the line of a fold, which is HTML: no link, since a click opens the fold."""
    name = type(node).__name__
    if name == "Text":
        return escape(node.astext(), quote=False)
    if name == "math":  # a letter needs no TeX, which some editors leave raw in HTML
        text = escape(node.astext().strip(), quote=False)
        return f"<i>{text}</i>" if re.fullmatch("[A-Za-z]", text) else math(text)
    tags = {"emphasis": "em", "strong": "b", "literal": "code"}
    inside = "".join(map(html, node.children))
    return f"<{tags[name]}>{inside}</{tags[name]}>" if name in tags else inside
