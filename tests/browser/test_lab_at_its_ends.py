"""The laboratory where a reader goes to the ends: extremes, haste, scrolling, large letters."""

import re

import pytest

from tests.browser.laboratory import says, slider

OUTSIDE = """() => [...document.querySelectorAll(".lab-svg")].flatMap((svg) => {
    const frame = svg.querySelector(".lab-inside").getBoundingClientRect();
    return [...svg.querySelectorAll(".lab-dot")]
        .map((dot) => dot.getBoundingClientRect())
        .filter(({ top, bottom, left, right }) => {
            const [x, y] = [(left + right) / 2, (top + bottom) / 2];
            return y < frame.top - 2 || y > frame.bottom + 2
                || x < frame.left - 2 || x > frame.right + 2;
        }).length ? [svg.ariaLabel] : [];
})"""


@pytest.mark.parametrize(
    "state",
    [
        "cobweb&kappa=2.2&z=1.5",
        "cobweb&kappa=2.2&z=0.7",
        "cobweb&kappa=1.5&z=1.5",
        "point&kappa=2.2&nu=0.64&strong=0.0001&weak=0.05&steps=20",
        "point&kappa=2.2&nu=0.64&strong=0.5&weak=0.5&steps=20",
        "network&kappa=2.2&nu=0.64&m=1&scale=0.25&epochs=20",
        "potential&e=1&kappa=2.2&nu=0.64",
    ],
)
def test_no_dot_lies_outside_its_picture(lab, state):
    """Nor do the words speak of what cannot be."""
    page = lab("all", state=f"#lab={state}")
    for _ in range(6):
        assert page.evaluate(OUTSIDE) == []
        if page.get_by_role("button", name="Step", exact=True).count():
            page.get_by_role("button", name="Step", exact=True).click()
    words = page.inner_text("main")
    assert not re.search(r"Infinity|NaN|undefined|0\.00000| −?0\.00 ", words)
    assert page.faults == []


def test_by_factors_both_ends_and_the_first_value_are_met(lab):
    page = lab("all", state="#lab=point")
    for field, least, start, most in (
        ("nu", "ν = 0.0050", "ν = 0.040", "ν = 0.640"),
        ("weak", "q₀ = 1.0·10⁻⁶", "q₀ = 0.00030", "q₀ = 0.50000"),
    ):
        slider(page, field).focus()
        for keys, text in (
            (("ArrowRight", "ArrowLeft"), start),
            (("End",), most),
            (("Home",), least),
        ):
            for key in keys:
                page.keyboard.press(key)
            assert slider(page, field).get_attribute("aria-valuetext") == text
    assert page.faults == []


def test_a_preset_gives_all_that_the_view_shows(lab):
    page = lab("all", state="#lab=point&steps=20&strong=0.4")
    paper = page.get_by_role("button", name="The paper's large rate")
    assert paper.get_attribute("aria-pressed") == "false"
    paper.click()
    page.locator("[data-field=steps][aria-valuetext='steps = 1500']").wait_for()
    assert slider(page, "strong").get_attribute("aria-valuetext") == "s₀ = 0.0078"
    assert paper.get_attribute("aria-pressed") == "true"


def test_while_it_plays_the_words_are_of_the_numbers_set(lab):
    """And a shorter run is no run into the void."""
    page = lab("all", state="#lab=point&kappa=1.03")
    page.get_by_role("button", name="Play").click()
    slider(page, "kappa").fill("0.5")
    says(page, "κ = 0.50")
    assert page.get_by_role("button", name="Pause").count() == 1
    slider(page, "steps").fill("3000")
    slider(page, "steps").fill("20")
    says(page, "κ = 0.50")
    page.get_by_role("tab", name="A network").click()
    page.get_by_role("button", name="Play").click()
    slider(page, "epochs").fill("400")
    page.wait_for_timeout(300)
    assert "no value" not in page.locator(".lab-plots").inner_html()
    assert page.faults == []


def test_a_cell_its_run_and_its_address_are_one(lab):
    """Whatever the reader has set in the other views, which stays."""
    page = lab("all", state="#lab=network&m=2&noise_norm=3.2&epochs=20&scale=0.2&kappa=1.64")
    page.get_by_role("tab", name="Phase diagram").click()
    says(page, "κ = 1.6, ν = 0.040")
    run = says(page, "κ = 1.60", 1)
    assert "η = 1.60" in run
    page.wait_for_function("location.hash.includes('lab=phase')")
    assert "kappa=1.6&" in page.evaluate("location.hash") and "noise_norm=0.8" in page.url
    assert "epochs=200" in page.locator(".lab-code").text_content()
    page.get_by_role("grid").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".lab-run.stale").count() == 1  # the run is still that of the last cell
    page.keyboard.press("Enter")
    says(page, "κ = 1.50", 1)
    assert page.locator(".lab-run.stale").count() == 0
    assert page.faults == []


def test_weak_points_are_counted(lab):
    page = lab("all", state="#lab=phase&diagram=rho&n_weak=8&kappa=1.2")
    says(page, "κ = 1.2, weak points: 7: ")
    assert "n_weak" not in page.inner_text(".lab-panel")


def swipe_up(page, box):
    """A finger lands in a box and moves up: the page scrolls."""
    devtools = page.context.new_cdp_session(page)
    x, y = box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2

    def touch(kind, *points):
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", {"x": x, "y": y})
    for moved in range(20, 220, 20):
        touch("touchMove", {"x": x, "y": y - moved})
    touch("touchEnd")


def test_a_finger_that_scrolls_the_page_changes_no_number(lab):
    page = lab("all", state="#lab=potential&e=-0.6", width=390, has_touch=True, is_mobile=True)
    before = says(page, "e = −0.60")
    swipe_up(page, page.locator(".lab-drag").bounding_box())
    assert page.evaluate("scrollY") > 100
    page.wait_for_timeout(400)
    assert says(page, "e = −0.60") == before
    page.evaluate("scrollTo(0, 0)")
    swipe_up(page, slider(page, "kappa").bounding_box())
    assert page.evaluate("scrollY") > 100
    page.wait_for_timeout(400)
    assert slider(page, "kappa").get_attribute("aria-valuetext") == "κ = 1.20"
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(".lab-drag").bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    says(page, "a miss below the label")
    assert page.faults == []


@pytest.mark.parametrize(("width", "letters"), [(320, 100), (320, 200), (1280, 200)])
def test_nothing_sticks_out(lab, width, letters):
    page = lab("all", width=width)
    page.add_style_tag(
        content=f"html {{ font-size: {letters}% }} body, h1 {{ font-size: 1rem !important }}"
    )
    for tab in ("One point", "The potential", "The cubic map", "A network", "Phase diagram"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, tab
        wide = page.evaluate("""() => [...document.querySelectorAll(".lab-slider, .lab-slider *")]
            .filter((each) => each.getBoundingClientRect().right >
                document.querySelector(".lab-panel").getBoundingClientRect().right + 1).length""")
        assert wide == 0, tab
