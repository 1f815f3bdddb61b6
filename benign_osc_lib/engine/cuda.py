"""The reduced engine on a GPU: one kernel follows the runs, in short launches.

The kernel (``cuda_kernel``) is compiled by Numba's target for CUDA, the package ``numba-cuda``:
``pip install "numba-cuda[cu13]"``, or ``[cu12]`` where torch is built for CUDA 12. Without it, and
for runs that do not fit the shared memory of a block (``cuda_layout``: 16 filters and 51 distinct
patches of three a point in float64, 140 on an H100, which grants more), ``batched`` trains the
whole batch. Where the package is missing, a warning says so once.

What the data give is made on the device by ``cuda_setup``, once for all runs that share them. For
more runs than :func:`runs_of_chunk` allows this is done chunk after chunk.
"""

import time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .batched import train_batched
from .cuda_launch import SHARED, Launch, can_launch, most_shared_memory, threads_of_block
from .cuda_layout import layout
from .cuda_setup import bounds, prepare, products_with_initial
from .norms import check_range
from .problem import Found, without_repetitions

SLICE = 0.1
"""Seconds that a launch should take: Ctrl-C waits for its end."""


class _Runs(NamedTuple):
    """The runs of a batch, flat. What many share stands once; ``places`` says where."""

    x: Tensor
    y: Tensor
    u: Tensor
    v: Tensor
    weights: Tensor
    visits: Tensor
    lr: Tensor
    places: np.ndarray  # of the data, the weights and the visits of each run, (3, R)


def _runs_of(problem):
    """The _Runs of a Problem."""
    weights = problem.weights.detach().flatten(-3, -2)
    visits = problem.visits
    visits = visits[..., :1, :] if visits.stride(-2) == 0 else visits
    groups = (
        ((problem.x, 3), (problem.y, 1), (problem.u, 1), (problem.v, 1)),
        ((weights, 2),),
        ((visits, 2),),
    )
    batch, tensors, places = problem.lr.shape, [], []
    for group in groups:
        group = [(without_repetitions(tensor.detach(), own), own) for tensor, own in group]
        lead = torch.broadcast_shapes(*(t.shape[: t.dim() - own] for t, own in group))
        for tensor, own in group:
            last = tensor.shape[tensor.dim() - own :]
            tensors.append(tensor.expand(*lead, *last).reshape(-1, *last).contiguous())
        numbers = np.arange(lead.numel()).reshape(lead)
        places.append(np.broadcast_to(numbers, batch).flatten())
    return _Runs(*tensors, problem.lr.detach().reshape(-1).contiguous(), np.stack(places))


@torch.no_grad()
def train_cuda(problem, record_every, limit, progress):
    """Train the runs of a batch on a GPU; see :mod:`benign_osc_lib.engine`."""
    if not can_launch(problem.x.device):
        return train_batched(problem, record_every, limit, progress)._replace(engine="batched")
    check_range(problem.x, problem.u, problem.v)
    batch, m, d = problem.lr.shape, *problem.weights.shape[-2:]
    epochs, n = problem.visits.shape[-2:]
    runs, records, x = batch.numel(), epochs * n // record_every + 1, problem.x
    out = Found(
        weights=x.new_empty(runs, 2 * m, d),
        margins=x.new_empty((runs, epochs, n) if problem.margins else (1, 1, 1)),
        strong=x.new_empty(runs, records, 2 * m),
        weak=x.new_empty(runs, records, 2 * m),
        diverged_at=torch.full((runs,), -1, dtype=torch.int64, device=x.device),
    )
    given = _runs_of(problem)
    chunk = runs_of_chunk(given, _room(x.device))
    with tqdm(total=runs * epochs * n, disable=not progress, unit="step") as bar:
        for begin in range(0, runs, chunk):
            some = slice(begin, min(begin + chunk, runs))
            fits = _train(given, some, epochs, record_every, limit, out, problem.margins, bar)
            if not fits:
                break
    if runs and not fits:
        return train_batched(problem, record_every, limit, progress)._replace(engine="batched")
    return Found(
        out.weights.reshape(*batch, 2, m, d),
        out.margins.reshape(*batch, epochs, n) if problem.margins else None,
        out.strong.reshape(*batch, records, 2, m),
        out.weak.reshape(*batch, records, 2, m),
        out.diverged_at.reshape(batch),
        engine="cuda",
    )


def _room(device):
    """Bytes of the device for what is prepared: a quarter of what is free."""
    if device.type != "cuda":
        return 2**30
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return (torch.cuda.mem_get_info(device)[0] + kept) // 4


def runs_of_chunk(given, room):
    """How many runs are prepared at a time, at least one.

    Args:
        given: the runs.
        room: bytes for what is prepared, and for its making.
    """
    (sets, n, patches, d), (_, filters, _) = given.x.shape, given.weights.shape
    runs, vectors = len(given.lr), n * patches + 2
    of_data = 8 * vectors * d + 3 * vectors**2
    of_run = 6 * vectors * filters + 2 * filters * d + given.visits[0].numel()
    numbers = of_run + of_data * sets / max(runs, 1)
    return max(1, int(room / (numbers * given.x.element_size())))


def _train(given, some, epochs, record_every, limit, out, with_margins, bar):
    """Train a chunk of runs into ``out``; False, untouched, if they do not fit the device."""
    device, lr = given.x.device, given.lr[some]
    data, data_of = _once(given.places[0, some])
    made = prepare(*(_pick(tensor, data) for tensor in (given.x, given.u, given.v)))
    (n, patches), filters = given.x.shape[1:3], given.weights.shape[1]
    count, itemsize = made.gram.shape[1], given.x.element_size()
    sizes, warp = (count, n, patches, filters, itemsize), threads_of_block(device)
    plan = layout(*sizes, SHARED, warp) or layout(*sizes, most_shared_memory(device), warp)
    if plan is None:
        return False
    weights_of, (order, order_of) = given.places[1, some], _once(given.places[2, some])
    pairs, pair_of = _once(weights_of * len(data) + data_of)
    of_pair = torch.from_numpy(pairs).to(device)
    starts = products_with_initial(
        _pick(made.directions, of_pair % len(data)),
        _pick(given.weights, of_pair // len(data)),
        plan.width,
    )
    places = np.stack((data_of, pair_of, weights_of, order_of)).astype(np.int32)
    places = torch.from_numpy(places).to(device)
    data_of, weights_of = places[0].long(), places[2].long()
    norms = torch.linalg.vector_norm(given.weights, dim=(1, 2))
    coefficients = lr.new_zeros(len(lr), count, plan.width)
    launch = Launch(plan, count, n, itemsize, len(lr), device)
    arrays = (
        places, made.gram, made.codes, _pick(given.y, data), starts, made.directions,
        given.weights, _pick(given.visits, order).int().to(device), lr,
        bounds(lr, made.square_norm[data_of], norms[weights_of], filters, plan.threads),
        coefficients, lr.new_empty(len(lr), plan.threads, 3, dtype=torch.float64),
        out.diverged_at[some], out.margins[some] if with_margins else out.margins,
        out.strong[some], out.weak[some],
    )  # fmt: skip
    begin, size = 0, first_size(len(lr), n)
    while begin < epochs:
        start, end = time.perf_counter(), min(begin + size, epochs)
        launch(begin, end, record_every, float(limit), int(with_margins), *arrays)
        took = time.perf_counter() - start
        bar.update(len(lr) * n * (end - begin))
        begin, size = end, next_size(size, took)
    moved = coefficients[..., :filters].mT @ _pick(made.directions, data_of)
    torch.add(_pick(given.weights, weights_of), moved, out=out.weights[some])
    return True


def first_size(runs, n):
    """How many epochs the first launch makes: at most 4096 steps, and 2²² of all runs.

    They take :data:`SLICE` at 25 µs a step of one run, or 25 ns where many run together.
    """
    return max(1, min(2**12, 2**22 // runs) // n)


def next_size(size, took):
    """How many epochs the next launch makes, after one of ``size`` epochs that ``took`` seconds."""
    if took < SLICE / 2:
        return 2 * size
    return size if took < SLICE else max(1, size // 2)


def _once(places):
    """The numbers that occur, each once, and where each of ``places`` stands among them."""
    if (places == places[0]).all():
        return places[:1], np.zeros_like(places)
    if (places[1:] > places[:-1]).all():
        return places, np.arange(len(places))
    return np.unique(places, return_inverse=True)


def _pick(tensor, rows):
    """Rows of a tensor; itself, if all are wanted in their order."""
    rows = torch.as_tensor(rows, device=tensor.device)
    if len(rows) == len(tensor) and bool((rows[1:] > rows[:-1]).all()):
        return tensor.contiguous()
    return tensor[rows]
