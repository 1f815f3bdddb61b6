"""What made a result: the versions of the packages, and the commit of the library."""

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from ._commit import git_commit
from ._version import __version__

PACKAGE = Path(__file__).resolve().parent


@lru_cache
def made_by():
    """The versions of this library, torch, NumPy and numba, and the commit if there is one."""
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
    here = git_commit(PACKAGE)
    return {**found, "commit": here} if here else found
