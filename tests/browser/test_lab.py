"""The laboratory on the pages of the book: in the place of its picture, with right numbers."""

import html
import json
import re

import pytest

from benign_osc_lib import theory, train
from benign_osc_lib.lab.draws import draw
from benign_osc_lib.one_point import orbit
from tests.book.common import SITE, chapters

LAB = "chapters/lab.html"
CHAPTERS = {  # pages with a small laboratory, and its view
    "01_two_learning_rates": "network",
    "04_one_data_point": "point",
    "05_the_potential": "potential",
    "06_the_cubic_map": "cobweb",
    "11_phase_diagram": "phase",
    "12_reproduction": "network",
}
ENGINE = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { draw, train, orbit, testSet } = await import(url);
  const sizes = { m: 8, n: 16, nWeak: 2, uNorm: 2, vNorm: 0.4, noiseNorm: 0.8, sigma0: 1 / 16 };
  const start = draw({ ...sizes, d: 64, seed: 5 });
  const run = train(start, { eta: 0.8, epochs: 20 });
  const path = orbit({ kappa: 1.2, nu: 0.04, strong: 0.0078, weak: 0.0003, steps: 300 });
  return {
    margins: [...run.margins], strong: [...run.strong.at(-1)], weak: [...run.weak.at(-1)],
    f: [...path.f], q: [...path.weak], test: testSet(run, { strong: 28, weak: 4, seed: 6 }),
  };
}"""


def live(page, place=0):
    """The laboratory once it has replaced its picture."""
    lab = page.locator(".bo-lab").nth(place)
    lab.scroll_into_view_if_needed()
    lab.locator(".bo-lab-live .lab-words").first.wait_for()
    return lab


def module_for_export():
    """The engine with its names exported again, as a browser can import it."""
    from benign_osc_lib.lab import _bundle

    names = [name for name in _bundle.FILES if name != "lab.js"]
    text = _bundle.joined({name: _bundle.read(name) for name in names})
    return f"{text}\nexport {{ draw, train, orbit, testSet }};\n"


def test_numbers_in_the_browser_are_the_librarys(browser):
    """The run of a seed and the orbit of a point, in Chromium and in the library."""
    page = browser.new_page()
    found = page.evaluate(ENGINE, module_for_export())
    page.close()
    data, weights = draw(5)
    run = train(data, weights, 0.8, epochs=20)
    assert found["margins"] == pytest.approx(run.margins.flatten().tolist(), rel=1e-9, abs=1e-9)
    for name in ("strong", "weak"):
        theirs = getattr(run, name)[-1].flatten().tolist()
        assert found[name] == pytest.approx(theirs, rel=1e-9, abs=1e-9)
    path = orbit(1.2, 0.04, 0.0078, 0.0003, steps=300)
    assert found["q"] == path.q.tolist()  # to the bit
    assert found["f"] == pytest.approx((1 - path.e).tolist(), abs=1e-12)
    assert found["test"]["n"] == 32 and found["test"]["strong"]["n"] == 28


def test_the_page_of_the_laboratory(open_page):
    """It says the numbers of the library, moves, and is shared by its address."""
    page = open_page(LAB, 1280)
    lab = live(page)
    low, high = theory.two_cycle(1.2)
    words = lab.locator(".lab-words").first
    words.filter(has_text=f"{low:.2f} and {high:.2f}").wait_for()
    rate = lab.get_by_role("slider", name="rate in natural units, κ")
    rate.focus()
    page.keyboard.press("Home")
    words.filter(has_text=re.compile(r"κ = 0\.05\b")).wait_for()
    assert not lab.locator("> figure").is_visible()
    page.goto(page.url.split("#")[0] + "#lab=cobweb&kappa=1.4&z=0.3")
    page.reload()
    lab = live(page)
    assert lab.get_by_role("tab", name="The cubic map").get_attribute("aria-selected") == "true"
    lab.locator(".lab-words").first.filter(has_text="κ = 1.40").wait_for()
    assert not page.faults


@pytest.mark.parametrize("stem, view", [*CHAPTERS.items()][1::3])
def test_a_small_laboratory_takes_the_place_of_its_picture(open_page, stem, view):
    page = open_page(f"chapters/{stem}.html", 390)
    lab = live(page)
    assert not lab.locator("> figure").is_visible()
    link = lab.get_by_role("link", name="Open in the laboratory")
    assert re.match(rf"lab\.html#lab={view}&", link.get_attribute("href"))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert not page.faults


def test_without_scripts_the_picture_stands_there(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((SITE / "chapters" / "04_one_data_point.html").as_uri())
    figure = page.locator(".bo-lab > figure")
    assert figure.locator("svg").is_visible() and figure.locator("figcaption").is_visible()
    context.close()


def test_it_runs_from_a_disk(browser):
    """Pages are opened as files, too, where no module and no fetch would work."""
    page = browser.new_page()
    page.goto((SITE / LAB).as_uri())
    live(page)
    page.close()


def test_only_pages_with_a_laboratory_load_it():
    for path in chapters():
        text = (SITE / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
        states = re.findall(r'<div class="bo-lab" data-state="(.*?)">', text)
        views = [json.loads(html.unescape(state))["view"] for state in states]
        assert views == ([CHAPTERS[path.stem]] if path.stem in CHAPTERS else [])
        assert ("_static/lab.js" in text) == (path.stem in CHAPTERS)


def test_who_reloads_or_comes_back_is_where_they_were(open_page):
    """Though the address now holds a state, which leads others to the laboratory."""
    page = open_page("chapters/lab.html", 390)
    page.locator("[data-field=kappa]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("location.hash.includes('kappa=1.21')")
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_timeout(500)
    place = page.evaluate("scrollY")
    assert place > 1500
    page.reload()
    page.locator(".lab-panel").wait_for()
    page.wait_for_timeout(500)
    assert abs(page.evaluate("scrollY") - place) < 60
    assert page.faults == []
