"""The one place that compiles: flags, and files that are damaged or cannot be written."""

import importlib
import math
import os
import pkgutil
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest
from numba.core.dispatcher import Dispatcher

import benign_osc_lib
from benign_osc_lib import _compile
from benign_osc_lib._compile import jit

PACKAGE = Path(benign_osc_lib.__file__).parent


def entries():
    """Every function of the library that is compiled for Python, by its full name."""
    found = {}
    for module in pkgutil.walk_packages(benign_osc_lib.__path__, "benign_osc_lib."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Dispatcher):
                found[f"{value.py_func.__module__}.{value.py_func.__name__}"] = value
    return found


# --- Flags -------------------------------------------------------------------------------------


def test_every_entry_states_its_flags():
    """The parts that entries call have theirs from the same ``jit``."""
    found = entries()
    assert {"benign_osc_lib.engine.compiled.train_runs"} <= set(found) and len(found) > 6
    for name, function in found.items():
        options = function.targetoptions
        assert {"nogil", "error_model", "fastmath", "forceinline"} <= set(options), name
        assert options["nogil"] is True and options["error_model"] == "numpy", name


def test_nothing_else_compiles():
    for path in PACKAGE.rglob("*.py"):
        if path.name != "_compile.py":
            code = path.read_text(encoding="utf-8")
            assert not re.search(r"njit|register_jitable|overload\(", code), path


@pytest.mark.parametrize("entry", [True, False])
def test_a_helper_keeps_its_own_arithmetic(entry):
    """A function without flags would take ``fastmath`` from the first caller that compiles it."""

    @jit(entry=entry)
    def lost(a, b):
        return (a + b) - a

    @jit(entry=True, fastmath={"reassoc", "nsz"})
    def careless(a, b):
        return lost(a, b)

    assert careless(1e20, 1.0) == lost(1e20, 1.0) == 0.0


@pytest.mark.parametrize("entry", [True, False])
def test_a_helper_divides_as_numpy_does(entry):
    """Without flags it would raise ZeroDivisionError where its first caller does."""

    @jit(entry=entry)
    def quotient(a, b):
        return a / b

    @numba.njit
    def careful(a, b):
        return quotient(a, b)

    assert careful(1.0, 0.0) == math.inf


def test_only_an_entry_is_compiled_for_python():
    def twice(number):
        return 2 * number

    assert isinstance(jit(entry=True)(twice), Dispatcher)
    assert isinstance(jit(keep=True)(twice), Dispatcher)
    assert jit()(twice) is twice and jit(inline=True)(twice) is twice


# --- Files -------------------------------------------------------------------------------------

SOURCE = """
from benign_osc_lib._compile import jit


@jit(keep=True)
def double(number):
    return 2 * number
"""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A function that imports the module anew, as another process would, and calls it."""
    (tmp_path / "kept.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    _compile._discard.cache_clear()

    def call():
        sys.modules.pop("kept", None)
        importlib.invalidate_caches()
        module = importlib.import_module("kept")
        assert module.double(21) == 42
        return sum(module.double.stats.cache_hits.values())

    yield call
    sys.modules.pop("kept", None)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the files of this test are."""
    from numba.core import config

    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_compiled_is_kept(fresh, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [fresh(), fresh(), fresh()] == [0, 1, 1]
    assert [path.suffix for path in files(folder)] == [".nbc"]


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100, 0.5, -1])
def test_a_file_that_was_cut_off_is_replaced(fresh, folder, length):
    fresh()
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(length * len(whole)) if isinstance(length, float) else length])
    with pytest.warns(RuntimeWarning, match=path.name) as caught:
        assert [fresh(), fresh()] == [0, 1]
    assert len(caught) == 1
    assert files(folder) == [path]  # of another length, perhaps: pickle shares equal texts or not


def test_a_file_with_a_flipped_bit_is_replaced(fresh, folder):
    fresh()
    (path,) = files(folder)
    whole = path.read_bytes()
    for place in (0, 15, 16, 30, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        _compile._discard.cache_clear()
        broken = bytearray(whole)
        broken[place] ^= 1 << place % 8
        path.write_bytes(broken)
        with pytest.warns(RuntimeWarning, match=path.name):
            assert fresh() == 0
        assert fresh() == 1


def test_a_whole_file_of_something_else_is_replaced(fresh, folder):
    fresh()
    (path,) = files(folder)
    for content in (b"", b"no pickle", b"\x80\x04N."):  # the last one says None
        _compile._discard.cache_clear()
        path.write_bytes(_compile._digest(content) + content)
        with pytest.warns(RuntimeWarning, match=path.name):
            assert fresh() == 0
        assert fresh() == 1


def test_a_damaged_file_that_cannot_be_deleted_warns_once(fresh, folder, monkeypatch):
    fresh()
    (path,) = files(folder)
    path.write_bytes(b"cut off")

    def refuse(*_, **__):
        raise PermissionError

    for name in ("unlink", "write_bytes"):
        monkeypatch.setattr(Path, name, refuse)
    with pytest.warns(RuntimeWarning, match=path.name) as caught:
        assert [fresh(), fresh()] == [0, 0]
    assert len(caught) == 1


def test_without_a_folder_it_is_compiled_every_time(fresh, tmp_path, monkeypatch):
    from numba.core import caching

    name = "_locator_classes"
    holder = next(c for c in vars(caching).values() if isinstance(c, type) and name in vars(c))
    monkeypatch.setattr(holder, name, [])
    assert [fresh(), fresh()] == [0, 0]


@pytest.mark.parametrize("what", ["mkdir", "write_bytes", "replace"])
def test_trouble_while_saving_stops_nothing(fresh, folder, monkeypatch, what):
    """A folder that became read-only, a full disk."""

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if what == "replace" else Path, what, refuse)
    assert fresh() == 0
    assert not files(folder)
    monkeypatch.undo()


def test_a_partial_write_leaves_nothing(fresh, folder, monkeypatch):
    whole = Path.write_bytes

    def half(path, content):
        whole(path, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    assert fresh() == 0
    assert not files(folder)


def test_an_interrupted_write_leaves_nothing(fresh, folder, monkeypatch):
    whole = Path.write_bytes

    def interrupted(path, content):
        whole(path, content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fresh()
    assert not files(folder)


def test_a_folder_in_the_place_of_a_file(fresh, folder):
    fresh()
    (path,) = files(folder)
    path.unlink()
    path.mkdir()
    assert [fresh(), fresh()] == [0, 0] and not files(folder)


def test_another_source_replaces_the_file(fresh, folder, tmp_path):
    fresh()
    (before,) = files(folder)
    (tmp_path / "kept.py").write_text(SOURCE + "# changed\n", encoding="utf-8")
    assert fresh() == 0
    (after,) = files(folder)
    assert before.name != after.name


def test_a_change_in_any_file_of_the_library_counts(fresh, folder, monkeypatch):
    """A kept function holds code of its helpers, which stand in other files."""
    fresh()
    monkeypatch.setattr(_compile, "_package", lambda: b"other sources")
    assert fresh() == 0 and len(files(folder)) == 1


# --- The library's own functions, in processes of their own -------------------------------------

SMALL = """
import numpy as np
from benign_osc_lib.two_classes import follow

for kind in (np.int8, np.int64):
    print(*follow(np.full((1, 2), 0.3), np.array([[1, -1]], kind), 1.2))
"""

TRAIN_AND_SWEEP = """
import torch
from benign_osc_lib import FeatureNoiseModel, init_weights, sweep, train

data = FeatureNoiseModel(4, 2.0, 0.4, 0.8).sample(2, generator=torch.Generator().manual_seed(1))
w = init_weights(1, 4, 0.1, generator=torch.Generator().manual_seed(2))
run = train(data, w, 0.1, epochs=2, engine="reduced")
found = sweep({"n": 2, "n_weak": 1, "m": 1, "d": 4, "epochs": 2}, [1], n_test=2, progress=False)
print(run.weights.tolist(), found.strong_signal.values.tolist())
"""


def in_a_process(cache_dir, code):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache_dir)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def passes_with_damaged_files(cache_dir, code, printed, lengths):
    """A process that meets files of these lengths says so, once each, and prints the same."""
    for path, length in lengths.items():
        path.write_bytes(path.read_bytes()[:length])
    damaged = in_a_process(cache_dir, code)
    assert damaged.returncode == 0 and damaged.stdout == printed
    for path in lengths:
        assert damaged.stderr.count(f"{path}, compiled code, was damaged") == 1
    assert damaged.stderr.count("was damaged") == len(lengths)


def test_functions_survive_their_files(tmp_path):
    """Two processes compile at once; then every file is damaged; then all are read."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: in_a_process(tmp_path / "cache", SMALL), range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stderr == second.stderr == "" and first.stdout == second.stdout
    kept = files(tmp_path / "cache")
    assert len(kept) == 2 and {path.suffix for path in kept} == {".nbc"}
    lengths = dict(zip(kept, (0, 1000), strict=True))
    passes_with_damaged_files(tmp_path / "cache", SMALL, first.stdout, lengths)
    again = in_a_process(tmp_path / "cache", SMALL)
    assert (again.returncode, again.stdout, again.stderr) == (0, first.stdout, "")


def test_train_and_sweep_survive_a_damaged_file(tmp_path):
    """What the loop of training gives from its file, it gives as compiled: the same bits."""
    first = in_a_process(tmp_path, TRAIN_AND_SWEEP)
    assert (first.returncode, first.stderr) == (0, "")
    kept = {path.name.partition("-")[0]: path for path in files(tmp_path)}
    assert set(kept) == {
        "engine.compiled.train_runs",
        "sweeps.accuracy.count_correct",
        "sweeps.measures.visit_statistics",
    }
    lengths = {path: 20 for name, path in kept.items() if name.startswith("sweeps.")}
    passes_with_damaged_files(tmp_path, TRAIN_AND_SWEEP, first.stdout, lengths)


NO_FOLDER = """
from numba.core import caching

for value in vars(caching).values():
    if "_locator_classes" in getattr(value, "__dict__", {}):
        value._locator_classes = []
"""


def test_no_folder_is_needed(tmp_path):
    found = in_a_process(tmp_path, NO_FOLDER + SMALL)
    assert (found.returncode, found.stderr) == (0, "")
    assert not files(tmp_path)


WITHOUT_COMPILER = """
import pytest
import torch
from benign_osc_lib import FeatureNoiseModel, init_weights, sweep, train

data = FeatureNoiseModel(4, 2.0, 0.4, 0.8).sample(2, generator=torch.Generator().manual_seed(1))
w = init_weights(1, 4, 0.1, generator=torch.Generator().manual_seed(2))
auto, plain = (train(data, w, 0.1, epochs=2, engine=name) for name in ("auto", "reference"))
assert torch.equal(auto.weights, plain.weights)
with pytest.raises(RuntimeError, match='NUMBA_DISABLE_JIT is set: unset it, or take engine="ref'):
    train(data, w, 0.1, epochs=2, engine="reduced")
sweep({"n": 2, "n_weak": 1, "m": 1, "d": 4, "epochs": 2}, [1], n_test=2, progress=False)
"""


def test_without_the_compiler_the_reference_engine_is_taken():
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER],
        cwd=PACKAGE.parent,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
