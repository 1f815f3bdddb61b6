"""The reduced engine: the same SGD in the inner products that an update needs.

Every update of eq. (3) lies in the span of the patches. So the inner products of the filters with
the patches, and those of the patches with each other, say all that happens, whatever d is
(chapter 3); the weights are put together at the end. On the CPU one compiled loop follows each run
(``_kernel``), as many at a time as torch has threads; on other devices the runs of a batch advance
together (``_batched``). Squared norms must not leave the range of the dtype: patches longer than
10¹⁵⁴, or 10¹⁹ in float32, are for the reference engine.
"""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
import torch
from tqdm import tqdm

DTYPES = (torch.float32, torch.float64)
"""What the engine computes in."""

LARGEST_GRAM = 2**24
"""Entries of the Gram matrix, (n P)², up to which "auto" takes this engine on the CPU."""

PARTS = 4
"""A batch is cut into so many parts a thread, so that all threads end at about the same time."""

PARTS_WITH_BAR = 50
"""The same where a progress bar is shown: it moves after each part."""


def suits(data):
    """Whether ``engine="auto"`` should take this engine: it can, and the Gram matrix is small."""
    n, patches = data.x.shape[-3:-1]
    return data.x.dtype in DTYPES and (n * patches) ** 2 <= LARGEST_GRAM


@torch.no_grad()
def train_reduced(data, weights, lr, visits, record_every, limit, progress):
    """Train the runs of a batch.

    Args:
        data: PatchData, leading axes broadcast to those of ``lr``.
        weights: the initial weights, (..., 2, m, d), likewise.
        lr: the learning rates, (...): their shape is that of the batch.
        visits: the point of each visit, (..., epochs, n), on the CPU, likewise.
        record_every: record the signals every so many steps.
        limit: abs(f) beyond which a run has diverged.
        progress: show a progress bar.

    Returns:
        weights, margins, strong, weak and diverged_at, as in a Run.
    """
    batch, m, d = lr.shape, *weights.shape[-2:]
    epochs, n = visits.shape[-2:]
    records = epochs * n // record_every + 1
    u, v = data.features_or_nan()
    tensors = {
        "x": (data.x, 3),
        "y": (data.y, 1),
        "u": (u.nan_to_num(), 1),
        "v": (v.nan_to_num(), 1),
        "weights": (weights.flatten(-3, -2), 2),
        "visits": (visits, 2),
    }
    run = _compiled if data.x.device.type == "cpu" else _batched
    final, margins, strong, weak, diverged_at = run(
        tensors, lr, record_every, records, limit, progress
    )
    strong, weak = strong.reshape(*batch, records, 2, m), weak.reshape(*batch, records, 2, m)
    for signal, feature in ((strong, u), (weak, v)):
        signal.masked_fill_(feature.isnan().any(-1)[..., None, None, None], torch.nan)
    return (
        final.reshape(*batch, 2, m, d),
        margins.reshape(*batch, epochs, n),
        strong,
        weak,
        diverged_at.reshape(batch),
    )


def _batched(tensors, lr, record_every, records, limit, progress):
    from ._batched import train_batched

    flat = {
        name: tensor.expand(*lr.shape, *tensor.shape[tensor.dim() - own :]).flatten(0, lr.dim() - 1)
        if lr.dim()
        else tensor[None]
        for name, (tensor, own) in tensors.items()
    }
    return train_batched(
        flat["x"],
        flat["y"],
        flat["u"],
        flat["v"],
        flat["weights"],
        lr.flatten() if lr.dim() else lr[None],
        flat["visits"],
        record_every,
        limit,
    )


def _compiled(tensors, lr, record_every, records, limit, progress):
    from ._kernel import compiled  # here, because importing numba takes a third of a second

    arrays = {name: _flat(tensor, own, lr.shape) for name, (tensor, own) in tensors.items()}
    n, patches, d = arrays["x"][0].shape[1:]
    filters, epochs, runs = (
        arrays["weights"][0].shape[1],
        tensors["visits"][0].shape[-2],
        lr.numel(),
    )
    kind = {"dtype": lr.dtype, "device": "cpu"}
    out = (
        torch.empty(runs, filters, d, **kind),
        torch.empty(runs, epochs, n, **kind),
        torch.empty(runs, records, filters, **kind),
        torch.empty(runs, records, filters, **kind),
        torch.empty(runs, dtype=torch.int64, device="cpu"),
    )
    outputs = tuple(tensor.numpy() for tensor in out)
    rates = lr.detach().reshape(-1).contiguous().numpy()
    lanes = 16 if filters % 16 in (0, *range(9, 16)) else 8
    train_runs = compiled(rates.dtype.name, lanes, patches)

    threads = torch.get_num_threads()
    # Runs with the same data stand together, so that a Gram matrix is made once.
    order = np.argsort(arrays["x"][1], kind="stable")
    cuts = threads * (PARTS_WITH_BAR if progress else PARTS)
    parts = [part for part in np.array_split(order, cuts) if len(part)]
    spaces = SimpleQueue()
    for _ in range(min(threads, len(parts))):
        spaces.put(_workspace(n, patches, filters, lanes, rates.dtype))

    def train_part(part):
        space = spaces.get()
        try:
            train_runs(
                part,
                tuple(arrays[name] for name in ("x", "y", "u", "v")),
                arrays["weights"],
                rates,
                arrays["visits"],
                record_every,
                rates.dtype.type(limit),
                outputs,
                space,
                (0,) * lanes,
                (0,) * patches,
            )
        finally:
            spaces.put(space)
        return len(part) * epochs * n

    with (
        ThreadPoolExecutor(threads) as pool,
        tqdm(total=runs * epochs * n, disable=not progress, unit="step") as bar,
    ):
        for done in pool.map(train_part, parts):
            bar.update(done)
    return out


def _flat(tensor, own, batch):
    """An array with one leading axis and without repetitions, and the place of each run in it.

    ``own`` is the number of trailing axes that belong to one run.
    """
    for axis in range(tensor.dim()):
        if axis < tensor.dim() - own and tensor.stride(axis) == 0:
            tensor = tensor.narrow(axis, 0, min(1, tensor.shape[axis]))
    lead, last = tensor.shape[: tensor.dim() - own], tensor.shape[tensor.dim() - own :]
    places = np.broadcast_to(np.arange(lead.numel()).reshape(lead), batch)
    array = tensor.detach().reshape(-1, *last).contiguous().numpy()
    return array, places.flatten()  # a copy: for a read-only view Numba would compile anew


def _workspace(n, patches, filters, lanes, dtype):
    """What a thread needs beside the results; see ``_kernel``."""
    from ._kernel import Workspace

    most, blocks = n * patches + 2, -(-filters // lanes)

    def numbers(size):
        """``size`` numbers, the first at the beginning of a cache line."""
        spare = np.empty(size + 64 // dtype.itemsize, dtype)
        skip = -spare.ctypes.data % 64 // dtype.itemsize
        return spare[skip : skip + size]

    share = numbers(blocks * lanes)
    share[:] = 0
    share[: filters // 2], share[filters // 2 : filters] = 2 / filters, -2 / filters
    return Workspace(
        source=np.empty(most, np.intp),
        direction=np.empty(n * patches, np.intp),
        sign=numbers(n * patches),
        row_begin=np.empty(most, np.intp),
        row_end=np.empty(most, np.intp),
        gram=numbers(most**2),
        initial_products=numbers(blocks * most * lanes),
        coefficients=numbers(blocks * most * lanes),
        before=numbers(blocks * most * lanes),
        active=numbers(blocks * patches * lanes),
        scratch=numbers(lanes),
        share=share,
        outputs=numbers(n),
    )
