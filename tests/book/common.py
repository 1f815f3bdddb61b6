"""What several tests of the book need: where things are, and how to read them."""

import re
import shutil
import subprocess

import nbformat
import pytest
import yaml

from tools.contents import ROOT, chapters, markdown, toc  # noqa: F401 (the tests take them here)
from tools.set_repository import files

SITE = ROOT / "_build" / "html"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CLAIM_LINK = re.compile(r"\]\(#claim-([\w-]+)\)")


def read(path):
    return nbformat.read(path, as_version=4)


def section(text, heading):
    """What stands under a heading `## heading`, up to the next one of its level; "" without it."""
    match = re.search(rf"^## {re.escape(heading)}\s*$(.*?)(?=^#{{1,2}} |\Z)", text, re.M | re.S)
    return match[1] if match else ""


def copy_tree(folder):
    """The files of the working tree as they are on disk, without what git ignores, in `folder`."""
    for path in files(ROOT):
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return folder


def commit_copy(folder):
    """A git repository in `folder` with one commit: the working tree as it is on disk."""
    copy_tree(folder)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "copy"]):
        git(folder, *arguments)
    return folder


def git(folder, *arguments):
    """Run git in a folder; without git, which a downloaded archive does not need, skip the test."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    subprocess.run(["git", *arguments], cwd=folder, check=True)
