"""Exercises and their answers belong together: in notebooks, on the site, in Python and Node."""

import json
import re
import shutil
import subprocess

import pytest

from _ext import exercise_check as FORMS
from benign_osc_lib.exercises import answerable, judging, store
from tests.book.common import ROOT, SITE, chapters, markdown, read, toc

LABEL = re.compile(r"^:::\{exercise\}[^\n]*\n:label: (\S+)", re.M)
SHORT = {"theory_in_twenty_minutes": "twenty", "to_real_networks": "real"}


def numbers():
    """{number: label} of all exercises of the notebooks, as ``check`` calls them."""
    found = {}
    for path in chapters():
        head = path.stem.split("_")[0]
        chapter = SHORT.get(path.stem, head.lstrip("0"))
        for i, label in enumerate(LABEL.findall(markdown(read(path))), 1):
            found[f"{chapter}.{i}"] = label
    return found


def test_every_exercise_is_known_by_its_number():
    stored = {n: row["label"] for n, row in store.load().items() if not n.startswith("T")}
    assert stored == numbers()


def test_what_is_asked_fits_what_is_stored():
    asked = FORMS.questions()
    known = {n: row["parts"] for n, row in store.load().items() if "parts" in row and n in asked}
    assert set(asked) == {n for n in answerable() if not n.startswith("T")}
    for number, parts in known.items():
        assert len(parts) == len(asked[number])
        for part, question in zip(parts, asked[number], strict=True):
            letters = "abcdef"[: len(question.get("options", []))]
            assert set(letters) == ({part["right"], *part["says"]} if "right" in part else set())


def shown(page):
    """What a built page shows: the number of each exercise that it numbers, and its forms."""
    html = (SITE / f"{page}.html").read_text(encoding="utf-8")
    exercise = (
        r'<div class="exercise admonition" id="([^"]+)">\s*<p class="admonition-title">(.*?)</p>'
    )
    titles = {
        label: re.search(r"Exercise ((?:\d+|[A-Z])\.\d+|)", re.sub("<[^>]+>", "", title))[1]
        for label, title in re.findall(exercise, html, re.S)
    }
    return titles, re.findall(r'data-number="([^"]+)" data-answer="([^"]+)"', html)


def test_the_site_numbers_and_asks_the_same():
    if not SITE.is_dir():
        pytest.skip("the book has not been built")
    label_of, forms = {}, {}
    for page in toc():
        titles, found = shown(page)
        label_of |= {number: label for label, number in titles.items() if number}
        forms |= dict(found)
    numbered = {n: label for n, label in numbers().items() if n.split(".")[0] not in SHORT.values()}
    assert label_of == numbered
    assert set(forms) == set(answerable())
    for number, word in forms.items():
        assert store.decode(word) == [judging.table(p) for p in store.load()[number]["parts"]]


def trials():
    """For each part answers around all that is known of it: [part as a page has it, answers]."""
    for row in store.load().values():
        for part in row.get("parts", []):
            table = judging.table(part)
            if "letters" in table:
                yield part, table, list(table["letters"])
            else:
                ends = [end for low, high, *_ in table["ranges"] for end in (low, high)]
                middles = [(low + high) / 2 for low, high, *_ in table["ranges"]]
                beside = [x * (1 + 1e-9) for x in ends] + [x * (1 - 1e-9) for x in ends]
                yield part, table, [*ends, *middles, *beside, 1e6, -1e-6]


def test_the_page_judges_as_python_does():
    """The script's own `judge`, in Node, on every answer, slip and border."""
    if shutil.which("node") is None:
        pytest.skip("needs node")
    script = (ROOT / "_static" / "check.js").read_text(encoding="utf-8")
    judge = re.search(r"^  const judge = .*?^  \};$", script, re.M | re.S)[0]
    cases = list(trials())
    run = f"""{judge}
    const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const said = cases.map(([table, answers]) => answers.map((one) => judge(table, one)));
    console.log(JSON.stringify(said));
    """
    sent = json.dumps([[table, answers] for _, table, answers in cases])
    done = subprocess.run(
        ["node", "-e", run], input=sent, capture_output=True, text=True, check=True
    )
    for (part, _, answers), said in zip(cases, json.loads(done.stdout), strict=True):
        assert [tuple(one) for one in said] == [judging.judge(part, one) for one in answers]
    assert sum(len(answers) for *_, answers in cases) > 1000


def test_forms_go_where_the_exercises_are():
    text = ":::{exercise} A\n:label: ex-one-gain\nWhat?\n:::\n\nMore.\n"
    assert FORMS.with_forms(text) == text.replace("\n\nMore", "\n\n:::{check} 5.1\n:::\n\nMore")
    open_one = text.replace("ex-one-gain", "ex-other-power")
    assert FORMS.with_forms(open_one) == open_one


def test_what_a_notebook_is_told():
    assert FORMS.call_text("5.1") == 'check("5.1", (…, …))'
    assert FORMS.call_text("1.2") == 'check("1.2", "…")'
    assert "- (a) No" in FORMS.question_text("1.2")
    assert FORMS.question_text("5.1").startswith("**1.** The rise")


def test_the_page_for_teachers_leads_to_the_exercises_it_names():
    text = (ROOT / "chapters" / "for_teachers.md").read_text(encoding="utf-8")
    links = re.findall(r"\[([0-9A-J]+\.\d+)\]\(#(ex-[\w-]+)\)", text)
    assert len(links) > 40
    assert [link for link in links if numbers()[link[0]] != link[1]] == []
    assert not re.search(r"\| [0-9A-J]+\.\d|[Ee]xercises? [0-9A-J]+\.\d|\([0-9A-J]+\.\d+\)", text)
