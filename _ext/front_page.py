"""Write into the front page what stands elsewhere in the repository.

`BIBTEX` is replaced by the entries to cite, from CITATION.cff, and `PAPER-COUNTS` by a sentence
that counts the paper's statements in claims.yml.
"""

from collections import Counter
from pathlib import Path

import yaml

PAGE = "index"
CITE, COUNTS = "BIBTEX", "PAPER-COUNTS"


def names(people):
    """Authors as BibTeX has them."""
    return " and ".join(
        f"{{{one['name']}}}" if "name" in one else f"{one['family-names']}, {one['given-names']}"
        for one in people
    )


def entry(kind, key, fields):
    """One entry of BibTeX."""
    width = max(map(len, fields))
    lines = [f"  {name:<{width}} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def entries(citation):
    """The paper's entry and the book's, from the contents of CITATION.cff."""
    paper = citation["references"][0]
    of_paper = {
        "title": paper["title"],
        "author": names(paper["authors"]),
        "booktitle": paper["conference"]["name"],
        "year": paper["year"],
        "url": paper["url"],
    }
    of_book = {
        "title": f"{citation['title']}: an executable book",
        "author": names(citation["authors"]),
        "year": str(citation["date-released"])[:4],
        "note": f"Version {citation['version']}",
        "url": citation["url"],
    }
    first = paper["authors"][0]["family-names"].lower()
    return "\n\n".join(
        [
            entry("inproceedings", f"{first}{paper['year']}benign", of_paper),
            entry("misc", f"benignoscillation{of_book['year']}", of_book),
        ]
    )


def counts(claims):
    """How many of the paper's statements became what."""
    of = Counter(claim["status"] for claim in claims if claim["source"] == "paper")
    return (
        f"of {of.total()} statements of the paper, {of['reproduced']} hold as printed, "
        f"{of['corrected']} in a corrected form, {of['partly']} under further conditions; "
        f"{of['open'] + of['negative']} is left."
    )


def fill_page(app, docname, source):
    """Replace the markers of the front page."""
    if docname != PAGE:
        return
    read = {}
    for name in ("CITATION.cff", "claims.yml"):
        path = Path(app.srcdir, name)
        app.env.note_dependency(str(path))
        read[name] = yaml.safe_load(path.read_text(encoding="utf-8"))
    block = f"```bibtex\n{entries(read['CITATION.cff'])}\n```"
    source[0] = source[0].replace(CITE, block).replace(COUNTS, counts(read["claims.yml"]))


def setup(app):
    app.connect("source-read", fill_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
