"""The one place that compiles: whatever Numba compiles for this library goes through :func:`jit`.

It states every flag, because a function without flags of its own takes ``error_model`` and
``fastmath`` from the first caller that compiles it, and with ``cache=True`` the result stays on the
disk (Numba 0.68.1).

What is kept on the disk is kept here, in the folder that Numba would take. Numba's own files, an
index and numbered data files, are loaded unchecked: one that is cut off or damaged stops every
later call; two processes that write at once may exchange theirs; and a change in the file of a
helper goes unnoticed. Here each compiled signature has a file of its own, with a checksum, named by
all that it depends on. No trouble with a file stops a call: the function is compiled anew.
"""

import os
import pickle
import platform
import re
import warnings
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path

import llvmlite
import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps
from numba.extending import register_jitable

CHECKSUM = 16  # bytes, at the beginning of a file


def jit(*, fastmath=False, inline=False, entry=False, keep=False):
    """Compile a function when it is first called.

    A part of others, which Python does not call, is compiled without the code that turns Python's
    objects into its arguments: the loop of the reduced engine, with its fifty parts, then takes
    three quarters of the time. Called from Python it would run uncompiled.

    Args:
        fastmath: which liberties the arithmetic may take, as for ``numba.njit``.
        inline: put the function into its callers, whatever its size.
        entry: Python calls the function, not only compiled code.
        keep: keep what was compiled on the disk, if there is a folder that can be written to;
            such a function is an entry.
    """
    flags = dict(
        nogil=True,
        error_model="numpy",
        fastmath=fastmath,
        forceinline=inline,
        no_cfunc_wrapper=True,  # a function for C: nobody asks for one
    )

    def wrap(function):
        if not (entry or keep):
            return register_jitable(**flags)(function)
        compiled = numba.njit(**flags)(function)
        if keep and compiles():
            try:
                compiled._cache = _Kept(function)
            except RuntimeError:  # no folder to write to
                pass
        return compiled

    return wrap


def compiles():
    """Whether Numba compiles; with NUMBA_DISABLE_JIT set it leaves functions as they are."""
    return not numba.config.DISABLE_JIT


class _Kept(FunctionCache):
    """Compiled code on the disk: a checksum, then what Numba makes of a compiled signature."""

    def load_overload(self, sig, target_context):
        """What was kept for a signature, or None."""
        target_context.refresh()
        path = self._folder() / self._file(sig, target_context.codegen())
        try:
            content = path.read_bytes()
        except OSError:  # not there, or it may not be read
            return None
        if _digest(content[CHECKSUM:]) != content[:CHECKSUM]:
            return _discard(path, "its checksum is wrong")
        try:
            return self._impl.rebuild(target_context, pickle.loads(content[CHECKSUM:]))
        except Exception as error:
            return _discard(path, repr(error))

    def save_overload(self, sig, data):
        """Keep a compiled signature, in place of one that older sources gave."""
        if not self._impl.check_cachable(data):
            return
        content = dumps(self._impl.reduce(data))
        name = self._file(sig, data.codegen)
        path = self._folder() / name
        part = path.with_name(f"{name}.{os.getpid()}-{os.urandom(4).hex()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(_digest(content) + content)
            os.replace(part, path)
            for old in path.parent.glob(name.rpartition("-")[0] + "-*.nbc"):
                if old != path:
                    old.unlink(missing_ok=True)
        except OSError:  # a full disk, a folder that is now read-only: then it is not kept
            pass
        finally:  # also after Ctrl-C
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def flush(self):
        """Forget what was kept for this function."""
        for path in self._folder().glob(f"{self._stem()}-*.nbc"):
            path.unlink(missing_ok=True)

    def _folder(self):
        return Path(self._impl.locator.get_cache_path())

    def _stem(self):
        function = self._py_func
        name = f"{function.__module__}.{function.__qualname__}".rpartition("benign_osc_lib.")[2]
        return re.sub(r"[^\w.]", "_", name)

    def _file(self, sig, codegen):
        """The name of a file: the function, what it is compiled for, and from which sources."""
        versions = platform.python_version(), numba.__version__, llvmlite.__version__
        what = repr((self._index_key(sig, codegen), versions)).encode()
        sources = repr(self._impl.locator.get_source_stamp()).encode() + _package()
        digests = _digest(what), _digest(sources)
        return f"{self._stem()}-{'-'.join(digest.hex() for digest in digests)}.nbc"


def _digest(content):
    return blake2b(content, digest_size=CHECKSUM).digest()


@cache
def _package():
    """A digest of the sources of this library: a function holds code of those that it calls."""
    content = blake2b(digest_size=CHECKSUM)
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        content.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return content.digest()


@cache  # once for each file
def _discard(path, why):
    """Delete a damaged file, with a warning; None."""
    with suppress(OSError):  # where it stays, the function is compiled anew in every session
        path.unlink(missing_ok=True)
    warnings.warn(
        f"{path}, compiled code, was damaged ({why}): the function is compiled anew",
        RuntimeWarning,
        stacklevel=2,
    )
