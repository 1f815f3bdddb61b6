"""Sweeps: a grid of parameters times seeds, trained in blocks, as one labelled Dataset.

From the grid to the work: a *cell* is one combination of the grid's values; a *unit* is the cells
that share their data, times some of the seeds, trained together; a *block* is a few units, the
task that an executor gets and the file that a store holds.
"""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from os import PathLike

import numpy as np
from tqdm import tqdm

from . import _checks
from ._store import Store
from ._sweep_block import OWN, model_of, run_block

DEFAULTS = {
    "d": 64,
    "u_norm": 2.0,
    "v_norm": 0.4,
    "noise_norm": 0.8,
    "n": 16,
    "n_weak": 2,
    "m": 8,
    "scale": 1 / 16,
    "lr": 1.2,
    "epochs": 200,
    "order": "cyclic",
}
"""The parameters of a sweep and their values in the paper's §4.3; ``scale``, σ_0, is our choice."""

REPLACES = {"kappa": "lr", "nu": "v_norm", "rho": "n_weak"}
"""Three parameters that can be given in place of others."""

_MEMORY = 2**26  # bytes that one call of train may fill with margins, or the test points of a unit
_IN_FLIGHT = 256  # blocks handed to an executor at a time


def _one(check, **limits):
    return lambda name, value: check(name, value, **limits)


def _between(low, high, **ends):
    def check(name, value):
        value = _checks.real_number(name, value)
        _checks.all_between(name, value, low, high, **ends)
        return value

    return check


def _order(name, value):
    _checks.one_of(name, value, ("cyclic", "shuffled"))
    return value


_PARAMETERS = {  # name: (how one value is checked and made a plain number, what it is)
    "d": (_one(_checks.integer, low=3), "dimension of a patch"),
    "u_norm": (_checks.positive, "‖u‖, size of the strong feature"),
    "v_norm": (_checks.positive, "‖v‖, size of the weak feature"),
    "noise_norm": (_checks.positive, "σ_p √d, size of a noise patch"),
    "n": (_one(_checks.integer, low=1), "training points"),
    "n_weak": (_one(_checks.integer, low=0), "weak training points"),
    "m": (_one(_checks.integer, low=1), "filters per sign"),
    "scale": (_checks.positive, "σ_0, standard deviation of an initial weight"),
    "lr": (_checks.positive, "η, learning rate"),
    "epochs": (_one(_checks.integer, low=1), "passes over the training points"),
    "order": (_order, "order of the visits in an epoch"),
    "kappa": (_checks.positive, "κ = 2η‖u‖²/m"),
    "nu": (_between(0, 1, high_open=False), "ν = ‖v‖²/‖u‖²"),
    "rho": (_between(0, 0.5, low_open=False), "ρ, probability of a weak training point"),
}

_VARIABLES = {  # name: (axes after the seed, what it is, formula)
    "strong_signal": (("label",), "strong signal at the end", "(1/m) Σ_r σ(⟨w_{j,r}, j u⟩)"),
    "weak_signal": (("label",), "weak signal at the end", "(1/m) Σ_r σ(⟨w_{j,r}, j v⟩)"),
    "weak_gap": (
        ("label",),
        "lead of the right filters at the weak feature (Theorem 5)",
        "(1/m) Σ_r σ(⟨w_{j,r}, j v⟩) − (1/m) Σ_r σ(⟨w_{−j,r}, j v⟩)",
    ),
    "accuracy_strong": ((), "accuracy on fresh strong points", "share with y f > 0 and finite"),
    "accuracy_weak": ((), "accuracy on fresh weak points", "share with y f > 0 and finite"),
    "diverged": ((), "whether the run diverged", "diverged_at ≥ 0"),
    "diverged_at": ((), "update after which the run had diverged, or −1", "Run.diverged_at"),
    "oscillation": (
        (),
        "mean change of y f between consecutive strong visits of one label, before a divergence",
        "mean |y f at the next strong visit of the same label − y f|",
    ),
    "residual_squares": (
        (),
        "sum of the squared residuals over all visits before a divergence",
        "Σ e², e = 1 − y f",
    ),
}


def sweep(
    grid,
    seeds,
    *,
    n_test=100,
    store=None,
    executor=None,
    engine="auto",
    block_size=1000,
    progress=True,
):
    """Train every combination of a grid's values with every seed.

    Seed s of a cell is exactly what you would run by hand::

        g, model = generators([s]), FeatureNoiseModel(d, u_norm, v_norm, noise_norm)
        data = model.sample(n, n_weak=n_weak, generator=g)
        weights = init_weights(m, d, scale, generator=g)
        test = model.sample(2 * n_test, n_weak=n_test, generator=g)
        run = train(data, weights, lr, epochs=epochs, order=order, record_every=None, engine=engine)

    with ``generator=g`` for the training too if the order is shuffled. So the numbers of a run do
    not depend on the rest of the grid, on the other seeds, or on how the work is split.

    The variables of the result have the axes of the grid and then "seed"; those per class j have
    "label" (1, −1) last. Each says in its attributes what it is, with the formula:

    - ``strong_signal``, ``weak_signal`` (…, seed, label): (1/m) Σ_r σ(⟨w_{j,r}, j u⟩) at the end,
      and the same with v; ``weak_gap`` (…, seed, label): the weak signal less what the filters of
      the other sign draw from j v (Theorem 5);
    - ``accuracy_strong``, ``accuracy_weak`` (…, seed): the share of fresh points with y f > 0;
    - ``diverged`` (bool) and ``diverged_at`` (integer, −1 if it did not), as in ``Run``;
    - ``oscillation`` (…, seed): the mean absolute change of y f from one visit to a strong point to
      the next one with the same label (s_high − s_low on the 2-cycle), NaN where there is none;
    - ``residual_squares`` (…, seed): Σ (1 − y f)² over the visits. Like ``oscillation`` without
      those after a divergence.

    Args:
        grid: dict from the name of a parameter to one value, or to a sequence of values, which
            becomes an axis. What is not named is as in ``DEFAULTS``. ``kappa``, in place of
            ``lr``, sets η = κ m/(2‖u‖²); ``nu``, in place of ``v_norm``, sets ‖v‖ = ‖u‖√ν; ``rho``,
            in place of ``n_weak``, makes each training point weak with that probability.
        seeds: iterable of distinct integers, as for :func:`benign_osc_lib.seeds.generators`.
        n_test: fresh test points of each kind, strong and weak, for every run.
        store: a directory. Finished blocks are written there as they come; a sweep that was
            interrupted goes on where it stopped when it is called again.
        executor: a ``concurrent.futures.Executor`` that runs the blocks, such as a process pool
            or, for a Dask cluster, ``Client.get_executor()``; None runs them here.
        engine: as for :func:`benign_osc_lib.training.train`.
        block_size: runs per block at most. An existing store keeps its own.
        progress: show a progress bar on stderr.

    Returns:
        An ``xarray.Dataset``. Its attributes hold every fixed parameter, ``n_test``, the engine,
        the date and the versions of this library, of torch and of NumPy.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a value is outside its range, an axis or ``seeds`` is empty or repeats a value,
            two parameters exclude each other, or the store holds something else. All this is
            found before anything runs.
        RuntimeError: a block failed, or its worker died; what was finished is in the store.
    """
    plan = _plan(grid, seeds)
    n_test = _checks.integer("n_test", n_test, low=1)
    block_size = _checks.integer("block_size", block_size, low=1)
    _checks.one_of("engine", engine, ("auto", "reduced", "reference"))
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor or None, got {executor!r}")
    if store is not None and not isinstance(store, str | PathLike):
        raise TypeError(f"store must be a path or None, got {store!r}")

    if store is not None:
        definition = {**plan.definition(), "n_test": n_test, "engine": engine}
        store = Store(store, definition, block_size, _versions())
        block_size = store.block_size
    columns = _run(plan, n_test, engine, block_size, store, executor, progress)
    return _dataset(plan, columns, {"n_test": n_test, "engine": engine})


def _run(plan, n_test, engine, block_size, store, executor, progress):
    """The results of all runs, those that are stored from there."""

    def numbered_blocks():
        return enumerate(plan.blocks(n_test, block_size))  # anew each time: they may be many

    columns, missing, total = {}, {}, 0
    for number, block in numbered_blocks():
        runs = plan.runs(block)
        stored = store.load(number, runs) if store else None
        if stored:
            _fill(columns, plan.size, runs, stored)
        else:
            missing[number] = len(runs)
        total += 1
    tasks = (
        (number, plan.runs(block), ([plan.unit(*unit) for unit in block], n_test, engine))
        for number, block in numbered_blocks()
        if number in missing
    )
    resumed = plan.size - sum(missing.values())
    bar = tqdm(total=plan.size, initial=resumed, unit=" runs", disable=not progress)
    try:
        with bar, closing(_finished(tasks, executor)) as finished:
            for number, runs, result in finished:
                if store:
                    store.save(number, runs, result)
                _fill(columns, plan.size, runs, result)
                bar.update(missing.pop(number))
    except Exception as error:
        again = "; call sweep again with the same store to go on" if store else ""
        done = f"{total - len(missing)} of {total} blocks done"
        raise RuntimeError(f"the sweep stopped with {done}{again}: {error!r}") from error
    return columns


# --- The grid ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """A checked grid and its seeds, and how they are cut up.

    A unit is (indices of cells, first seed, last seed + 1). The cut depends on nothing but the
    grid, the seeds, ``n_test`` and ``block_size``.
    """

    axes: dict
    fixed: dict
    seeds: list

    @property
    def shape(self):
        return tuple(len(values) for values in self.axes.values())

    @property
    def size(self):
        """The number of runs."""
        return math.prod(self.shape) * len(self.seeds)

    def definition(self):
        """What makes two sweeps the same, in JSON values."""
        return {"axes": list(self.axes), "grid": {**self.axes, **self.fixed}, "seeds": self.seeds}

    def values(self, name):
        """All values of a parameter, a list."""
        return self.axes.get(name) or [self.fixed[name]]

    def cell(self, index):
        """All parameters of cell ``index``, the learning rate and ‖v‖ among them."""
        places = np.unravel_index(index, self.shape)
        names = zip(self.axes.items(), places, strict=True)
        cell = {**self.fixed, **{name: values[place] for (name, values), place in names}}
        if "kappa" in cell:
            cell["lr"] = cell["kappa"] * cell["m"] / (2 * cell["u_norm"] ** 2)
        if "nu" in cell:
            cell["v_norm"] = cell["u_norm"] * math.sqrt(cell["nu"])
        return cell

    def combinations(self, *names):
        """The cells that differ in these parameters, any others at their first value."""
        axes = {name: values for name, values in self.axes.items() if name in names}
        rest = {name: values[0] for name, values in self.axes.items()}
        part = _Plan(axes, {**self.fixed, **rest}, self.seeds)
        return (part.cell(index) for index in range(math.prod(part.shape)))

    def unit(self, cells, first, last):
        """A unit as :func:`run_block` wants it."""
        return [self.cell(index) for index in cells], self.seeds[first:last]

    def runs(self, block):
        """The places of a block's runs among all runs, cell after cell, in a cell seed by seed."""
        return np.concatenate(
            [
                (cells[:, None] * len(self.seeds) + np.arange(first, last)).ravel()
                for cells, first, last in block
            ]
        )

    def blocks(self, n_test, block_size):
        """Yield the blocks, each a list of units with ``block_size`` runs in all at most."""
        block, size = [], 0
        for cells, first, last in self._units(n_test, block_size):
            runs = len(cells) * (last - first)
            if block and size + runs > block_size:
                yield block
                block, size = [], 0
            block.append((cells, first, last))
            size += runs
        yield block

    def _units(self, n_test, block_size):
        order = sorted(range(len(self.axes)), key=lambda axis: list(self.axes)[axis] in OWN)
        inner = math.prod(len(values) for name, values in self.axes.items() if name in OWN)
        groups = np.arange(math.prod(self.shape)).reshape(self.shape).transpose(order)
        for group in groups.reshape(-1, inner):  # the cells that share their data
            cell = self.cell(group[0])
            run_bytes = 8 * (max(self.values("epochs")) * cell["n"] + 4 * cell["m"] * cell["d"])
            seed_bytes = 8 * 3 * cell["d"] * (cell["n"] + 2 * n_test)
            most = max(1, min(block_size, _MEMORY // run_bytes))
            for start in range(0, inner, most):
                cells = group[start : start + most]
                room = _MEMORY // (len(cells) * run_bytes + seed_bytes)
                step = max(1, min(block_size // len(cells), room))
                for first in range(0, len(self.seeds), step):
                    yield cells, first, min(first + step, len(self.seeds))


def _plan(grid, seeds):
    """Check the grid and the seeds."""
    if not isinstance(grid, Mapping):
        raise TypeError(f"grid must be a dict, got {grid!r}")
    for name in grid:
        if name not in _PARAMETERS:
            raise ValueError(
                f"grid must name parameters among {', '.join(_PARAMETERS)}, got {name!r}"
            )
    for name, replaced in REPLACES.items():
        if name in grid and replaced in grid:
            raise ValueError(f"grid must hold {name!r} or {replaced!r}, got both")
    left_out = {REPLACES[name] for name in grid if name in REPLACES}
    fixed = {name: value for name, value in DEFAULTS.items() if name not in left_out}
    axes = {}
    for name, given in grid.items():
        label, (check, _) = f"grid[{name!r}]", _PARAMETERS[name]
        value = _plain(label, given)
        if isinstance(value, list):
            fixed.pop(name, None)
            axes[name] = _distinct(label, [check(label, one) for one in value])
        else:
            fixed[name] = check(label, value)
    plan = _Plan(axes, fixed, _seeds(seeds))
    for cell in plan.combinations("d", "u_norm", "v_norm", "nu", "noise_norm", "rho"):
        model_of(cell)
    for cell in plan.combinations("n", "n_weak"):
        _checks.integer("n_weak", cell.get("n_weak", 0), low=0, high=cell["n"])
    return plan


def _plain(label, given):
    """An axis as a list, anything else as it is, without NumPy and torch."""
    if hasattr(given, "tolist") and hasattr(given, "ndim"):  # an array, a tensor, a NumPy number
        if given.ndim > 1:
            raise ValueError(f"{label} must have one axis, got shape {tuple(given.shape)}")
        return given.tolist()
    is_axis = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    return list(given) if is_axis else given


def _distinct(label, values):
    if not values:
        raise ValueError(f"{label} must hold at least one value, got none")
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{label} must hold distinct values, got {value!r} twice")
        seen.add(value)
    return values


def _seeds(seeds):
    return _distinct("seeds", _checks.seeds(seeds))


# --- The work and its result -------------------------------------------------------------------


def _finished(tasks, executor):
    """Yield (number, runs, result) of each task (number, runs, arguments) as it is done."""
    if executor is None:
        for number, runs, arguments in tasks:
            yield number, runs, run_block(*arguments)
        return
    waiting = {}
    try:
        for number, runs, arguments in tasks:
            waiting[executor.submit(run_block, *arguments)] = number, runs
            if len(waiting) >= _IN_FLIGHT:
                yield from _done(waiting)
        while waiting:
            yield from _done(waiting)
    finally:
        for future in waiting:
            future.cancel()


def _done(waiting):
    """Take what is done, at least one, out of ``waiting``; what failed comes last."""
    done = wait(waiting, return_when=FIRST_COMPLETED).done
    for future in sorted(done, key=lambda f: f.cancelled() or f.exception() is not None):
        yield *waiting.pop(future), future.result()


def _fill(columns, size, runs, result):
    """Put the result of a block in its place among all runs."""
    for name, column in result.items():
        if name not in columns:
            columns[name] = np.full((size, *column.shape[1:]), np.nan)
        columns[name][runs] = column


def _versions():
    import torch

    from . import __version__

    return {
        "library_version": __version__,
        "torch_version": str(torch.__version__),
        "numpy_version": np.__version__,
    }


def _dataset(plan, columns, about):
    import xarray  # here, because importing it takes a second

    columns["diverged"] = columns["diverged_at"] >= 0
    columns["diverged_at"] = columns["diverged_at"].astype(np.int64)
    dims, shape = (*plan.axes, "seed"), (*plan.shape, len(plan.seeds))
    variables = {}
    for name, (more_dims, long_name, formula) in _VARIABLES.items():
        column = columns[name].reshape(*shape, *columns[name].shape[1:])
        attrs = {"long_name": long_name, "formula": formula}
        variables[name] = ((*dims, *more_dims), column, attrs)
    coords = {
        name: (name, values, {"long_name": _PARAMETERS[name][1]})
        for name, values in plan.axes.items()
    }
    coords["seed"] = ("seed", plan.seeds, {"long_name": "seed of the run"})
    coords["label"] = ("label", [1, -1], {"long_name": "class j"})
    date = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return xarray.Dataset(variables, coords, {**plan.fixed, **about, **_versions(), "date": date})
