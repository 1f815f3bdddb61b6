"""What is installed, and what an import costs."""

import ast
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.book.common import ROOT, chapters, read


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


MAKEFILE = text("Makefile")
PYTHONS = re.search(r"^PYTHONS = (.+)", MAKEFILE, re.M)[1].split()
PROJECT = tomllib.loads(text("pyproject.toml"))["project"]
CUDA = ("cuda-", "nvidia-", "triton")
BOUNDS = {req.name: req.specifier for req in map(Requirement, PROJECT["dependencies"])}

IMPORTED_AS = {"scikit-learn": "sklearn"}


def python(code, **environment):
    """What a new interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    ).stdout


def requirements(name):
    """The entries of a list of requirements, by name."""
    lines = filter(None, (line.partition("#")[0].strip() for line in text(name).splitlines()))
    return {entry.name.lower(): entry for entry in map(Requirement, lines)}


def pins(name):
    """The same of a list that `make lock` wrote: name to version."""
    entries = requirements(name)
    assert all(re.fullmatch(r"==[\w.]+", str(entry.specifier)) for entry in entries.values())
    return {name: str(entry.specifier)[2:] for name, entry in entries.items()}


def workflows():
    folder = ROOT / ".github" / "workflows"
    return {path.name: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


def test_import_leaves_slow_packages_alone():
    loaded = python("import sys, benign_osc_lib; print(*sys.modules)").split()
    slow = {"matplotlib", "anywidget", "ipywidgets", "numba", "pandas", "scipy.stats", "xarray"}
    assert not slow & set(loaded)


def test_import_is_quick():
    code = (
        "import time, torch; start = time.perf_counter(); import benign_osc_lib;"
        "print(time.perf_counter() - start)"
    )
    assert min(float(python(code)) for _ in range(3)) <= 0.3


def test_every_requirement_is_pinned():
    pinned = pins("requirements.txt")
    for name, wanted in requirements("requirements.in").items():
        assert wanted.specifier.contains(pinned[name]), wanted


@pytest.mark.parametrize("name", ["requirements.txt", "tests/oldest.txt"])
def test_a_lock_names_no_build_and_no_place(name):
    assert not [pin for pin in pins(name) if pin.startswith(CUDA)]
    assert not re.search(r"://|\+cpu|^--", text(name), re.M)


@pytest.mark.parametrize("version", [f"{minor}.0" for minor in PYTHONS])
def test_the_lock_installs_on_python(version):
    """On the first release of each supported Python, from wheels alone, as its index has them."""
    command = ["uv", "pip", "compile", "--quiet", "--no-config", "--only-binary", ":all:"]
    result = subprocess.run(
        [sys.executable, "-m", *command, "--python-version", version, "requirements.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if "error sending request" in result.stderr and not os.environ.get("CI"):
        pytest.skip(f"no network to the package index: {result.stderr.strip().splitlines()[0]}")
    assert result.returncode == 0, result.stderr
    resolved = {entry.partition("==")[0] for entry in re.findall(r"^\w\S+", result.stdout, re.M)}
    cuda = {name for name in resolved if name.startswith(CUDA)}  # torch pins these
    assert "torch" in resolved and resolved - cuda <= set(pins("requirements.txt"))


def test_one_line_says_which_pythons():
    for name in ("README.md", "index.md"):
        assert f"you need Python {PYTHONS[0]} to {PYTHONS[-1]}" in text(name).replace("You", "you")
    matrix = workflows()["test.yml"]["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == PYTHONS
    for workflow in workflows().values():
        for job in workflow["jobs"].values():
            oldest = "make test-oldest" in str(job)
            followed = {"${{ matrix.python }}", "${{ steps.live.outputs.python }}"}  # Colab's own
            allowed = {"3.10"} if oldest else {*PYTHONS, *followed}
            assert {
                step["with"]["python-version"] for step in job["steps"] if sets(step)
            } <= allowed


def sets(step):
    return "python-version" in step.get("with", {})


def test_make_refuses_another_python(tmp_path):
    """With one line that says what is needed."""
    for major, minor in ((3, 10), (3, int(PYTHONS[-1].split(".")[1]) + 1)):
        fake = tmp_path / f"python{major}.{minor}"
        fake.write_text(
            f"#!/bin/sh\nexec {sys.executable} -c "
            f'"import sys; sys.version_info = ({major}, {minor}, 0); exec(sys.argv[1])" "$2"\n'
        )
        fake.chmod(0o755)
        copy = tmp_path / f"copy-{minor}"
        copy.mkdir()
        for name in ("Makefile", "requirements.txt"):
            (copy / name).write_text(text(name))
        result = subprocess.run(
            ["make", "install", f"PYTHON={fake}"], cwd=copy, capture_output=True, text=True
        )
        assert result.returncode == 2
        assert f"Needed: Python {PYTHONS[0]} to {PYTHONS[-1]} with its venv" in result.stderr
        assert not (copy / ".venv").exists()


def test_library_asks_for_lower_bounds_only():
    assert PROJECT["requires-python"] == ">=3.10"
    assert "(Python 3.10 or newer" in text("README.md")
    for name, specifier in BOUNDS.items():
        assert [bound.operator for bound in specifier] == [">="], name


def test_the_oldest_environment_is_at_the_bounds():
    oldest = pins("tests/oldest.txt")
    assert "--python-version 3.10" in MAKEFILE  # as requires-python says
    for name, specifier in BOUNDS.items():
        assert [Version(bound.version) for bound in specifier] == [Version(oldest[name])], name


def imported(tree):
    """The packages that a syntax tree imports, as their top-level modules are called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def code():
    """(where, source) of the library's files and of the chapters' cells."""
    for path in (ROOT / "benign_osc_lib").rglob("*.py"):
        yield path.name, path.read_text(encoding="utf-8")
    for path in chapters():
        for cell in read(path).cells:
            if cell.cell_type == "code":
                yield f"{path.name}: {cell.id}", cell.source


def test_every_import_is_declared():
    # by numba, anywidget and matplotlib
    brought = {"llvmlite", "IPython", "matplotlib_inline", "traitlets", "PIL"}
    declared = {IMPORTED_AS.get(name, name) for name in BOUNDS}
    known = {"benign_osc_lib", *declared, *brought, *sys.stdlib_module_names}
    used = set()
    for where, source in code():
        found = set(imported(ast.parse(source)))
        used |= found
        assert found <= known, where
    assert used >= declared


def test_install_makes_the_list_of_fonts(tmp_path):
    """Else a chapter does, and where the search is slow, matplotlib says so on stderr."""
    command = re.search(r"^\t@\$\(BIN\)/python -c '(.*font.*)'$", MAKEFILE, re.M)[1]
    python(command, MPLCONFIGDIR=str(tmp_path))
    assert list(tmp_path.glob("fontlist-*.json"))


@pytest.mark.parametrize("environment", [{}, {"CI": "1"}])
@pytest.mark.parametrize("profile, same", [("same", True), ("random", False), (None, True)])
def test_hypothesis_tries_the_same_examples_everywhere(environment, profile, same, monkeypatch):
    for name in ("CI", "HYPOTHESIS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    if profile:
        environment = {**environment, "HYPOTHESIS_PROFILE": profile}
    show = "import tests.conftest, hypothesis; print(hypothesis.settings.default.derandomize)"
    assert python(show, **environment).strip() == str(same)


@pytest.mark.parametrize("name", [".ci/run", ".github/workflows/test.yml"])
def test_continuous_integration_runs_the_tests(name):
    assert re.search(r"make test|\.ci/run", text(name))


def test_the_weekly_workflow():
    """What is slow, or depends on the day: old releases, random examples, other sites, wheels."""
    weekly = text(".github/workflows/weekly.yml")
    for command in (
        "make test-oldest",
        "make test-colab",
        "HYPOTHESIS_PROFILE=random",
        "linkcheck",
        "-k test_the_lock_installs",
    ):
        assert command in weekly
    assert "schedule" in weekly
