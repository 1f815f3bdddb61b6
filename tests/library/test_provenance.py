"""What made a result."""

import shutil
import subprocess

import pytest

from benign_osc_lib._provenance import commit, made_by

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path):
    """A function that calls git in a new repository whose folder ``library`` holds a file."""

    def git(*arguments):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "code.py").write_text("1\n")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    return git


@needs_git
def test_the_commit_of_a_checkout(repository, tmp_path, monkeypatch):
    here = repository("rev-parse", "--short", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))  # as in a hook of another one
    assert commit(tmp_path / "library") == here
    (tmp_path / "notes.txt").write_text("beside the library")
    assert commit(tmp_path / "library") == here
    assert commit(tmp_path) == here + "+"
    (tmp_path / "library" / "code.py").write_text("2\n")
    assert commit(tmp_path / "library") == here + "+"


@needs_git
def test_an_installed_library_is_not_of_the_repository_around_it(repository, tmp_path):
    installed = tmp_path / ".venv" / "library"
    installed.mkdir(parents=True)
    (installed / "code.py").write_text("1\n")
    assert commit(installed) is None


def test_no_git_is_no_error(tmp_path, monkeypatch):
    assert commit(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert commit() is None


def test_a_git_that_hangs_or_fails(monkeypatch):
    def hangs(command, **_):
        raise subprocess.TimeoutExpired(command, 20)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert commit() is None


def test_the_versions():
    found = made_by()
    assert {"library_version", "torch_version", "numpy_version", "numba_version"} <= set(found)
    assert set(found) - {"commit"} == {name for name in found if name.endswith("_version")}
