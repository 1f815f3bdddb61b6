"""Training by SGD, point after point, epoch after epoch, and the record of a run."""

from dataclasses import replace

import torch

from . import _checks
from .data import PatchData
from .engine import DTYPES, Before, Problem, follow
from .engine.divergence import LIMIT as DIVERGED  # noqa: F401
from .rule import Rule
from .run import Progress, Run
from .visits import draw_visits


def train(
    data,
    weights,
    lr,
    *,
    epochs,
    rule=Rule(),  # noqa: B008
    order="cyclic",
    record_every=1,
    generator=None,
    engine="auto",
    progress=False,
    margins=True,
    overlaps=None,
    record_weights=False,
    stop_below=None,
    resumable=False,
):
    """Train by SGD for ``epochs`` passes over the data: eq. (3), or another rule.

    One call trains one run or many: the leading axes of the data, of the weights and of ``lr``
    broadcast together. Each run of a batch is the run that it would be alone.

    A run that diverges is no error. ``diverged_at`` is the number of the first update after which
    f exceeds 10⁶ in size on some training point, or the weights overflow. From there on the run
    keeps the weights of that moment (of the moment before, if they overflowed), and the rest of
    the batch goes on.

    Where the data do not show u or v (:meth:`PatchData.features`), the record of its overlaps is
    NaN, with a warning; the training itself needs neither.

    Data with several weak features, or patches that are worth watching one by one, go through the
    same call: the filters meet each patch through its inner products alone, and ``overlaps`` lists
    the vectors whose inner products are recorded beside those with u and v. For features
    v_1, …, v_K and the noise patches of the points, say::

        wanted = torch.cat([torch.stack([v_1, v_2]), noise], -2)  # (K + n, d)
        run = train(data, weights, lr, epochs=200, overlaps=wanted)
        run.overlaps  # (..., T, 2, m, K + n): those of w_{j,r}, without the factor j

    Labels are ±1: see :class:`~benign_osc_lib.rule.Rule` for what is left out.

    Ctrl-C ends a call at once. A process that was forked after torch had used several threads can
    hang, in torch's own operations too: start processes by "spawn", or call
    ``torch.set_num_threads(1)`` before the first of them.

    Args:
        data: PatchData with n points.
        weights: the initial weights, (..., 2, m, d); left as they are.
        lr: the learning rate η > 0: a number, or a tensor (...) or nested list, one for each run of
            a batch. A list of rates is a batch of runs, not a schedule.
        epochs: number of passes, at least 1.
        rule: which SGD, a :class:`~benign_osc_lib.rule.Rule`; ``Rule()`` is the paper's, eq. (3)
            with batch size 1.
        order: "cyclic" visits 0, 1, …, n − 1 in every epoch; "shuffled" draws a new order for
            every epoch.
        record_every: record the signals at step 0 and after every ``record_every``-th update; None
            records the start and the end only.
        generator: for the shuffling, label noise and flips, a CPU ``torch.Generator``: the same
            orders and targets for all runs; or a sequence of them: independent ones for each, as a
            leading axis of the batch; or None for torch's default generator. What each draws, and
            when, says :func:`~benign_osc_lib.visits.draw_visits`.
        engine: "reference", the equations as they stand or, for another rule than the paper's,
            automatic differentiation and ``torch.optim.SGD``; "reduced", the same in the inner
            products that an update needs (:mod:`benign_osc_lib.engine.reduced`), the same run to
            rounding and many times faster; "auto", the reduced engine unless n is in the thousands,
            the dtype is neither float32 nor float64, norms leave its range, it has not the rule on
            this device, Numba cannot compile an activation of your own (then with a warning), or is
            told not to compile (NUMBA_DISABLE_JIT). On a GPU it has the paper's rule only, as one
            kernel where the package numba-cuda is installed, else a slower one
            (:mod:`benign_osc_lib.engine.cuda`).
        progress: show a progress bar on stderr.
        margins: keep y f at each visit, which needs most of the memory of long runs.
        overlaps: vectors (..., K, d), such as noise patches or further features, whose inner
            products with the filters are recorded too, in the dtype and on the device of the
            weights; or None.
        record_weights: keep the weights at each recorded step.
        stop_below: a loss > 0: a run stops after the first epoch in which the mean loss of its
            visits, with the true labels and before their updates, was below it. From there on it
            is frozen, as one that has diverged. None: no run stops.
        resumable: keep what :func:`resume` needs.

    Returns:
        A Run, on the device and in the dtype of the data.

    Raises:
        TypeError: an argument is of the wrong type, or dtypes differ.
        ValueError: an argument is outside its range (for ``lr`` that of the dtype as well), shapes
            or devices disagree, or ``engine="reduced"`` is given norms whose products leave the
            range of the dtype, or a rule that it does not have on this device.
        RuntimeError: ``engine="reduced"`` is asked for on the CPU while NUMBA_DISABLE_JIT is set.
    """
    _checks.instance("data", data, PatchData)
    _checks.floats("weights", weights, last=(2, "m", data.x.shape[-1]))
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    epochs = _checks.integer("epochs", epochs, low=1)
    _checks.instance("rule", rule, Rule)
    _checks.one_of("order", order, ("cyclic", "shuffled"))
    _checks.one_of("engine", engine, ("auto", "reduced", "reference"))
    if engine == "reduced" and weights.dtype not in DTYPES:
        raise TypeError(
            f'weights must be float32 or float64 for engine="reduced", got {weights.dtype}'
        )
    if record_every is not None:
        record_every = _checks.integer("record_every", record_every, low=1)
    if stop_below is not None:
        stop_below = _checks.positive("stop_below", stop_below)
    flags = {"margins": margins, "record_weights": record_weights, "resumable": resumable}
    for name, value in flags.items():
        _checks.instance(name, value, bool)
    if overlaps is not None:
        _checks.floats("overlaps", overlaps, last=("K", data.x.shape[-1]))
        _checks.same_kind(weights=weights, overlaps=overlaps)
        _checks.finite("overlaps", overlaps)
        overlaps = overlaps.detach().clone() if resumable else overlaps
    generators, batched = _checks.cpu_generators(generator)
    drawn = order == "shuffled" or rule.draws
    lr = _checks.learning_rate(lr, like=weights)
    shapes = {"weights": weights.shape[:-3], "lr": lr.shape, **_leading(data)}
    if overlaps is not None:
        shapes["overlaps"] = overlaps.shape[:-2]
    if drawn and batched:
        shapes["generator"] = (len(generators),)
    batch = _checks.broadcast(**shapes)
    n, patches = data.x.shape[-3:-1]
    how = Progress(
        engine, order, record_every, stop_below, batched, n, patches, 0, {}, directions=overlaps
    )
    start = Run(
        *(weights, None, None, None, None, None),
        lr=lr.detach().expand(batch).clone(),
        rule=rule,
        seeds=_seeds(generators, batched) if drawn and generator is not None else None,
        progress=how,
    )
    wanted = {"margins": margins, "path": record_weights, "keep_state": resumable}
    return _further(start, data, epochs, generators, wanted, progress)


def resume(run, data, *, epochs, progress=False):
    """Go on with a run for more epochs, as if it had never ended.

    The result is, to the bit, the run that one call with all the epochs would have been: with its
    rule, its order, its momentum, and the numbers that its generators would have drawn next; the
    generators themselves are left as they are. Runs that were frozen stay so.

    That the data are those of the run is checked by their shape only.

    Args:
        run: a Run that was trained with ``resumable=True``, or such a Run read from a file.
        data: the PatchData that it was trained on.
        epochs: further passes, at least 1.
        progress: show a progress bar on stderr.

    Returns:
        The whole Run, from its start.

    Raises:
        TypeError: an argument is of the wrong type, or data and run differ in dtype.
        ValueError: the run was not trained with ``resumable=True``, the data do not fit it in shape
            or device, or ``epochs`` is below 1.
    """
    _checks.instance("run", run, Run)
    _checks.instance("data", data, PatchData)
    epochs = _checks.integer("epochs", epochs, low=1)
    past = run.progress
    if past is None:
        raise ValueError("run must have been trained with resumable=True and be the whole batch")
    _checks.same_kind(**{"run.weights": run.weights, "data.x": data.x})
    _checks.floats("data.x", data.x, last=(past.n, past.patches, run.weights.shape[-1]))
    batch = run.diverged_at.shape
    if _checks.broadcast(run=batch, **_leading(data)) != batch:
        raise ValueError(
            f"data must have leading axes that are those of run, {tuple(batch)}, or repeat along "
            f"them, got {_leading(data)}"
        )
    generators = [None]
    if past.generators is not None:
        # A copy: torch 2.13 crashes on a state that is a view into a larger tensor.
        generators = [torch.Generator("cpu").set_state(g.clone()) for g in past.generators]
    wanted = {"margins": run.margins is not None, "path": run.path is not None, "keep_state": True}
    return _further(run, data, epochs, generators, wanted, progress)


def _leading(data):
    """The leading axes of data, and of the features that were given with them, by name."""
    shapes = {"data": data.y.shape[:-1]}
    for name in ("u", "v"):
        if getattr(data, name) is not None:
            shapes[f"data.{name}"] = getattr(data, name).shape[:-1]
    return shapes


def _seeds(generators, batched):
    """The initial seeds as int64; manual_seed takes those from 2⁶³ on as negative ones."""
    seeds = [g.initial_seed() for g in generators]
    seeds = [seed - 2**64 if seed >= 2**63 else seed for seed in seeds]
    return torch.tensor(seeds if batched else seeds[0], dtype=torch.int64, device="cpu")


def _further(run, data, epochs, generators, wanted, progress):
    """The run after so many more epochs; at first it is the weights, and how to train them.

    Args:
        run: a Run with its progress.
        data: PatchData.
        epochs: further epochs.
        generators: as they are to be drawn from next.
        wanted: what of Problem says so, by name.
        progress: show a progress bar.
    """
    past, rule = run.progress, run.rule
    visits, targets = draw_visits(epochs, data.y, past.order, rule, generators, past.batched)
    u, v = data.features_or_nan()
    before = None
    if past.epochs:
        before = Before(past.epochs, run.diverged_at, run.stopped_at, past.state)
    problem = Problem(
        *(data.x, data.y, u, v, run.weights, run.lr, visits),
        rule=rule,
        targets=targets,
        directions=past.directions,
        stop_below=past.stop_below or 0.0,
        before=before,
        **wanted,
    )
    steps = (past.epochs + epochs) * rule.steps(past.n)
    every = steps if past.record_every is None else min(past.record_every, steps + 1)
    found = follow(problem, past.engine, every, progress=progress)
    kept = None
    if wanted["keep_state"]:
        drawn = past.order == "shuffled" or rule.draws
        states = torch.stack([_state(g) for g in generators]) if drawn else None
        made = {"engine": found.engine, "epochs": past.epochs + epochs, "state": found.state}
        kept = replace(past, **made, generators=states)
    recorded = {  # and the axes of each that follow that of the records
        name: _joined(getattr(run, name), getattr(found, name), own, past.record_every)
        for name, own in (("strong", 2), ("weak", 2), ("overlaps", 3), ("path", 3))
    }
    return replace(
        run,
        weights=found.weights,
        margins=_joined(run.margins, found.margins, 1),
        steps=torch.arange(0, steps + 1, every, device="cpu"),
        diverged_at=found.diverged_at,
        stopped_at=found.stopped_at,
        second_layer=found.second,
        progress=kept,
        **recorded,
    )


def _state(generator):
    return torch.get_rng_state() if generator is None else generator.get_state()


def _joined(old, new, own, record_every=1):
    """The record from the start; of one that held start and end only, the old end goes."""
    if old is None:
        return new
    kept = old if record_every is not None else old.narrow(-own - 1, 0, 1)
    return torch.cat([kept, new], -own - 1)
