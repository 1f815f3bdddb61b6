"""What made a result: the versions of the packages, and the commit of the library."""

import os
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

PACKAGE = Path(__file__).resolve().parent


@lru_cache
def made_by():
    """The versions of this library, torch, NumPy and numba, and the commit if there is one."""
    from . import __version__

    try:
        numba = version("numba")  # without importing it
    except PackageNotFoundError:
        numba = "unknown"
    found = {
        "library_version": __version__,
        "torch_version": str(torch.__version__),
        "numpy_version": np.__version__,
        "numba_version": numba,
    }
    here = commit()
    return {**found, "commit": here} if here else found


def commit(folder=PACKAGE):
    """The git commit that the files of a folder come from, with a + where some are changed.

    Args:
        folder: a folder; by default that of the library.

    Returns:
        The abbreviated hash; or None where there is no git, or where it does not keep the folder,
        as in an installed package whose environment lies in somebody's repository.
    """
    # In a hook, git says by these where its own repository is.
    mine = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}

    def git(*arguments):
        return subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=folder,
            env=mine,
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
        ).stdout.strip()

    try:
        if not git("ls-tree", "--name-only", "HEAD", "."):
            return None
        changed = git("status", "--porcelain", "--", ".")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return None
