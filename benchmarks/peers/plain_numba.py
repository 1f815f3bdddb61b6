"""Numba in plain loops: the reduced algorithm of the library, and the compiler on its own.

An update moves each filter along the patches of its point only. So all inner products of filters
with patches follow from those of the patches with each other, without the d coordinates:

    ⟨w_r(t+1), x_k⟩ = ⟨w_r(t), x_k⟩ + Σ_p a_{r,p} ⟨x_i^(p), x_k⟩.

Patches that are equal up to sign count once. The library's loops add three things: they say which
numbers share a register, keep a record on demand, and stop a run that diverges. These do not.
"""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import torch

PARTS = 4  # for each thread, so that all end at about the same time

loops = numba.njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


@loops
def distinct(patches):
    """The patches (Q, d) without repetitions up to sign; of each its place among them and its sign.

    Returns:
        The distinct patches (K, d), places (Q,) and signs (Q,).
    """
    source, count = np.empty(len(patches), np.intp), 0
    place, sign = np.empty_like(source), np.ones(len(patches))
    for q, patch in enumerate(patches):
        place[q], source[count] = count, q
        for k in range(count):
            known = patches[source[k]]
            same, opposite, c = True, True, 0
            while c < len(patch) and (same or opposite):
                same = same and patch[c] == known[c]
                opposite = opposite and patch[c] == -known[c]
                c += 1
            if same or opposite:
                place[q], sign[q] = k, 1.0 if same else -1.0
                break
        count += place[q] == count
    return patches[source[:count]], place, sign


@loops
def train_run(x, y, weights, lr, margins, final):
    """Train one run: x (n, P, d), y (n,), weights (2m, d), into margins (epochs, n) and final."""
    n, patches, d = x.shape
    filters = len(weights)
    vectors, place, sign = distinct(x.reshape(n * patches, d))
    gram = vectors @ vectors.T
    products = vectors @ weights.T  # ⟨x_k, w_r⟩ as they are now, (K, 2m)
    moved = np.zeros_like(products)  # w_r = w_r(0) + Σ_k moved[k, r] x_k
    signs = np.full(filters, 2 / filters)  # j/m
    signs[filters // 2 :] *= -1
    active, change = np.empty((patches, filters)), np.empty(filters)
    for epoch in range(len(margins)):
        for i in range(n):
            f = 0.0
            for p in range(patches):
                q = i * patches + p
                for r in range(filters):
                    z = max(sign[q] * products[place[q], r], 0.0)
                    active[p, r] = z
                    f += signs[r] * z * z
            margins[epoch, i] = y[i] * f
            for p in range(patches):
                q = i * patches + p
                at, c = place[q], 2 * lr * (y[i] - f) * sign[q]
                for r in range(filters):
                    change[r] = c * signs[r] * active[p, r]
                    moved[at, r] += change[r]
                for k in range(len(vectors)):
                    g = gram[at, k]
                    if g != 0:  # noise is orthogonal to the features
                        for r in range(filters):
                            products[k, r] += g * change[r]
    final[:] = weights + moved.T @ vectors


def train(data, weights, lr, epochs):
    """Train all runs, as many at a time as torch has threads."""
    runs, n = data.y.shape
    x, y = data.x.numpy(), data.y.numpy()
    start = weights.flatten(1, 2).numpy()
    margins, final = np.empty((runs, epochs, n)), np.empty_like(start)

    def train_part(part):
        for run in part:
            train_run(x[run], y[run], start[run], lr, margins[run], final[run])

    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(train_part, np.array_split(np.arange(runs), PARTS * threads)))
    return torch.from_numpy(margins), torch.from_numpy(final).reshape(weights.shape)
