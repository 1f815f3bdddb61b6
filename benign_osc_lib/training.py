"""Training by SGD, point after point, epoch after epoch, and the record of a run."""

from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from . import _checks
from .data import PatchData
from .network import predict
from .sgd import along_patches, gradient, signs_j

DIVERGED = 1e6
"""A run has diverged once the size of f exceeds this (labels are ±1), or a weight is not finite."""


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
        diverged_at: (...) integers: the number of the update after which, or in which, the run
            diverged; 0 if it did so from the start, −1 if it did not. From there on it is frozen.
    """

    weights: Tensor
    margins: Tensor
    strong: Tensor
    weak: Tensor
    steps: Tensor
    diverged_at: Tensor

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

    A run that diverges is no error. Before each update, and for all points at the end, the run is
    tested: if f exceeds 10⁶ in size on the point, or if a weight would overflow, ``diverged_at``
    takes the number of updates made, and the weights stay what they are. The rest of the batch
    goes on.

    Args:
        data: PatchData with n points.
        weights: the initial weights, (..., 2, m, d); left as they are.
        lr: the learning rate η > 0: a number, a tensor (...) or a nested list.
        epochs: number of passes, at least 1.
        order: "cyclic" visits 0, 1, …, n − 1 in every epoch; "shuffled" draws a new order for
            every epoch, the same for all runs of the batch.
        record_every: record the signals at step 0 and after every ``record_every``-th update; None
            records the start and the end only.
        generator: a CPU ``torch.Generator`` for the shuffling; None is torch's default generator.
        engine: "reference", the equations as they stand, or "auto", the fastest engine there is.
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
    _checks.one_of("engine", engine, ("auto", "reference"))
    if record_every is not None:
        _checks.integer("record_every", record_every, low=1)
    _checks.one_generator(generator)
    lr = _checks.learning_rate(lr, like=weights)
    batch = _checks.broadcast(data=data.y.shape[:-1], weights=weights.shape[:-3], lr=lr.shape)
    return _reference(
        data,
        weights.detach().expand(*batch, *weights.shape[-3:]).clone(),
        lr.expand(batch),
        _visits(epochs, data.y.shape[-1], order, generator),
        record_every,
        progress,
    )


def _visits(epochs, n, order, generator):
    """The index of the point at each visit, (epochs, n)."""
    if order == "cyclic":
        return torch.arange(n, device="cpu").expand(epochs, n)
    permutations = (torch.randperm(n, generator=generator, device="cpu") for _ in range(epochs))
    return torch.stack(list(permutations))


def _reference(data, weights, lr, visits, record_every, progress):
    """Equations (1) to (3), visit by visit."""
    epochs, n = visits.shape
    batch, last = lr.shape, epochs * n
    u, v = data.features()
    steps = [0, last] if record_every is None else range(0, last + 1, record_every)
    recorded = {step: k for k, step in enumerate(steps)}
    margins = weights.new_empty(*batch, epochs, n)
    strong = weights.new_empty(*batch, len(recorded), *weights.shape[-3:-1])
    weak = torch.empty_like(strong)
    diverged_at = torch.full(batch, -1, device=weights.device)
    overflow, frozen = torch.finfo(weights.dtype).max ** 0.5, False
    rates = lr[..., None, None, None]

    def record(step):
        strong[..., recorded[step], :, :] = (signs_j(weights) * weights) @ u
        weak[..., recorded[step], :, :] = (signs_j(weights) * weights) @ v

    record(0)
    order = tqdm(visits.flatten().tolist(), disable=not progress, unit="step")
    for step, i in enumerate(order):
        x_i, y_i = data.x[..., i, :, :], data.y[..., i]
        f, c = gradient(weights, x_i, y_i)
        margins[..., step // n, i] = y_i * f
        change = rates * c
        wild, overflows = ~(f.abs() <= DIVERGED), ~(change.abs() <= overflow)
        if frozen or bool(wild.any()) or bool(overflows.any()):
            frozen = True
            running = diverged_at < 0
            overflows = overflows.flatten(-3).any(-1)
            diverged_at = torch.where(running & overflows, step + 1, diverged_at)
            diverged_at = torch.where(running & wild, step, diverged_at)
            change = torch.where((diverged_at < 0)[..., None, None, None], change, 0)
        weights -= along_patches(change, x_i)
        if step + 1 in recorded:
            record(step + 1)
    wild = ~(predict(weights, data.x).abs() <= DIVERGED).all(-1)
    diverged_at = torch.where((diverged_at < 0) & wild, last, diverged_at)
    return Run(weights, margins, strong, weak, torch.tensor(list(steps), device="cpu"), diverged_at)
