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
from .problem import NotCompilable, NotCompiled, OutOfRange, flat
from .reduced import REFUSED, aligned, in_parts, most_work
from .results import found_by, results_for


@torch.no_grad()
def train_family(problem, record_every, limit, progress):
    """Train the runs of a batch on the CPU, by any rule; see :mod:`benign_osc_lib.engine`.

    Raises:
        NotCompiled: Numba has been told not to compile.
        OutOfRange: a product of two norms leaves the range of the dtype.
        NotCompilable: Numba cannot compile the activation.
        ValueError: its answer is no number.
    """
    from .._compile import compiles  # here, because importing numba takes a third of a second

    if not compiles():
        raise NotCompiled
    from . import family_loop
    from .rows import row_length

    rule = problem.rule
    given, settings = _given(problem), _settings(problem, record_every, limit)
    results = results_for(problem, record_every)
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
    return found_by(problem, given, results)


@lru_cache(maxsize=32)  # the loop is compiled for these very functions, and that takes seconds
def _compiled(activation):
    """σ and σ' of a researcher's Activation, compiled; the same ones at the next call."""
    from numba.core.errors import NumbaError

    from .._compile import jit

    functions = []
    for name in ("value", "slope"):
        function = jit(entry=True)(_in_python(getattr(activation, name)))
        try:
            answer = function(1.0)
        except NumbaError as error:
            raise NotCompilable(name, activation, error) from error
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


def _workspace(n, patches, filters, lanes, dtype, settings, stop):
    """What a thread needs beside the results; see ``family_state``."""
    from .family_state import Places, Workspace

    most, row, batch = n * patches + 2, -(-filters // lanes) * lanes, settings.batch_size
    moves, sam = settings.momentum > 0, settings.sam > 0
    sizes = Places(
        coefficients=most * row,
        before=most * row,
        velocity=most * row * moves,
        velocity_before=most * row * moves,
        gradient=most * row * sam,
        reach=most * row * sam,
        inner=batch * patches * row * sam,
        slopes=batch * patches * row,
        sums=batch * row,
        slope_of=batch,
        scratch=2 * lanes,
        share=row,
        factors=row,
        second=row,
        second_before=row,
        second_velocity=row,
        second_slope=row,
    )
    line = 64 // dtype.itemsize  # each begins with a cache line
    ends = np.cumsum([-(-size // line) * line for size in sizes])
    places, numbers = Places(0, *map(int, ends[:-1])), aligned(int(ends[-1]), dtype)
    share = numbers[places.share : places.share + row]
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
        outputs=aligned(n, dtype),
        touched=np.empty(most, np.intp),
        mark=np.empty(most, np.intp),
        numbers=numbers,
        places=places,
        stop=stop,
        progress=np.zeros(1, np.int64),
        refused=np.zeros(1, np.int64),
    )
