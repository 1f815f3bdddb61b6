"""The first cell of a chapter, run for real where the library is missing, as in Colab."""

import os
import subprocess
import sysconfig
import venv

import pytest

import benign_osc_lib
from tests.book.common import CONFIG, chapters, commit_copy, read

URL = CONFIG["repository"]["url"]


def test_first_cell_installs_the_library(tmp_path):
    # A new environment that sees the packages of this one as a plain path: .pth files in there,
    # and with them the path to the library, are not followed.
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    site = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    with open(f"{site}/packages.pth", "w") as file:
        file.write(sysconfig.get_path("purelib"))

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
            [python, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    missing = run("-c", "import torch, IPython, benign_osc_lib")
    assert "No module named 'benign_osc_lib'" in missing.stderr

    download = ["-m", "pip", "download", "-q", "--retries", "1", "--no-deps", "flit_core"]
    backend = run(*download, "-d", tmp_path / "index")
    if backend.returncode:
        pytest.skip(f"no network to pip's package index: {backend.stderr.strip().splitlines()[-1]}")

    cell = next(cell for cell in read(chapters()[0]).cells if cell.cell_type == "code")
    result = run("-m", "IPython", "-c", cell.source)
    assert result.returncode == 0, result.stdout + result.stderr

    found = run("-c", "import benign_osc_lib as b; print(b.__file__, b.__version__, sep='\\n')")
    assert found.returncode == 0, result.stdout + result.stderr + found.stderr
    file, version = found.stdout.split()
    assert file.startswith(site)
    assert version == benign_osc_lib.__version__
