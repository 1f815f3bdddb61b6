"""The repository's address stands in _config.yml; every copy of it agrees."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.book.common import CONFIG, ROOT, chapters, commit_copy, read
from tools.set_repository import current, pages, set_repository, slug, text_files

URL = CONFIG["repository"]["url"]
FOREIGN = set()  # OWNER/NAME of other people's repositories that the book mentions
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
    place = f"{slug(URL)}/blob/{CONFIG['repository']['branch']}/chapters/{path.name}"
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


def test_moving_there_and_back(tmp_path):
    copy = commit_copy(tmp_path / "copy")
    other = "https://github.com/" + "Alice/other.book"  # in one piece it would be moved back too
    set_repository(other, copy)
    assert current(copy) == other
    # The moved copy passes the tests above; not this one, which would start a copy of the copy.
    command = [sys.executable, "-m", "pytest", "-q", "-k", "not there_and_back", "-p", "no:xdist"]
    result = subprocess.run(
        [*command, "tests/book/test_repository.py"], cwd=copy, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout
    set_repository(URL, copy)
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=copy) == b""
