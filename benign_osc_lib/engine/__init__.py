"""Engines: functions that follow the runs of SGD, eqs. (1) to (3), each in its own way.

**The contract.** An engine is a function ``train(problem, record_every, limit, progress)``:

- ``problem`` is a :class:`~benign_osc_lib.engine.problem.Problem`. Arguments have been checked;
  leading axes broadcast to those of ``lr`` and may be views with stride 0. Nothing is written to.
- ``record_every`` ≥ 1 is a number of steps, ``limit`` the abs(f) beyond which a run has diverged,
  ``progress`` whether to show a bar on stderr that counts steps of runs, with tqdm.
- It returns a :class:`~benign_osc_lib.engine.problem.Found`, in the dtype and on the device of the
  weights, numbers of updates in int64, without a graph of autograd.
- ``autograd`` and ``family`` follow every rule and have all that a Problem may ask for,
  ``reference`` and ``compiled`` so for the plain rule. The others follow the plain rule from its
  start and have margins, signals and weights; :func:`follow` asks them for nothing else.
- Each run is, to rounding, the run that it would be alone.
- A run diverges with the update after which abs(f) > ``limit`` or f is NaN on some training point,
  or ‖W‖² overflows; with 0 if it is so at the start. From there on it is frozen: it keeps the
  weights of that moment (of the moment before, if they overflowed), and margins and record are
  those of these weights. Divergence is no error and touches no other run
  (:mod:`~benign_osc_lib.engine.divergence`). A run that is stopped is frozen likewise.
- What it cannot represent it refuses with :class:`~benign_osc_lib.engine.problem.OutOfRange`; where
  it cannot run at all, with :class:`~benign_osc_lib.engine.problem.NotCompiled`.
- Ctrl-C ends it within half a second.

**The table.** :data:`ENGINES` names them all. ``tests/library/engine/test_engines.py`` puts every
engine of the table through the same cases, so a new one gets its tests with its line here.

**Where f and the step stand again.** Eq. (1) is ``network.output`` and eq. (3) ``sgd.gradient``
with ``sgd.along_patches``; :func:`~benign_osc_lib.sgd.sgd_step` and the reference engine call
these. ``engine.autograd`` has f from ``network.output`` and leaves the step to
``torch.optim.SGD``. For speed both are written again, and a change of the model has to be made in
each place:

- ``engine.step``: f of the visited point in ``activate``, f of all points in ``survey``, the step
  in ``update``, on inner products, in rows of filters;
- ``engine.whole``: f of the visited point in ``activate_whole`` and the step in ``update_whole``,
  for the most common sizes;
- ``engine.family_step``, for every rule: f of the visited point in ``visit``, the step in
  ``descend`` and ``update_second``; ``engine.family_flow``: momentum and weight decay in ``coast``;
  ``engine.family_look``: f of all points in ``survey``; ``engine.row_activations``: σ and σ' in
  ``activate``;
- ``engine.batched``: f of the visited point and the step in ``update``, f of all points in
  ``look``, on inner products, in tensors;
- ``engine.cuda_kernel``: f of the visited point and the step in ``trajectories``, f of all points
  in ``survey``, on inner products, in the threads of a GPU;
- ``engine.divergence``: bounds of f and of the step, which spare a look at all points;
- ``sweeps.accuracy.count_correct``: f of test points, from the numbers that make them;
- ``benchmarks/peers``: all of it, in other frameworks, to be compared with.
"""

import warnings

import torch

from .autograd import train_autograd
from .batched import train_batched
from .cuda import train_cuda
from .divergence import LIMIT
from .family import train_family
from .problem import (
    Before,
    Found,
    NotCompilable,
    NotCompiled,
    NotForRule,
    OutOfRange,
    Problem,
)
from .reduced import DTYPES, suits, train_compiled
from .reference import train_reference

ENGINES = {
    "reference": train_reference,
    "autograd": train_autograd,
    "compiled": train_compiled,
    "family": train_family,
    "batched": train_batched,
    "cuda": train_cuda,
}
"""Every engine by its name: the equations as they stand; any rule, by automatic differentiation;
inner products on the CPU, compiled, for the plain rule and for any; inner products in tensors, on
any device; inner products in one kernel, on a GPU."""


def follow(problem, engine, record_every, *, limit=LIMIT, progress=False):
    """Train by the engine that is asked for, and record NaN for a feature that is NaN.

    Args:
        problem: a Problem, in which u and v may be NaN.
        engine: "reference": that of the paper's equations or, for another rule, of autograd;
            "reduced": on the CPU compiled or, for another rule, family; cuda on a GPU that Numba
            can use, batched on other devices; "auto"; or a key of :data:`ENGINES`.
        record_every: a number of steps.
        limit: abs(f) beyond which a run has diverged.
        progress: show a progress bar.

    Returns:
        Found, with the key of the engine that did it.

    Raises:
        OutOfRange: the reduced engine is asked for and cannot represent some product.
        NotCompilable: it is asked for, and Numba cannot compile the activation.
        NotCompiled: it is asked for on the CPU, and Numba has been told not to compile.
        NotForRule: it is asked for and has no such rule on this device.
    """
    known = problem._replace(u=problem.u.nan_to_num(), v=problem.v.nan_to_num())
    plain = problem.rule.is_plain
    by_equations = "reference" if plain else "autograd"
    reduced = {"cpu": "family", "cuda": "cuda"}.get(problem.x.device.type, "batched")
    if reduced == "family" and plain:
        reduced = "compiled"
    wanted = {"reference": by_equations, "reduced": reduced}
    wanted["auto"] = reduced if suits(problem) else by_equations
    name = wanted.get(engine, engine)
    try:
        simple = plain and (name == "compiled" or is_bare(problem))
        if name in ("compiled", "batched", "cuda") and not simple:
            raise NotForRule(problem.rule)
        found = ENGINES[name](known, record_every, limit, progress)
    except (OutOfRange, NotCompilable, NotCompiled, NotForRule) as error:
        if engine != "auto":
            raise
        if isinstance(error, NotCompilable):  # nothing else says why the call takes so long
            warnings.warn(f"automatic differentiation is used: {error}", stacklevel=3)
        name = by_equations
        found = ENGINES[name](known, record_every, limit, progress)
    for signal, feature in ((found.strong, problem.u), (found.weak, problem.v)):
        unseen = feature.isnan().any(-1)[..., None, None, None]
        signal.masked_fill_(unseen, torch.nan)
    if found.stopped_at is None:
        found = found._replace(stopped_at=torch.full_like(found.diverged_at, -1))
    margins = found.margins if problem.margins else None
    return found._replace(engine=found.engine or name, margins=margins)


def is_bare(problem):
    """Whether nothing is wanted beside margins and signals, from the start."""
    more = problem.path or problem.keep_state or problem.stop_below > 0
    return not more and problem.directions is None and problem.before is None


__all__ = ["DTYPES", "ENGINES", "Before", "Found", "NotForRule", "OutOfRange", "Problem", "follow"]
