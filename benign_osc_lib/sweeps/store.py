"""A sweep on disk: ``sweep.json`` says which sweep it is, ``blocks/*.nc`` hold what is finished.

``sweep.json`` is written once, by whoever comes first, and never changed. Every block says by a
digest to which sweep it belongs, and what made it; a checksum covers all of it.
"""

import hashlib
import json
import reprlib
import time
import warnings
from contextlib import contextmanager

import numpy as np

from .. import _checks, _netcdf
from .._files import TEMPORARY, Presence, create, replace

FORMAT = 2
_NO_FILES = {".DS_Store", "Thumbs.db", "desktop.ini", ".directory"}  # what file managers leave
_PATIENCE = 2  # seconds for another process to finish a manifest where there are no hard links
_DAMAGED = "is damaged: put a copy back, or name a new folder"


class Store:
    """A directory with the finished blocks of one sweep; created unless it is there.

    Args:
        path: the directory.
        definition: what makes a sweep this one, a dict of JSON values.
        block_size: of a new store; an existing store keeps its own.
        columns: name -> axes after the run, of what a block holds.
        made_by: the versions that run here, name -> text.

    Raises:
        TypeError: ``path`` is no path.
        ValueError: the path holds something else, or a different sweep.
        RuntimeError: the path cannot be read or written.
    """

    def __init__(self, path, definition, block_size, columns, made_by):
        self.path = _checks.path("store", path, "a path or None", "the path of a directory")
        self.manifest = self.path / "sweep.json"
        self.folder = self.path / "blocks"
        self.columns, self.made_by = columns, made_by
        self._unusable, self._others = [], {}
        with self._disk():
            content = self._read() or self._start(definition, block_size)
            self.block_size = self._check(content, definition)
            self.digest = _digest({"block_size": self.block_size, **definition})
            self.folder.mkdir(exist_ok=True)
            self._presence = Presence(self.manifest, (self.path, self.folder))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._presence.close()

    @contextmanager
    def _disk(self):
        """Turn what the operating system says into an error that names the store."""
        try:
            yield
        except OSError as error:
            raise RuntimeError(f"the store {self.path} cannot be used: {error!r}") from error

    # --- The manifest ---

    def _start(self, definition, block_size):
        """Write the manifest unless another process does; return the one that is there."""
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"store must be a directory, got the file {self.path}")
        self.path.mkdir(parents=True, exist_ok=True)
        found = sorted(file.name for file in self.path.iterdir())
        # Only now: "blocks" in the list, made by another process, came after its manifest.
        if not self.manifest.exists():
            self._refuse_foreign(found)
            content = {"format": FORMAT, **self.made_by, "block_size": block_size, **definition}
            content = {"checksum": _digest(content), **content}
            create(self.manifest, (json.dumps(content, indent=1) + "\n").encode())
        return self._read()

    def _refuse_foreign(self, found):
        mine = {self.manifest.name, *_NO_FILES}
        foreign = [
            name for name in found if name not in mine and not name.startswith((TEMPORARY, "._"))
        ]
        if foreign:
            raise ValueError(
                f"store must be empty, new or the store of a sweep, got {self.path}, which holds "
                f"{foreign[0]!r} and no sweep.json"
            )

    def _read(self):
        """The content of the manifest; None if there is none."""
        if self.manifest.is_dir():
            raise ValueError(f"store must hold a file sweep.json, got the folder {self.manifest}")
        start = time.monotonic()
        while True:
            try:
                return self._parsed(self.manifest.read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                return None
            except json.JSONDecodeError:
                if time.monotonic() - start > _PATIENCE:
                    raise self._not_mine(_DAMAGED) from None
            time.sleep(0.05)

    def _parsed(self, text):
        try:
            content = json.loads(text)
            written = content["format"]
        except (UnicodeDecodeError, KeyError, TypeError):
            raise self._not_mine(_DAMAGED) from None
        if written != FORMAT:
            raise self._not_mine(
                f"is of format {written!r}: name a new folder, or go on with the version of this "
                "library that the file names"
            )
        if content.pop("checksum", None) != _digest(content):
            raise self._not_mine(_DAMAGED)
        return content

    def _not_mine(self, why):
        return ValueError(
            f"store must hold a sweep of format {FORMAT}, got {self.manifest}, which {why}"
        )

    def _check(self, content, definition):
        """The block size, once the manifest turns out to be that of this sweep."""
        if content is None:
            raise FileNotFoundError(2, "the file vanished", str(self.manifest))
        there, here = (
            {**{name: entries.get(name) for name in definition}, **entries["grid"], "grid": None}
            for entries in (content, definition)
        )
        different = [
            f"{name} is {_short(there, name)} there and {_short(here, name)} here"
            for name in {**here, **there}
            if there.get(name) != here.get(name)
        ]
        if different:
            raise ValueError(
                f"store must hold this sweep or none, got {self.path}: {'; '.join(different)}"
            )
        return _checks.integer(f"block_size in {self.manifest}", content["block_size"], low=1)

    # --- The blocks ---

    def stored(self):
        """The numbers of the blocks for which there is a file."""
        with self._disk():
            names = [file.stem for file in self.folder.iterdir() if file.suffix == ".nc"]
        return {int(name) for name in names if name.isdecimal()}

    def save(self, number, runs, result):
        """Write block ``number``: its runs, (R,) integers, and (columns, what made them)."""
        import xarray  # here, because importing it takes a second

        columns, made_by = result
        block = xarray.Dataset(
            {name: (("run", *self.columns[name]), column) for name, column in columns.items()},
            coords={"run": runs},
            attrs={**made_by, "sweep": self.digest, "block": number},
        )
        with self._disk():
            replace(self._file(number), _netcdf.sealed(block))

    def load(self, number, runs):
        """Block ``number`` as it was saved, (columns, what made them); None if it cannot be used.

        :meth:`report` says afterwards which blocks could not.
        """
        file = self._file(number)
        try:
            columns, made_by = self._checked(file.read_bytes(), number, runs)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._unusable.append(f"{file} cannot be read ({error.strerror})")
            return None
        except ValueError as error:
            self._unusable.append(f"{file} {error}")
            return None
        for name, value in made_by.items():
            if value != self.made_by.get(name):
                self._others.setdefault(name, set()).add(value)
        return columns, made_by

    def _checked(self, content, number, runs):
        block = _netcdf.unsealed(content)
        if block.attrs.pop("sweep", None) != self.digest:
            raise ValueError("belongs to a different sweep")
        found = block.coords.get("run", ())
        if block.attrs.pop("block", None) != number or not np.array_equal(found, runs):
            raise ValueError("holds other runs")
        columns = {name: array.values for name, array in block.data_vars.items()}
        shapes = {name: array.dims for name, array in block.data_vars.items()}
        if shapes != {name: ("run", *dims) for name, dims in self.columns.items()} or any(
            column.dtype != np.float64 for column in columns.values()
        ):
            raise ValueError("holds other columns")
        block.attrs.pop("checksum")
        return columns, block.attrs

    def report(self):
        """Warn of the blocks that cannot be used, and of those that other versions computed."""
        if self._unusable:
            more = f" (and {len(self._unusable) - 1} more)" if len(self._unusable) > 1 else ""
            warnings.warn(f"{self._unusable[0]}{more}: it is computed again", stacklevel=4)
        if self._others:
            different = "; ".join(
                f"{name} {', '.join(sorted(there))} there, {self.made_by.get(name, 'none')} here"
                for name, there in self._others.items()
            )
            warnings.warn(
                f"blocks in {self.path} were computed by other versions and are used as they are: "
                f"{different}",
                stacklevel=4,
            )

    def _file(self, number):
        return self.folder / f"{number:06}.nc"


def _digest(content):
    """The SHA-256 of JSON values; floats count to the last bit."""
    text = json.dumps({"format": FORMAT, **content}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _short(entries, name):
    return reprlib.repr(entries[name]) if name in entries else "not given"
