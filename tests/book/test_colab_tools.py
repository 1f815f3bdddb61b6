"""What publishes the plain notebooks, and what keeps the list of Colab's versions."""

import re
import subprocess

import pytest
from packaging.requirements import Requirement

from tests.book.common import ROOT, git
from tools.colab.publish import BRANCH, publish
from tools.colab.versions import LIST, chosen, renewed

FREEZE = """# made by pip
Jinja2==3.1.6
google-colab @ file:///colabtools/dist/google_colab-1.0.0.tar.gz
jupyter_client==7.4.9
numpy==2.0.2
pandas==2.2.2
torch==2.10.0+cu128
"""


def ask(folder, *arguments):
    return subprocess.check_output(["git", *arguments], cwd=folder, text=True).split("\n")[:-1]


def test_publish_replaces_the_branch_and_touches_no_other(tmp_path):
    remote, work = tmp_path / "remote", tmp_path / "work"
    work.mkdir()
    git(tmp_path, "init", "-q", "--bare", str(remote))
    git(work, "init", "-q", "-b", "main")
    author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    git(work, *author, "commit", "-q", "--allow-empty", "-m", "main")
    git(work, "push", "-q", remote.as_uri(), "main")
    main = ask(remote, "rev-parse", "main")
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for names in (["a", "b"], ["b"]):
        for path in notebooks.iterdir():
            path.unlink()
        for name in names:
            (notebooks / f"{name}.ipynb").write_text(f"{names} {name}")
        (notebooks / "genindex.html").write_text("what Sphinx leaves")
        publish(remote.as_uri(), notebooks)
        files = ask(remote, "ls-tree", "-r", "--name-only", BRANCH)
        assert files == ["README.md", *(f"{name}.ipynb" for name in names)]
        assert len(ask(remote, "rev-list", BRANCH)) == 1
    assert ask(remote, "rev-parse", "main") == main


def test_publish_without_notebooks_leaves_the_branch(tmp_path):
    with pytest.raises(FileNotFoundError, match="make colab"):
        publish("nowhere", tmp_path)


def test_chosen_versions_are_those_of_the_freeze():
    """By the name as indexes compare it, without the build; Colab's lacking ones are left out."""
    names = ["torch", "NumPy", "jupyter-client", "jinja2", "absent"]
    expected = ["Jinja2==3.1.6", "jupyter_client==7.4.9", "numpy==2.0.2", "torch==2.10.0"]
    assert chosen(names, FREEZE) == expected


def test_the_list_renews_itself():
    system = "Ubuntu 22.04.5 LTS\nPython 3.13.7\nR version 4.5.3\n"
    text = renewed("# old\nnumpy==1.0\ntorch==1.0\n", FREEZE, system, "2026-11-28")
    head, pins = text.split("\n")[:-3], text.split("\n")[-3:]
    assert "2026-11-28, Python 3.13.7" in head[1]
    assert pins == ["numpy==2.0.2", "torch==2.10.0", ""]
    assert renewed(text, FREEZE, system, "2026-11-28") == text


def test_the_list_has_what_the_library_needs_and_says_where_from():
    text = LIST.read_text(encoding="utf-8")
    pins = {Requirement(line).name.lower() for line in text.split("\n") if "==" in line}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.findall(r'^    "([\w-]+)>=', project, re.M)
    assert len(needed) > 5 and set(needed) | {"ipython", "ipykernel"} <= pins
    assert re.search(r"backend-info, .*20\d\d.*Python 3\.\d+", text)
