"""What the links of the book lead to, to be shown beside a link without leaving the page.

When all pages are written, this cuts out of them each place that a link on some page points to: a
statement, an equation, a figure, a term, a row of the notation, a cited work, a function, the
beginning of a section. Each page gets one script, `_previews/PAGE.js`, loaded when a reader first
rests on a link to it.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from symbols import NAME

FOLDER = "_previews"
LINK = re.compile(r'<a class="[^"]*\binternal\b[^"]*" href="([^"#:]*)(?:#([^"]*))?"')
TAG = re.compile(r"<([a-z]\w*)")
BLOCK = re.compile(r"<(h[1-6]|section|div|figure|table|p)\b")
HEADERLINK = re.compile(r'<a class="headerlink".*?</a>', re.S)
HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.S)
ANCHOR = re.compile(r"</?a\b[^>]*>")
IDENTITY = re.compile(r' id="[^"]*"')


def element(html, start):
    """The element that begins at `start`, to its closing tag."""
    name = TAG.match(html, start)[1]
    depth = 0
    for tag in re.compile(rf"<(/?){name}\b[^>]*>").finditer(html, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return html[start : tag.end()]
    return html[start:]


def next_element(html, start, names):
    """The first element from `start` on with one of these names."""
    found = re.compile(rf"<(?:{names})\b").search(html, start)
    return element(html, found.start()) if found else ""


def beginning(section):
    """The heading of a section, and its text up to the end of the first paragraph."""
    heading = next_element(section, 1, "h[1-6]")
    after = section[section.index(heading) + len(heading) :] if heading else section
    paragraph = next_element(after, 0, "p|div|ol|ul")
    bold = re.sub(
        r"^<h[1-6][^>]*>(.*)</h[1-6]>$", r"<p><strong>\1</strong></p>", heading, flags=re.S
    )
    return bold + paragraph


def place(html, anchor):
    """What a reader needs to see of the place that an anchor names; empty if there is nothing."""
    at = html.find(f' id="{anchor}"')
    if at < 0:
        return ""
    start = html.rfind("<", 0, at)
    tag = TAG.match(html, start)[1]
    here = element(html, start)
    end = start + len(here)
    if tag == "span" and not re.sub(r"<[^>]*>", "", here).strip():
        return labelled(html, start, end)
    if tag == "section":
        return beginning(here)
    if tag == "dt" and 'class="sig' in html[start:at]:
        meaning = next_element(html, end, "dd")
        return f"<dl>{here}<dd>{next_element(meaning, 1, 'p')}</dd></dl>"
    if tag == "dt":
        return f"<dl>{here}{next_element(html, end, 'dd')}</dl>"
    if tag == "li":
        return f"<ul>{here}</ul>"
    if tag == "tr":
        return f"<table><tbody>{here}</tbody></table>"
    return here


def labelled(html, start, end):
    """What an empty element with a name stands before: a section's beginning, a claim, a block."""
    following = BLOCK.search(html, end)
    if following is None:
        return ""
    if not re.fullmatch("h[1-6]", following[1]):
        return element(html, following.start())
    section = element(html, html.rfind("<section", 0, start))
    if ' id="claim-' not in section[:400]:
        return beginning(section)
    return section[: max(section.find("<p>shown in"), 0) or None]  # not the tests of the claim


def clean(html):
    """A copy that can stand on another page: no ids, no links, no headings."""
    html = HEADING.sub(r"<p><strong>\1</strong></p>", html).replace(NAME, "")
    return re.sub(
        r">\s+<", "> <", IDENTITY.sub("", ANCHOR.sub("", HEADERLINK.sub("", html)))
    ).strip()


def article(html):
    """The part of a page that is its text."""
    start = html.find('<article class="bd-article"')
    return element(html, start) if start >= 0 else ""


def targets(pages):
    """Which anchors of each page some page links to, as {page: {anchor}}; "" is the page itself."""
    found = defaultdict(set)
    for page, html in pages.items():
        for uri, anchor in LINK.findall(html):
            target = normpath(join(dirname(page), unquote(uri))) if uri else page
            found[target].add(unquote(anchor))
    return found


def write(app, error):
    if error or app.builder.name != "html":
        return
    files = {app.builder.get_target_uri(name): name for name in sorted(app.env.found_docs)}
    pages = {uri: article(Path(app.outdir, uri).read_text(encoding="utf-8")) for uri in files}
    for uri, anchors in targets(pages).items():
        if uri not in pages:
            continue
        html = pages[uri]
        items = {}
        for anchor in sorted(anchors):
            cut = place(html, anchor) if anchor else beginning(html[html.find("<section") :])
            if cut:
                items[anchor] = clean(cut)
        path = Path(app.outdir, FOLDER, f"{files[uri]}.js")
        path.parent.mkdir(parents=True, exist_ok=True)
        detail = json.dumps({"page": uri, "items": items}, ensure_ascii=False)
        path.write_text(
            f'document.dispatchEvent(new CustomEvent("bo:previews",{{detail:{detail}}}))', "utf-8"
        )


def setup(app):
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
