"""What a sweep measures of a run.

What they say of a run does not depend on the other runs. Run k of R belongs to data set k mod S:
the runs are cells × seeds, flattened.
"""

import math

import numpy as np
import torch

from .._compile import jit
from .._threads import for_each
from ..activations import find

PART = 32
"""Runs whose visits are gone through in one task of a thread."""


def measure(run, data, visits):
    """The columns of a result but the accuracies, for runs (K, S) on data (S, …)."""
    strong, weak = run.strong[..., -1, :, :], run.weak[..., -1, :, :]
    sigma, second = find(run.rule.activation).torch, run.second_layer
    second = torch.ones_like(weak) if second is None else second
    weak_signal = (second * sigma(weak)).mean(-1)
    of_other = (second.flip(-2) * sigma(-weak.flip(-2))).mean(-1)
    epochs, n = run.margins.shape[-2:]
    updates = run.rule.steps(n)
    epoch, update = run.diverged_at // updates, run.diverged_at % updates
    before = epoch * n + (update * run.rule.batch_size).clamp(max=n)
    counted = torch.where(run.diverged_at < 0, epochs * n, before)
    oscillation, residual_squares = np.empty(counted.shape), np.empty(counted.shape)
    given = (
        run.margins.flatten(0, 1).contiguous().numpy(),
        visits.reshape(-1, *visits.shape[-2:]).contiguous().numpy(),
        data.y.numpy(),
        data.is_weak.numpy(),
        counted.flatten().numpy(),
    )
    results = oscillation.reshape(-1), residual_squares.reshape(-1)
    parts = range(0, counted.numel(), PART)
    for_each(len(parts), lambda: lambda k: visit_statistics(*given, *results, parts[k], PART))
    return {
        "strong_signal": (second * sigma(strong)).mean(-1).numpy(),
        "weak_signal": weak_signal.numpy(),
        "weak_gap": (weak_signal - of_other).numpy(),
        "diverged_at": run.diverged_at.numpy().astype(float),
        "oscillation": oscillation,
        "residual_squares": residual_squares,
    }


@jit(keep=True)
def visit_statistics(margins, visits, y, is_weak, counted, changes, squares, first, most):
    """What the visits of some runs say, in the order in which they were made.

    Args:
        margins: y f of each point in each epoch, (R, epochs, n).
        visits: the order of the points, (1 or S, epochs, n).
        y: (S, n).
        is_weak: (S, n).
        counted: how many of the first visits count, (R,).
        changes: the mean absolute change of y f from one strong visit to the next one of the same
            label, NaN where there is none; (R,), overwritten.
        squares: Σ (1 − y f)², (R,), overwritten.
        first: the first of the runs.
        most: how many runs, at most.
    """
    runs, epochs, n = margins.shape
    last = np.empty(2)
    for k in range(first, min(first + most, runs)):
        seed = k % len(y)
        order = visits[k % len(visits)]
        last[:] = np.nan
        change, pairs, total = 0.0, 0, 0.0
        for epoch in range(epochs):
            for place in range(min(n, counted[k] - epoch * n)):
                i = order[epoch, place]
                margin = margins[k, epoch, i]
                total += (1.0 - margin) ** 2
                if not is_weak[seed, i]:
                    label = 0 if y[seed, i] > 0 else 1
                    if not math.isnan(last[label]):
                        change += abs(margin - last[label])
                        pairs += 1
                    last[label] = margin
        changes[k] = change / pairs if pairs else np.nan
        squares[k] = total
