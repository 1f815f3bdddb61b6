"""What a sweep measures of a run, and two compiled loops for it.

What they say of a run does not depend on the other runs. Run k of R belongs to data set k mod S:
the runs are cells × seeds, flattened.
"""

import math

import numpy as np
import torch

from .._compile import jit
from ..signals import learned_signal


def measure(run, data, visits, test):
    """The columns of a result for a batch of runs (K, S), from data (S, …) and S test sets."""
    strong, weak = run.strong[..., -1, :, :], run.weak[..., -1, :, :]
    weak_signal = learned_signal(weak)
    right = [
        correct_points(
            run.weights[:, s].contiguous().numpy(),
            points.x.numpy(),
            points.y.numpy(),
            points.is_weak.numpy(),
        )
        / (len(points.y) // 2)
        for s, points in enumerate(test)
    ]
    accuracy = np.stack(right, axis=1)
    all_visits = run.margins.shape[-2:].numel()
    counted = torch.where(run.diverged_at < 0, all_visits, run.diverged_at)
    oscillation, residual_squares = visit_statistics(
        run.margins.flatten(0, 1).contiguous().numpy(),
        visits.reshape(-1, *visits.shape[-2:]).contiguous().numpy(),
        data.y.numpy(),
        data.is_weak.numpy(),
        counted.flatten().numpy(),
    )
    return {
        "strong_signal": learned_signal(strong).numpy(),
        "weak_signal": weak_signal.numpy(),
        "weak_gap": (weak_signal - learned_signal(-weak.flip(-2))).numpy(),
        "accuracy_strong": accuracy[..., 0],
        "accuracy_weak": accuracy[..., 1],
        "diverged_at": run.diverged_at.numpy().astype(float),
        "oscillation": oscillation.reshape(counted.shape),
        "residual_squares": residual_squares.reshape(counted.shape),
    }


@jit(keep=True)
def correct_points(weights, x, y, is_weak):
    """How many points each network gets right, y f > 0 with f of eq. (1), strong and weak ones.

    Args:
        weights: (R, 2, m, d).
        x: patches of one data set, (n, P, d). An entry of 0 is skipped, which leaves f as it is.
        y: (n,).
        is_weak: (n,).

    Returns:
        (R, 2) integers: strong points, weak points.
    """
    runs, _, m, d = weights.shape
    counts = np.zeros((runs, 2), np.int64)
    filters = np.empty((d, 2 * m))
    z = np.empty(2 * m)
    for k in range(runs):
        for r in range(2 * m):
            for i in range(d):
                filters[i, r] = weights[k, r // m, r % m, i]
        for point in range(len(y)):
            f = 0.0
            for patch in range(x.shape[1]):
                z[:] = 0.0
                for i in range(d):
                    entry = x[point, patch, i]
                    if entry != 0.0:
                        for r in range(2 * m):
                            z[r] += entry * filters[i, r]
                for r in range(2 * m):
                    vote = 1.0 if r < m else -1.0
                    f += vote * max(z[r], 0.0) ** 2 / m
            if y[point] * f > 0.0 and math.isfinite(f):
                counts[k, int(is_weak[point])] += 1
    return counts


@jit(keep=True)
def visit_statistics(margins, visits, y, is_weak, counted):
    """What the visits of each run say, in the order in which they were made.

    Args:
        margins: y f of each point in each epoch, (R, epochs, n).
        visits: the order of the points, (1 or S, epochs, n).
        y: (S, n).
        is_weak: (S, n).
        counted: how many of the first visits count, (R,).

    Returns:
        The mean absolute change of y f from one strong visit to the next one of the same label,
        NaN where there is none; and Σ (1 − y f)². Both (R,).
    """
    runs, epochs, n = margins.shape
    changes, squares = np.empty(runs), np.empty(runs)
    last = np.empty(2)
    for k in range(runs):
        seed = k % len(y)
        order = visits[k % len(visits)]
        last[:] = np.nan
        change, pairs, total = 0.0, 0, 0.0
        for visit in range(min(counted[k], epochs * n)):
            epoch = visit // n
            i = order[epoch, visit - epoch * n]
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
    return changes, squares
