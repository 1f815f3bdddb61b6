"""What the engines in tensors write down along a run: margins, overlaps, weights, early stops."""

import torch

from ..losses import loss
from ..sgd import signs_j


def recorded_steps(problem, record_every):
    """The steps at which a run is recorded: multiples of ``record_every``, 0 among them.

    A run that goes on has those of its own updates only.
    """
    per_epoch = problem.rule.steps(problem.y.shape[-1])
    first = problem.before.epochs * per_epoch if problem.before else 0
    last = first + problem.visits.shape[-2] * per_epoch
    start = (first // record_every + 1) * record_every if problem.before else 0
    return range(start, last + 1, record_every)


class Recorder:
    """The record of the runs of a problem, which a loop over its steps fills.

    ``diverged_at`` and ``stopped_at`` (...) say which runs are frozen.

    Args:
        problem: a Problem.
        record_every: a number of steps.
    """

    def __init__(self, problem, record_every):
        weights, batch, self.problem = problem.weights, problem.lr.shape, problem
        self.every, self.steps = record_every, recorded_steps(problem, record_every)
        self.epochs_before = problem.before.epochs if problem.before else 0
        epochs, n = problem.visits.shape[-2:]
        records, filters = len(self.steps), weights.shape[-3:-1]
        self.now = weights.new_empty(*batch, n)
        self.margins = weights.new_empty(*batch, epochs, n) if problem.margins else None
        self.strong = weights.new_empty(*batch, records, *filters)
        self.weak = torch.empty_like(self.strong)
        self.overlaps = self.path = None
        if problem.directions is not None:
            shape = (*batch, records, *filters, problem.directions.shape[-2])
            self.overlaps = weights.new_empty(shape)
        if problem.path:
            self.path = weights.new_empty(*batch, records, *weights.shape[-3:])
        self.signs = signs_j(weights)[..., 0]
        never = torch.full(batch, -1, device=weights.device)
        self.diverged_at = problem.before.diverged_at.clone() if problem.before else never
        self.stopped_at = problem.before.stopped_at.clone() if problem.before else never.clone()

    @property
    def running(self):
        """Which runs are not frozen, (...)."""
        return (self.diverged_at < 0) & (self.stopped_at < 0)

    def record(self, step, weights):
        """Note the weights (..., 2, m, d) after so many updates, if this step is recorded."""
        if step not in self.steps:
            return
        k = self.steps.index(step)
        for signal, feature in ((self.strong, self.problem.u), (self.weak, self.problem.v)):
            overlap = torch.einsum("...jrd,...d->...jr", weights, feature)
            signal[..., k, :, :] = self.signs * overlap
        if self.overlaps is not None:
            overlap = torch.einsum("...jrd,...kd->...jrk", weights, self.problem.directions)
            self.overlaps[..., k, :, :, :] = overlap
        if self.path is not None:
            self.path[..., k, :, :, :] = weights

    def visit(self, points, margins):
        """Note y f of some points, both (..., B), before their update."""
        batch = self.now.shape[:-1]
        self.now.scatter_(-1, points.expand(*batch, -1), margins.expand(*batch, -1))

    def end_epoch(self, epoch, step):
        """Keep the margins of an epoch, and stop the runs whose loss was low."""
        if self.margins is not None:
            self.margins[..., epoch, :] = self.now
        if self.problem.stop_below > 0:
            mean = loss(self.problem.rule.loss, self.now, torch.ones_like(self.now)).mean(-1)
            low = self.running & (mean < self.problem.stop_below)
            self.stopped_at = torch.where(low, step, self.stopped_at)
