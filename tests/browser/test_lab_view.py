"""The laboratory in a browser: by mouse, touch and keys, shared by address, read out in words.

The page is made here, of the laboratory alone: the book's own pages are for test_lab.py.
"""

import re

import pytest

from tests.book.common import ROOT
from tests.browser.laboratory import says, slider


def test_keys_move_a_slider_by_a_fine_step(lab):
    page = lab("all")
    rate = page.get_by_role("slider", name="rate in natural units, κ")
    assert rate.get_attribute("aria-valuetext") == "κ = 1.20"
    rate.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert rate.get_attribute("aria-valuetext") == "κ = 1.23"
    says(page, "κ = 1.23: the output")
    strength = slider(page, "nu")  # moves by factors
    strength.focus()
    page.keyboard.press("ArrowRight")
    assert strength.get_attribute("aria-valuetext") == "ν = 0.041"
    assert page.faults == []


def test_every_control_has_a_name_and_room_for_a_finger(lab):
    page = lab("all", width=390, has_touch=True)
    for tab in ("One point", "The potential", "The cubic map", "A network", "Phase diagram"):
        page.get_by_role("tab", name=tab).tap()
        assert page.get_by_role("tab", name=tab).get_attribute("aria-selected") == "true"
        found = page.evaluate(
            """() => ({
              wide: document.documentElement.scrollWidth - innerWidth,
              small: [...document.querySelectorAll(".lab :is(button, input, summary, a)")]
                .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 24)
                .map((each) => each.outerHTML),
              unnamed: [...document.querySelectorAll(".lab :is(input, [role=img], [role=grid])")]
                .filter((each) => !each.labels?.length && !each.ariaLabel)
                .map((each) => each.outerHTML),
            })"""
        )
        assert found == {"wide": 0, "small": [], "unnamed": []}, tab
    assert page.faults == []


def test_tabs_by_keys(lab):
    page = lab("all")
    page.get_by_role("tab", name="One point").focus()
    page.keyboard.press("ArrowRight")
    says(page, "Φ rises by")
    page.keyboard.press("End")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Phase diagram"
    assert page.locator("[role=tab][tabindex='0']").inner_text() == "Phase diagram"


def test_step_and_play(lab):
    page = lab("all")
    shown = page.locator(".lab-player output")
    assert shown.inner_text() == "step 1500 of 1500"
    page.get_by_role("button", name="Step").click()
    says(page, "after 0 steps")
    page.get_by_role("button", name="Step").click()
    says(page, "after 1 step")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "!/^step [01] /.test(document.querySelector('.lab-player output').value)"
    )
    page.get_by_role("button", name="Pause").click()
    now = int(re.search(r"step (\d+)", shown.inner_text())[1])
    says(page, f"after {now} steps" if now < 8 else re.compile("at step 4"))
    assert 1 < now < 1500


def test_reduced_motion_shows_the_end_at_once(lab):
    page = lab("all", reduced_motion="reduce")
    page.get_by_role("button", name="Step").click()
    assert page.locator(".lab-player output").inner_text() == "step 0 of 1500"
    page.get_by_role("button", name="Play").click()
    assert page.locator(".lab-player output").inner_text() == "step 1500 of 1500"
    assert page.get_by_role("button", name="Pause").count() == 0


def test_presets_and_five_seeds(lab):
    page = lab("all", state="#lab=network")
    says(page, "η = 1.20, κ = 1.20")
    assert page.locator("[aria-pressed=true]").inner_text() == "The paper's large rate"
    draw = page.get_by_role("button", name="Draw five seeds")
    for _ in range(3):
        draw.click()
    said = says(page, "All draws so far, 3 (15 networks)", 1)
    assert re.search(r"Latest draw: 1[56]\d right answers of 160", said)
    assert "Published: 159 of 160" in said
    assert page.locator(".lab-bar").count() >= 1
    page.get_by_role("button", name="A small rate").click()
    says(page, "No draw yet. Published: 150 of 160", 1)
    says(page, "κ = 0.10")
    page.get_by_role("button", name="Escape").click()
    says(page, "the run diverged")
    assert page.faults == []


def test_the_two_rates_have_one_slider(lab):
    page = lab("all", state="#lab=network&m=4")
    assert slider(page, "kappa").count() == 0
    for eta, shown in (
        (None, "η = 0.60, κ = 1.20"),
        ("0.5", "η = 0.50, κ = 1.00"),
        ("0.505", "η = 0.505, κ = 1.01"),
        ("0", "η = 0.025, κ = 0.05"),
        ("9", "η = 1.10, κ = 2.20"),
    ):
        if eta:
            slider(page, "eta").fill(eta)
        page.locator(f"[data-field=eta][aria-valuetext='{shown}']").wait_for()
    slider(page, "m").fill("8")
    page.locator("[data-field=eta][aria-valuetext='η = 2.20, κ = 2.20']").wait_for()
    says(page, "η = 2.20, κ = 2.20")


def test_a_cell_by_click_and_by_keys(lab):
    page = lab("all", state="#lab=phase")
    says(page, "κ = 1.2, ν = 0.040: benign")
    page.locator("[data-column='17'][data-row='0']").click()
    says(page, "κ = 1.8, ν = 0.0050: diverged")
    says(page, "the run diverged", 1)
    page.get_by_role("grid").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    says(page, "κ = 1.3, ν = 0.0071")
    chosen = page.evaluate(
        "document.getElementById(document.querySelector('[role=grid]')"
        ".getAttribute('aria-activedescendant')).ariaLabel"
    )
    assert chosen.startswith("κ = 1.3, ν = 0.0071")
    assert "the run diverged" in page.locator(".lab-words").nth(1).inner_text()  # not before Enter
    page.keyboard.press("Enter")
    says(page, "η = 1.30, κ = 1.30", 1)
    page.get_by_role("button", name="κ and noise").click()
    says(page, "κ = 1.2, ‖ξ‖ = 0.80")
    assert page.faults == []


def test_try_to_make_the_potential_fall(lab):
    page = lab("potential")
    for e in ("-0.7", "-0.2", "0.4", "1"):
        slider(page, "e").fill(e)
        says(page, re.compile(r"Φ rises by 0\.\d+"))
        page.get_by_role("button", name="Take this step").click()
    says(page, "Steps taken: 4; Φ has risen by")
    slider(page, "e").fill("-0.9")
    says(page, "Φ has no value")
    assert page.get_by_role("button", name="Take this step").is_disabled()


def test_the_residual_is_dragged(lab):
    page = lab("potential", width=390)
    dot, picture = page.locator(".lab-dot.weak").first, page.locator(".lab-drag")
    box, at = picture.bounding_box(), dot.bounding_box()
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    assert slider(page, "e").input_value() == "-0.6"
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 10, box["y"] + 40, steps=3)  # the end of the axis
    says(page, "e = 1.00, a miss below the label")
    page.mouse.move(box["x"] - 50, box["y"] + 40)
    page.locator("[data-field=e][aria-valuetext='e = −0.95']").wait_for()
    page.mouse.up()
    page.mouse.move(at["x"], at["y"])  # no button is down
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert slider(page, "e").input_value() == "-0.95"
    assert page.faults == []


def test_shared_by_address(lab):
    state = "#lab=network&kappa=0.9&nu=0.08&m=5&seed=4"
    page = lab("all", state=state, permissions=["clipboard-read", "clipboard-write"])
    says(page, "κ = 0.90")
    assert slider(page, "m").get_attribute("aria-valuetext") == "m = 5"
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("status").filter(has_text="Link copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith("http://localhost/lab?view=all#lab=network&kappa=0.9&nu=0.08&")
    page.get_by_role("tab", name="One point").click()
    page.goto(link)  # the same page: only what is behind "#" changes
    says(page, "κ = 0.90")
    assert page.get_by_role("tab", name="A network").get_attribute("aria-selected") == "true"
    assert "seed 4" in page.locator(".lab-player").inner_text()
    page.get_by_role("button", name="Copy as Python").click()
    page.get_by_role("status").filter(has_text="Python copied.").wait_for()
    assert "draw(\n    4, m=5, n_weak=2" in page.evaluate("navigator.clipboard.readText()")


def test_the_address_follows(lab):
    page = lab("all")
    says(page, "κ = 1.20")
    assert page.evaluate("location.hash") == ""  # nothing was moved
    entries = page.evaluate("history.length")
    slider(page, "kappa").fill("0.8")
    page.wait_for_function("location.hash.startsWith('#lab=point&kappa=0.8&')")
    page.get_by_role("tab", name="The potential").click()
    page.wait_for_function("location.hash.startsWith('#lab=potential&e=-0.6&kappa=0.8')")
    assert page.evaluate("history.length") == entries  # "back" leaves the page
    page.reload()
    assert slider(page, "kappa").get_attribute("aria-valuetext") == "κ = 0.80"
    assert page.get_by_role("tab", name="The potential").get_attribute("aria-selected") == "true"
    assert page.faults == []


def test_without_a_clipboard_the_address_is_shown(lab):
    page = lab("all")
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('no')))")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_role("textbox", name="Address of this state").wait_for()


def test_small_ones_are_apart_and_lead_to_the_whole(lab):
    page = lab("point", "cobweb", "network", "phase", "potential")
    first, second = page.locator(".lab").nth(0), page.locator(".lab").nth(1)
    first.locator("[data-field=kappa]").fill("0.5")
    says(page, "κ = 0.50")
    assert second.locator("[data-field=kappa]").get_attribute("aria-valuetext") == "κ = 1.20"
    link = first.get_by_role("link", name="Open in the laboratory").get_attribute("href")
    assert link.startswith("http://localhost/lab?view=all#lab=point&kappa=0.5&")
    repeated = page.evaluate(
        "[...document.querySelectorAll('[id]')].map((e) => e.id)"
        ".filter((id, k, all) => all.indexOf(id) !== k)"
    )
    assert repeated == []
    assert page.faults == []


def test_a_kernel_and_the_page_keep_in_step(lab):
    page = lab("point")
    page.evaluate("labs[0].model.set('kappa', 0.8)")
    says(page, "κ = 0.80")
    slider(page, "kappa").focus()
    page.keyboard.press("ArrowRight")
    says(page, "κ = 0.81")
    assert page.evaluate("[labs[0].model.get('kappa'), labs[0].model.get('saved')]") == [0.81, 1]
    page.evaluate("labs[0].stop()")
    assert page.locator(".lab").count() == 0
    assert page.evaluate("Object.values(labs[0].heard).flat().length") == 0


@pytest.mark.parametrize("theme, rules", [("light", []), ("dark", ["color-contrast"])])
def test_axe_finds_nothing(lab, theme, rules):
    page = lab("all", theme=theme)
    page.add_script_tag(path=ROOT / "node_modules/axe-core/axe.min.js")
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    for tab in page.get_by_role("tab").all():
        tab.click()
        found = page.evaluate("(options) => axe.run('main', options)", options)
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
