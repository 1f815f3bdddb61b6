"""The sliders over pictures, as readers move them: mouse, touch and keys, and without scripts."""

import re

import pytest

CHAPTER = "chapters/05_the_potential.html"  # with two sliders
STATE = """figure => {
    const [input, picture] = ["input", "img"].map((name) => figure.querySelector(name));
    return {
        at: input.valueAsNumber, last: Number(input.max), said: input.ariaValueText,
        read: figure.querySelector("output").value, alt: picture.alt,
        file: picture.currentSrc, wide: picture.naturalWidth, name: input.labels[0].innerText,
        words: figure.querySelector("[role=status]").textContent,
    };
}"""


@pytest.fixture
def visit(browser, site):
    """A function that opens the page in a context of its own and gives its first slider."""
    contexts = []

    def visit(*, asked=None, **settings):
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        if asked is not None:
            page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
        page.goto(site + CHAPTER)
        return first(page)

    yield visit
    for context in contexts:
        context.close()


def first(page):
    figure = page.locator("figure.bo-frames").first
    figure.scroll_into_view_if_needed()

    def shows():
        figure.locator("> img").evaluate("image => image.decode()")
        return figure.evaluate(STATE)

    return page, figure, shows


def test_keys(open_page):
    page, figure, shows = first(open_page(CHAPTER, 1280))
    other = page.locator("figure.bo-frames").nth(1)
    untouched = other.evaluate(STATE)
    start = shows()
    assert start["said"] == start["read"] == "e = \N{MINUS SIGN}0.6"
    assert start["name"] == "residual e"
    figure.locator("input").focus()
    seen = [start]
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "PageUp", "End"):
        page.keyboard.press(key)
        seen.append(shows())
    places = [state["at"] for state in seen]
    at, last = places[0], seen[0]["last"]
    assert places[:6] == [at, at + 1, at, at + 1, at, 0]
    assert 0 < places[6] < places[7] == last
    for before, after in zip(seen, seen[1:], strict=False):
        for part in ("said", "read", "alt", "file"):
            assert before[part] != after[part]
        assert after["said"] == after["read"]
        assert re.match(r"e = [+−]?[\d.]+$", after["said"])
        assert after["wide"] == 1344
    # The picture is described once the reader has stopped moving.
    page.wait_for_function(
        "([figure, alt]) => figure.querySelector('[role=status]').textContent == alt",
        arg=[figure.element_handle(), seen[-1]["alt"]],
    )
    assert other.evaluate(STATE) == untouched
    assert page.faults == []


def test_mouse_and_focus_and_room_for_a_finger(visit):
    page, figure, shows = visit(viewport={"width": 1280, "height": 900})
    box = figure.locator("input").bounding_box()
    assert box["height"] >= 24 and box["width"] > 200
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 12, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    during = shows()["at"]
    page.mouse.move(box["x"] + box["width"] - 12, middle, steps=4)
    page.mouse.up()
    assert 0 < during < shows()["at"] == shows()["last"]
    # The handle is 24 px wide: a press 11 px beside its middle takes hold of it.
    page.mouse.move(box["x"] + box["width"] - 23, middle)
    page.mouse.down()
    page.mouse.up()
    assert shows()["at"] == shows()["last"]
    page.keyboard.press("ArrowLeft")
    ring = figure.locator("input").evaluate("input => getComputedStyle(input).outlineWidth")
    assert ring == "3px"


def test_touch_on_a_phone(visit):
    page, figure, shows = visit(viewport={"width": 390, "height": 844}, has_touch=True)
    start = shows()
    box = figure.locator("input").bounding_box()
    assert 150 < box["width"] < 390
    page.touchscreen.tap(box["x"] + box["width"] - 13, box["y"] + box["height"] / 2)
    end = shows()
    assert end["at"] == end["last"] != start["at"]
    assert end["alt"] != start["alt"]


def test_frames_are_fetched_when_the_slider_is_touched(visit):
    """Before, only those in view; and the page does not move when one comes."""
    asked = []
    page, figure, shows = visit(asked=asked)
    shows()
    frames = [name for name in asked if re.match(r"fig-[\w-]+-\d\d\.png", name)]
    assert 0 < len(frames) <= 2
    before = figure.bounding_box()["height"]
    with page.expect_request(re.compile("fig-chord-11.png")):
        figure.locator("input").hover()
    page.wait_for_load_state("networkidle")
    assert len({name for name in asked if name.startswith("fig-chord-")}) == shows()["last"] + 1
    figure.locator("input").press("End")
    assert shows()["at"] == shows()["last"]
    assert figure.bounding_box()["height"] == before
    page.emulate_media(media="print")
    grid = figure.locator(".bo-frames-grid")
    assert grid.is_visible() and not figure.locator("> img").is_visible()
    assert grid.locator("img").count() == shows()["last"] + 1


def test_without_scripts_the_first_frame_stands_alone(visit):
    _, figure, _ = visit(java_script_enabled=False)
    assert figure.locator("> img").is_visible()
    assert figure.locator("figcaption").text_content().strip().startswith("Fig.")
    assert not figure.locator(".bo-frames-control").is_visible()
