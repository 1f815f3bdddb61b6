"""Files that are there in full or not at all, and what a killed process leaves of them.

A file is written under a temporary name, flushed, and then gets its own name in one step. Temporary
files of a process that was killed are left over; those of a process at work are not touched. Who
works in a folder therefore holds a shared lock on one of its files, which ends with the process,
however it ends. Who can have that lock alone knows that all temporary files are left over.
"""

import os
import platform
import re
import time
from contextlib import suppress
from uuid import uuid4
from weakref import WeakSet

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

TEMPORARY = ".unfinished-"
_NAME = re.compile(re.escape(TEMPORARY) + r"(\w+)-[0-9a-f]{32}")
_HOST = re.sub(r"\W", "_", platform.node(), flags=re.ASCII) or "unknown"
_PATIENCE = 5  # seconds for another process to tidy up
_OLD = 24 * 3600  # seconds after which a file of another machine counts as left over, too


def create(path, content):
    """Write ``content`` to ``path`` unless there is such a file; whether it was written.

    Of several processes that try, exactly one succeeds.
    """
    temporary = _write(path.parent, content)
    try:
        os.link(temporary, path)
        return True
    except FileExistsError:
        return False
    except FileNotFoundError:  # it was left over for somebody who found ``path``
        return False
    except OSError:  # a file system without hard links
        return _create_in_place(path, content)
    finally:
        temporary.unlink(missing_ok=True)


def _create_in_place(path, content):
    """The same without a hard link: for a moment the file is there, but not in full."""
    try:
        file = open(path, "xb")
    except FileExistsError:
        return False
    with file:
        _flush_or_remove(file, path, content)
    return True


def replace(path, content):
    """Write ``content`` to ``path``; what was there is replaced in one step."""
    temporary = _write(path.parent, content)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(folder, content):
    """Write ``content`` under a temporary name."""
    temporary = folder / f"{TEMPORARY}{_HOST}-{uuid4().hex}"
    with open(temporary, "xb") as file:
        _flush_or_remove(file, temporary, content)
    return temporary


def _flush_or_remove(file, path, content):
    try:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    except BaseException:  # the disk is full, or somebody pressed Ctrl-C
        with suppress(OSError):
            path.unlink()
        raise


_presences = WeakSet()


class Presence:
    """Says to other processes that this one works in some folders; removes what is left over.

    Args:
        file: the file to be locked; it must not be replaced.
        folders: where temporary files are.
    """

    def __init__(self, file, folders):
        self.folders = folders
        try:
            self.handle = os.open(file, os.O_RDWR)  # some file systems lock no other way
        except OSError:
            self.handle = os.open(file, os.O_RDONLY)
        _presences.add(self)
        try:
            self._tidy()
            self._lock("LOCK_SH", _PATIENCE)
        except BaseException:  # somebody pressed Ctrl-C
            self.forget()
            raise

    def close(self):
        """Leave, and remove what is left over."""
        if self.handle is not None:
            try:
                self._tidy()
            finally:
                self._lock("LOCK_UN")  # also for a process that was forked in the meantime
                self.forget()

    def forget(self):
        """Close the file and let the lock be; a forked process is not the one that works."""
        handle, self.handle = self.handle, None
        if handle is not None:
            os.close(handle)

    def _lock(self, kind, patience=0.0):
        """Whether the lock is held; False where somebody else has it, or the disk knows no locks.

        Tidying up takes milliseconds. Who waits longer works without the lock: at the worst its
        temporary file is taken for a left-over, which is an error and no wrong result.
        """
        end = time.monotonic() + patience
        while fcntl is not None:
            try:
                fcntl.flock(self.handle, getattr(fcntl, kind) | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= end:
                    return False
                time.sleep(0.005)
            except OSError:
                return False
        return False

    def _tidy(self):
        alone = self._lock("LOCK_EX")
        for folder in self.folders:
            for file in folder.glob(TEMPORARY + "*"):
                name = _NAME.fullmatch(file.name)
                elsewhere = name and name[1] != _HOST  # its locks may not be seen here
                with suppress(OSError):  # it is gone, or the disk is read-only
                    if (alone and not elsewhere) or time.time() - file.stat().st_mtime > _OLD:
                        file.unlink()


def _forget_all():
    for presence in list(_presences):
        presence.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
