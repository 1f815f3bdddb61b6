"""The claim ledger: complete, and everything it points to exists."""

import ast
import pydoc
import re
from functools import cache

import pytest
import yaml

from _ext.claims_ledger import GROUPS, SOURCES, STATUSES, as_list, ledger
from tests.book.common import CLAIM_LINK, ROOT, chapters, markdown, read, section

CLAIMS = yaml.safe_load((ROOT / "claims.yml").read_text(encoding="utf-8"))
BY_ID = {claim["id"]: claim for claim in CLAIMS}
SHOWN = [claim for claim in CLAIMS if claim["status"] != "open"]

KINDS = "definition assumption proposition theorem equation figure number remark".split()
NEEDED = "id group kind source title statement status".split()
BIBLIOGRAPHY = re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"), re.M)
EVIDENCE = "chapter anchor cell function test".split()

# What the paper says, and what this book adds. A row may be open, never missing.
REQUIRED = """
    data-model eq-1 eq-2 eq-3 decomposition remark-shuffling
    eq-5 prop-1 eq-6 eq-7 thm-2 remark-one-signal
    assumption-3-i assumption-3-ii assumption-3-iii assumption-3-iv assumption-3-v assumption-4
    remark-time-average thm-5 prop-6 division-of-generalisation
    fig-1 fig-2 fig-3 number-99-38 number-93-75
    ours-exact-reduction ours-two-dimensional-map ours-cubic-map ours-sign-limit
    ours-learning-rate-window
    ours-potential ours-growth-rate ours-terminal-law ours-malignant-regime ours-reproduction
    ours-real-images ours-mlp-negative
""".split()

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["id"])
each_shown = pytest.mark.parametrize("claim", SHOWN, ids=lambda claim: claim["id"])
each_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)


@cache
def notebook(page):
    return read(ROOT / f"{page}.ipynb")


@cache
def functions(path):
    """The names of the functions that a Python file defines."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_complete():
    assert len(BY_ID) == len(CLAIMS), "an id stands twice"
    assert not set(REQUIRED) - set(BY_ID)


@each_claim
def test_form(claim):
    assert not set(NEEDED) - set(claim)
    assert not set(claim) - {*NEEDED, *EVIDENCE, "note", "cite", "statements"}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", claim["id"])
    assert claim["kind"] in KINDS
    assert claim["source"] in SOURCES
    assert claim["status"] in STATUSES
    assert claim["group"] in GROUPS
    assert (claim["group"] == "ours") == (claim["source"] != "paper")
    if claim["status"] in ("corrected", "partly", "negative"):
        assert claim.get("note"), "the note says what was changed, is missing or failed"


@each_claim
def test_a_known_result_says_whose_it_is(claim):
    cited = as_list(claim.get("cite"))
    assert bool(cited) == (claim["source"] == "known")
    assert not set(cited) - set(BIBLIOGRAPHY)


def test_the_page_counts_every_claim_and_cites_what_is_known():
    known = {"source": "known", "cite": ["a2000", "b2001"], "status": "reproduced"}
    known |= {"id": "x", "title": "X", "kind": "remark", "statement": "1", "group": "ours"}
    page = ledger([known, known | {"source": "ours", "cite": None}], "https://example.org")
    assert "| reproduced | 0 | 1 | 1 |" in page
    assert page.count("known, see {cite:t}`a2000,b2001`") == 1


@each_shown
def test_evidence_exists(claim):
    assert all(claim.get(field) for field in EVIDENCE)
    cells = notebook(claim["chapter"]).cells
    assert claim["cell"] in [cell.id for cell in cells]
    assert f"({claim['anchor']})=" in markdown(notebook(claim["chapter"])).splitlines()
    for name in as_list(claim["function"]):
        assert name.startswith("benign_osc_lib.") and pydoc.locate(name) is not None, name
    for test in as_list(claim["test"]):
        path, _, name = test.partition("::")
        assert name in functions(path), test


@each_shown
def test_chapter_says_that_it_established_it(claim):
    established = section(markdown(notebook(claim["chapter"])), "What this chapter established")
    assert claim["id"] in CLAIM_LINK.findall(established)


@each_chapter
def test_chapters_cite_claims_that_exist(path):
    assert not set(CLAIM_LINK.findall(markdown(read(path)))) - set(BY_ID)
