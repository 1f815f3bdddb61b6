"""The map of dependencies: every chapter says what it builds on, and that comes before it."""

import pytest

from _ext.chapter_map import MARKER, needs, notebooks, table
from tests.book.common import ROOT, toc

READ = notebooks(ROOT)
NAMES = {page.split("/")[-1]: number for number, page in enumerate(toc())}


@pytest.mark.parametrize("page", READ)
def test_a_chapter_builds_on_pages_that_exist(page):
    name = page.split("/")[-1]
    before = needs(READ[page])
    assert set(before) <= set(NAMES) - {name}
    if name[:2].isdigit():  # the main road: one can read it in order
        assert all(NAMES[other] < NAMES[name] for other in before)
        assert before or name.startswith("01")


def test_nothing_needs_itself_in_the_end():
    graph = {page.split("/")[-1]: needs(notebook) for page, notebook in READ.items()}
    while graph:
        free = [name for name, before in graph.items() if not set(before) & set(graph)]
        assert free, f"these need each other: {', '.join(graph)}"
        for name in free:
            del graph[name]


def test_the_front_page_shows_the_map():
    assert MARKER in (ROOT / "index.md").read_text(encoding="utf-8")
    rows = table(READ).splitlines()
    assert len(rows) == 2 + sum(bool(needs(notebook)) for notebook in READ.values())
