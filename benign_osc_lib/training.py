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
        generator: for the shuffling and the label noise, a CPU ``torch.Generator``: the same orders
            and noise for all runs; or a sequence of them: independent ones for each, as a leading
            axis of the batch; or None for torch's default generator. What each draws, and when,
            says :func:`~benign_osc_lib.visits.draw_visits`.
        engine: "reference", the equations as they stand; "reduced", the same in the inner products
            that an update needs (:mod:`benign_osc_lib.engine.reduced`), the same run to rounding
            and many times faster; "auto", the reduced engine unless n is in the thousands, the
            dtype is neither float32 nor float64, norms leave its range, or Numba is told not to
            compile (NUMBA_DISABLE_JIT). On a GPU it is one kernel where the package numba-cuda is
            installed, else a slower one (:mod:`benign_osc_lib.engine.cuda`).
        progress: show a progress bar on stderr.
        margins: keep y f at each visit. Without, the memory of a call does not grow with epochs.
        overlaps: vectors (..., K, d), such as noise patches or further features, whose inner
            products with the filters are recorded too; or None.
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
            range of the dtype.
        RuntimeError: ``engine="reduced"`` is asked for on the CPU while NUMBA_DISABLE_JIT is set.
    """
    _checks.instance("data", data, PatchData)
    _checks.floats("weights", weights, last=(2, "m", data.x.shape[-1]))
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    _checks.integer("epochs", epochs, low=1)
    _checks.one_of("order", order, ("cyclic", "shuffled"))
    _checks.one_of("engine", engine, ("auto", "reduced", "reference"))
    if record_every is not None:
        _checks.integer("record_every", record_every, low=1)
    _checks.instance("rule", rule, Rule)
    for name, value in (("margins", margins), ("resumable", resumable)):
        _checks.instance(name, value, bool)
    _checks.instance("record_weights", record_weights, bool)
    if stop_below is not None:
        _checks.positive("stop_below", stop_below)
    generators, batched = _checks.cpu_generators(generator)
    lr = _checks.learning_rate(lr, like=weights)
    shapes = {"data": data.y.shape[:-1], "weights": weights.shape[:-3], "lr": lr.shape}
    for name in ("u", "v"):
        if getattr(data, name) is not None:
            shapes[f"data.{name}"] = getattr(data, name).shape[:-1]
    if overlaps is not None:
        _checks.floats("overlaps", overlaps, last=("K", data.x.shape[-1]))
        _checks.same_kind(weights=weights, overlaps=overlaps)
        _checks.finite("overlaps", overlaps)
        shapes["overlaps"] = overlaps.shape[:-2]
    if (order == "shuffled" or rule.draws) and batched:
        shapes["generator"] = (len(generators),)
    batch = _checks.broadcast(**shapes)
    if engine == "reduced" and weights.dtype not in DTYPES:
        raise TypeError(
            f'weights must be float32 or float64 for engine="reduced", got {weights.dtype}'
        )
    visits, targets = draw_visits(epochs, data.y, order, rule, generators, batched)
    steps = epochs * rule.steps(data.y.shape[-1])
    every = steps if record_every is None else min(record_every, steps + 1)
    u, v = data.features_or_nan()
    problem = Problem(
        data.x,
        data.y,
        u,
        v,
        weights,
        lr.expand(batch),
        visits,
        rule=rule,
        targets=targets,
        margins=margins,
        directions=overlaps,
        path=record_weights,
        stop_below=stop_below or 0.0,
        keep_state=resumable,
    )
    found = follow(problem, engine, every, progress=progress)
    drawn = order == "shuffled" or rule.draws
    kept = None
    if resumable:
        states = torch.stack([_state_of(g) for g in generators]) if drawn else None
        made = (found.engine, order, record_every, epochs, stop_below, found.state, overlaps)
        kept = Progress(*made, generators=states, batched=batched)
    seeds = None
    if drawn and generator is not None:
        seeds = torch.tensor([g.initial_seed() for g in generators], dtype=torch.int64)
        seeds = seeds if batched else seeds[0]
    return Run(
        weights=found.weights,
        margins=found.margins,
        strong=found.strong,
        weak=found.weak,
        steps=torch.arange(0, steps + 1, every, device="cpu"),
        diverged_at=found.diverged_at,
        lr=problem.lr,
        rule=rule,
        seeds=seeds,
        stopped_at=found.stopped_at,
        second_layer=found.second,
        overlaps=found.overlaps,
        path=found.path,
        progress=kept,
    )


def _state_of(generator):
    return torch.get_rng_state() if generator is None else generator.get_state()


def resume(run, data, *, epochs, progress=False):
    """Go on with a run for more epochs, as if it had never ended.

    The result is, to the bit, the run that one call with all the epochs would have been: with its
    rule, its order, its momentum, and the numbers that its generators would have drawn next. Runs
    that were frozen stay so.

    Args:
        run: a Run that was trained with ``resumable=True``, or read from a file.
        data: the PatchData that it was trained on.
        epochs: further passes, at least 1.
        progress: show a progress bar on stderr.

    Returns:
        The whole Run, from its start.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the run was not trained with ``resumable=True``, the data do not fit it, or
            ``epochs`` is below 1.
    """
    _checks.instance("run", run, Run)
    _checks.instance("data", data, PatchData)
    _checks.integer("epochs", epochs, low=1)
    past = run.progress
    if past is None:
        raise ValueError("run must have been trained with resumable=True")
    _checks.same_kind(**{"run.weights": run.weights, "data.x": data.x})
    if data.x.shape[-1] != run.weights.shape[-1]:
        wanted = ("n", "P", run.weights.shape[-1])
        _checks.floats("data.x", data.x, last=wanted)
    if run.margins is not None and data.y.shape[-1] != run.margins.shape[-1]:
        raise ValueError(
            f"data must have the {run.margins.shape[-1]} points of the run, got {data.y.shape[-1]}"
        )
    generators = [None]
    if past.generators is not None:
        # A copy: torch 2.13 crashes on a state that is a view into a larger tensor.
        generators = [torch.Generator().set_state(state.clone()) for state in past.generators]
    visits, targets = draw_visits(epochs, data.y, past.order, run.rule, generators, past.batched)
    steps = (past.epochs + epochs) * run.rule.steps(data.y.shape[-1])
    every = steps if past.record_every is None else min(past.record_every, steps + 1)
    u, v = data.features_or_nan()
    problem = Problem(
        data.x,
        data.y,
        u,
        v,
        run.weights,
        run.lr,
        visits,
        rule=run.rule,
        targets=targets,
        margins=run.margins is not None,
        directions=past.directions,
        path=run.path is not None,
        stop_below=past.stop_below or 0.0,
        keep_state=True,
        before=Before(past.epochs, run.diverged_at, run.stopped_at, past.state),
    )
    found = follow(problem, past.engine, every, progress=progress)

    def joined(old, new, axis):
        return None if old is None else torch.cat([old, new], axis)

    kept = slice(1) if past.record_every is None else slice(None)

    def record(name, own):
        old = getattr(run, name)
        if old is not None:
            old = old.movedim(-own - 1, 0)[kept].movedim(0, -own - 1)
        return joined(old, getattr(found, name), -own - 1)

    states = past.generators
    if states is not None:
        states = torch.stack([generator.get_state() for generator in generators])
    return replace(
        run,
        weights=found.weights,
        margins=joined(run.margins, found.margins, -2),
        strong=record("strong", 2),
        weak=record("weak", 2),
        steps=torch.arange(0, steps + 1, every, device="cpu"),
        diverged_at=found.diverged_at,
        stopped_at=found.stopped_at,
        second_layer=found.second,
        overlaps=record("overlaps", 3),
        path=record("path", 3),
        progress=replace(past, epochs=past.epochs + epochs, state=found.state, generators=states),
    )
