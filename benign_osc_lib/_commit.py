"""The commit of the code that made a result."""

import os
import subprocess

_SECONDS = 5  # for each question to git: a folder on a slow disk must not hold up what asks


def git_commit(folder):
    """The commit of the git checkout that holds a folder.

    Files that git does not track do not count as changes. A folder without any tracked file, such
    as a library installed in an ignored ``.venv``, does not belong to the checkout around it.

    Args:
        folder: a path.

    Returns:
        The full hash, with ``-dirty`` at the end where a tracked file of the folder was changed
        since; None without git, outside a checkout, or where git does not answer in time.
    """
    try:
        if not _git(folder, "ls-files", "--", "."):
            return None
        commit = _git(folder, "rev-parse", "--verify", "HEAD")
        changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + "-dirty" * bool(changes)


def _git(folder, *arguments):
    """What git prints about a folder.

    Git runs its hooks with variables that name a checkout; they would hide the one of the folder.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
    }
    done = subprocess.run(
        ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments],
        cwd=folder,
        env=environment,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=_SECONDS,
    )
    return done.stdout.strip()
