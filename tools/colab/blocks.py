"""Paragraphs, tables, statements and folds, from Sphinx's tree to plain Markdown."""

import re

from tools.colab.inline import Inline, code, html

# Formulas and text that Sphinx sets for pages only, or that hold a place in the tree.
SILENT = {"target", "comment", "substitution_definition", "index", "colspec", "system_message"}
STARRED = re.compile(r"\s*\\begin\{equation\*\}(.*)\\end\{equation\*\}\s*", re.S)


def quote(text):
    """A block quote. Its formulas take one line each: an editor may see `>` within them as TeX."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def fold(summary, text):
    """A closed fold. The blank lines make the text within Markdown again."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def indent(text, by):
    return text.replace("\n", "\n" + " " * by).replace("\n" + " " * by + "\n", "\n\n")


def unnested(title):
    """A title in brackets, with whose it is after a semicolon: "(The gain; ours)"."""
    depth = 0
    for place in range(len(title) - 2, 0, -1):
        depth += (title[place] == ")") - (title[place] == "(")
        if not depth:
            nested = title[place - 1] == " "
            return f"{title[:place].rstrip()}; {title[place + 1 : -2]})" if nested else title
    return title


class Blocks(Inline):
    """Writes the blocks of one page.

    `number(kind, node)` is the number that the site gives to a statement, an exercise, a figure or
    an equation, or "".
    """

    def __init__(self, page, number):
        super().__init__(page)
        self.number = number
        self.depth = 0  # of quotes, lists and tables around a block
        self.in_table = False

    def block(self, node):
        """One block, or "" where it shows nothing."""
        name = type(node).__name__
        if name in SILENT:
            return ""
        if "countertype" in node:
            return self.statement(node)
        writer = getattr(self, f"block_{name}", None)
        if writer is None:
            raise NotImplementedError(f"{self.page}: no Markdown for the block {name}: {node}")
        return writer(node)

    def blocks(self, nodes):
        """Several, with a blank line between."""
        return "\n\n".join(filter(None, map(self.block, nodes)))

    def inner(self, nodes):
        """Blocks within another one."""
        self.depth += 1
        try:
            return self.blocks(nodes)
        finally:
            self.depth -= 1

    def block_paragraph(self, node):
        return self.line(node)

    def block_container(self, node):
        return self.blocks(node.children)

    block_section = block_topic = block_compound = block_container

    def block_transition(self, node):
        return "---"

    def block_rubric(self, node):
        return f"**{self.line(node)}**"

    def block_literal_block(self, node):
        language = node.get("language", "")
        return f"```{'' if language in ('default', 'none') else language}\n{node.astext()}\n```"

    def block_block_quote(self, node):
        return quote(self.inner(node.children))

    def block_check_form(self, node):
        """What an exercise asks for, and the call that judges an answer."""
        *parts, call = node.children
        asked = [self.inner([part]) for part in parts]
        if len(asked) > 1:
            asked = [f"({place}) {text}" for place, text in enumerate(asked, 1)]
        lines = f"from benign_osc_lib import check; {call.children[-1].astext()}"
        asked = "\n\n".join(asked)
        return quote(f"{asked}\n\nTo check it, in a cell of your own: {code(lines)}")

    def block_math_block(self, node):
        """A formula on its own, with the number that it has on the site."""
        source = node.astext()
        if node.get("nowrap"):
            starred = STARRED.fullmatch(source)
            if not starred:
                raise NotImplementedError(f"{self.page}: no Markdown for the formula {source}")
            source = starred[1]
        number = self.number("displaymath", node) if node.get("label") else ""
        lines = [line.strip() for line in source.strip().split("\n") if line.strip()]
        lines += [rf"\tag{{{number}}}"] if number else []
        gap = " " if self.depth else "\n"
        return gap.join(["$$", *lines, "$$"])

    def block_bullet_list(self, node):
        return self.items(node, lambda place: "- ")

    def block_enumerated_list(self, node):
        """Numbered; where Sphinx counts by letters, a bullet with the letter: Markdown cannot."""
        first = node.get("start", 1)
        if node.get("enumtype") == "loweralpha":
            return self.items(node, lambda place: f"- ({chr(96 + first + place)}) ")
        return self.items(node, lambda place: f"{first + place}. ")

    def items(self, node, mark):
        written = []
        for place, item in enumerate(node.children):
            head = mark(place)
            written.append(head + indent(self.inner(item.children), head.index(" ") + 1))
        loose = any(len(item.children) > 1 for item in node.children)
        return ("\n\n" if loose else "\n").join(written)

    def block_definition_list(self, node):
        """Terms in bold: Markdown has no list of definitions."""
        items = []
        for item in node.children:
            term = " ".join(self.line(one) for one in item.children[:-1])
            items.append(f"- **{term}**\n  " + indent(self.inner(item.children[-1].children), 2))
        return "\n".join(items)

    def block_table(self, node):
        title = [self.line(one) for one in node.children if type(one).__name__ == "title"]
        rows = [list(row) for row in node.findall() if type(row).__name__ == "row"]
        sides = [self.side(entry) for entry in rows[0]]
        lines = [self.row(row) for row in rows]
        table = "\n".join([lines[0], f"| {' | '.join(sides)} |", *lines[1:]])
        return "\n\n".join([*(f"*{one}*" for one in title), table])

    def row(self, entries):
        self.in_table = True
        try:
            cells = [self.inner(entry.children) for entry in entries]
        finally:
            self.in_table = False
        return f"| {' | '.join(cell.replace(chr(10), ' ') for cell in cells)} |"

    @staticmethod
    def side(entry):
        """Where a column's text stands."""
        classes = entry.get("classes", [])
        ends = {"text-left": ":---", "text-right": "---:", "text-center": ":---:"}
        return next((mark for name, mark in ends.items() if name in classes), "---")

    def write(self, node):
        """As in a line; in a table a bar that is not the border of a cell is escaped."""
        text = super().write(node)
        if self.in_table and not node.children:
            text = text.replace("|", r"\|")
        elif self.in_table and type(node).__name__ in ("math", "literal"):
            bar = r"\vert " if type(node).__name__ == "math" else r"\|"
            text = re.sub(r"(?<!\\)\|", lambda found: bar, text)
        return text

    def statement(self, node):
        """A theorem and its like: a quote under a bold head, numbered as on the site."""
        title, *body = node.children
        name = node["realtype"].capitalize()
        head = " ".join(filter(None, [name, self.number(node["countertype"], node)]))
        return self.titled(" ".join(filter(None, [head, unnested(self.line(title))])), body)

    def block_exercise_enumerable_node(self, node):
        title, *body = node.children
        head = f"Exercise {self.number('exercise', node)}".strip()
        return self.titled(" ".join(filter(None, [head, self.line(title)])), body)

    def titled(self, title, body):
        return quote(f"**{title}.**\n\n{self.inner(body)}")

    def block_admonition(self, node):
        """A fold where the page has one, a quote where the page shows a box."""
        title, *body = node.children
        if "dropdown" in node["classes"]:
            return fold(html(title), self.blocks(body))
        return quote(f"**{self.line(title)}**\n\n{self.inner(body)}")

    def block_solution_node(self, node):
        title, *body = node.children
        return fold(html(title), self.blocks(body))

    def block_figure(self, node):
        """The caption; the picture is the output of the cell above. A slider shows its own."""
        if "bo-frames" in node["classes"]:
            return f"**Fig. {self.number('figure', node)}** is the slider above."
        caption = next(one for one in node.children if type(one).__name__ == "caption")
        number = self.number("figure", node)
        return f"**Fig. {number}.** {self.line(caption)}"
