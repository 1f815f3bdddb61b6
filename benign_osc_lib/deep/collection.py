"""Many logs in one table: the recorded runs of chapter 16, and how a folder of logs becomes one."""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from importlib.resources import files

from .. import _checks
from .logs import COLUMNS, read_log
from .schedule import parse_schedule

RECORDED = ("trial", "digits", "fashion", "fashion-gpu-short", "fashion-gpu", "cifar-gpu")
"""Names that recorded runs may have; some wait for a machine that can make them."""

DENSE = 60
"""A run of more epochs than this is kept at its first ten, and then at every (epochs // 30)-th."""

_WHOLE = ("epoch", "diverged_at")
_SESSION = ("library_version", "torch_version", "numpy_version", "python_version", "device")


@dataclass(frozen=True)
class Recorded:
    """One recorded run (chapter 16).

    Args:
        settings: of the run, a dict with the names of :class:`Settings`; the schedule as pairs.
        facts: counts of images and lengths of the features, a dict.
        rows: the log, a list of dicts as :func:`read_log` returns them.
    """

    settings: dict
    facts: dict
    rows: list

    @property
    def last(self):
        """The last row."""
        return self.rows[-1]

    def at(self, epoch):
        """The row of an epoch.

        Args:
            epoch: counted from 1.

        Returns:
            A dict.

        Raises:
            TypeError: ``epoch`` is not an integer.
            ValueError: there is no row of it.
        """
        epoch = _checks.integer("epoch", epoch, low=1)
        for row in self.rows:
            if row["epoch"] == epoch:
                return row
        raise ValueError(f"epoch must be one that was recorded, got {epoch}")


def collect_runs(folder, what):
    """The finished runs in a folder as one table, and what made them (chapter 16).

    Args:
        folder: where ``python -m benign_osc_lib.deep --out`` put them.
        what: a sentence that says what they are.

    Returns:
        Two texts: a CSV file, whose first column is the number of the run, with four digits of
        each number; and a JSON file with the settings of the runs. Neither tells of the folder.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: there is no finished run, or a file of one is damaged or was changed.
    """
    folder = _checks.path("folder", folder, meaning="that of a folder")
    _checks.instance("what", what, str)
    known = [(_described(path), path) for path in sorted(folder.glob("*.json"))]
    known = [(one, path) for one, path in known if one["status"] != "running"]
    if not known:
        raise ValueError(f"folder must hold a finished run, got {str(folder)!r}")
    common = known[0][0]["settings"]
    common = {k: v for k, v in common.items() if all(one["settings"][k] == v for one, _ in known)}
    table, runs = io.StringIO(), []
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["run", *COLUMNS])
    for one, path in known:
        own = {k: v for k, v in one["settings"].items() if k not in common}
        runs.append({**own, "facts": one["facts"], "seconds": round(sum(one["seconds"]), 1)})
        lines = list(csv.DictReader(io.StringIO(_logged(one, path.with_suffix(".csv")))))
        step = len(lines) // 30 if len(lines) > DENSE else 1
        for k, line in enumerate(lines, start=1):
            if step == 1 or k <= 10 or k % step == 0 or k == len(lines):
                short = (f"{float(x):.4g}" if x and n not in _WHOLE else x for n, x in line.items())
                writer.writerow([len(runs) - 1, *short])
    sessions = [session for one, _ in known for session in one["sessions"]]
    made = {key: sorted({str(session.get(key)) for session in sessions}) for key in _SESSION}
    made["date"] = sorted({session["date"] for session in sessions})
    made["commit"] = sorted({str(session.get("commit")) for session in sessions})
    head = {"what": what, "made_with": made, "settings": common, "runs": runs}
    return table.getvalue(), json.dumps(head, indent=0, sort_keys=True) + "\n"


def _described(path):
    """What the description of a run says."""
    try:
        one = json.loads(path.read_text("utf-8"))
        if {"settings", "facts", "seconds", "sessions", "status"} <= set(one):
            return one
    except (OSError, ValueError, TypeError):
        pass
    raise ValueError(f"{path} is damaged or describes no run: move it away")


def _logged(one, path):
    """The text of the log that a description belongs to."""
    try:
        content = path.read_bytes()
        text = content.decode()
        read_log(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is missing or damaged ({error})") from None
    if one.get("log_sha256") not in (None, hashlib.sha256(content).hexdigest()):
        raise ValueError(f"{path} was cut or changed: its SHA-256 is not the one of the run")
    return text


def load_runs(name):
    """Recorded runs (chapter 16).

    Args:
        name: one of ``RECORDED``.

    Returns:
        A list of :class:`Recorded`; empty if nobody has made them yet.

    Raises:
        ValueError: there is no such name.
    """
    _checks.one_of("name", name, RECORDED)
    place = files(__package__) / "stored"
    if not (place / f"{name}.json").is_file():
        return []
    head = json.loads((place / f"{name}.json").read_text("utf-8"))
    rows = [[] for _ in head["runs"]]
    for line in csv.DictReader(io.StringIO((place / f"{name}.csv").read_text("utf-8"))):
        run = int(line.pop("run"))
        rows[run].append(
            {k: (int if k in _WHOLE else float)(v) if v else None for k, v in line.items()}
        )
    found = []
    for run, log in zip(head["runs"], rows, strict=True):
        settings = {**head["settings"], **run}
        facts = settings.pop("facts")
        settings["schedule"] = parse_schedule(settings["schedule"])
        found.append(Recorded(settings, facts, log))
    return found


def provenance(name):
    """What recorded runs are and what made them, a dict; None if nobody has made them yet.

    Args:
        name: one of ``RECORDED``.

    Raises:
        ValueError: there is no such name.
    """
    _checks.one_of("name", name, RECORDED)
    path = files(__package__) / "stored" / f"{name}.json"
    if not path.is_file():
        return None
    head = json.loads(path.read_text("utf-8"))
    return {key: head[key] for key in ("what", "made_with", "settings")}
