"""The commit of a folder: what git says, or None where git has nothing to say."""

import subprocess

import pytest

from benign_osc_lib._commit import git_commit


def git(folder, *arguments):
    """What git prints, apart from the settings of this machine."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one commit: package/module.py, and a rule that ignores venv/."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set where git runs the tests
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "no-settings"))
    folder = tmp_path / "checkout"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "module.py").write_text("a = 1\n")
    (folder / ".gitignore").write_text("venv/\n")
    try:
        git(folder, "init", "-q")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_commit_of_a_clean_checkout_and_of_a_folder_in_it(checkout):
    head = git(checkout, "rev-parse", "HEAD")
    assert len(head) >= 40
    assert git_commit(checkout) == git_commit(str(checkout / "package")) == head


def test_changed_file_makes_it_dirty(checkout):
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "package" / "module.py").write_text("a = 2\n")
    assert git_commit(checkout) == git_commit(checkout / "package") == head + "-dirty"
    git(checkout, "add", ".")
    assert git_commit(checkout / "package") == head + "-dirty"
    assert git_commit(checkout) == head + "-dirty"
    git(checkout, "commit", "-q", "-m", "second")
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD") != head


def test_a_change_beside_the_folder_does_not_count(checkout):
    (checkout / ".gitignore").write_text("")
    assert git_commit(checkout / "package") == git(checkout, "rev-parse", "HEAD")
    assert git_commit(checkout).endswith("-dirty")


def test_deleted_file_makes_it_dirty_and_a_new_file_does_not(checkout):
    head = git(checkout, "rev-parse", "HEAD")
    (checkout / "results.json").write_text("{}")
    assert git_commit(checkout) == head
    (checkout / "package" / "module.py").unlink()
    assert git_commit(checkout) == head + "-dirty"


@pytest.mark.parametrize("name", ["venv", "untracked"])
def test_folder_that_the_checkout_does_not_hold_has_no_commit(checkout, name):
    """A library installed inside somebody's checkout is not of that checkout's commit."""
    installed = checkout / name / "package"
    installed.mkdir(parents=True)
    (installed / "module.py").write_text("a = 1\n")
    assert git_commit(installed) is None


def test_no_commit_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) is None
    assert git_commit(tmp_path / "missing") is None
    (tmp_path / "file").write_text("")
    assert git_commit(tmp_path / "file") is None


def test_no_commit_before_the_first(tmp_path, checkout):
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    assert git_commit(empty) is None
    assert git_commit(checkout / ".git") is None


def test_variables_of_another_checkout_do_not_matter(checkout, tmp_path, monkeypatch):
    head = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    assert git_commit(checkout) == head


def test_no_commit_without_git(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(checkout) is None


@pytest.mark.parametrize(
    "error", [subprocess.TimeoutExpired("git", 5), PermissionError("git"), OSError("fork")]
)
def test_git_that_hangs_or_cannot_start_is_no_error(checkout, monkeypatch, error):
    def run(*arguments, timeout, **options):
        assert 0 < timeout <= 10
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert git_commit(checkout) is None
