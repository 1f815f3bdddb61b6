"""Datasets as netCDF-3 files: the stored diagrams, and the blocks of a sweep.

SciPy reads and writes this format, so it needs no further package. It knows no 64-bit integers and
no other byte order than the big-endian one; what is read here is int64 and float64 again, in the
byte order of the machine.
"""

import hashlib
import io
import re

import numpy as np

_SEAL = re.compile(rb"checksum\0\0\0\x02\0\0\0\x40([0-9a-f]{64})")  # name, type, length, text
_BLANK = "0" * 64


def to_bytes(dataset):
    """An ``xarray.Dataset`` as the content of a netCDF-3 file."""
    encoding = {name: {"_FillValue": None} for name in dataset.variables}
    return bytes(dataset.to_netcdf(engine="scipy", encoding=encoding))


def from_bytes(content):
    """The Dataset in the content of a netCDF-3 file, with the types of :func:`native`."""
    import xarray  # here, because importing it takes a second

    return native(xarray.load_dataset(io.BytesIO(content), engine="scipy"))


def native(dataset):
    """The same Dataset with integers as int64, other numbers as float64 and texts as str."""
    kinds = {"i": np.int64, "f": np.float64, "O": np.str_}
    return dataset.assign(
        {name: _cast(array.variable, kinds) for name, array in dataset.data_vars.items()}
    ).assign_coords({name: _cast(array.variable, kinds) for name, array in dataset.coords.items()})


def _cast(variable, kinds):
    cast = variable.astype(kinds.get(variable.dtype.kind, variable.dtype))
    cast.encoding = {}
    return cast


def sealed(dataset):
    """The same as :func:`to_bytes`, with a SHA-256 of the whole file as the attribute checksum."""
    content = to_bytes(dataset.assign_attrs(checksum=_BLANK))
    (seal,) = _SEAL.finditer(content)
    return _with_seal(content, seal, hashlib.sha256(content).hexdigest().encode())


def unsealed(content):
    """The Dataset in what :func:`sealed` returned; nothing of it is read unless all is intact.

    Raises:
        ValueError: a bit of the content is not as it was.
    """
    seals = list(_SEAL.finditer(content))
    if len(seals) == 1:
        blank = _with_seal(content, seals[0], _BLANK.encode())
        if hashlib.sha256(blank).hexdigest().encode() == seals[0][1]:
            return from_bytes(content)
    raise ValueError("is damaged")


def _with_seal(content, seal, text):
    return content[: seal.start(1)] + text + content[seal.end(1) :]
