"""What is installed, and what an import costs."""

import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.book.common import ROOT


def python(code):
    """What a new interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def lines(name):
    """The lines of a requirements file, without comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return list(filter(None, (line.partition("#")[0].strip() for line in text.splitlines())))


def test_import_leaves_slow_packages_alone():
    loaded = python("import sys, benign_osc_lib; print(*sys.modules)").split()
    slow = {"matplotlib", "ipywidgets", "numba", "pandas", "scipy.stats", "xarray"}
    assert not slow & set(loaded)


def test_import_is_quick():
    code = (
        "import time, torch; start = time.perf_counter(); import benign_osc_lib;"
        "print(time.perf_counter() - start)"
    )
    assert min(float(python(code)) for _ in range(3)) <= 0.3


def test_every_requirement_is_pinned():
    pins = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines("requirements.txt")]
    assert all(pins)
    versions = {pin[1].lower(): pin[2] for pin in pins}
    for line in lines("requirements.in"):
        wanted = Requirement(line)
        assert wanted.specifier.contains(versions[wanted.name.lower()]), line


def test_library_asks_for_lower_bounds_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.10"
    for line in project["dependencies"]:
        assert {spec.operator for spec in Requirement(line).specifier} <= {">="}, line


@pytest.mark.parametrize("name", [".ci/run", ".github/workflows/test.yml"])
def test_continuous_integration_runs_the_tests(name):
    assert re.search(r"make test|\.ci/run", (ROOT / name).read_text(encoding="utf-8"))
