"""Every chapter is stored as it was run, whole, in order, and in the shape a reader expects."""

import ast
import re
from collections import Counter

import nbformat
import pytest
from bs4 import BeautifulSoup

from tests.book.common import CONFIG, ROOT, chapters, markdown, read, section
from tools.execute import HERO, first_png

EXEMPTION = re.compile(
    r"(nbval|pytest_validate)[-_](ignore[-_]output|skip|raises[-_]exception)"
    r"|(raises-exception|skip-execution)",
    re.I,
)
BOOTSTRAP = """\
try:
    from benign_osc_lib import train
except ImportError:
    import subprocess
    import sys

    sys.modules.pop("benign_osc_lib", None)
    library = "benign-osc-lib @ git+{URL}"
    subprocess.run([sys.executable, "-m", "pip", "install", "-qq", library], check=True)"""
each_chapter = pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def figures(path):
    """The code cells that show a picture."""
    return [
        cell
        for cell in code_cells(path)
        if any(mime.startswith("image/") for out in cell.outputs for mime in out.get("data", {}))
    ]


@each_chapter
def test_every_cell_was_run_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@each_chapter
def test_no_errors_and_no_warnings(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            assert output.get("name") != "stderr", (cell.id, output.text)


@each_chapter
def test_no_backslash_was_lost(path):
    r"""In a string that is not raw, LaTeX's \rm, \alpha or \beta loses its backslash."""
    for cell in code_cells(path):
        for output in cell.outputs:
            shown = [output.get("text", ""), *output.get("data", {}).values()]
            assert not re.search(r"[\r\a\x08\f\v]", " ".join(map(str, shown))), cell.id


@each_chapter
def test_no_comparison_is_waived_without_a_reason(path):
    for cell in code_cells(path):
        comments = "\n".join(re.findall(r"#.*", cell.source))
        tags = " ".join(cell.metadata.get("tags", []))
        if EXEMPTION.search(f"{comments} {tags}"):
            assert len(cell.metadata.get("nbval_reason", "")) > 20, cell.id


@each_chapter
def test_figures_say_what_they_show(path):
    for cell in figures(path):
        about = cell.metadata.get("mystnb", {})
        alt = about.get("image", {}).get("alt", "")
        assert len(alt) >= 30 and not re.search(r"\.(png|svg|jpe?g)$", alt), cell.id
        assert about.get("figure", {}).get("caption"), cell.id
        assert about.get("figure", {}).get("name"), cell.id


def test_figure_names_are_unique():
    names = [cell.metadata.mystnb.figure.name for path in chapters() for cell in figures(path)]
    names += [figure["id"] for path in chapters() for _, figure, _ in sliders(path)]
    assert not [name for name, count in Counter(names).items() if count > 1]


@each_chapter
def test_first_code_cell_installs_the_library_in_colab(path):
    first = code_cells(path)[0]
    assert {"colab-bootstrap", "hide-cell"} <= set(first.metadata.get("tags", []))
    # A name is imported, because a folder that pip uninstall left passes as a module; %pip would
    # print a note to restart.
    assert first.source == BOOTSTRAP.format(URL=CONFIG["repository"]["url"])


@each_chapter
def test_a_checker_without_an_answer_is_silent_on_the_page(path):
    """The page has a form there: "not answered yet" below it reads as if an answer were lost."""
    for cell in code_cells(path):
        if any("not answered yet" in output.get("text", "") for output in cell.outputs):
            assert "remove-output" in cell.metadata.tags, cell.id


@each_chapter
def test_cells_are_plain_python(path):
    """A line for IPython or the shell cannot be coloured on the page: Sphinx warns."""
    for cell in code_cells(path):
        ast.parse(cell.source)


ENDING = ("Related work", "What this chapter established", "Exercises", "References")


@each_chapter
def test_skeleton(path):
    text = markdown(read(path))
    assert text.startswith("# "), "a chapter starts with its title"
    for phrase in ("what you will learn", "prerequisites", "run time"):
        assert phrase in text.lower()
    assert section(text, "What this chapter established").strip()
    assert section(text, "Exercises").strip()
    last = [name for name in re.findall(r"^## (.+)$", text, re.M) if name in ENDING]
    assert last == sorted(last, key=ENDING.index), "a chapter ends in one order"


@each_chapter
def test_exercises_have_hidden_solutions(path):
    text = markdown(read(path))
    exercises = re.findall(r"^[:`]{3,}\{exercise\}.*\n:label: (\S+)", text, re.M)
    solutions = re.findall(
        r"^[:`]{3,}\{solution(?:-start)?\} (\S+)\n(?::.*\n)*?:class: dropdown", text, re.M
    )
    assert len(exercises) >= 2
    assert exercises == solutions


@each_chapter
def test_small_and_normalised(path):
    notebook = read(path)
    assert path.stat().st_size < 3 * 2**20
    assert path.read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert not [cell.id for cell in notebook.cells if "execution" in cell.metadata]


def sliders(path):
    """What the code cells show that draw a slider: its HTML, parsed, and its text."""
    for cell in code_cells(path):
        for output in cell.outputs:
            if "bo-frames" in output.get("data", {}).get("text/html", ""):
                html = BeautifulSoup(output.data["text/html"], "html.parser")
                yield cell.id, html.figure, output.data["text/plain"]


@each_chapter
def test_sliders_say_what_they_show(path):
    for cell, figure, text in sliders(path):
        assert len(figure.figcaption.get_text()) >= 30, cell
        assert figure["id"].startswith("fig-"), cell
        assert figure.label.get_text(), cell
        assert all(len(picture["alt"]) >= 30 for picture in figure.find_all("img")), cell
        assert len(text) < 100, cell


def test_front_picture_is_the_one_of_chapter_one():
    path = ROOT / "chapters" / "01_two_learning_rates.ipynb"
    assert HERO.read_bytes() == first_png(read(path), "hero-figure")
