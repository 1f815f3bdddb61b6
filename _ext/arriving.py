"""What a page tells those who have not opened it yet: search engines, and who is sent its address.

Each page gets a description from its first paragraphs, a card (sphinxext-opengraph draws it), its
place in the book as JSON-LD and the icons; the site gets a map for robots and a page for addresses
that lead nowhere. All addresses follow `baseurl` in _config.yml.
"""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import urlparse
from xml.sax.saxutils import escape

import sphinxext.opengraph as opengraph
from docutils import nodes
from docutils.utils import new_document
from edition import page_date
from matplotlib import font_manager
from plain_text import words

SHORTEST, LONGEST = 70, 155  # characters of a description
NOT_LISTED = {"404", "search", "genindex", "py-modindex", "prf-prf"}
REST = "A page of the executable book on SGD with large learning rates, which learns weak features."
HERE = Path(__file__).parent
ROBOTO = Path(opengraph.__file__).parent / "_static" / "Roboto-Flex.ttf"
CARD = {
    "image_mini": "images/card-mark.png",
    "line_color": "#0072b2",
    "site_url": "",
    "font": ["Roboto Flex", "DejaVu Sans"],  # the second has the indices that the first lacks
}


def base(config):
    """The address of the site, with a slash at its end."""
    return config.html_baseurl.rstrip("/") + "/"


def configure(app, config):
    config.templates_path.append(str(HERE / "templates"))
    config.ogp_site_url = base(config)
    config.ogp_site_name = config.html_title
    config.ogp_social_cards = CARD
    font_manager.fontManager.addfont(ROBOTO)
    config.notfound_urls_prefix = urlparse(base(config)).path
    config.notfound_template = "not_found.html"
    config.notfound_context = {"title": "Page not found"}


def description(doctree):
    """The first paragraphs of a page in one or two lines of plain text."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            text = f"{text} {words(paragraph)}".strip()
        if len(text) >= SHORTEST:
            break
    if len(text) < SHORTEST:  # a page without text of its own
        text = f"{words(doctree.next_node(nodes.title))}. {text} {REST}"
    return shortened(re.sub(r"\s+", " ", text))


def shortened(text):
    """At most LONGEST characters: up to the end of a sentence, or of a word and an ellipsis."""
    if len(text) <= LONGEST:
        return text
    sentence = max(text.rfind(mark, 0, LONGEST) for mark in (". ", "? ", "! ", ": "))
    if sentence >= SHORTEST:
        return text[: sentence + 1].rstrip(":")
    return text[: text.rfind(" ", 0, LONGEST - 1)].rstrip(",;:–—( ") + " …"


def as_document(text):
    """A document that holds one paragraph."""
    document = new_document("description")
    document += nodes.paragraph("", text)
    return document


def card(app, context, doctree):
    """The tags of Open Graph, and the picture that they name."""
    return opengraph.get_tags(
        {**context, "meta": {}},
        as_document(description(doctree)),
        srcdir=app.srcdir,
        outdir=app.outdir,
        config=app.config,
        builder=app.builder,
        env=app.env,
    )


def linked_data(app, pagename, title, about):
    """The page in the words of schema.org."""
    url = base(app.config) + app.builder.get_target_uri(pagename)
    book = {"@type": "Book", "name": app.config.html_title, "url": base(app.config)}
    if pagename == app.config.root_doc:
        paper = app.book["references"][0]
        data = book | {
            "author": {"@type": "Organization", "name": app.config.author},
            "version": app.book["version"],
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "about": {"@type": "ScholarlyArticle", "name": paper["title"], "url": paper["url"]},
        }
    else:
        data = {"@type": "Chapter", "name": title, "url": url, "isPartOf": book}
        number = app.env.toc_secnumbers.get(pagename, {}).get("")
        data |= {"position": ".".join(map(str, number))} if number else {}
    data |= {"@context": "https://schema.org", "inLanguage": "en", "description": about}
    day = page_date(app, pagename)
    data |= {"dateModified": day} if day else {}
    return json.dumps(data, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")


def fill_head(app, pagename, templatename, context, doctree):
    """Put the icons, the card and the description into the head of a page."""
    if app.builder.name != "html":
        return
    root = context["pathto"]
    tags = [
        f'<link rel="icon" href="{root("_static/mark.svg", resource=True)}" type="image/svg+xml">',
        f'<link rel="alternate icon" href="{root("favicon.ico", resource=True)}" sizes="32x32">',
        f'<link rel="apple-touch-icon" href="{root("touch-icon.png", resource=True)}">',
    ]
    if pagename in NOT_LISTED:
        tags.append('<meta name="robots" content="noindex">')
    if pagename == "404":  # it is shown at any depth
        context["content_root"] = urlparse(base(app.config)).path
        context["pageurl"] = None
    if pagename == app.config.root_doc:
        context["docstitle"] = ""  # the book's name once is enough
    if doctree is not None:
        tags.append(card(app, context, doctree))
        data = linked_data(app, pagename, context["title"], description(doctree))
        tags.append(f'<script type="application/ld+json">{data}</script>')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def write_files(app, error):
    """The files at the root of the site."""
    if error or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for image in ("favicon.ico", "touch-icon.png"):
        shutil.copyfile(Path(app.srcdir, "images", image), out / image)
    rows = []
    for name in sorted(app.env.found_docs - NOT_LISTED):
        day = page_date(app, name)
        address = escape(base(app.config) + app.builder.get_target_uri(name))
        changed = f"<lastmod>{day}</lastmod>" if day else ""
        rows.append(f"<url><loc>{address}</loc>{changed}</url>")
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(rows)
        + "\n</urlset>\n",
        encoding="utf-8",
    )
    robots = f"User-agent: *\nAllow: /\nSitemap: {base(app.config)}sitemap.xml\n"
    (out / "robots.txt").write_text(robots, encoding="utf-8")


def use_own_descriptions(app):
    """By itself sphinxext-opengraph takes the first words of a page, with the TeX of formulas."""
    for listener in list(app.events.listeners["html-page-context"]):
        if listener.handler is opengraph.html_page_context:
            app.disconnect(listener.id)


def setup(app):
    app.setup_extension("sphinxext.opengraph")
    app.setup_extension("notfound.extension")
    app.setup_extension("edition")
    use_own_descriptions(app)
    app.connect("config-inited", configure)
    app.connect("html-page-context", fill_head)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
