"""The forms under the exercises, by mouse, by keyboard and without scripts."""

import pytest

from benign_osc_lib import check
from benign_osc_lib.exercises import answerable, store

PAGE = "chapters/05_the_potential.html"


def form(page, number):
    return page.locator(f'.bo-check[data-number="{number}"]')


def said(box):
    """The verdicts that a form shows, as Python prints them."""
    return [" ".join(line.split()) for line in box.locator(".bo-result p").all_inner_texts()]


@pytest.mark.parametrize("width", [390, 1280])
def test_a_form_says_what_python_says(open_page, width):
    page = open_page(PAGE, width)
    box = form(page, "5.1")
    gain, sign = box.locator("input").all()
    for answer in ((0.004921, -1), (0.012365, -1), (0.004921, 1), (7.0, -1)):
        gain.fill(str(answer[0]).replace(".", ","))  # as it is written elsewhere
        sign.fill(str(answer[1]).replace("-", "−"))
        sign.press("Enter")
        wanted = [
            f"{verdict.capitalize()}. {say}".strip() for verdict, say in check("5.1", answer).parts
        ]
        assert said(box) == [f"({i}) {line}" for i, line in enumerate(wanted, 1)]
    gain.fill("much")
    box.get_by_role("button", name="Check").click()
    assert said(box)[0] == "(1) Enter a number."
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.faults == []


def test_a_choice_by_keyboard(open_page):
    page = open_page(PAGE, 1280)
    box = form(page, "5.2")
    box.get_by_role("button", name="Check").click()
    assert said(box) == ["Choose an answer."]
    group = box.get_by_role("radiogroup")
    assert "mean" in page.evaluate(
        "list => document.getElementById(list.getAttribute('aria-labelledby')).textContent",
        group.element_handle(),
    )
    group.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    for letter in "abcd":
        page.keyboard.press("Enter")
        ((verdict, say),) = check("5.2", letter).parts
        assert said(box) == [f"{verdict.capitalize()}. {say}"]
        page.keyboard.press("ArrowDown")
    assert page.faults == []


def test_controls_are_large_enough_and_named(open_page):
    page = open_page(PAGE, 390)
    controls = page.locator(".bo-check :is(input, button)")
    assert controls.count() > 10
    for control in controls.all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    for entry in page.locator('.bo-check input[type="text"]').all():
        assert page.evaluate(
            "e => e.labels.length || e.ariaLabelledByElements !== null", entry.element_handle()
        )


def test_without_scripts_the_question_is_text(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + PAGE)
    box = form(page, "5.2")
    assert box.locator("li").count() == 4 and 'check("5.2", "…")' in box.inner_text()
    assert page.locator(".bo-check :is(input, button)").count() == 0
    context.close()


def test_a_self_test_has_all_its_questions(open_page):
    page = open_page("chapters/self_test_3.html", 390)
    numbers = [n for n in answerable() if n.startswith("T3.")]
    for number in numbers:
        box, (part,) = form(page, number), store.load()[number]["parts"]
        if "right" in part:
            box.get_by_role("radio").nth("abcdef".index(part["right"])).check()
        else:
            box.locator("input").fill(str(part["answer"]))
        box.get_by_role("button", name="Check").click()
        assert said(box)[0].startswith("Right.")
    assert page.locator(".bo-check").count() == len(numbers) == 8
    assert page.faults == []
