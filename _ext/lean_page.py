"""Make the built pages light: one style sheet, one script, pictures that wait their turn.

Sphinx, the theme and each extension bring style sheets and scripts of their own, and the theme
1.5 MB of icons. When all pages are written, this puts the style sheets of all pages into one, of
the rules that are used, and the scripts into one, which is deferred. It is read by no page before
it is shown. A script that a page needs for itself alone has the attribute `data-alone`.
"""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from katex_at_build import NODE
from lean_pictures import lighten_pictures
from sphinx.errors import ExtensionError

HERE = Path(__file__).parent
LEFT_OUT = ("_static/vendor/fontawesome", "_static/scripts/fontawesome*", "_static/**/*.map")
STYLES, SCRIPTS = "_static/all.css", "_static/all.js"
OPTIONS = "_static/documentation_options.js"
STYLE = re.compile(r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="([^":]+)"[^>]*>\n?')
SCRIPT = re.compile(r'[ \t]*<script\b([^>]*)\bsrc="([^":]+)"([^>]*)></script>\n?')
PRELOAD = re.compile(r'[ \t]*<link rel="preload" as="script"[^>]*>\n?')
# Icons come from _static/icons.css; cells are not run on the page.
UNUSED = re.compile(r"fontawesome\.js|sphinx-thebe")
# Only Sphinx's own page of search needs its index.
SEARCH = re.compile(r"searchtools\.js|language_data\.js|searchindex\.js")

# The theme asks each of these boxes for its width before the page is read; see scrolling.js.
PATCHES = {
    "_static/scripts/pydata-sphinx-theme.js": (
        '["pre",".nboutput > .output_area",".cell_output > .output",".jp-RenderedHTMLCommon",'
        '".pst-scrollable-table-container"].join(", ")',
        '"not-here"',
    )
}


class Bundle:
    """The style sheets or scripts of all pages, in an order that agrees with that of each page."""

    def __init__(self, paths=()):
        self.paths = list(paths)

    def add(self, paths):
        """Add those of a page: each new one stands behind what is before it on that page."""
        at = 0
        for path in paths:
            if path in self.paths:
                at = max(at, self.paths.index(path) + 1)
            else:
                self.paths.insert(at, path)
                at += 1


def top(text):
    """What leads from a page to the top of the site: "../", or the site's path for the page 404."""
    return STYLE.search(text)[1].partition("_static/")[0]


def take_out(text, page, site, styles, scripts):
    """A page without its style sheets and scripts, which join the two bundles."""

    def local(address):
        return address.partition("?")[0].removeprefix(up)

    def style(match):
        path = local(match[1])
        if path != STYLES and not UNUSED.search(path):
            found_styles.append(path)
        return ""

    def script(match):
        path, attributes = local(match[2]), f"{match[1]} {match[3]}"
        if "data-alone" in attributes or (page.name == "search.html" and SEARCH.search(path)):
            return match[0]
        if path == OPTIONS:  # some hundred bytes that small scripts in the page rely on
            return f"<script>{(site / path).read_text(encoding='utf-8').strip()}</script>\n"
        if path != SCRIPTS and not UNUSED.search(path) and not SEARCH.search(path):
            found_scripts.append(path)
        if not UNUSED.search(path):
            data.extend(re.findall(r'\bdata-[\w-]+="[^"]*"', attributes))
        return ""

    up, found_styles, found_scripts, data = top(text), [], [], []
    text = PRELOAD.sub("", SCRIPT.sub(script, STYLE.sub(style, text)))
    styles.add(found_styles)
    scripts.add(found_scripts)
    return text, (up, data)


def put_in(text, versions, up, data):
    """A page with the two bundles; `data` are the attributes that its scripts had."""
    style, script = (f"{up}{path}?v={versions[path]}" for path in (STYLES, SCRIPTS))
    attributes = " ".join(["defer", *dict.fromkeys(data)])
    links = (
        f'<link rel="stylesheet" href="{style}" />\n<script {attributes} src="{script}"></script>\n'
    )
    # Last in the head: a script in the page that follows a style sheet waits for it.
    return re.sub(r"[ \t]*</head>", lambda match: f"{links}</head>", text, count=1)


def patched(path, script):
    """A script without what would lay out a whole page at once.

    Raises:
        ExtensionError: the part to be replaced is not there: another release of the theme.
    """
    old, new = PATCHES.get(path, ("", ""))
    if old not in script:
        raise ExtensionError(f"{path} has changed: PATCHES in {Path(__file__).name} must follow")
    return script.replace(old, new)


def join_scripts(site, paths):
    """One script of several; what a file leaves open at its end does not reach the next."""
    texts = [patched(path, (site / path).read_text(encoding="utf-8")) for path in paths]
    texts = [re.sub(r"\n//# sourceMappingURL=.*", "", text) for text in texts]
    # A leading semicolon: "use strict" of the first file is not meant for all.
    (site / SCRIPTS).write_text(";" + "\n;".join(texts), encoding="utf-8")


def join_styles(site, paths):
    """One style sheet of several.

    Raises:
        ExtensionError: the packages of package.json are missing, or a sheet cannot be read.
    """
    order = {
        "files": [str(site / path) for path in paths],
        "content": [str(site / "**/*.html"), str(site / "**/*.js")],
        "out": str(site / STYLES),
    }
    script = HERE / "bundle_styles.js"
    done = subprocess.run(
        [NODE, script], input=json.dumps(order), capture_output=True, encoding="utf-8"
    )
    if done.returncode:
        raise ExtensionError(f"{script.name} failed (is `make install` done?):\n{done.stderr}")


def version(path):
    """What changes when the file does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def press(app, error):
    """Make all pages light. Those of an earlier build are so already; they get the new bundles."""
    if error or app.builder.name != "html":
        return
    site, store = Path(app.outdir).resolve(), Path(app.doctreedir, "bundles.json")
    kept = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    styles, scripts = Bundle(kept.get("styles", ())), Bundle(kept.get("scripts", ()))
    texts = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    # Redirections have no style.
    texts = {page: text for page, text in texts.items() if STYLE.search(text)}
    bare = {page: take_out(text, page, site, styles, scripts) for page, text in texts.items()}
    for bundle in (styles, scripts):
        bundle.paths = [path for path in bundle.paths if (site / path).exists()]
    for path in [path for pattern in LEFT_OUT for path in site.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    store.write_text(json.dumps({"styles": styles.paths, "scripts": scripts.paths}), "utf-8")
    join_scripts(site, scripts.paths)
    join_styles(site, styles.paths)
    versions = {path: version(site / path) for path in (STYLES, SCRIPTS)}
    for page, (text, rest) in bare.items():
        new = put_in(lighten_pictures(text, page), versions, *rest)
        if new != texts[page]:
            page.write_text(new, encoding="utf-8")


def setup(app):
    app.connect("build-finished", press, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
