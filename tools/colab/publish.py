#!/usr/bin/env python3
"""Push the plain notebooks to the branch `colab` of a repository: python -m tools.colab.publish URL

The branch has one commit, without history, and nothing but the notebooks: they are made anew from
the chapters, so nobody needs the old ones.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.contents import ROOT

NOTEBOOKS = ROOT / "_build" / "colab"
BRANCH = "colab"
README = """# Benign Oscillation, as plain notebooks

Made from the chapters of the book on the branch `main` by `make colab`.
Change the chapters, not these.
"""


def publish(remote, notebooks=NOTEBOOKS, message="The chapters as plain notebooks"):
    """Replace the branch by one commit with the notebooks of a folder.

    Raises:
        FileNotFoundError: there are none, and the branch stays as it is.
    """
    found = sorted(Path(notebooks).glob("*.ipynb"))
    if not found:
        raise FileNotFoundError(f"no notebooks in {notebooks}: run `make colab`")
    author = ["-c", "user.name=publish", "-c", "user.email=publish@localhost"]
    with tempfile.TemporaryDirectory() as folder:

        def git(*arguments):
            subprocess.run(["git", *arguments], cwd=folder, check=True)

        for path in found:
            shutil.copy2(path, folder)
        Path(folder, "README.md").write_text(README, encoding="utf-8")
        git("init", "-q", "-b", BRANCH)
        git("add", ".")
        git(*author, "commit", "-q", "-m", message)
        git("push", "-q", "--force", remote, f"HEAD:refs/heads/{BRANCH}")


if __name__ == "__main__":
    publish(*sys.argv[1:2])
