"""The search of the site: a record for every section, statement, term, symbol and function.

While pages are written, their records are gathered; at the end they become one script, which the
search loads when it is opened. It has no hidden code, no outputs, no forms and no TeX. Sphinx's own
index and its page are not made; ``search.html`` shows the same list as the dialog.
"""

import json
from pathlib import Path

from docutils import nodes
from plain_text import words
from sphinx import addnodes
from sphinx.errors import ExtensionError

HERE = Path(__file__).parent
LIBRARY = HERE.parent / "node_modules" / "minisearch" / "dist" / "umd" / "index.js"
FOLDER = "_search"
KINDS = ["page", "section", "statement", "exercise", "term", "symbol", "claim", "function", "work"]
LEDGER = "chapters/claims"
BRIEF = 500  # characters kept of what a function says: its page has the rest


class Gatherer:
    """Makes the records of one page, each (anchor, kind, title, text)."""

    def __init__(self, env, docname):
        self.env = env
        self.docname = docname

    def number(self, node, counter):
        """The number of a statement or an exercise, such as "8.1"."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(counter, {})
        return ".".join(map(str, numbers.get(node["ids"][0], ())))

    def record(self, node):
        """The record of a node; None for one that has no record of its own."""
        if isinstance(node, nodes.section):
            return self.section(node) if isinstance(node[0], nodes.title) else None
        if node.get("countertype"):
            name = f"{node['realtype'].title()} {self.number(node, node['countertype'])}".strip()
            return node["ids"][0], "statement", f"{name} {words(node[0])}", self.text(node[1:])
        if node.tagname.startswith("exercise") and node["ids"]:
            name = f"Exercise {self.number(node, 'exercise')} {words(node[0])}"
            return node["ids"][0], "exercise", name, self.text(node[1:])
        if isinstance(node, nodes.term) and node["ids"]:
            meaning = node.next_node(nodes.definition, descend=False, siblings=True)
            return node["ids"][0], "term", words(node), words(meaning)
        if isinstance(node, nodes.row) and node["ids"]:
            columns = [words(entry) for entry in node]
            at = 1 if columns[0][:1].isdigit() or len(columns) == 4 else 0
            return node["ids"][0], "symbol", columns[at], " ".join(columns[at + 1 :])
        if isinstance(node, addnodes.desc_signature) and node["ids"]:
            meaning = node.parent[-1]
            own = [part for part in meaning if not isinstance(part, addnodes.desc)]
            name = node["ids"][0].removeprefix("benign_osc_lib.")
            return node["ids"][0], "function", name, self.text(own)[:BRIEF]
        if isinstance(node, nodes.citation):
            return node["ids"][0], "work", words(node[0]), words(node[1])
        return None

    def section(self, node):
        """The record of a section, without its subsections."""
        title = words(node[0])
        if isinstance(node.parent, nodes.document):
            kind = "page"
        elif self.docname == LEDGER and any(name.startswith("claim-") for name in node["ids"]):
            kind = "claim"
        else:
            kind = "section"
        return node["ids"][0], kind, title, self.text(node[1:])

    def text(self, parts):
        """What the parts say, without what has a record of its own."""
        said = (words(part, leave=self.has_own) for part in parts)
        return " ".join(filter(None, said))

    def has_own(self, node):
        """Whether a node, or a part of it, has a record of its own."""
        return (
            isinstance(
                node, (nodes.section, addnodes.desc, nodes.citation, nodes.definition_list_item)
            )
            and bool(next(self.all_records(node), None))
            or bool(node.attributes.get("countertype"))
            or node.tagname.startswith("exercise")
        )

    def all_records(self, top):
        """The records of a page, in its order; solutions have none."""
        for node in top.findall(nodes.Element):
            if not any(parent.tagname.startswith("solution") for parent in parents(node)):
                record = self.record(node)
                if record:
                    yield record


def parents(node):
    while node.parent is not None:
        node = node.parent
        yield node


def store(app):
    """Where the records of all pages stay from one build to the next."""
    return Path(app.doctreedir, "section_search.json")


def begin(app):
    if app.builder.name != "html":
        return
    app.builder.search = False  # Sphinx's own index
    path = store(app)
    app.section_records = json.loads(path.read_text("utf-8")) if path.exists() else {}


def gather(app, doctree, docname):
    if app.builder.name == "html":
        app.section_records[docname] = list(Gatherer(app.env, docname).all_records(doctree))


def search_page(app):
    if app.builder.name == "html":
        yield "search", {"title": "Search"}, "section_search.html"


def drop_highlighter(app, pagename, templatename, context, doctree):
    """Sphinx's marks of found words: the search makes its own."""
    context["script_files"] = [
        script
        for script in context["script_files"]
        if "sphinx_highlight" not in str(script.filename or "")
    ]


def page_title(app, docname):
    """The title of a page as the contents show it, with its number."""
    number = app.env.toc_secnumbers.get(docname, {}).get("", ())
    title = words(app.env.titles[docname])
    return f"{'.'.join(map(str, number))}. {title}" if number else title


def write(app, error):
    """The records as a script, and beside it the library that searches them."""
    if error or app.builder.name != "html":
        return
    if not LIBRARY.exists():
        raise ExtensionError(f"{LIBRARY} is missing: run `make install`")
    found = {name: app.section_records[name] for name in sorted(app.env.found_docs)}
    store(app).write_text(json.dumps(found), encoding="utf-8")
    data = {
        "kinds": KINDS,
        "pages": [[app.builder.get_target_uri(name), page_title(app, name)] for name in found],
        "records": [
            [page, anchor, KINDS.index(kind), title, text]
            for page, records in enumerate(found.values())
            for anchor, kind, title, text in records
        ],
    }
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    script = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (folder / "sections.js").write_text(
        f'document.dispatchEvent(new CustomEvent("bo:sections",{{detail:{script}}}))', "utf-8"
    )
    # Where require.js is loaded, the library would register there and not be seen.
    library = LIBRARY.read_text(encoding="utf-8")
    alone = f"(function (define, module, exports) {{{library}\n}}).call(globalThis)"
    (folder / "minisearch.js").write_text(alone, encoding="utf-8")


def setup(app):
    app.connect(
        "config-inited", lambda app, config: config.templates_path.append(str(HERE / "templates"))
    )
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", gather, priority=890)  # before folds lose what they are
    app.connect("html-collect-pages", search_page)
    app.connect("html-page-context", drop_highlighter, priority=900)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
