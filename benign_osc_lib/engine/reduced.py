"""The reduced engine: the same SGD in the inner products that an update needs.

Every update of eq. (3) lies in the span of the patches. So the inner products of the filters with
the patches, and those of the patches with each other, say all that happens, whatever d is (appendix
B); the weights are put together at the end. On the CPU one compiled loop follows each run, as many
at a time as torch has threads (this module and ``compiled``); on other devices the runs of a batch
advance together (``cuda``, ``batched``).

The products of two norms, ‖x_k‖ ‖x_l‖, ‖u‖ ‖x_k‖ and ‖v‖ ‖x_k‖, must not leave the range of the
dtype: patches longer than 10¹⁵⁴ or shorter than 10⁻¹⁵⁴, or 10¹⁹ and 10⁻¹⁹ in float32, are for the
reference engine. ``engine="auto"`` takes it then.
"""

import math
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from queue import SimpleQueue

import numpy as np
import torch
from tqdm import tqdm

from .problem import Found, NotCompiled, OutOfRange, without_repetitions

DTYPES = (torch.float32, torch.float64)
"""What the engine computes in."""

LARGEST_GRAM = 2**24
"""Entries of the Gram matrix, (n P)², up to which "auto" takes this engine."""

PARTS = 4
"""A batch is cut into so many parts a thread, so that all threads end at about the same time."""

TOGETHER = 2
"""Runs that a thread has in work: it goes on with one while numbers of another are on their way."""

SMALL_GRAM = 2**14
"""Entries of the Gram matrix up to which it does; with larger ones no time is spent in waiting."""

GLANCE = 0.1
"""Seconds between two looks at how far the threads have come, and at Ctrl-C."""

LINE = 64
"""Bytes of a cache line."""

SOON = 2**29
"""Multiply-adds, :func:`most_work`, that end soon enough to be run without a look at Ctrl-C.

They took 0.2 s at most in runs made to need the most for each step (AMD Zen 4).
"""

_ready = set()  # for what the loops have been compiled in this process

REFUSED = (None, "data.x", "data.u", "data.v")
"""What ``compiled`` says of data out of range."""


def suits(problem):
    """Whether ``engine="auto"`` should take this engine: it can, and the Gram matrix is small."""
    n, patches = problem.x.shape[-3:-1]
    return problem.x.dtype in DTYPES and (n * patches) ** 2 <= LARGEST_GRAM


@torch.no_grad()
def train_compiled(problem, record_every, limit, progress):
    """Train the runs of a batch on the CPU; see :mod:`benign_osc_lib.engine`."""
    from .._compile import compiles  # here, because importing numba takes a third of a second

    if not compiles():
        raise NotCompiled
    from . import compiled, workspace
    from .rows import row_length

    batch, m, d = problem.lr.shape, *problem.weights.shape[-2:]
    epochs, n = problem.visits.shape[-2:]
    runs, filters, patches = problem.lr.numel(), 2 * m, problem.x.shape[-2]
    records = epochs * n // record_every + 1
    kind = {"dtype": problem.lr.dtype, "device": "cpu"}
    out = (
        torch.empty(runs, filters, d, **kind),
        torch.empty(runs, epochs, n, **kind),
        torch.empty(runs, records, filters, **kind),
        torch.empty(runs, records, filters, **kind),
        torch.empty(runs, dtype=torch.int64, device="cpu"),
    )
    given = workspace.Given(
        x=flat(problem.x, 3, batch),
        y=flat(problem.y, 1, batch),
        u=flat(problem.u, 1, batch),
        v=flat(problem.v, 1, batch),
        weights=flat(problem.weights.flatten(-3, -2), 2, batch),
        lr=problem.lr.detach().reshape(-1).contiguous().numpy(),
        visits=flat(problem.visits, 2, batch),
    )
    lanes = row_length(filters)
    whole = filters == lanes
    together = TOGETHER if (n * patches) ** 2 <= SMALL_GRAM else 1

    def train_part(part, space):
        compiled.train_runs(
            part,
            given,
            record_every,
            given.lr.dtype.type(limit),
            workspace.Results(*(tensor.numpy() for tensor in out)),
            space,
            (0,) * lanes,
            (0,) * patches,
            (0,) * whole,
        )
        if space.refused[0]:
            raise OutOfRange(REFUSED[space.refused[0]], problem.lr.dtype)

    in_parts(
        train_part,
        given.x[1],
        lambda stop: _workspace(together, n, patches, filters, lanes, given.lr.dtype, stop),
        (given.lr.dtype, lanes, patches, whole),
        runs * most_work(epochs * n, n * patches, filters, d, records),
        runs * epochs * n if progress else None,
        together,
    )
    weights, margins, strong, weak, diverged_at = out
    return Found(
        weights.reshape(*batch, 2, m, d),
        margins.reshape(*batch, epochs, n),
        strong.reshape(*batch, records, 2, m),
        weak.reshape(*batch, records, 2, m),
        diverged_at.reshape(batch),
    )


def in_parts(train_part, data, workspace, kind, work, steps, together=1):
    """Train the runs of a batch, part by part, with as many threads as torch has.

    Args:
        train_part: a function of the numbers of some runs and of a workspace.
        data: which data each run has, (R,). Runs with the same data stand together, so that a Gram
            matrix is made once.
        workspace: a function that makes one for the array ``stop``, which ends all work once set.
        kind: for what ``train_part`` is compiled.
        work: multiply-adds of all runs at most.
        steps: steps of all runs, for the progress bar; None for no bar.
        together: how many runs ``train_part`` has in work at a time.
    """
    threads, stop = torch.get_num_threads(), np.zeros(1, np.int64)
    cuts = max(threads, min(PARTS * threads, len(data) // together)) if threads > 1 else 1
    parts = np.array_split(np.argsort(data, kind="stable"), cuts)
    parts = [part for part in parts if len(part)]
    spaces = [workspace(stop) for _ in range(min(threads, len(parts)))]
    if not spaces:
        return
    free = SimpleQueue()
    for space in spaces:
        free.put(space)

    def train_in_turn(part):
        space = free.get()
        try:
            train_part(part, space)
        except BaseException:
            stop[0] = 1
            raise
        finally:
            free.put(space)

    if kind not in _ready:
        # Compiled, or loaded, here: a thread of the pool could not be interrupted meanwhile.
        train_part(parts[0][:0], spaces[0])
        _ready.add(kind)
    if len(parts) == 1 and work <= SOON:
        _run_here(train_in_turn, parts[0], steps)
    else:
        _run_all(train_in_turn, parts, spaces, stop, steps)


def most_work(steps, patches, filters, d, records):
    """Multiply-adds that a run needs at most: where each update needs a survey and the weights."""
    directions = patches + 2
    step = 500 + filters * directions * (directions + d)  # 500 stands for what is done in any case
    return directions**2 * d + (steps + 2) * step + records * 2 * filters * directions


def _run_here(task, part, steps):
    """Run a task in this thread; where it takes microseconds, a pool would take most of the time.

    Ctrl-C waits until it ends.
    """
    with tqdm(total=steps, disable=steps is None, unit="step") as bar:
        task(part)
        bar.update(steps or 0)


def _run_all(task, parts, spaces, stop, steps):
    """Run a task on each part, a thread for each workspace; show a bar unless ``steps`` is None.

    This thread only waits, so Ctrl-C reaches it at once. The loops look at ``stop``.
    """
    pool = ThreadPoolExecutor(len(spaces))
    try:
        with tqdm(total=steps, disable=steps is None, unit="step") as bar:
            for future in [pool.submit(task, part) for part in parts]:
                done = False
                while not done:
                    try:
                        future.result(GLANCE)
                        done = True
                    except TimeoutError:
                        pass
                    bar.update(sum(int(space.progress[0]) for space in spaces) - bar.n)
    except BaseException:
        stop[0] = 1
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def flat(tensor, own, batch):
    """An array with one leading axis and without repetitions, and the place of each run in it.

    ``own`` is the number of trailing axes that belong to one run.
    """
    tensor = without_repetitions(tensor, own)
    lead, last = tensor.shape[: tensor.dim() - own], tensor.shape[tensor.dim() - own :]
    places = np.broadcast_to(np.arange(lead.numel()).reshape(lead), batch)
    array = tensor.detach().reshape(-1, *last).contiguous().numpy()
    return array, places.flatten()  # a copy: for a read-only view Numba would compile anew


def aligned(shape, dtype):
    """An array with cache lines of its own: threads that write to one line wait for each other."""
    shape = shape if isinstance(shape, tuple) else (shape,)
    size = math.prod(shape) * dtype.itemsize
    spare = np.empty(size + 2 * LINE, np.uint8)
    skip = -spare.ctypes.data % LINE
    return spare[skip : skip + size].view(dtype).reshape(shape)


def _workspace(together, n, patches, filters, lanes, dtype, stop):
    """What a thread needs beside the results; see ``workspace``."""
    from .workspace import PLAN, Workspace, run_type

    most, blocks = n * patches + 2, -(-filters // lanes)

    def numbers(*shape):
        return aligned(shape, dtype)

    def integers(*shape):
        return aligned(shape, np.dtype(np.int64))

    progress, refused = integers(1), integers(1)
    progress[:], refused[:] = 0, 0
    share = numbers(blocks * lanes)
    share[:] = 0
    share[: filters // 2], share[filters // 2 : filters] = 2 / filters, -2 / filters
    j = numbers(blocks * lanes)
    j[:] = 1
    j[filters // 2 :] = -1
    return Workspace(
        known=integers(together, 4),
        source=integers(together, most),
        direction=integers(together, n * patches),
        sign=numbers(together, n * patches),
        row_begin=integers(together, most),
        row_end=integers(together, most),
        gram=numbers(together, most**2),
        plan=integers(together, n * patches + 2, PLAN),
        flips=numbers(together, n * patches + 2),
        steps=numbers(together, n * patches + 2),
        initial_products=numbers(together, blocks * most * lanes),
        coefficients=numbers(together, blocks * most * lanes),
        runs=aligned(together, run_type(dtype)),
        outputs=numbers(together, n),
        before=numbers(blocks * most * lanes),
        active=numbers(together, blocks * patches * lanes),
        scratch=numbers(lanes),
        share=share,
        j=j,
        stop=stop,
        progress=progress,
        refused=refused,
    )
