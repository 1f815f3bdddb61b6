"""The repository's address stands in _config.yml; every copy of it agrees."""

import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.book.common import CONFIG, ROOT, chapters, commit_copy, copy_tree, git, read
from tools.colab.publish import BRANCH
from tools.set_repository import current, files, pages, set_repository, slug, text_files, walk

URL = CONFIG["repository"]["url"]
FOREIGN = {
    "googlecolab/backend-info",
    "KaTeX/KaTeX",
}  # OWNER/NAME of other people's repositories that the book mentions
ADDRESS = re.compile(r"(?:github\.com|colab\.research\.google\.com/github)/([\w-]+/[\w.-]*\w)")
PAGES_ADDRESS = re.compile(r"https://[\w-]+\.github\.io/[\w.-]*\w")


def test_configuration():
    assert slug(URL)
    assert CONFIG["html"]["baseurl"] == pages(URL)
    assert "path_to_book" not in CONFIG["repository"]


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_first_cell_installs_from_here(path):
    first = next(cell for cell in read(path).cells if cell.cell_type == "code")
    assert f'"benign-osc-lib @ git+{URL}"' in first.source


@pytest.mark.parametrize("path", chapters(), ids=lambda path: path.stem)
def test_readme_has_a_colab_badge(path):
    place = f"{slug(URL)}/blob/{BRANCH}/{path.name}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"https://colab.research.google.com/github/{place})" in readme


def test_metadata():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == URL
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"] == {"Repository": URL, "Documentation": pages(URL)}


def test_no_other_address_lurks():
    for path, text in text_files():
        if path.name == "package-lock.json":  # where packages ask for donations
            continue
        assert set(ADDRESS.findall(text)) <= {slug(URL), *FOREIGN, "OWNER/NAME"}, path
        assert set(PAGES_ADDRESS.findall(text)) <= {pages(URL)}, path


@pytest.mark.parametrize("url", ["", slug(URL), f"{URL}/", f"{URL}.git", f"http{URL[5:]}"])
def test_bad_address_is_refused(url):
    with pytest.raises(ValueError, match="https://github.com/OWNER/NAME"):
        slug(url)


def passes_its_own_tests(copy):
    """Run the tests above in a copy of the repository; not those below, which start more copies."""
    command = [sys.executable, "-m", "pytest", "-q", "-k", "not copy", "-p", "no:xdist"]
    result = subprocess.run(
        [*command, "tests/book/test_repository.py"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout


def test_moving_a_copy_there_and_back(tmp_path):
    copy = commit_copy(tmp_path / "copy")
    other = "https://github.com/" + "Alice/other.book"  # in one piece it would be moved back too
    set_repository(other, copy)
    assert current(copy) == other
    passes_its_own_tests(copy)
    set_repository(URL, copy)
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=copy) == b""


def test_a_copy_without_git(tmp_path):
    """A downloaded archive, unpacked inside a repository of something else that ignores it."""
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("*\n")
    copy = copy_tree(tmp_path / "archive")
    for built in ("_build/html/index.html", "chapters/.ipynb_checkpoints/x.ipynb"):
        (copy / built).parent.mkdir(parents=True)
        (copy / built).write_text("https://github.com/" + "Alice/other.book")
    assert [f.relative_to(copy) for f in files(copy)] == [f.relative_to(ROOT) for f in files(ROOT)]
    passes_its_own_tests(copy)


def test_a_copy_is_walked_as_git_lists_it(tmp_path):
    """So .gitignore holds plain names of folders: the walk understands no patterns."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[\w.-]+/", line) for line in lines)
    copy = commit_copy(tmp_path / "copy")
    assert sorted(walk(copy)) == files(copy)
