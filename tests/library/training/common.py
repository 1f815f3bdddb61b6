"""A training loop number by number, to hold runs against."""

import dataclasses

import numpy as np

from tests.library.common import assert_close

FIELDS = ("weights", "margins", "strong", "weak", "diverged_at", "loss")


@dataclasses.dataclass
class Plain:
    """What :func:`train_plainly` returns: the fields of a Run, signals after every step."""

    weights: np.ndarray
    margins: np.ndarray
    strong: np.ndarray
    weak: np.ndarray
    diverged_at: int


def train_plainly(data, weights, lr, visits):
    """Eqs. (1) to (3) for one run, number by number; ``visits`` lists the points of each epoch."""
    x, y, w = data.x.numpy(), data.y.numpy(), weights.numpy().copy()
    signs, m = (+1.0, -1.0), w.shape[1]

    def f(w, x_i):
        total = 0.0
        for j, sign in enumerate(signs):
            for r in range(m):
                for patch in x_i:
                    z = max(float(np.dot(w[j, r], patch)), 0.0)
                    total += sign * z * z / m
        return total

    def signals(w, feature):
        return [[np.dot(w[j, r], signs[j] * feature) for r in range(m)] for j in (0, 1)]

    def diverged(w):
        return any(not abs(f(w, x_i)) <= 1e6 for x_i in x)

    u, v = data.u.numpy(), data.v.numpy()
    margins = np.full((len(visits), len(y)), np.nan)
    strong, weak = [signals(w, u)], [signals(w, v)]
    updates, diverged_at = 0, 0 if diverged(w) else -1
    with np.errstate(all="ignore"):
        for epoch, points in enumerate(visits):
            for i in points:
                f_i = f(w, x[i])
                margins[epoch, i] = y[i] * f_i
                updates += 1
                if diverged_at < 0:
                    new = w.copy()
                    for j, sign in enumerate(signs):
                        for r in range(m):
                            for patch in x[i]:
                                slope = 2 * max(float(np.dot(w[j, r], patch)), 0.0)
                                new[j, r] -= sign * lr / m * (f_i - y[i]) * slope * patch
                    if diverged(new) or not np.isfinite(new).all():
                        diverged_at = updates
                    if np.isfinite((new * new).sum()):
                        w = new
                strong.append(signals(w, u))
                weak.append(signals(w, v))
    return Plain(w, margins, np.array(strong), np.array(weak), diverged_at)


def cyclic(data, epochs):
    return [range(data.y.shape[-1])] * epochs


def assert_same_run(run, plain, *, tolerance=1e-8):
    for name in ("weights", "margins", "strong", "weak"):
        assert_close(getattr(run, name), getattr(plain, name), tolerance)
    assert run.diverged_at.item() == plain.diverged_at
