"""The reference engine: equations (1) to (3) as they stand, visit by visit, in tensors."""

import torch
from tqdm import tqdm

from .._threads import one_thread
from ..network import predict
from ..sgd import along_patches, gradient
from .divergence import beyond, largest_square_norm
from .problem import Found
from .recorder import Recorder

WORTH_THREADS = 2**22
"""Multiply-adds in the products of one step of a batch, R 2m P d, from which threads are used.

On two cores beside other work, two threads took longer than one in every size tried: 20 times as
long at 3 thousand, 5 times at 200 thousand, 9 times at 3 million.
"""


def _visited(tensor, i, own):
    """Entry i of the axis of points, where ``own`` axes follow it; i is a number or (...)."""
    if not i.dim():
        return tensor.select(-1 - own, int(i))
    lead, last = tensor.shape[: -1 - own], tensor.shape[tensor.dim() - own :]
    batch = torch.broadcast_shapes(lead, i.shape)
    place = i.expand(batch).reshape(*batch, 1, *[1] * own).expand(*batch, 1, *last)
    everything = tensor.expand(*batch, *tensor.shape[-1 - own :])
    return everything.gather(-1 - own, place).squeeze(-1 - own)


@torch.no_grad()
def train_reference(problem, record_every, limit, progress):
    """Train the runs of a batch together; see :mod:`benign_osc_lib.engine`.

    On the CPU a step of fewer than :data:`WORTH_THREADS` multiply-adds uses one thread: threads
    would wait for each other longer than they work. The number of threads is restored at the end.
    """
    x, y, lr, visits, before = problem.x, problem.y, problem.lr, problem.visits, problem.before
    weights = problem.weights.expand(*lr.shape, *problem.weights.shape[-3:]).clone()
    small = x.device.type == "cpu" and weights.numel() * x.shape[-2] < WORTH_THREADS
    epochs, n = visits.shape[-2:]
    noted = Recorder(problem, record_every)
    first = before.epochs * n if before else 0
    bar = tqdm(total=lr.numel() * epochs * n, disable=not progress, unit="step")
    with bar, one_thread(small):
        square_norm = largest_square_norm(x) / weights.shape[-2]
        if not before:
            noted.diverged_at = torch.where(beyond(predict(weights, x), limit), 0, -1)
            noted.record(0, weights)
        rates, spare = lr[..., None, None, None], torch.empty_like(weights)
        for step in range(first + 1, first + epochs * n + 1):
            epoch, place = divmod(step - first - 1, n)
            i = visits[..., epoch, place].to(x.device)
            x_i, y_i = _visited(x, i, 2), _visited(y, i, 0)
            f, c = gradient(weights, x_i, y_i)
            noted.visit(i[..., None], (y_i * f)[..., None])
            updated = torch.sub(weights, along_patches(rates * c, x_i), out=spare)
            norm = torch.linalg.vector_norm(updated, dim=(-3, -2, -1))
            running = noted.running
            suspect = running & ~(norm.square() * square_norm <= limit)
            if bool(suspect.any()):
                found = suspect & (beyond(predict(updated, x), limit) | ~norm.isfinite())
                noted.diverged_at = torch.where(found, step, noted.diverged_at)
                running = running & norm.isfinite()
            if not bool(running.all()):
                updated = torch.where(running[..., None, None, None], updated, weights)
            weights, spare = updated, weights
            noted.record(step, weights)
            if place == n - 1:
                noted.end_epoch(epoch, step)
            bar.update(lr.numel())
    return Found(
        weights,
        noted.margins,
        noted.strong,
        noted.weak,
        noted.diverged_at,
        noted.stopped_at,
        overlaps=noted.overlaps,
        path=noted.path,
        state={} if problem.keep_state else None,
    )
