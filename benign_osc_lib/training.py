"""Training by SGD, point after point, epoch after epoch, and the record of a run."""

from dataclasses import dataclass

import torch
from torch import Tensor

from . import _checks
from .data import PatchData
from .engine import DTYPES, Problem, follow
from .engine.divergence import LIMIT as DIVERGED  # noqa: F401
from .visits import visiting_orders


@dataclass(frozen=True, eq=False)
class Run:
    """What :func:`train` returns: one run, or a batch of runs along the leading axes ``...``.

    Args:
        weights: the final weights, (..., 2, m, d).
        margins: (..., epochs, n); ``margins[..., e, i]`` is y_i f(x_i) when point i is visited in
            epoch e, before the update.
        strong: ⟨w_{j,r}, j u⟩ at each recorded step, (..., T, 2, m).
        weak: ⟨w_{j,r}, j v⟩ at each recorded step, (..., T, 2, m).
        steps: the recorded steps, (T,) integers on the CPU; step s is the state after s updates,
            step 0 the start.
        diverged_at: (...) integers: the number of the update after which the run had diverged;
            0 if it had from the start, −1 if it did not. From there on it is frozen.
    """

    weights: Tensor
    margins: Tensor
    strong: Tensor
    weak: Tensor
    steps: Tensor
    diverged_at: Tensor

    def __getitem__(self, index):
        """One run, or some, of a batch: ``run[3]`` has the fields of run 3 alone.

        Args:
            index: of the leading axes, as for a tensor ``diverged_at``.

        Raises:
            IndexError: there is no such run.
        """
        diverged_at = self.diverged_at[index]  # first, so that a bad index cannot reach other axes
        weights, margins = self.weights[index], self.margins[index]
        strong, weak = self.strong[index], self.weak[index]
        return Run(weights, margins, strong, weak, self.steps, diverged_at)

    @property
    def loss(self):
        """½ (f(x_i) − y_i)² at each visit, before the update, (..., epochs, n)."""
        return 0.5 * (1 - self.margins).square()


def train(
    data,
    weights,
    lr,
    *,
    epochs,
    order="cyclic",
    record_every=1,
    generator=None,
    engine="auto",
    progress=False,
):
    """Train by SGD with batch size 1, eq. (3), for ``epochs`` passes over the data.

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
        order: "cyclic" visits 0, 1, …, n − 1 in every epoch; "shuffled" draws a new order for
            every epoch.
        record_every: record the signals at step 0 and after every ``record_every``-th update; None
            records the start and the end only.
        generator: for the shuffling, a CPU ``torch.Generator``: the same orders for all runs; or a
            sequence of them: one independent sequence of orders for each, as a leading axis of the
            batch; or None for torch's default generator.
        engine: "reference", the equations as they stand; "reduced", the same in the inner products
            that an update needs (:mod:`benign_osc_lib.engine.reduced`), the same run to rounding
            and many times faster; "auto", the reduced engine unless n is in the thousands, the
            dtype is neither float32 nor float64, norms leave its range, or Numba is told not to
            compile (NUMBA_DISABLE_JIT).
        progress: show a progress bar on stderr.

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
    generators, batched = _checks.cpu_generators(generator)
    lr = _checks.learning_rate(lr, like=weights)
    shapes = {"data": data.y.shape[:-1], "weights": weights.shape[:-3], "lr": lr.shape}
    for name in ("u", "v"):
        if getattr(data, name) is not None:
            shapes[f"data.{name}"] = getattr(data, name).shape[:-1]
    if order == "shuffled" and batched:
        shapes["generator"] = (len(generators),)
    batch = _checks.broadcast(**shapes)
    if engine == "reduced" and weights.dtype not in DTYPES:
        raise TypeError(
            f'weights must be float32 or float64 for engine="reduced", got {weights.dtype}'
        )
    visits = visiting_orders(epochs, data.y.shape[-1], order, generators, batched)
    steps = epochs * data.y.shape[-1]
    every = steps if record_every is None else min(record_every, steps + 1)
    u, v = data.features_or_nan()
    problem = Problem(data.x, data.y, u, v, weights, lr.expand(batch), visits)
    found = follow(problem, engine, every, progress=progress)
    return Run(*found[:4], torch.arange(0, steps + 1, every, device="cpu"), found.diverged_at)
