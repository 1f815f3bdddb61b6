"""A run on the disk: its log, what made it, and a state from which it goes on after a kill.

Every file is there in full or not at all (``_files``). The state is written first and holds all
rows; the log and the description are written from it, so they can lag behind it and be made again.
"""

import io
import json
from contextlib import contextmanager, suppress

import torch

from .. import _files
from .logs import write_log

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FORMAT = 1


@contextmanager
def alone(folder):
    """Nobody else trains into a folder; what killed processes have left half written is removed.

    Raises:
        ValueError: another process does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a") as file:
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
            settings = dict(known["settings"])
        except (ValueError, KeyError, TypeError):
            raise ValueError(
                f"{self.description} is damaged or not of this program: move it away"
            ) from None
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

    def read_state(self):
        """The last state of the run, or None if there is none.

        Raises:
            ValueError: the file is damaged, or the log is not the one that belongs to it.
        """
        rows = []
        state = None
        if self.state.exists():
            try:
                content = io.BytesIO(self.state.read_bytes())
                state = torch.load(content, map_location="cpu", weights_only=True)
                rows = [dict(row) for row in state["rows"]]
                fits = state["format"] == FORMAT and _same(state["settings"], self.settings)
            except Exception as error:  # torch has no one error for a damaged file
                raise ValueError(
                    f"{self.state} is damaged ({type(error).__name__}): remove this run's files to "
                    f"begin it again"
                ) from None
            if not fits:
                raise ValueError(f"{self.state} is of other settings or another format: remove it")
        if self.log.exists():
            there = self.log.read_text(encoding="utf-8")
            if not write_log(rows).startswith(there):
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
        """Write the log."""
        _files.replace(self.log, write_log(rows).encode())


def _same(text, settings):
    return json.loads(text) == settings.to_json()
