#!/usr/bin/env python3
"""Move the book's public address: rewrite it in _config.yml and wherever it is written out.

tools/set_repository.py https://github.com/OWNER/NAME
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
URL = re.compile(r"https://github\.com/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<name>[\w.-]*\w)")


def slug(url):
    """The OWNER/NAME of a repository's address.

    Raises:
        ValueError: `url` is not of the form https://github.com/OWNER/NAME.
    """
    match = URL.fullmatch(url)
    if not match or url.endswith(".git"):
        raise ValueError(f"URL must look like https://github.com/OWNER/NAME, got {url!r}")
    return f"{match['owner']}/{match['name']}"


def pages(url):
    """Where GitHub Pages publishes the book of that repository."""
    owner, name = slug(url).split("/")
    return f"https://{owner.lower()}.github.io/{name}"


def current(root=ROOT):
    """The address that _config.yml holds."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]


def files(root=ROOT):
    """Every file of the working tree that git does not ignore, committed or not."""
    if (root / ".git").exists():  # else git would answer for a repository around this folder
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listing = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        paths = {root / name for name in listing.stdout.split("\0") if name}
        return sorted(path for path in paths if path.is_file())
    return sorted(walk(root))


def walk(root):
    """The same in a downloaded archive, which is no git repository."""
    ignored = {line.rstrip("/") for line in (root / ".gitignore").read_text().split()}
    for folder, folders, names in os.walk(root):
        folders[:] = set(folders) - ignored - {".git"}
        yield from (Path(folder) / name for name in names)


def text_files(root=ROOT):
    """Those of the files that are text, each with its text."""
    for path in files(root):
        try:
            yield path, path.read_bytes().decode()
        except UnicodeDecodeError:  # a picture
            continue


def set_repository(new, root=ROOT):
    """Replace the current address by `new` in every text file; return the files changed."""
    old = current(root)
    swaps = [
        (pages(old), pages(new)),
        (f"github.com/{slug(old)}", f"github.com/{slug(new)}"),
        (f"/github/{slug(old)}", f"/github/{slug(new)}"),  # Colab's form
    ]
    changed = []
    for path, text in text_files(root):
        moved = text
        for before, after in swaps:
            # Not inside a longer name, as in .../book-two or .../book.git.
            moved = re.sub(re.escape(before) + r"(?![\w-]|\.\w)", lambda _, a=after: a, moved)
        if moved != text:
            path.write_bytes(moved.encode())
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        for path in set_repository(" ".join(sys.argv[1:])):
            print(path.relative_to(ROOT))
    except ValueError as error:
        sys.exit(str(error))
