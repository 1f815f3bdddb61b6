"""The laboratory as a widget: its numbers, its texts, its one module."""

import json
import re
import subprocess

import pytest
from bs4 import BeautifulSoup

from benign_osc_lib.lab import Lab, _bundle
from benign_osc_lib.lab._fields import DIAGRAMS, NUMBERS, VIEWS
from benign_osc_lib.phase import DIAGRAMS as STORED_DIAGRAMS
from tests.book.common import ROOT
from tests.library.lab.common import node_program
from tools import lab_grid


def test_the_numbers_are_those_of_the_controls(node):
    fields = node("constant", "FIELDS")
    assert list(fields) == list(NUMBERS)
    for name, (low, high, first) in NUMBERS.items():
        assert (fields[name]["least"], fields[name]["most"]) == (low, high), name
        assert fields[name]["start"] == first, name
        assert isinstance(first, int) == (fields[name]["digits"] == 0), name
    assert ["all", *node("constant", "VIEWS")] == list(VIEWS)
    assert list(node("constant", "DIAGRAM_NAMES")) == list(DIAGRAMS) == list(STORED_DIAGRAMS)


@pytest.mark.parametrize("name", NUMBERS)
def test_an_attribute_refuses_what_its_argument_refuses(name):
    low, high, first = NUMBERS[name]
    lab = Lab(**{name: high})
    assert lab.values[name] == getattr(lab, name) == high
    beyond = high + 1
    for change in (lambda: Lab(**{name: beyond}), lambda: setattr(lab, name, beyond)):
        with pytest.raises(ValueError, match=f"{name} must be .*{high}.*, got {beyond}"):
            change()
    with pytest.raises(TypeError, match=f"{name} must be an? .*, got 'much'"):
        setattr(lab, name, "much")
    assert getattr(lab, name) == high


def test_words_are_refused_too():
    lab = Lab()
    for change in (lambda: Lab(view="plane"), lambda: setattr(lab, "view", "plane")):
        with pytest.raises(ValueError, match="view must be one of 'all', 'point'"):
            change()
    with pytest.raises(ValueError, match="diagram must be one of 'nu', 'rho', 'noise', got 'm'"):
        Lab(diagram="m")


def test_attributes_are_synchronised():
    lab = Lab(kappa=1)
    seen = []
    lab.observe(lambda change: seen.append((change.name, change.new)), ["kappa", "seed"])
    state = lab.get_state()
    assert lab.values.items() <= state.items()
    lab.set_state({"kappa": 2, "seed": 7})  # as a browser would
    assert sorted(seen) == [("kappa", 2.0), ("seed", 7)] and isinstance(lab.kappa, float)


@pytest.mark.parametrize("view", VIEWS)
def test_what_a_notebook_keeps(view):
    """One line of text; a picture with words; numbers. Nothing of the scripts."""
    lab = Lab(kappa=1.1, view=view)
    data, _ = lab._repr_mimebundle_()
    assert data["text/plain"] == repr(lab) == f"Lab(kappa=1.1, nu=0.04, view={view!r})"
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"] == Lab(kappa=1.1, view=view).to_html() and len(lab.to_html()) < 9000
    page = BeautifulSoup(data["text/html"], "html.parser").div
    assert json.loads(page["data-state"]) == lab.values
    words = page.figure.svg["aria-label"]
    assert page.figcaption.text == words and "κ = 1.1" in words
    corners = [float(x) for path in page.find_all("path") for x in re.findall(r"[\d.]+", path["d"])]
    assert len(corners) > 100 and all(0 <= x <= 480 for x in corners)


def test_the_module_is_one_file_that_node_can_read(tmp_path):
    path = tmp_path / "lab.mjs"
    path.write_text(Lab._esm, encoding="utf-8")
    assert Lab._esm == _bundle.module() and not _bundle.IMPORT.search(Lab._esm)
    ask = f'import lab from "{path}"; console.log(Object.keys(lab), typeof lab.render);'
    said = subprocess.run(
        [node_program(), "--input-type=module", "-e", ask], capture_output=True, text=True
    )
    assert (said.stdout, said.stderr) == ("[ 'render' ] function\n", "")


def test_files_are_joined_in_order():
    a = "export const one = 1;\n"
    b = 'import { one } from "./a.js";\nexport async function two() {}\nexport default { one };\n'
    text = _bundle.joined({"a.js": a, "b.js": b})
    assert text.split("\n") == [
        *("// a.js", "const one = 1;", "", "// b.js", "async function two() {}"),
        *("export default { one };", ""),
    ]
    script = _bundle.plain_script(text, "laboratory.one;")
    assert "export" not in script and "const laboratory = { one };" in script


@pytest.mark.parametrize(
    "second, words",
    [
        ('import { two } from "./a.js";\n', "b.js imports two, not before it in a.js"),
        ('import { one } from "./b.js";\n', "b.js imports one, not before it in b.js"),
        ("import * as a from './a.js';\n", "b.js must import as"),
        ("function one() {}\n", "one is declared in a.js and in b.js"),
    ],
)
def test_files_that_do_not_go_together(second, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        _bundle.joined({"a.js": "export const one = 1;\n", "b.js": second})


def test_only_the_last_file_has_a_default_export():
    with pytest.raises(ValueError, match="a.js has a default export and is not the last"):
        _bundle.joined({"a.js": "export default 1;\n", "b.js": ""})
    with pytest.raises(ValueError, match="one default export, got 0"):
        _bundle.plain_script("const one = 1;", "")


def test_every_script_of_the_folder_is_in_the_module():
    folder = ROOT / "benign_osc_lib" / "lab"
    assert sorted(path.name for path in folder.glob("*.js")) == sorted(_bundle.FILES)


def test_the_phase_diagrams_are_the_stored_sweeps():
    assert _bundle.read("phase_grid.js") == lab_grid.script()
    assert len(lab_grid.script()) < 60_000


def test_the_published_numbers_are_those_of_chapter_12(node):
    """The book's means, as the stored table has them, and the published totals beside them."""
    notebook = json.loads((ROOT / "chapters" / "12_reproduction.ipynb").read_text("utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "main-accuracy")
    rows = "".join(cell["outputs"][0]["data"]["text/markdown"]).replace("\xa0", " ")
    published = node("constant", "PUBLISHED")
    for rate in ("large", "small"):
        ours, right = published[rate]["book"], published[rate]["right"]
        (all_points,) = re.findall(rf"\| {rate} rate, all points \| (.*) \|", rows)
        (weak_points,) = re.findall(rf"\| {rate} rate, weak points \| (.*) \|", rows)
        assert f"{right} of 160 = " in all_points
        for row, (mean, half) in ((all_points, ours["all"]), (weak_points, ours["weak"])):
            assert f"| {mean} ± {half} % of 1000" in row


def test_the_presets_are_the_papers(node):
    from benign_osc_lib.sweeps import DEFAULTS

    names = {"uNorm": "u_norm", "vNorm": "v_norm", "noiseNorm": "noise_norm", "eta": "lr"}
    names |= {"nWeak": "n_weak", "sigma0": "scale"}
    paper = node("constant", "PAPER")
    assert {names.get(key, key): value for key, value in paper.items()} == DEFAULTS
