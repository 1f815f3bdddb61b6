"""Write the claims of claims.yml into the page chapters/claims.

The page keeps its own introduction; the line `LEDGER` in it is replaced by a table of counts and
one block per claim, with the label `claim-<id>` that chapters link to as `[eq. (1)](#claim-eq-1)`;
the line `FILTER` by the form of a filter, which is seen where scripts run (_static/claims.js).
"""

from collections import Counter
from pathlib import Path

import yaml

PAGE = "chapters/claims"
LIBRARY = "benign_osc_lib."
LEDGER = "LEDGER"
FILTER = "FILTER"
GROUPS = {
    "setting": "The paper's setting",
    "theory": "The paper's theory",
    "experiments": "The paper's experiments",
    "ours": "Beyond the paper",
}
SOURCES = {"paper": "the paper's", "known": "known", "ours": "ours"}  # and the column of each
STATUSES = ("reproduced", "corrected", "partly", "negative", "open")


def as_list(value):
    """A field that may be absent, one string or a list of strings, as a list."""
    return [value] if isinstance(value, str) else value or []


def counts(claims):
    """A table: how many claims of each source have each status."""
    count = Counter((claim["status"], claim["source"]) for claim in claims)
    rows = [["status", *SOURCES.values()], ["---", *["---:"] * len(SOURCES)]]
    rows += [[status, *(count[status, source] for source in SOURCES)] for status in STATUSES]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def origin(claim):
    """Whose result a known one is, with a link to the bibliography."""
    cited = ",".join(as_list(claim.get("cite")))
    return f", known, see {{cite:t}}`{cited}`" if cited else ""


def links(claim, repository):
    """Where the claim is shown, computed and tested."""
    found = []
    if claim.get("chapter"):
        found.append(f"shown in [](#{claim['anchor']})")
    functions = [
        f"{{py:obj}}`{name.removeprefix(LIBRARY)} <{name}>`"
        for name in as_list(claim.get("function"))
    ]
    tests = [test.partition("::") for test in as_list(claim.get("test"))]
    tests = [f"[`{name}`]({repository}/{path})" for path, _, name in tests]
    for words, names in (("computed by", functions), ("tested by", tests)):
        if names:
            found.append(f"{words} {', '.join(names)}")
    return " · ".join(found)


def badge(field, word):
    """A badge as the statements have; _static/claims.js filters by it."""
    return f"[{word}]{{.bo-origin .bo-origin-{word} .bo-{field}}}"


def block(claim, repository):
    """One claim in MyST Markdown."""
    badges = f"{badge('status', claim['status'])} {badge('source', claim['source'])}"
    parts = [
        f"(claim-{claim['id']})=\n### {claim['title']}",
        f"{badges} {claim['kind']}{origin(claim)}",
        claim["statement"],
        claim.get("note"),
        links(claim, repository),
    ]
    return "\n\n".join(part.strip() for part in parts if part)


def choice(field, name, values):
    """A labelled field of the filter: any of the values."""
    options = "".join(f"<option>{value}</option>" for value in values)
    select = f'<select name="{field}"><option value="">any</option>{options}</select>'
    return f"<label>{name} {select}</label>"


def filter_form(claims):
    """The filter, in HTML; the script knows the chapters, as the contents name them."""
    sources = [source for source in SOURCES if any(claim["source"] == source for claim in claims)]
    form = [
        '<form class="bo-filter" role="search" aria-label="Filter of the claims">',
        '<label>Words <input type="search" name="text"></label>',
        choice("status", "Status", STATUSES),
        choice("source", "Origin", sources),
        choice("chapter", "Chapter", ()),
        '<button type="reset">Show all</button>',
        f"<output>{len(claims)} of {len(claims)} claims</output>",
        "</form>",
    ]
    return "```{raw} html\n" + "\n".join(form) + "\n```"


def ledger(claims, repository):
    """The whole ledger in MyST Markdown."""
    parts = [counts(claims)]
    for group, heading in GROUPS.items():
        parts.append(f"## {heading}")
        parts += [block(claim, repository) for claim in claims if claim["group"] == group]
    return "\n\n".join(parts)


def fill_page(app, docname, source):
    """Replace the markers of the claims page."""
    if docname != PAGE:
        return
    path = Path(app.srcdir, "claims.yml")
    app.env.note_dependency(str(path))  # a changed ledger rebuilds the page
    theme = app.config.html_theme_options
    repository = f"{theme['repository_url']}/blob/{theme['repository_branch']}"
    claims = yaml.safe_load(path.read_text(encoding="utf-8"))
    source[0] = (
        source[0].replace(FILTER, filter_form(claims)).replace(LEDGER, ledger(claims, repository))
    )


def setup(app):
    app.connect("source-read", fill_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
