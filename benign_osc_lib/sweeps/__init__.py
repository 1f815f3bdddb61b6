"""Sweeps: a grid of parameters times seeds, trained in blocks, as one labelled Dataset.

The package is not called ``sweep``: a module of that name would hide the function
``benign_osc_lib.sweep``.
"""

from contextlib import nullcontext

import torch
from tqdm import tqdm

from .. import _checks
from .._provenance import made_by
from .block import Options, run_block
from .dataset import COLUMNS, Table, assemble, load
from .grid import plan as plan_of
from .parameters import DEFAULTS, REPLACES
from .schedule import run_tasks
from .store import Store

__all__ = ["DEFAULTS", "REPLACES", "load", "sweep"]


def sweep(
    grid,
    seeds,
    *,
    n_test=100,
    test_points="patches",
    store=None,
    executor=None,
    engine="auto",
    device=None,
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

    with ``rule=rule`` if the grid names rules, and ``generator=g`` for the training too if the
    order is shuffled or the rule draws label noise. So the numbers of a run do not depend on the
    rest of the grid, on the other seeds, or on how the work is split.

    The variables of the result have the axes of the grid and then "seed"; those per class j have
    "label" (1, −1) last. Each says in its attributes what it is, with the formula:

    - ``strong_signal``, ``weak_signal`` (…, seed, label): (1/m) Σ_r σ(⟨w_{j,r}, j u⟩) at the end,
      and the same with v; ``weak_gap`` (…, seed, label): the weak signal less what the filters of
      the other sign draw from j v (Theorem 5); σ is that of the rule, and each term has the factor
      a_{j,r} where the rule trains a second layer;
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
            in place of ``n_weak``, makes each training point weak with that probability. ``rule``
            is a :class:`~benign_osc_lib.rule.Rule` or several, the paper's unless it is named; in
            the result it is its text, ``str(rule)``. An activation that is no name, but functions,
            has no store; an executor with processes has to pickle it.
        seeds: iterable of distinct integers from 0 to 2⁶³ − 1.
        n_test: fresh test points of each kind, strong and weak, for every run.
        test_points: "patches", points as ``FeatureNoiseModel.sample`` draws them; or "projections",
            the same distribution of accuracies from fewer numbers. A noise patch meets the network
            only in its inner products with the 2m filters, which are jointly Gaussian with
            covariance σ_p² W W^T, W the filters without their entries along u and v. These are
            drawn themselves, from min(2m, d − 2) normal numbers in place of d. The accuracies are
            as good as others, but not those of the same seed with patches; all else is the same.
        store: a directory, as a str, bytes or ``os.PathLike``; ~ is the home directory. Finished
            blocks are written there as they come; a sweep that was interrupted goes on where it
            stopped when it is called again, and several processes may run one sweep on one store.
            A block is used only if it is intact, to the last bit, and of this sweep; else it is
            run again, with a warning. Blocks that other versions of the library, torch, NumPy or
            numba computed are used, with a warning that says which.
        executor: a ``concurrent.futures.Executor`` that runs the blocks, such as a process pool
            or, for a Dask cluster, ``Client.get_executor()``; None runs them here.
        engine: as for :func:`benign_osc_lib.training.train`.
        device: where the runs are trained, such as "cuda"; with an executor, in its workers. Data
            are drawn on the CPU, and all is measured there. None is the CPU.
        block_size: runs per block at most. An existing store keeps its own.
        progress: show a progress bar on stderr.

    Returns:
        An ``xarray.Dataset``. Its attributes hold every fixed parameter, ``n_test``, the engine,
        ``test_points`` and the device if they are not the defaults, the date, and what computed the
        runs: the versions of this library, torch, NumPy and numba and, if it runs from a git
        checkout, the commit, with -dirty if files of the library were changed; all of them, if
        there were several. Its method ``to_netcdf`` writes it to a file, and :func:`load` reads it
        again.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a value is outside its range, an axis or ``seeds`` is empty or repeats a value,
            two parameters exclude each other, the store holds something else, or it cannot name a
            rule. All this is found before anything runs.
        RuntimeError: a block failed, or its worker died, or the disk of the store cannot be read
            or written; what was finished before is in the store.
    """
    plan = plan_of(grid, seeds)
    n_test = _checks.integer("n_test", n_test, low=1)
    block_size = _checks.integer("block_size", block_size, low=1)
    _checks.one_of("engine", engine, ("auto", "reduced", "reference"))
    _checks.one_of("test_points", test_points, ("patches", "projections"))
    _checks.device(device)
    device = None if device is None or torch.device(device).type == "cpu" else str(device)
    if device and executor is None:
        _checks.device_here(device)
    options = Options(n_test, engine, test_points, device)
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor or None, got {executor!r}")
    about = {"n_test": n_test, "engine": engine}
    more = {"test_points": test_points} if test_points != "patches" else {}
    more |= {"device": device} if device else {}
    opened = nullcontext()
    if store is not None:
        definition = {**plan.definition(**more), **about}
        opened = Store(store, definition, block_size, COLUMNS, made_by())
        block_size = opened.block_size
    with opened as store:
        table = _run(plan, options, block_size, store, executor, progress)
    return assemble(plan, table, {**about, **more})


def _run(plan, options, block_size, store, executor, progress):
    """The Table of all runs, those that are stored from there."""

    def numbered_blocks():
        return enumerate(
            plan.blocks(options.n_test, block_size)
        )  # anew each time: they may be many

    table, done, resumed = Table(plan.size), set(), 0
    in_store = store.stored() if store else set()
    for number, block in numbered_blocks() if in_store else ():
        runs = plan.runs(block) if number in in_store else None
        found = store.load(number, runs) if number in in_store else None
        if found:
            table.fill(runs, found)
            done.add(number)
            resumed += len(runs)
    if store:
        store.report()
    tasks = (
        ((number, plan.runs(block)), ([plan.unit(*unit) for unit in block], options))
        for number, block in numbered_blocks()
        if number not in done
    )

    def keep(key, result):
        number, runs = key
        if store:
            store.save(number, runs, result)
        table.fill(runs, result)
        if number not in done:
            done.add(number)
            bar.update(len(runs))

    try:
        with tqdm(total=plan.size, initial=resumed, unit=" runs", disable=not progress) as bar:
            run_tasks(run_block, tasks, executor, keep)
    except Exception as error:
        again = "; call sweep again with the same store to go on" if store else ""
        total = sum(1 for _ in numbered_blocks())
        raise RuntimeError(
            f"the sweep stopped with {len(done)} of {total} blocks done{again}: {error!r}"
        ) from error
    return table
