"""The first cell of a chapter, run for real where the library is missing, as in Colab."""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

import benign_osc_lib
from tests.book.common import CONFIG, chapters, commit_copy, read

URL = CONFIG["repository"]["url"]


@pytest.fixture
def colab(tmp_path):
    """A function that runs Python in an environment with all packages but the library."""
    # It sees the packages of this environment, pip too, as a plain path: .pth files in there, and
    # with them the path to the library, are not followed.
    venv.create(tmp_path / "venv")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")}))
    (site / "packages.pth").write_text(sysconfig.get_path("purelib"))

    # The public address leads to what is on disk now.
    mirror = commit_copy(tmp_path / "mirror")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{mirror.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
    }

    def run(*arguments):
        return subprocess.run(
            [tmp_path / "venv" / "bin" / "python", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )

    run.site = site
    missing = run("-c", "import torch, IPython, benign_osc_lib")
    assert "No module named 'benign_osc_lib'" in missing.stderr

    download = ["-m", "pip", "download", "-q", "--retries", "1", "--no-deps", "flit_core"]
    backend = run(*download, "-d", tmp_path / "index")
    if backend.returncode:
        pytest.skip(f"no network to pip's package index: {backend.stderr.strip().splitlines()[-1]}")
    return run


def test_first_cell_installs_the_library(colab):
    """Silently, in the same process; and again where pip uninstall has left a folder behind."""
    cell = next(cell for cell in read(chapters()[0]).cells if cell.cell_type == "code")
    show = "import benign_osc_lib as b; print(b.train.__module__, b.__file__, b.__version__)"
    expected = ["benign_osc_lib.training", f"{colab.site}/benign_osc_lib/__init__.py"]

    def run_all():
        result = colab("-m", "IPython", "-c", f"{cell.source}\n{show}")
        assert result.stderr == ""
        assert result.stdout.split() == [*expected, benign_osc_lib.__version__]

    run_all()
    assert colab("-c", show).stdout.split()[:2] == expected

    # Numba keeps compiled functions beside the library, and pip leaves what it has not installed.
    folder = colab.site / "benign_osc_lib"
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "sgd.run-1.py311.nbi").write_bytes(b"")
    assert colab("-m", "pip", "uninstall", "-qy", "benign-osc-lib").returncode == 0
    assert folder.is_dir() and not (folder / "__init__.py").exists()
    assert colab("-c", "import benign_osc_lib").returncode == 0  # a folder passes as a package

    run_all()
