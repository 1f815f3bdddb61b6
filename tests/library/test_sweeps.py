"""A sweep against the same runs by hand, however it is split, stored, killed and resumed."""

import json
import math
import os
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, generators, init_weights, sweeps, theory, train
from benign_osc_lib.metrics import accuracy, learned_signal
from benign_osc_lib.sweeps import DEFAULTS, sweep

ROOT = Path(__file__).parents[2]
SIZES = {"d": 6, "n": 4, "n_weak": 1, "m": 2, "epochs": 5}
SMALL = {**SIZES, "scale": 0.2}
GRID = {**SIZES, "lr": [0.05, 0.3, 0.45], "noise_norm": [0.5, 0.8], "scale": [0.1, 0.2]}
SEEDS = [3, 0, 7, 2**40]


def run(grid=GRID, seeds=SEEDS, **options):
    return sweep(grid, seeds, **{"n_test": 10, "progress": False, **options})


def assert_same(now, expected):
    """To the last bit, NaN being NaN; the attributes too, except the date."""
    xarray.testing.assert_equal(now, expected)
    for name in expected.data_vars:
        assert now[name].dtype == expected[name].dtype
        assert now[name].values.tobytes() == expected[name].values.tobytes(), name
        assert now[name].attrs == expected[name].attrs
    for attrs in (a := dict(now.attrs), b := dict(expected.attrs)):
        attrs.pop("date")
    assert a == b


@pytest.fixture(scope="module")
def serial():
    return run()


# --- One run by hand ---------------------------------------------------------------------------


def by_hand(seed, n_test, **changes):
    """The recipe of the docstring for one run, and what the sweep says of it, in plain loops."""
    p = {**DEFAULTS, **changes}
    if "kappa" in p:
        p["lr"] = p["kappa"] * p["m"] / (2 * p["u_norm"] ** 2)
    if "nu" in p:
        p["v_norm"] = p["u_norm"] * math.sqrt(p["nu"])
    if "rho" in p:
        p["n_weak"] = None
    norms = {name: p[name] for name in ("d", "u_norm", "v_norm", "noise_norm")}
    model = FeatureNoiseModel(**norms, rho=p.get("rho", 0.125))
    g = generators([seed])[0]
    data = model.sample(p["n"], n_weak=p["n_weak"], generator=g)
    weights = init_weights(p["m"], p["d"], p["scale"], generator=g)
    test = model.sample(2 * n_test, n_weak=n_test, generator=g)
    shuffle, order = {}, [range(p["n"])] * p["epochs"]
    if p["order"] == "shuffled":
        copy = torch.Generator().set_state(g.get_state())
        order = [torch.randperm(p["n"], generator=copy).tolist() for _ in range(p["epochs"])]
        shuffle = {"generator": g}
    options = {"epochs": p["epochs"], "order": p["order"], "record_every": None}
    run = train(data, weights, p["lr"], **options, **shuffle)
    right = accuracy(run.weights, test)
    weak = learned_signal(run.weak[-1])
    to_v = torch.einsum("jrd,d->jr", run.weights, model.v)
    other = [learned_signal(to_v[1]), learned_signal(-to_v[0])]
    at = run.diverged_at.item()
    visits = [(epoch, i) for epoch, points in enumerate(order) for i in points]
    visits = visits if at < 0 else visits[:at]
    changes = []
    for label in (1, -1):
        strong = [
            run.margins[epoch, i].item()
            for epoch, i in visits
            if data.y[i] == label and not data.is_weak[i]
        ]
        changes += [abs(b - a) for a, b in zip(strong, strong[1:], strict=False)]
    squares = [(1 - run.margins[epoch, i].item()) ** 2 for epoch, i in visits]
    return {
        "strong_signal": learned_signal(run.strong[-1]).tolist(),
        "weak_signal": weak.tolist(),
        "weak_gap": [a.item() - b.item() for a, b in zip(weak, other, strict=True)],
        "accuracy_strong": right.strong.rate,
        "accuracy_weak": right.weak.rate,
        "diverged": at >= 0,
        "diverged_at": at,
        "oscillation": np.mean(changes) if changes else np.nan,
        "residual_squares": sum(squares),
    }


EXACT = {
    "strong_signal",
    "weak_signal",
    "accuracy_strong",
    "accuracy_weak",
    "diverged",
    "diverged_at",
}


def assert_by_hand(ds, **changes):
    """Every run of ``ds``; ``changes`` are the parameters that are no axes of it."""
    axes = [name for name in ds.dims if name not in ("label", "seed")]
    for index in np.ndindex(*(ds.sizes[name] for name in axes)):
        cell = ds.isel(dict(zip(axes, index, strict=True)))
        for seed in cell.seed.values.tolist():
            values = {name: cell[name].item() for name in axes}
            expected = by_hand(seed, ds.attrs["n_test"], **{**changes, **values})
            for name, value in expected.items():
                found = cell[name].sel(seed=seed).values
                if name in EXACT:
                    np.testing.assert_array_equal(found, value, err_msg=name)
                else:
                    np.testing.assert_allclose(found, value, 1e-10, 1e-12, err_msg=name)


def test_every_run_of_a_grid_by_hand(serial):
    assert serial.sizes == {"lr": 3, "noise_norm": 2, "scale": 2, "seed": 4, "label": 2}
    assert serial.strong_signal.dims == ("lr", "noise_norm", "scale", "seed", "label")
    assert serial.seed.values.tolist() == SEEDS
    assert serial.label.values.tolist() == [1, -1]
    assert_by_hand(serial, **SIZES)


def test_the_defaults_by_hand():
    ds = run({"lr": [0.6, 1.2]}, [5], n_test=50)
    assert_by_hand(ds)
    assert ds.accuracy_strong.min() > 0.9


@pytest.mark.parametrize(
    "grid",
    [
        {"kappa": [0.3, 1.1], "m": [2, 3], "u_norm": [1.5, 2.0]},
        {"nu": [0.01, 1.0], "u_norm": [1.5, 2.0]},
        {"rho": [0.0, 0.3, 0.49]},
        {"epochs": [1, 2, 5], "lr": [0.05, 0.3], "n": [3, 4]},
        {"lr": [0.3, 5.0, 1e4, 1e200], "scale": [0.2, 1e3]},
        {"d": [3, 6], "m": [1, 4], "n_weak": [0, 1, 4]},
    ],
    ids=["kappa", "nu", "rho", "epochs", "diverging", "sizes"],
)
def test_other_parameters_by_hand(grid):
    fixed = {name: value for name, value in SMALL.items() if name not in grid}
    fixed.pop("n_weak" if "rho" in grid else "", None)
    assert_by_hand(run({**fixed, **grid}, [1, 2]), **fixed)


def test_shuffled_runs_by_hand():
    """Each seed shuffles on its own, after its test points, whatever else the grid holds."""
    ds = run({**SMALL, "lr": 0.3, "order": ["shuffled", "cyclic"], "epochs": [3, 5]}, [1, 2])
    assert_by_hand(ds, **{**SMALL, "lr": 0.3})
    squares = ds.residual_squares
    assert (squares.sel(order="shuffled") != squares.sel(order="cyclic")).all()


parameters = st.fixed_dictionaries(
    {
        "d": st.integers(3, 9),
        "n": st.integers(2, 5),
        "m": st.integers(1, 3),
        "epochs": st.integers(1, 4),
    },
    optional={
        "kappa": st.lists(st.floats(0.1, 3), min_size=1, max_size=3, unique=True),
        "nu": st.lists(st.floats(0.001, 1), min_size=1, max_size=2, unique=True),
        "scale": st.lists(st.floats(0.01, 2), min_size=1, max_size=2, unique=True),
        "noise_norm": st.floats(0.1, 2),
        "n_weak": st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True),
    },
)


@settings(max_examples=15)
@given(
    grid=parameters,
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3, unique=True),
    block_size=st.integers(1, 20),
    data=st.data(),
)
def test_random_grids_by_hand(grid, seeds, block_size, data):
    names = data.draw(st.permutations(list(grid)))
    grid = {name: grid[name] for name in names}
    fixed = {name: value for name, value in grid.items() if not isinstance(value, list)}
    assert_by_hand(run(grid, seeds, n_test=3, block_size=block_size), **fixed)


def test_one_cell_and_one_value_axes():
    ds = run({**SMALL, "lr": (0.3,), "m": range(2, 3), "epochs": np.array([5])}, range(2))
    assert dict(ds.sizes) == {"lr": 1, "m": 1, "epochs": 1, "seed": 2, "label": 2}
    alone = run({**SMALL, "lr": np.float64(0.3), "m": torch.tensor(2)}, torch.arange(2))
    assert dict(alone.sizes) == {"seed": 2, "label": 2}
    for name in ds.data_vars:
        np.testing.assert_array_equal(ds[name].squeeze(("lr", "m", "epochs")), alone[name])


def test_oscillation_on_the_two_cycle():
    """One strong point without noise to speak of ends on the closed-form 2-cycle."""
    grid = {"d": 3, "n": 1, "n_weak": 0, "m": 1, "noise_norm": 1e-9, "v_norm": 1e-6}
    ds = run({**grid, "kappa": 1.1, "scale": 0.1, "epochs": 3000}, range(12))
    low, high = theory.two_cycle(1.1)
    learned = ds.strong_signal.max("label") > 0.5
    assert 3 <= learned.sum() < 12
    np.testing.assert_allclose(ds.oscillation[learned], float(high - low), 1e-2)


def test_the_attributes_say_what_was_run(serial, tmp_path):
    fixed = {**DEFAULTS, **SMALL, "n_test": 10, "engine": "auto"}
    for name, value in fixed.items():
        assert (name in GRID and isinstance(GRID[name], list)) or serial.attrs[name] == value
    assert {"date", "library_version", "torch_version", "numpy_version"} <= set(serial.attrs)
    assert not {"lr", "scale", "noise_norm"} & set(serial.attrs)
    for variable in serial.data_vars.values():
        assert variable.attrs["long_name"] and variable.attrs["formula"]
    small_seeds = run(seeds=[1, 2])
    small_seeds.to_netcdf(tmp_path / "result.nc", engine="scipy")
    again = xarray.load_dataset(tmp_path / "result.nc", engine="scipy")
    xarray.testing.assert_identical(again.astype(small_seeds.diverged_at.dtype), again.astype(int))
    assert again.attrs == small_seeds.attrs
    for name in small_seeds.data_vars:
        np.testing.assert_array_equal(again[name], small_seeds[name])


# --- However it is split -----------------------------------------------------------------------


@pytest.mark.parametrize("block_size", [1, 2, 5, 7, 12, 1000])
def test_the_block_size_changes_nothing(serial, block_size):
    assert_same(run(block_size=block_size), serial)


def test_little_memory_changes_nothing(serial, monkeypatch):
    for memory in (1, 3_000, 20_000):
        monkeypatch.setattr(sweeps, "_MEMORY", memory)
        assert_same(run(), serial)


def test_a_part_of_the_grid_has_the_same_numbers(serial):
    part = run({**GRID, "lr": [0.3], "noise_norm": [0.8, 0.5]}, [7, 3])
    expected = serial.sel(lr=[0.3], noise_norm=[0.8, 0.5], seed=[7, 3])
    assert_same(part, expected)


def test_the_order_of_the_axes_changes_nothing_but_their_order(serial):
    ds = run({name: GRID[name] for name in reversed(GRID)})
    assert ds.accuracy_weak.dims == ("scale", "noise_norm", "lr", "seed")
    xarray.testing.assert_equal(ds.transpose(*serial.accuracy_weak.dims, "label"), serial)


@pytest.mark.parametrize("sizes", [(6, 4), (1, 1000), (3, 100_000)])
def test_every_run_is_in_one_block(sizes, monkeypatch):
    """Blocks are small enough, and together they are all runs once."""
    count, block_size = sizes
    plan = sweeps._plan({"lr": [0.1, 0.2, 0.3], "epochs": [1, 40], "m": [2, 3]}, range(count))
    monkeypatch.setattr(sweeps, "_MEMORY", 100_000)
    found = [plan.runs(block) for block in plan.blocks(10, block_size)]
    assert max(map(len, found)) <= block_size
    assert sorted(np.concatenate(found)) == list(range(plan.size))


def test_a_thread_pool(serial):
    with ThreadPoolExecutor(3) as executor:
        assert_same(run(executor=executor, block_size=5), serial)


def test_a_process_pool(serial, tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert_same(run(executor=executor, block_size=9, store=tmp_path), serial)
    assert_same(run(store=tmp_path), serial)


class Recorder(Executor):
    """Runs a task when it is submitted; remembers how many were waiting at most."""

    def __init__(self, fail_at=None):
        self.submitted, self.fail_at = [], fail_at

    def submit(self, function, *arguments):
        future = Future()
        self.submitted.append(future)
        if self.fail_at is not None and len(self.submitted) > self.fail_at:
            return future  # for ever in the queue
        if len(self.submitted) == self.fail_at:
            future.set_exception(MemoryError("too large"))
        else:
            future.set_result(function(*arguments))
        return future


def test_not_all_blocks_are_submitted_at_once(serial, monkeypatch):
    monkeypatch.setattr(sweeps, "_IN_FLIGHT", 4)
    executor, filled = Recorder(), []
    fill = sweeps._fill

    def watched(*arguments):
        filled.append(len(executor.submitted))
        fill(*arguments)

    monkeypatch.setattr(sweeps, "_fill", watched)
    assert_same(run(executor=executor, block_size=3), serial)
    assert len(executor.submitted) == len(filled) == 16
    assert filled[0] == 4


def test_a_failing_block_stops_the_sweep(serial, tmp_path):
    executor = Recorder(fail_at=3)
    message = r"stopped with 2 of 8 blocks done; call sweep again .*MemoryError\('too large'\)"
    with pytest.raises(RuntimeError, match=message):
        run(executor=executor, block_size=6, store=tmp_path)
    assert all(future.cancelled() for future in executor.submitted[3:])
    assert len(list(tmp_path.glob("blocks/*.nc"))) == 2
    with pytest.raises(RuntimeError, match=r"^the sweep stopped with 2 of 8 blocks done: "):
        run(executor=Recorder(fail_at=3), block_size=6)
    assert_same(run(store=tmp_path), serial)


def test_a_dead_pool_stops_the_sweep(serial, tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        executor.submit(os._exit, 1)
        with pytest.raises(RuntimeError, match=r"stopped with 0 of 8 blocks .*BrokenProcessPool"):
            run(executor=executor, block_size=6, store=tmp_path)
    assert_same(run(store=tmp_path), serial)


def test_an_interrupt_keeps_what_is_finished(serial, tmp_path, monkeypatch):
    executor = Recorder(fail_at=6)
    save, saved = sweeps.Store.save, []

    def interrupted(self, *arguments):
        save(self, *arguments)
        saved.append(arguments[0])
        if len(saved) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(sweeps.Store, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(executor=executor, block_size=6, store=tmp_path)
    assert all(future.cancelled() for future in executor.submitted[6:])
    assert len(list(tmp_path.glob("blocks/*.nc"))) == 3
    assert_same(run(store=tmp_path), serial)


def test_the_progress_bar_counts_runs(tmp_path, capsys):
    run(block_size=5, store=tmp_path, progress=True)
    assert "48/48" in capsys.readouterr().err
    next(tmp_path.glob("blocks/*.nc")).unlink()
    run(store=tmp_path, progress=True)
    shown = capsys.readouterr()
    assert "48/48" in shown.err and "runs/s" in shown.err and "| 0/48" not in shown.err
    assert shown.out == ""
    run()
    assert capsys.readouterr().err == ""


# --- The store ---------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch):
    """The calls of ``run_block``, to be counted."""
    calls = []
    run_block = sweeps.run_block

    def count(*arguments):
        calls.append(arguments)
        return run_block(*arguments)

    monkeypatch.setattr(sweeps, "run_block", count)
    return calls


def test_a_store_gives_back_every_bit(serial, tmp_path, counted):
    store = tmp_path / "new" / "store"
    assert_same(run(store=store, block_size=7), serial)
    assert len(counted) == len(list(store.glob("blocks/*.nc")))
    counted.clear()
    assert_same(run(store=str(store), block_size=3), serial)
    assert not counted
    assert json.loads((store / "sweep.json").read_text())["block_size"] == 7
    assert sorted(p.name for p in store.iterdir()) == ["blocks", "sweep.json"]


def test_diverged_runs_are_stored_too(tmp_path):
    grid = {**SMALL, "lr": [0.3, 1e4], "scale": [0.2, 1e6]}
    first = run(grid, store=tmp_path)
    assert first.oscillation.isnull().any()
    assert first.diverged.any() and not first.diverged.all()
    assert_same(run(grid, store=tmp_path), first)


def test_only_what_is_missing_or_damaged_is_run_again(serial, tmp_path, counted):
    run(store=tmp_path, block_size=6)
    files = sorted(tmp_path.glob("blocks/*.nc"))
    content = files[1].read_bytes()
    files[0].unlink()
    files[1].write_bytes(content[: len(content) // 2])
    files[2].write_bytes(b"")
    files[3].write_bytes(bytes(len(content)))
    files[4].write_bytes(content)  # whole, but of other runs
    flipped = bytearray(content)
    flipped[-20] ^= 1
    files[5].write_bytes(flipped)
    for name in (tmp_path / ".unfinished-x", tmp_path / "blocks" / ".unfinished-000003.nc-y"):
        name.write_text("left over")
    counted.clear()
    assert_same(run(store=tmp_path), serial)
    assert len(counted) == 6
    assert not list(tmp_path.rglob(".unfinished*"))
    assert_same(run(store=tmp_path), serial)
    assert len(counted) == 6


def test_killed_before_the_manifest(serial, tmp_path):
    (tmp_path / ".unfinished-sweep.json-0").write_text("{")
    assert_same(run(store=tmp_path), serial)
    assert not list(tmp_path.glob(".unfinished*"))


def test_a_left_over_may_vanish_while_it_is_written(serial, tmp_path, monkeypatch):
    """Another process on the same store takes it for a left-over."""
    replace, vanished = os.replace, []

    def unlucky(source, target):
        if len(vanished) < 3:
            vanished.append(source)
            os.unlink(source)
        replace(source, target)

    monkeypatch.setattr(os, "replace", unlucky)
    assert_same(run(store=tmp_path), serial)
    assert len(vanished) == 3


OTHER = [
    (
        dict(grid={**GRID, "lr": [0.05, 0.3, 0.5]}),
        r"lr is \[0.05, 0.3, 0.45\] there and \[0.05, 0.",
    ),
    (dict(grid={**GRID, "lr": 0.3}), r"axes is .*; lr is \[0.05, 0.3, 0.45\] there and 0.3 here"),
    (dict(grid={**GRID, "d": 7}), "d is 6 there and 7 here$"),
    (dict(grid={**GRID, "v_norm": 0.3}), "v_norm is 0.4 there and 0.3 here$"),
    (dict(grid=dict(reversed(GRID.items()))), r"axes is \['lr', .* there and \['scale', "),
    (dict(seeds=[3, 0, 7]), r"seeds is \[3, 0, 7, 1099511627776\] there and \[3, 0, 7\] here$"),
    (dict(n_test=11), "n_test is 10 there and 11 here$"),
    (dict(engine="reference"), "engine is 'auto' there and 'reference' here$"),
]


@pytest.mark.parametrize(("changes", "message"), OTHER)
def test_a_store_of_a_different_sweep_is_refused(changes, message, tmp_path, counted):
    run(store=tmp_path)
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    counted.clear()
    with pytest.raises(ValueError, match=f"^store must hold this sweep or none, .*{message}"):
        run(**changes, store=tmp_path)
    assert not counted
    assert before == sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))


def test_values_not_given_in_one_of_two_sweeps(tmp_path):
    run(store=tmp_path)
    grid = {name: values for name, values in GRID.items() if name != "lr"}
    with pytest.raises(ValueError, match="kappa is not given there and 1.2 here; lr is .* here"):
        run({**grid, "kappa": 1.2}, store=tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"format": 0}', '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(content, tmp_path):
    (tmp_path / "sweep.json").write_text(content)
    with pytest.raises(ValueError, match="^store must hold a sweep of format 1, got .*sweep.json"):
        run(store=tmp_path)


def test_other_directories_are_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(ValueError, match="^store must be empty, new or .*'notes.txt'"):
        run(store=tmp_path)
    with pytest.raises(ValueError, match="^store must be a directory, got the file .*notes.txt"):
        run(store=file)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


KILLER = """
import json, os, random, signal, sys, time
from benign_osc_lib import sweeps

store, log_file, grid, seeds = sys.argv[1], sys.argv[2], *map(json.loads, sys.argv[3:])
chance, run_block = random.Random(1), sweeps.run_block
log = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def run(seeds, store):
    sweeps.sweep(grid, seeds, n_test=10, store=store, block_size=1, progress=False)

def logged(*arguments):
    os.write(log, b"x")
    return run_block(*arguments)

run([1], log_file + "-other")  # so that all is imported before a process is copied
sweeps.run_block = logged
for _ in range(10):
    child = os.fork()
    if not child:
        run(seeds, store)
        os._exit(0)
    time.sleep(chance.uniform(0, 0.12))
    os.kill(child, signal.SIGKILL)
    print(os.WIFSIGNALED(os.waitpid(child, 0)[1]))
"""


def test_killed_ten_times_at_random_moments(serial, tmp_path, counted):
    store, log = tmp_path / "store", tmp_path / "log"
    arguments = [str(store), str(log), json.dumps(GRID), json.dumps(SEEDS)]
    command = [sys.executable, "-c", KILLER, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    killed = done.stdout.split().count("True")
    assert killed > 0, done.stderr
    stored = len(list(store.glob("blocks/*.nc")))
    assert stored <= log.stat().st_size <= stored + killed  # each lost the block in hand at most
    assert_same(run(store=store, block_size=1), serial)
    assert len(counted) == 48 - stored
    assert sorted(p.name for p in store.glob("blocks/*")) == [f"{k:06}.nc" for k in range(48)]


def test_two_sweeps_on_one_store_at_the_same_time(serial, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        sweeping = [pool.submit(run, store=tmp_path, block_size=size) for size in (1, 1)]
    for future in sweeping:
        assert_same(future.result(), serial)
    assert len(list(tmp_path.glob("blocks/*"))) == 48
    assert_same(run(store=tmp_path), serial)


# --- Dask --------------------------------------------------------------------------------------


def test_a_dask_worker_is_killed_half_way(serial, tmp_path, monkeypatch):
    from distributed import Client, LocalCluster

    save, saved = sweeps.Store.save, []
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**options, dashboard_address=None) as cluster, Client(cluster) as client:
        processes = client.run(os.getpid)

        def save_and_kill(self, *arguments):
            save(self, *arguments)
            saved.append(arguments[0])
            if len(saved) == 16:
                os.kill(min(processes.values()), signal.SIGKILL)

        monkeypatch.setattr(sweeps.Store, "save", save_and_kill)
        ds = run(executor=client.get_executor(), store=tmp_path, block_size=1)
    assert_same(ds, serial)
    assert sorted(saved) == list(range(48))


def test_the_example_runs():
    example = ROOT / "examples" / "sweep_on_dask.py"
    assert len(example.read_text().splitlines()) <= 40
    done = subprocess.run([sys.executable, example], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout


# --- Bad input ---------------------------------------------------------------------------------

NAMES = "d, u_norm, v_norm, noise_norm, n, n_weak, m, scale, lr, epochs, order, kappa, nu, rho"
BAD = [
    (dict(grid=[0.1]), TypeError, r"^grid must be a dict, got \[0.1\]"),
    (dict(grid={"eta": 1}), ValueError, f"^grid must name parameters among {NAMES}, got 'eta'"),
    (dict(grid={1: 1}), ValueError, "^grid must name parameters .*got 1$"),
    (dict(grid={"lr": []}), ValueError, r"^grid\['lr'\] must hold at least one value"),
    (dict(grid={"lr": np.array([])}), ValueError, r"^grid\['lr'\] must hold at least one value"),
    (dict(grid={"lr": [1, 2, 1.0]}), ValueError, r"^grid\['lr'\] .*distinct values, got 1.0 twice"),
    (dict(grid={"lr": np.ones((2, 2))}), ValueError, r"must have one axis, got shape \(2, 2\)"),
    (dict(grid={"lr": [0.1, -1]}), ValueError, r"^grid\['lr'\] must be finite and > 0, got -1"),
    (dict(grid={"lr": np.nan}), ValueError, r"^grid\['lr'\] must be finite and > 0, got nan"),
    (dict(grid={"lr": "0.1"}), TypeError, r"^grid\['lr'\] must be a number, got '0.1'"),
    (dict(grid={"lr": b"12"}), TypeError, r"^grid\['lr'\] must be a number, got b'12'"),
    (dict(grid={"lr": ["0.1"]}), TypeError, r"^grid\['lr'\] must be a number, got '0.1'"),
    (dict(grid={"lr": {0.1, 0.2}}), TypeError, r"^grid\['lr'\] must be a number, got {0"),
    (dict(grid={"lr": [[0.1]]}), TypeError, r"^grid\['lr'\] must be a number, got \[0.1\]"),
    (dict(grid={"lr": None}), TypeError, r"^grid\['lr'\] must be a number, got None"),
    (dict(grid={"lr": True}), TypeError, r"^grid\['lr'\] must be a number, got True"),
    (dict(grid={"lr": torch.tensor(1j)}), TypeError, r"^grid\['lr'\] must be a number, got 1j"),
    (dict(grid={"m": [8.0]}), TypeError, r"^grid\['m'\] must be an integer, got 8.0"),
    (dict(grid={"m": 0}), ValueError, r"^grid\['m'\] must be at least 1, got 0"),
    (dict(grid={"n": 0}), ValueError, r"^grid\['n'\] must be at least 1, got 0"),
    (dict(grid={"d": [64, 2]}), ValueError, r"^grid\['d'\] must be at least 3, got 2"),
    (dict(grid={"epochs": 0}), ValueError, r"^grid\['epochs'\] must be at least 1, got 0"),
    (dict(grid={"n_weak": None}), TypeError, r"^grid\['n_weak'\] must be an integer, got None"),
    (dict(grid={"n_weak": -1}), ValueError, r"^grid\['n_weak'\] must be at least 0, got -1"),
    (dict(grid={"scale": 0}), ValueError, r"^grid\['scale'\] must be finite and > 0, got 0"),
    (dict(grid={"kappa": 0}), ValueError, r"^grid\['kappa'\] must be finite and > 0, got 0"),
    (dict(grid={"nu": [0.5, 1.5]}), ValueError, r"^grid\['nu'\] must be .*<= 1, got 1.5"),
    (dict(grid={"nu": 0}), ValueError, r"^grid\['nu'\] must be finite, > 0 .*got 0"),
    (dict(grid={"rho": 0.5}), ValueError, r"^grid\['rho'\] must be .*< 0.5, got 0.5"),
    (dict(grid={"order": "random"}), ValueError, r"must be one of 'cyclic', 'shuffled', got 'r"),
    (dict(grid={"order": ["cyclic", 3]}), ValueError, r"^grid\['order'\] must be one of .*got 3"),
    (dict(grid={"kappa": 1, "lr": 1}), ValueError, "^grid must hold 'kappa' or 'lr', got both"),
    (dict(grid={"nu": 1, "v_norm": 1}), ValueError, "^grid must hold 'nu' or 'v_norm', got both"),
    (dict(grid={"rho": 0, "n_weak": 1}), ValueError, "^grid must hold 'rho' or 'n_weak', got bot"),
    (dict(grid={"n": [4, 9], "n_weak": [1, 5]}), ValueError, r"^n_weak must be in 0\.\.4, got 5"),
    (dict(grid={"n": 1}), ValueError, r"^n_weak must be in 0\.\.1, got 2"),
    (
        dict(grid={"u_norm": [2, 1], "v_norm": [0.5, 1.5]}),
        ValueError,
        "^v_norm must be at most u_norm = 1.0, got 1.5",
    ),
    (dict(seeds=[]), ValueError, "^seeds must hold at least one value"),
    (dict(seeds=[1, 2, 1]), ValueError, "^seeds must hold distinct values, got 1 twice"),
    (dict(seeds=5), TypeError, "^seeds must be an iterable of integers, got 5"),
    (dict(seeds=np.int64(5)), TypeError, "^seeds must be an iterable of integers, got "),
    (dict(seeds=[1.5]), TypeError, "^seeds must be an integer, got 1.5"),
    (dict(seeds="12"), TypeError, "^seeds must be an integer, got '1'"),
    (dict(seeds=[-1]), ValueError, "^seeds must be in .*got -1"),
    (dict(seeds=[2**63]), ValueError, f"^seeds must be in .*got {2**63}"),
    (dict(n_test=0), ValueError, "^n_test must be at least 1, got 0"),
    (dict(n_test=1.5), TypeError, "^n_test must be an integer, got 1.5"),
    (dict(block_size=0), ValueError, "^block_size must be at least 1, got 0"),
    (dict(block_size=None), TypeError, "^block_size must be an integer, got None"),
    (dict(engine="fast"), ValueError, "^engine must be one of 'auto', .*got 'fast'"),
    (dict(executor=4), TypeError, "^executor must be a concurrent.futures.Executor or None, got 4"),
    (dict(store=3), TypeError, "^store must be a path or None, got 3"),
]


@pytest.mark.parametrize(("changes", "error", "message"), BAD)
def test_bad_input_is_refused_before_anything_runs(changes, error, message, tmp_path, counted):
    store = tmp_path / "store"
    with pytest.raises(error, match=message):
        run(**{"grid": {}, "seeds": [1], "store": store, **changes})
    assert not counted
    assert not store.exists()
