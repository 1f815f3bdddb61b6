"""A sweep on disk: ``sweep.json`` says which sweep it is, ``blocks/*.nc`` hold what is finished.

Every file is written under another name, flushed and then renamed, so that it is there in full or
not at all, whenever the process is killed.
"""

import json
import os
import reprlib
import zlib
from pathlib import Path
from uuid import uuid4

import numpy as np

FORMAT = 1
_TEMPORARY = ".unfinished-"


class Store:
    """A directory with the finished blocks of one sweep; created unless it is there.

    Args:
        path: the directory.
        definition: what makes a sweep this one, a dict of JSON values.
        block_size: of a new store; an existing store keeps its own.
        about: for the reader of ``sweep.json``, a dict of JSON values.

    Raises:
        ValueError: the path holds something else, or a different sweep.
    """

    def __init__(self, path, definition, block_size, about):
        self.path = Path(path)
        self.manifest = self.path / "sweep.json"
        self.blocks = self.path / "blocks"
        if not self.manifest.exists():
            self._refuse_foreign_files()
            self.path.mkdir(parents=True, exist_ok=True)
            content = {"format": FORMAT, **about, "block_size": block_size, **definition}
            _write(self.manifest, json.dumps(content, indent=1).encode())
        self.block_size = self._read(definition)
        self.blocks.mkdir(exist_ok=True)
        for folder in (self.path, self.blocks):
            for left_over in folder.glob(_TEMPORARY + "*"):
                left_over.unlink(missing_ok=True)

    def _refuse_foreign_files(self):
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"store must be a directory, got the file {self.path}")
        found = [] if not self.path.exists() else [file.name for file in self.path.iterdir()]
        foreign = [name for name in found if not name.startswith(_TEMPORARY)]
        if foreign:
            raise ValueError(
                f"store must be empty, new or the store of a sweep, got {self.path}, which holds "
                f"{min(foreign)!r} and no sweep.json"
            )

    def _read(self, definition):
        """The block size, once the manifest turns out to be that of this sweep."""
        try:
            stored = json.loads(self.manifest.read_text())
            known = stored["format"] == FORMAT and isinstance(stored["grid"], dict)
            block_size = int(stored["block_size"])
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise ValueError(f"store must hold a sweep of format {FORMAT}, got {self.manifest}")
        there, here = (
            {**{name: content.get(name) for name in definition}, **content["grid"], "grid": None}
            for content in (stored, definition)
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
        return block_size

    def save(self, number, runs, columns):
        """Write block ``number``: its runs, (R,) integers, and a dict of arrays (R, ...)."""
        import xarray  # here, because importing it takes a second

        dims = {1: ("run",), 2: ("run", "label")}
        block = xarray.Dataset(
            {name: (dims[column.ndim], column) for name, column in columns.items()},
            coords={"run": runs},
            attrs={"checksum": _checksum(runs, columns)},
        )
        encoding = {name: {"_FillValue": None} for name in columns}
        _write(self._file(number), bytes(block.to_netcdf(engine="scipy", encoding=encoding)))

    def load(self, number, runs):
        """The columns of block ``number``, or None if it is not there, not whole, or not ours."""
        import xarray

        file = self._file(number)
        if not file.exists():
            return None
        try:
            block = xarray.load_dataset(file, engine="scipy", decode_cf=False)
            columns = {name: _native(array) for name, array in block.data_vars.items()}
            found = _native(block["run"]).astype(np.int64)
            whole = block.attrs["checksum"] == _checksum(found, columns)
        except Exception:  # whatever a parser raises on a damaged file
            return None
        return columns if whole and np.array_equal(found, runs) else None

    def _file(self, number):
        return self.blocks / f"{number:06}.nc"


def _native(array):
    """The values in this machine's byte order; those of a netCDF-3 file are big-endian."""
    return array.values.astype(array.dtype.newbyteorder("="))


def _checksum(runs, columns):
    total = zlib.crc32(np.ascontiguousarray(runs, dtype=np.int64))
    for name in sorted(columns):
        total = zlib.crc32(np.ascontiguousarray(columns[name]), total)
    return f"{total:08x}"


def _short(entries, name):
    return reprlib.repr(entries[name]) if name in entries else "not given"


def _write(path, content):
    """Put ``content`` at ``path`` in one step; what was there is replaced."""
    temporary = path.with_name(f"{_TEMPORARY}{path.name}-{uuid4().hex}")
    for attempt in range(10):
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(temporary, path)
            return
        except FileNotFoundError:  # another process on this store took it for a left-over
            if attempt == 9:
                raise
