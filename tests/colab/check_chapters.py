"""Every plain notebook, run as in Colab: `make test-colab`, by hand and once a week.

Each has a session of its own: the packages of `.venv-colab`, which tests/colab.txt lists, and no
library. The first cell installs it, from what is on disk in the place of the public address; then
nbval runs the cells and compares every output with the stored one, what goes to stderr included.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.book.common import CONFIG, ROOT, chapters, commit_copy, read

COLAB = ROOT / "_build" / "colab"
PYTHON = Path(os.environ.get("COLAB_PYTHON", ROOT / ".venv-colab" / "bin" / "python"))
MAY_COME = {"benign-osc-lib"}  # Colab has all that the library needs, anywidget too


@pytest.fixture(scope="session")
def mirror(tmp_path_factory):
    """The working tree as a repository: the public address leads to it."""
    return commit_copy(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def session(tmp_path, mirror):
    """A new environment over Colab's packages, and the variables of its processes."""
    base = subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    ).strip()
    home = tmp_path / "venv"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", home], check=True)
    version = Path(base).parent.name
    (home / "lib" / version / "site-packages" / "colab.pth").write_text(base)
    kernel = tmp_path / "share" / "jupyter" / "kernels" / "colab"
    kernel.mkdir(parents=True)
    argv = [str(home / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Colab", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return home / "bin" / "python", {
        **kept,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{mirror.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": CONFIG["repository"]["url"],
        "JUPYTER_PATH": str(tmp_path / "share" / "jupyter"),
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
    }


def packages(python, environment):
    """What pip finds, as {name: version}."""
    command = [python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
    listing = json.loads(subprocess.check_output(command, env=environment))
    return {entry["name"]: entry["version"] for entry in listing}


def without_pictures_of_widgets(path, folder):
    """A copy of a notebook whose laboratories are stored without the picture beside the widget.

    ipywidgets 7, which Colab has, shows a widget alone; that it is shown is compared.
    """
    notebook = read(path)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if '<div class="bo-lab"' in output.get("data", {}).get("text/html", ""):
                del output.data["text/html"]
    nbformat.write(notebook, folder / path.name)
    return folder / path.name


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_a_chapter_runs_in_colab(path, session, tmp_path):
    python, environment = session
    notebook = without_pictures_of_widgets(COLAB / path.name, tmp_path)
    before = packages(python, environment)
    assert "benign-osc-lib" not in before
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider"]
    command += ["-p", "no:xdist", "-q", "--nbval", "--nbval-kernel-name", "colab"]
    command += ["--nbval-sanitize-with", ROOT / "tests" / "nbval.cfg"]
    result = subprocess.run(
        [*command, "--rootdir", tmp_path, notebook],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr
    after = packages(python, environment)
    assert set(after) - set(before) == MAY_COME
    assert {name: after[name] for name in before} == before
