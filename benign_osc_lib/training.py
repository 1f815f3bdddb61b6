"""Training by SGD, point after point, epoch after epoch, and the record of a run."""

from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from . import _checks, reduced
from .data import PatchData
from .network import predict
from .sgd import along_patches, gradient, signs_j

DIVERGED = 1e6
"""A run has diverged once f exceeds this in size on a training point; the labels are ±1."""


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

    Args:
        data: PatchData with n points.
        weights: the initial weights, (..., 2, m, d); left as they are.
        lr: the learning rate η > 0: a number, a tensor (...) or a nested list.
        epochs: number of passes, at least 1.
        order: "cyclic" visits 0, 1, …, n − 1 in every epoch; "shuffled" draws a new order for
            every epoch.
        record_every: record the signals at step 0 and after every ``record_every``-th update; None
            records the start and the end only.
        generator: for the shuffling, a CPU ``torch.Generator``: the same orders for all runs; or a
            sequence of them: one independent sequence of orders for each, as a leading axis of the
            batch; or None for torch's default generator.
        engine: "reference", the equations as they stand; "reduced", the same in the inner products
            that an update needs (:mod:`benign_osc_lib.reduced`), the same run to rounding and
            many times faster; "auto", the reduced engine unless n is in the thousands or the dtype
            is neither float32 nor float64.
        progress: show a progress bar on stderr.

    Returns:
        A Run, on the device and in the dtype of the data.

    Raises:
        TypeError: an argument is of the wrong type, or dtypes differ.
        ValueError: an argument is outside its range, or shapes or devices disagree.
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
    if engine == "reduced" and weights.dtype not in reduced.DTYPES:
        raise TypeError(
            f'weights must be float32 or float64 for engine="reduced", got {weights.dtype}'
        )
    visits = _visits(epochs, data.y.shape[-1], order, generators, batched)
    steps = epochs * data.y.shape[-1]
    every = steps if record_every is None else min(record_every, steps + 1)
    if engine == "reduced" or (engine == "auto" and reduced.suits(data)):
        found = reduced.train_reduced(
            data, weights, lr.expand(batch), visits, every, DIVERGED, progress
        )
    else:
        weights = weights.detach().expand(*batch, *weights.shape[-3:]).clone()
        found = _reference(data, weights, lr.expand(batch), visits, every, progress)
    weights, margins, strong, weak, diverged_at = found
    recorded = torch.arange(0, steps + 1, every, device="cpu")
    return Run(weights, margins, strong, weak, recorded, diverged_at)


def _visits(epochs, n, order, generators, batched):
    """The index of the point at each visit, (epochs, n), or (..., epochs, n) if ``batched``."""
    if order == "cyclic":
        return torch.arange(n, device="cpu").expand(epochs, n)
    drawn = [
        torch.stack([torch.randperm(n, generator=g, device="cpu") for _ in range(epochs)])
        for g in generators
    ]
    return torch.stack(drawn) if batched else drawn[0]


def _visited(tensor, i, own):
    """Entry i of the axis of points, where ``own`` axes follow it; i is a number or (...)."""
    if not i.dim():
        return tensor.select(-1 - own, int(i))
    lead, last = tensor.shape[: -1 - own], tensor.shape[tensor.dim() - own :]
    batch = torch.broadcast_shapes(lead, i.shape)
    place = i.expand(batch).reshape(*batch, 1, *[1] * own).expand(*batch, 1, *last)
    everything = tensor.expand(*batch, *tensor.shape[-1 - own :])
    return everything.gather(-1 - own, place).squeeze(-1 - own)


def _overlaps(filters, feature):
    """⟨w, feature⟩ of filters (..., 2, m, d) with a feature (d,) or (..., d), as (..., 2, m)."""
    return torch.einsum("...jrd,...d->...jr", filters, feature)


def _wild(weights, x):
    """Whether |f| exceeds the limit on some training point, or is not a number, (...)."""
    return ~(predict(weights, x).abs() <= DIVERGED).all(-1)


@torch.no_grad()
def _reference(data, weights, lr, visits, record_every, progress):
    """Equations (1) to (3), visit by visit. ``weights`` is overwritten."""
    epochs, n = visits.shape[-2:]
    u, v = data.features_or_nan()
    margins = weights.new_empty(*lr.shape, epochs, n)
    strong = weights.new_empty(*lr.shape, epochs * n // record_every + 1, *weights.shape[-3:-1])
    weak = torch.empty_like(strong)

    signs = signs_j(weights)[..., 0]

    def record(step):
        for signal, feature in ((strong, u), (weak, v)):
            signal[..., step // record_every, :, :] = signs * _overlaps(weights, feature)

    # |f| <= ‖W‖² bound: while this is small, no point has to be looked at.
    bound = data.x.square().sum((-1, -2)).amax(-1) / weights.shape[-2]
    diverged_at = torch.where(_wild(weights, data.x), 0, -1)
    rates, spare = lr[..., None, None, None], torch.empty_like(weights)
    record(0)
    order = tqdm(visits.flatten(-2).movedim(-1, 0), disable=not progress, unit="step")
    for step, i in enumerate(order, start=1):
        i = i.to(data.x.device)
        x_i, y_i = _visited(data.x, i, 2), _visited(data.y, i, 0)
        f, c = gradient(weights, x_i, y_i)
        place = i.expand(lr.shape)[..., None]
        margins[..., (step - 1) // n, :].scatter_(-1, place, (y_i * f).expand(lr.shape)[..., None])
        updated = torch.sub(weights, along_patches(rates * c, x_i), out=spare)
        norm = torch.linalg.vector_norm(updated, dim=(-3, -2, -1))
        running = diverged_at < 0
        suspect = running & ~(norm.square() * bound <= DIVERGED)
        if bool(suspect.any()):
            found = suspect & (_wild(updated, data.x) | ~norm.isfinite())
            diverged_at = torch.where(found, step, diverged_at)
            running &= norm.isfinite()
        if not bool(running.all()):
            updated = torch.where(running[..., None, None, None], updated, weights)
        weights, spare = updated, weights
        if step % record_every == 0:
            record(step)
    return weights, margins, strong, weak, diverged_at
