"""A run on the disk: its log, what made it, and a state from which it goes on after a kill.

Every file is there in full or not at all (``_files``). The state is written first and holds all
rows; the log and the description are written from it, so they can lag behind it and be made again.
"""

import hashlib
import io
import json
from contextlib import contextmanager, suppress

import torch

from .. import _files
from .logs import read_log, write_log

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FORMAT = 1

STATUSES = ("running", "finished", "diverged")
"""What a description says of its run."""


@contextmanager
def alone(folder):
    """Nobody else trains into a folder; what killed processes have left half written is removed.

    Raises:
        ValueError: another process does, or the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "a")
    except OSError as error:
        raise ValueError(
            f"out must be a folder that can be written, got {str(folder)!r}: "
            f"{error.filename}: {reason(error)}"
        ) from None
    with lock as file:
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f"out must be a folder of its own: another process trains into {folder}"
                ) from None
            except OSError:  # a disk that knows no locks
                pass
        for left in folder.glob(f"{_files.TEMPORARY}*"):
            with suppress(OSError):
                left.unlink()
        yield


def reason(error):
    """What an OSError says, without its number, such as "permission denied"."""
    return (error.strerror or str(error) or type(error).__name__).lower()


class Place:
    """The files of one run in a folder: ``NAME.csv``, ``NAME.json``, ``NAME.pt``.

    Args:
        folder: a path.
        settings: of the run; they give the name.
    """

    def __init__(self, folder, settings):
        self.settings = settings
        self.log, self.description, self.state = (
            folder / f"{settings.name}.{end}" for end in ("csv", "json", "pt")
        )

    def read_description(self):
        """What is known of the run, or None if nothing is.

        Raises:
            ValueError: the file is damaged, or is of a run with other settings.
        """
        if not self.description.exists():
            for path in (self.log, self.state):
                if path.exists():
                    raise ValueError(
                        f"{path} is there without {self.description.name}, which would say what it "
                        f"is: move it away, or choose another folder (--out)"
                    )
            return None
        try:
            known = json.loads(self.description.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            known = None
        except OSError as error:
            raise ValueError(f"{self.description} cannot be read: {reason(error)}") from None
        if not _is_description(known):
            raise ValueError(
                f"{self.description} is damaged or not of this program: move it, {self.log.name} "
                f"and {self.state.name} away to make the run again"
            )
        settings = known["settings"]
        now = self.settings.to_json()
        other = [key for key in now.keys() | settings.keys() if now.get(key) != settings.get(key)]
        if other:
            what = ", ".join(f"{k} is {settings.get(k)!r} there, {now.get(k)!r} now" for k in other)
            raise ValueError(
                f"out must be another folder: {self.description} is of a run with other settings "
                f"({what})"
            )
        return known

    def write_description(self, known):
        """Write what is known of the run."""
        text = json.dumps(known, indent=1, sort_keys=True) + "\n"
        _files.replace(self.description, text.encode())

    def read_finished(self, known):
        """The rows of a finished run.

        Args:
            known: its description. It holds the log's SHA-256; what was written by a version of
                the library before that is checked for epochs only.

        Raises:
            ValueError: the log is not the one that the run wrote.
        """
        if self.state.exists():
            way = f"move it away, and the same command writes it again from {self.state.name}"
        else:
            way = f"move it and {self.description.name} away to make the run again"
        try:
            content = self.log.read_bytes()
        except OSError as error:
            raise ValueError(f"{self.log} cannot be read ({reason(error)}): {way}") from None
        wanted = known.get("log_sha256")
        if wanted is not None and hashlib.sha256(content).hexdigest() != wanted:
            raise ValueError(
                f"{self.log} is not what this run wrote: it was cut or changed, for its SHA-256 is "
                f"not the one in {self.description.name}; {way}"
            )
        try:
            rows = read_log(content.decode())
        except ValueError as error:
            raise ValueError(f"{self.log} is damaged ({error}): {way}") from None
        epochs = [row["epoch"] for row in rows]
        whole = bool(rows) and epochs == list(range(1, len(rows) + 1))
        if not whole or (rows[-1]["diverged_at"] is None and len(rows) != self.settings.epochs):
            raise ValueError(f"{self.log} is damaged (epochs are missing): {way}")
        return rows

    def read_state(self):
        """The last state of the run, or None if there is none.

        Raises:
            ValueError: the file is damaged, or the log is not the one that belongs to it.
        """
        state = None
        if self.state.exists():
            try:
                content = io.BytesIO(self.state.read_bytes())
                state = torch.load(content, map_location="cpu", weights_only=True)
                rows = [dict(row) for row in state["rows"]]
                log = write_log(rows).encode()
                fits = isinstance(state["seconds"], list) and "partial_seconds" in state
                fits = (
                    fits and state["format"] == FORMAT and _same(state["settings"], self.settings)
                )
            except Exception as error:  # torch has no one error for a damaged file
                raise ValueError(
                    f"{self.state} is damaged ({type(error).__name__}): remove this run's files to "
                    f"begin it again"
                ) from None
            if not fits:
                raise ValueError(f"{self.state} is of other settings or another format: remove it")
        if self.log.exists():
            if state is None:
                raise ValueError(
                    f"{self.state} is missing, without which the run cannot go on: put it back, or "
                    f"move {self.log.name} and {self.description.name} away to begin it again"
                )
            if not log.startswith(self.log.read_bytes()):
                raise ValueError(
                    f"{self.log} is not what this run wrote; it would be overwritten: move it away"
                )
        return state

    def write_state(self, state):
        """Write a state of the run, in one step."""
        content = io.BytesIO()
        whole = {**state, "format": FORMAT, "settings": json.dumps(self.settings.to_json())}
        torch.save(whole, content)
        _files.replace(self.state, content.getvalue())

    def write_rows(self, rows):
        """Write the log; its SHA-256."""
        content = write_log(rows).encode()
        _files.replace(self.log, content)
        return hashlib.sha256(content).hexdigest()


def _is_description(known):
    """Whether something read from JSON has the parts of a description."""
    return (
        isinstance(known, dict)
        and isinstance(known.get("settings"), dict)
        and known.get("status") in STATUSES
        and all(isinstance(known.get(name), list) for name in ("sessions", "seconds"))
        and isinstance(known.get("log_sha256", ""), str)
    )


def _same(text, settings):
    return json.loads(text) == settings.to_json()
