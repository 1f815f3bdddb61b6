"""The filter of the claim ledger, against the ledger itself."""

import re

import yaml

from tests.book.common import ROOT

CLAIMS = yaml.safe_load((ROOT / "claims.yml").read_text(encoding="utf-8"))


def shown(page):
    """The claims that a page shows, by label."""
    ids = """els => els.filter(el => el.offsetParent).map(el =>
        el.closest("section").querySelector("[id^=claim-]").id)"""
    return sorted(page.eval_on_selector_all(".bo-status", ids))


def expected(**fields):
    rows = (row for row in CLAIMS if all(row.get(key) == fields[key] for key in fields))
    return sorted(f"claim-{row['id']}" for row in rows)


def test_filter_by_each_field_and_by_the_address(open_page):
    page = open_page("chapters/claims.html?status=negative", 390)
    assert shown(page) == expected(status="negative")
    form = page.get_by_role("search", name="Filter of the claims")
    box = form.bounding_box()
    assert box["y"] + box["height"] < page.viewport_size["height"]  # on the first screen
    form.get_by_label("Status").select_option("corrected")
    assert shown(page) == expected(status="corrected", source="paper")
    assert page.url.endswith("?status=corrected")
    form.get_by_label("Status").select_option("")
    form.get_by_label("Origin").select_option("known")
    assert shown(page) == expected(source="known")
    form.get_by_label("Chapter").select_option("06_the_cubic_map.html")
    few = expected(source="known", chapter="chapters/06_the_cubic_map")
    assert shown(page) == few
    assert form.locator("output").inner_text() == f"{len(few)} of {len(CLAIMS)} claims"
    form.get_by_label("Words").fill("superstable certified")
    assert shown(page) == []
    form.get_by_role("button", name="Show all").click()
    page.wait_for_function("!location.search")
    assert len(shown(page)) == len(CLAIMS)
    form.get_by_label("Words").fill("Certified superstable")
    assert "claim-ours-superstable-four" in shown(page)
    page.evaluate("location.hash = 'claim-eq-1'")  # a claim that is hidden now
    page.wait_for_function("!location.search")
    assert len(shown(page)) == len(CLAIMS)
    assert page.faults == []
    assert re.search(r"#claim-eq-1$", page.url)
