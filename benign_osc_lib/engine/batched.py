"""The reduced engine on other devices than the CPU: all runs of a batch advance together.

The mathematics is that of ``compiled``, in tensors. Its x_k are here the n P patches of a run's
points as they are; u and v stand apart, since only the record needs them.

On a CUDA device one epoch is captured as a CUDA graph and replayed for every epoch, so that Python
has no part in a step: n updates, their margins and, where signals are recorded inside an epoch, the
signals after each. At its end the host asks once whether a run came near divergence. If one did,
the epoch is undone and repeated without the graph, with a look at every point after every update.

Measured on one H200 (torch 2.11, float64, the paper's sizes, 200 epochs): 15 ns a step and run with
8192 runs, 9.3 ns with 32 768. There ``cuda`` is the engine; this one takes what that one cannot.
"""

import torch
from tqdm import tqdm

from .divergence import SAFE, largest_square_norm
from .norms import check_range
from .problem import Found, per_run


@torch.no_grad()
def train_batched(problem, record_every, limit, progress):
    """Train the runs of a batch together; see :mod:`benign_osc_lib.engine`.

    What all runs share is neither copied nor is its Gram matrix.
    """
    batch, m, d = problem.lr.shape, *problem.weights.shape[-2:]
    epochs, n = problem.visits.shape[-2:]
    check_range(problem.x, problem.u, problem.v)
    flat = (
        per_run(problem.x, 3, batch),
        per_run(problem.y, 1, batch),
        per_run(problem.u, 1, batch),
        per_run(problem.v, 1, batch),
        per_run(problem.weights.flatten(-3, -2), 2, batch),
        problem.lr.reshape(-1),
    )
    visits = per_run(problem.visits, 2, batch).to(problem.x.device)
    with tqdm(total=batch.numel() * epochs * n, disable=not progress, unit="step") as bar:
        weights, margins, records, diverged_at = _train(flat, visits, record_every, limit, bar)
    strong, weak = records.reshape(*batch, *records.shape[1:-1], 2, m).unbind(len(batch))
    return Found(
        weights.reshape(*batch, 2, m, d),
        margins.reshape(*batch, epochs, n),
        strong.contiguous(),
        weak.contiguous(),
        diverged_at.reshape(batch),
    )


def _train(flat, visits, record_every, limit, bar):
    """Weights (R, 2m, d), margins, signals (R, 2, T, 2m) and diverged_at; see :class:`_Batch`."""
    x, weights, lr = flat[0], flat[4], flat[5]
    epochs, n = visits.shape[1:]
    cyclic = bool((visits == torch.arange(n, device=x.device)).all())
    inside = record_every % n != 0
    batch = _Batch(*flat, 0 if cyclic else len(visits), inside, limit)
    epoch = _replayable(batch.epoch, x.device)
    batch.begin()
    margins = weights.new_empty(len(lr), epochs, n)
    records = weights.new_empty(len(lr), 2, epochs * n // record_every + 1, weights.shape[1])
    records[:, :, 0] = batch.signals()
    near = bool(batch.near().any())
    for e in range(epochs):
        if not cyclic:
            batch.points.copy_(visits[:, e])
        if not near:
            before = batch.coefficients.clone()
            epoch()
            near = bool(batch.near().any())
            if near:
                batch.coefficients.copy_(before)
        if near:
            batch.careful_epoch(e * n)
            near = bool(batch.near().any())
        margins[:, e] = batch.margins
        begin, end = e * n // record_every + 1, (e + 1) * n // record_every
        if inside:  # none, one or many
            recorded = batch.trace[begin * record_every - e * n - 1 :: record_every]
            records[:, :, begin : end + 1] = recorded.movedim(0, 2)
        elif begin <= end:
            records[:, :, end] = batch.signals()
        bar.update(len(lr) * n)
    return batch.weights(), margins, records, batch.diverged_at


def _replayable(epoch, device):
    """On a CUDA device, a function that replays the kernels of ``epoch``; else ``epoch`` itself.

    PyTorch's recipe, with warm-up and capture on one stream: cuBLAS sets itself up for each.
    """
    if device.type != "cuda":
        return epoch
    with torch.cuda.device(device):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                epoch()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=side):
            epoch()
    return graph.replay


class _Batch:
    """The state of R runs, in tensors that are overwritten but never replaced: a graph needs that.

    ``coefficients`` is a, (R, n, P, 2m). What all runs share (x, y, u, v, weights) has 1 for R.

    Args:
        x: the patches, (R, n, P, d).
        y: the labels, (R, n).
        u: the strong feature, (R, d).
        v: the weak feature, (R, d).
        weights: the initial weights, (R, 2m, d), the m filters with j = +1 first.
        lr: the learning rates, (R,).
        orders: the number of orders of visits, 1 or R, or 0 if they are cyclic.
        inside: whether signals are recorded inside an epoch.
        limit: abs(f) beyond which a run has diverged.
    """

    def __init__(self, x, y, u, v, weights, lr, orders, inside, limit):
        runs, (self.n, patches) = len(lr), x.shape[1:3]
        m, points = weights.shape[1] // 2, (self.n, patches)
        self.y, self.lr, self.limit = y, lr, limit
        self.initial, self.x = weights, x.flatten(1, 2)  # (R, 2m, d), (R, n P, d)
        features = torch.stack(torch.broadcast_tensors(u, v), 1)  # (R, 2, d)
        gram = self.x @ self.x.mT
        self.gram = gram.unflatten(1, points)  # (R, n, P, n P)
        self.initial_products = (self.x @ self.initial.mT).unflatten(1, points)  # (R, n, P, 2m)
        self.feature_gram = features @ self.x.mT  # (R, 2, n P)
        self.initial_signals = features @ self.initial.mT  # (R, 2, 2m)
        self.j = torch.cat((weights.new_ones(m), -weights.new_ones(m)))
        self.share = self.j / m
        square_norm = largest_square_norm(self.x.unflatten(1, points))
        self.movement_rate = square_norm * 2 / m
        # The movement since the start, over the root of square_norm, bounds how far W has come:
        # until it is what is allowed, ‖W‖² cannot overflow.
        room = torch.finfo(weights.dtype).max ** 0.5 / 10
        in_range = torch.linalg.vector_norm(self.initial, dim=(1, 2)) <= room
        allowed = torch.where(in_range, room * square_norm.double().sqrt(), -1.0)
        self.allowed_since_start = allowed
        self.runs = torch.arange(runs, device=x.device)
        self.points = self.runs.new_zeros(orders, self.n) if orders else None
        self.coefficients = weights.new_zeros(runs, self.n, patches, 2 * m)
        self.norm, self.moved_since_look, self.moved_before = lr.new_zeros(
            3, runs, dtype=torch.float64
        )
        self.diverged_at = torch.full_like(self.runs, -1)
        self.frozen = torch.zeros_like(self.runs, dtype=torch.bool)
        self.margins = weights.new_zeros(runs, self.n)
        self.trace = weights.new_zeros(self.n, runs, 2, 2 * m) if inside else None

    def begin(self):
        """Forget the warm-up: this is step 0."""
        self.coefficients.zero_()
        self.frozen.copy_(self.look())
        self.diverged_at.masked_fill_(self.frozen, 0)
        self.moved_before.zero_()

    def here(self, tensor, place):
        """Where a tensor (R, n, ...) has the points at a place of the order."""
        if self.points is None:
            return slice(None), place
        return self.runs[: len(tensor)], self.points[:, place]

    def update(self, place):
        """One SGD step of every run that is not frozen, and the margins before it."""
        initial = self.initial_products[self.here(self.initial_products, place)]
        moved = self.gram[self.here(self.gram, place)] @ self.coefficients.flatten(1, 2)
        active = (initial + moved).clamp(min=0)  # (R, P, 2m)
        squares = active.square().sum(1)
        f, y = (squares * self.share).sum(-1), self.y[self.here(self.y, place)]
        self.margins[self.here(self.margins, place)] = y * f
        change = self.lr[:, None, None] * ((y - f)[:, None, None] * self.share * (2 * active))
        change = change.masked_fill(self.frozen[:, None, None], 0)
        self.coefficients[self.here(self.coefficients, place)] += change
        # With ‖x_k‖² = Σ_p ‖x_k^(p)‖², the inner products z_k with point k move by at most
        # ‖x_k‖ ‖ΔW‖ <= ‖x_k‖ ‖x_i‖ 2η/m abs(y - f) ‖max(z_i, 0)‖.
        movement = self.lr * (y - f).abs() * squares.sum(-1).sqrt() * self.movement_rate
        self.moved_since_look += movement

    def epoch(self):
        """Visit all points without a look at the others. This is what a graph holds."""
        for place in range(self.n):
            self.update(place)
            self.note(place)

    def note(self, place):
        """Keep the signals after a visit, if they are recorded inside an epoch."""
        if self.trace is not None:
            self.trace[place] = self.signals()

    def near(self):
        """Whether abs(f) <= ‖max(z, 0)‖²/m or ‖W‖² may have become too large in a run, (R,)."""
        safe = (self.norm + self.moved_since_look).square() * self.share[0] <= SAFE * self.limit
        safe &= self.moved_before + self.moved_since_look <= self.allowed_since_start
        return ~(safe | self.frozen)

    def look(self):
        """Whether abs(f) exceeds the limit on some point, or is NaN, (R,); measure ``norm``."""
        moved = self.gram.flatten(1, 2) @ self.coefficients.flatten(1, 2)
        z = self.initial_products.flatten(1, 2) + moved
        squares = z.unflatten(1, (self.n, -1)).clamp(min=0).square().sum(2)  # (R, n, 2m)
        self.norm.copy_(squares.sum(-1).amax(-1).sqrt())
        self.moved_before += self.moved_since_look
        self.moved_since_look.zero_()
        return ~((squares * self.share).sum(-1).abs() <= self.limit).all(-1)

    def careful_epoch(self, steps):
        """Visit all points and look at all after each; ``steps`` updates have been made before."""
        for place in range(self.n):
            mine = self.here(self.coefficients, place)
            before = self.coefficients[mine].clone()
            self.update(place)
            near, wild = self.near(), self.look()  # in this order
            if bool(near.any()):
                overflow = ~torch.linalg.vector_norm(self.weights(), dim=(1, 2)).isfinite()
                undone = (near & overflow)[:, None, None]
                self.coefficients[mine] = torch.where(undone, before, self.coefficients[mine])
                found = near & (wild | overflow)
                self.diverged_at.masked_fill_(found, steps + place + 1)
                self.frozen |= found
            self.note(place)

    def signals(self):
        """⟨w_{j,r}, j u⟩ and ⟨w_{j,r}, j v⟩, (R, 2, 2m)."""
        return self.j * (self.initial_signals + self.feature_gram @ self.coefficients.flatten(1, 2))

    def weights(self):
        """The weights, (R, 2m, d)."""
        return self.initial + self.coefficients.flatten(1, 2).mT @ self.x
