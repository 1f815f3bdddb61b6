"""The reduced engine on the CPU for every rule: what it prepares for its compiled loop.

Every update of every :class:`~benign_osc_lib.rule.Rule` lies in the span of the patches and of the
weights themselves (chapter 3), so the loop of ``family_loop`` works on inner products, as that of
the plain rule does (``reduced``, ``compiled``).
"""

from functools import lru_cache
from numbers import Real
from types import FunctionType

import numpy as np
import torch

from ..activations import Activation
from .path import overlaps_along, weights_along
from .problem import Found, NotCompiled, OutOfRange
from .recorder import recorded_steps
from .reduced import REFUSED, aligned, flat, in_parts, most_work


@torch.no_grad()
def train_family(problem, record_every, limit, progress):
    """Train the runs of a batch on the CPU, by any rule; see :mod:`benign_osc_lib.engine`.

    Raises:
        NotCompiled: Numba has been told not to compile.
        OutOfRange: a product of two norms leaves the range of the dtype.
        ValueError: Numba cannot compile the activation.
    """
    from .._compile import compiles  # here, because importing numba takes a third of a second

    if not compiles():
        raise NotCompiled
    from . import family_loop
    from .rows import row_length

    rule = problem.rule
    given, settings = _given(problem), _settings(problem, record_every, limit)
    results = _results(problem, record_every)
    n, patches, d = problem.x.shape[-3:]
    filters, runs = given.start[0].shape[1], len(given.lr)
    lanes, resumes = row_length(filters), problem.before is not None
    own, loop = (None, None), family_loop.train_kept
    if isinstance(rule.activation, Activation):
        own, loop = _compiled(rule.activation), family_loop.train_own
    out = type(results)(*(tensor.numpy() for tensor in results))

    def train_part(part, space):
        loop(part, given, settings, resumes, out, space, *own, (0,) * lanes, patches)
        if space.refused[0]:
            raise OutOfRange(REFUSED[space.refused[0]], problem.lr.dtype)

    epochs, kind = problem.visits.shape[-2], (given.lr.dtype, lanes, *own)
    records = results.strong.shape[1]
    work = 4 * runs * most_work(epochs * n, n * patches, filters, d, records)
    in_parts(
        train_part,
        given.x[1],
        lambda stop: _workspace(n, patches, filters, lanes, given.lr.dtype, settings, stop),
        ("family", kind),
        work,
        runs * epochs * n if progress else None,
    )
    return _found(problem, given, results)


@lru_cache(maxsize=32)
def _compiled(activation):
    """σ and σ' of a researcher's Activation, compiled; the same ones at the next call."""
    from numba.core.errors import NumbaError

    from .._compile import jit

    functions = []
    for name in ("value", "slope"):
        function = jit()(_in_python(getattr(activation, name)))
        try:
            answer = function(1.0)
        except NumbaError as error:
            raise ValueError(
                f"activation must have a {name} that Numba can compile for "
                f'engine="reduced", got {activation.name}: {error}'
            ) from error
        if not isinstance(answer, Real):
            raise ValueError(
                f"activation must have a {name} that is a number, got {activation.name} with "
                f"{answer!r} at 1.0"
            )
        functions.append(function)
    return functions


def _in_python(function):
    """A function that Numba takes: of one compiled already what it was, ``math.sin`` in a shell."""
    function = getattr(function, "py_func", function)
    return function if isinstance(function, FunctionType) else lambda z: function(z)


def _given(problem):
    """What the runs are, as arrays."""
    from .family_state import Given

    batch = problem.lr.shape
    weights = problem.weights.flatten(-3, -2)
    start = problem.before.state["start"].flatten(-3, -2) if problem.before else weights
    targets = problem.y[..., None, :] if problem.targets is None else problem.targets
    lr = problem.lr.detach().reshape(-1).contiguous().numpy()
    return Given(
        x=flat(problem.x, 3, batch),
        y=flat(problem.y, 1, batch),
        u=flat(problem.u, 1, batch),
        v=flat(problem.v, 1, batch),
        start=flat(start, 2, batch),
        weights=flat(weights, 2, batch),
        lr=lr,
        visits=flat(problem.visits, 2, batch),
        targets=flat(targets, 2, batch),
        schedule=np.array(problem.rule.schedule or (1.0,), lr.dtype),
    )


def _settings(problem, record_every, limit):
    """The numbers of a call, in the types that the loop computes in."""
    from .family_state import Settings
    from .row_activations import NUMBERS, OWN

    rule, m = problem.rule, problem.weights.shape[-2]
    n, patches = problem.x.shape[-3:-1]
    number = np.dtype(str(problem.lr.dtype).removeprefix("torch.")).type
    own = isinstance(rule.activation, Activation)
    return Settings(
        kind=OWN if own else NUMBERS[rule.activation],
        logistic=rule.loss == "logistic",
        batch_size=min(rule.batch_size, n),
        momentum=number(rule.momentum),
        nesterov=rule.nesterov,
        weight_decay=number(rule.weight_decay),
        trained=rule.second_layer == "trained",
        second_rate=number(rule.second_layer_rate),
        sam=number(rule.sam),
        stop_below=number(problem.stop_below),
        limit=number(limit),
        record_every=int(record_every),
        epochs_before=problem.before.epochs if problem.before else 0,
        epochs=problem.visits.shape[-2],
        tiny=number(np.finfo(number).tiny * 2 * m * patches),
    )


def _results(problem, record_every):
    """Tensors for what the loop finds; those of the past are what it goes on from."""
    from .family_state import Results

    rule, before = problem.rule, problem.before
    (n, patches, d), m = problem.x.shape[-3:], problem.weights.shape[-2]
    runs, most = problem.lr.numel(), n * patches + 2
    records = len(recorded_steps(problem, record_every))
    kind = {"dtype": problem.lr.dtype, "device": "cpu"}
    whole = {"dtype": torch.int64, "device": "cpu"}
    along = problem.path or problem.directions is not None
    trained, state = rule.second_layer == "trained", before.state if before else {}
    remembered = problem.keep_state or before is not None

    def memory(name, wanted, *own):
        if name in state:
            return state[name].reshape(runs, *own).clone()
        return torch.empty(runs if wanted else 0, *own, **kind)

    def ended(name):
        if before:
            return getattr(before, name).reshape(-1).clone()
        return torch.full((runs,), -1, **whole)

    moving = remembered and rule.momentum > 0
    return Results(
        weights=torch.empty(runs, 2 * m, d, **kind),
        margins=torch.empty(runs, problem.visits.shape[-2] if problem.margins else 1, n, **kind),
        strong=torch.empty(runs, records, 2 * m, **kind),
        weak=torch.empty(runs, records, 2 * m, **kind),
        diverged_at=ended("diverged_at"),
        stopped_at=ended("stopped_at"),
        second=memory("second", trained, 2 * m),
        path=torch.empty(runs if along else 0, records, most + 1, 2 * m, **kind),
        source=torch.empty(runs if along else 0, most, **whole),
        coefficients=memory("coefficients", remembered, most + 1, 2 * m),
        velocity=memory("velocity", moving, most + 1, 2 * m),
        second_velocity=memory("second_velocity", moving and trained, 2 * m),
    )


def _found(problem, given, results):
    """What the engine returns."""
    batch, m = problem.lr.shape, problem.weights.shape[-2]
    filters = (2, m)
    overlaps = path = state = None

    def shared(pair):
        return tuple(torch.from_numpy(array) for array in pair)

    if len(results.source) or problem.path or problem.directions is not None:
        vectors = [shared(getattr(given, name)) for name in ("start", "x", "u", "v")]
        known = results.path, results.source, *vectors
        if problem.path:
            path = weights_along(*known)
            path = path.reshape(*batch, path.shape[1], *filters, path.shape[-1])
        if problem.directions is not None:
            wanted = shared(flat(problem.directions, 2, batch))
            overlaps = overlaps_along(*known, wanted)
            overlaps = overlaps.reshape(*batch, overlaps.shape[1], *filters, overlaps.shape[-1])
    second = None
    if problem.rule.second_layer == "trained":
        second = results.second.reshape(*batch, *filters)
    if problem.keep_state:
        start = problem.before.state["start"] if problem.before else problem.weights
        state = {"start": start.expand(*batch, *start.shape[-3:]).clone()}
        names = {"coefficients": True, "velocity": problem.rule.momentum > 0}
        names |= {"second": second is not None}
        names |= {"second_velocity": second is not None and problem.rule.momentum > 0}
        for name in (name for name, kept in names.items() if kept):
            whole = getattr(results, name)
            state[name] = whole.reshape(*batch, *whole.shape[1:]).clone()
    return Found(
        weights=results.weights.reshape(*batch, *filters, results.weights.shape[-1]),
        margins=results.margins.reshape(*batch, *results.margins.shape[1:]),
        strong=results.strong.reshape(*batch, results.strong.shape[1], *filters),
        weak=results.weak.reshape(*batch, results.weak.shape[1], *filters),
        diverged_at=results.diverged_at.reshape(batch),
        stopped_at=results.stopped_at.reshape(batch),
        second=second,
        overlaps=overlaps,
        path=path,
        state=state,
    )


def _workspace(n, patches, filters, lanes, dtype, settings, stop):
    """What a thread needs beside the results; see ``family_state``."""
    from .family_state import Workspace

    most, blocks, batch = n * patches + 2, -(-filters // lanes), settings.batch_size
    row, moves, sam = blocks * lanes, settings.momentum > 0, settings.sam > 0
    share = aligned(row, dtype)
    share[:] = 0
    share[: filters // 2], share[filters // 2 : filters] = 2 / filters, -2 / filters
    return Workspace(
        source=np.empty(most, np.intp),
        direction=np.empty(n * patches, np.intp),
        sign=aligned(n * patches, dtype),
        row_begin=np.empty(most, np.intp),
        row_end=np.empty(most, np.intp),
        gram=aligned(most**2, dtype),
        initial_products=aligned(most * row, dtype),
        coefficients=aligned(most * row, dtype),
        before=aligned(most * row, dtype),
        velocity=aligned(most * row if moves else 0, dtype),
        velocity_before=aligned(most * row if moves else 0, dtype),
        gradient=aligned(most * row if sam else 0, dtype),
        reach=aligned(most * row if sam else 0, dtype),
        inner=aligned(batch * patches * row if sam else 0, dtype),
        slopes=aligned(batch * patches * row, dtype),
        sums=aligned(batch * row, dtype),
        slope_of=aligned(batch, dtype),
        touched=np.empty(most, np.intp),
        mark=np.empty(most, np.intp),
        scratch=aligned(2 * lanes, dtype),
        share=share,
        factors=aligned(row, dtype),
        second=aligned(row, dtype),
        second_before=aligned(row, dtype),
        second_velocity=aligned(row, dtype),
        second_slope=aligned(row, dtype),
        outputs=aligned(n, dtype),
        stop=stop,
        steps=np.zeros(1, np.int64),
        refused=np.zeros(1, np.int64),
    )
