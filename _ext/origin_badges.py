"""Whose a statement is, in one word: paper, corrected, known, ours, negative or open.

The claim ledger says it: a row names the labels of the statements that it is about, in its field
`statements`. `_ext/statement_boxes.py` shows the word in the title of each.
"""

from pathlib import Path

import yaml

from _ext.claims_ledger import as_list

MEANINGS = {
    "paper": "As in the paper",
    "corrected": "The paper's, corrected",
    "known": "Known before this book",
    "ours": "This book's own",
    "negative": "Tried, and it did not hold",
    "open": "Not decided here",
}

# Small steps and facts of the textbooks, of which the ledger has no row.
UNLISTED = {
    "prop-angle": "known",
    "prop-trapping": "known",
    "prop-conjugacy": "known",
    "prop-escape": "known",
    "rem-singer": "known",
    "def-signal-noise": "known",
    "lem-few-points": "known",
    "lem-average": "ours",
    "prop-label-distance": "ours",
    "prop-noise-term": "ours",
}


def origin(claim):
    """The word for a claim: its status where that is news, or else its source."""
    return claim["status"] if claim["status"] in MEANINGS else claim["source"]


def origins(claims):
    """{label: word} of all statements.

    Raises:
        ValueError: if two rows name the same statement.
    """
    found = dict(UNLISTED)
    for claim in claims:
        for label in as_list(claim.get("statements")):
            if label in found:
                raise ValueError(f"claims.yml: {claim['id']} names {label}, which has an origin")
            found[label] = origin(claim)
    return found


def read_origins(folder):
    """The origins that the ledger in a folder gives."""
    return origins(yaml.safe_load(Path(folder, "claims.yml").read_text(encoding="utf-8")))
