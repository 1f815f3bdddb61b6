"""Weights and overlaps at the recorded steps, from what a compiled loop wrote down.

With K directions x_k, u the first and v the second of them, w_{j,r} = α w_{j,r}(0) + Σ_k a_k x_k.
So what is recorded of a run at S steps is one array (S, K + 1, 2m) of a_k, with α last. Weights and
overlaps are put together afterwards, a few runs at a time.

What runs may share, their data and initial weights, comes as a pair: a tensor with one leading
axis, and the place of each run in it.
"""

import torch

AT_ONCE = 2**22
"""Numbers in the directions of the runs that are put together at a time."""


def _of(pair, runs):
    """The entries of some runs."""
    return pair[0][pair[1][runs]]


def _vectors(source, x, u, v, runs):
    """The directions of some runs, (r, K, d); 0 where there is none."""
    patches = _of(x, runs).flatten(1, 2)
    found = patches.gather(
        1, source[runs].clamp(min=0)[..., None].expand(-1, -1, patches.shape[-1])
    )
    found[source[runs] < 0] = 0
    found[:, 0], found[:, 1] = _of(u, runs), _of(v, runs)
    return found


def _combined(coefficients, source, start, x, u, v, ends, out):
    """α ⟨w(0), ·⟩ + Σ_k a_k ⟨x_k, ·⟩ into ``out``; ``ends`` maps vectors of some runs."""
    size = max(1, AT_ONCE // max(1, source.shape[1] * x[0].shape[-1]))
    for first in range(0, len(source), size):
        runs = slice(first, first + size)
        known = coefficients[runs].transpose(-2, -1)
        begun = ends(_of(start, runs), runs)[:, None]
        moved = ends(_vectors(source, x, u, v, runs), runs)[:, None]
        torch.matmul(known[..., :-1], moved, out=out[runs])
        out[runs].addcmul_(known[..., -1:], begun)
    return out


def weights_along(coefficients, source, start, x, u, v):
    """The weights at each recorded step.

    Args:
        coefficients: (R, S, K + 1, 2m).
        source: the patch of each direction, counted through the points; −1 for the first two, u and
            v, and where a run has fewer than K; (R, K).
        start: the initial weights, a pair, (…, 2m, d).
        x: the patches, a pair, (…, n, P, d).
        u: the strong feature, a pair, (…, d).
        v: the weak one, likewise.

    Returns:
        A tensor (R, S, 2m, d).
    """
    runs, steps, _, filters = coefficients.shape
    out = coefficients.new_empty(runs, steps, filters, x[0].shape[-1])
    return _combined(coefficients, source, start, x, u, v, lambda vectors, _: vectors, out)


def overlaps_along(coefficients, source, start, x, u, v, directions):
    """The inner products of the filters with given vectors at each recorded step.

    Args:
        coefficients: as above.
        source: as above.
        start: as above.
        x: as above.
        u: as above.
        v: as above.
        directions: the vectors, a pair, (…, D, d).

    Returns:
        A tensor (R, S, 2m, D).
    """
    runs, steps, _, filters = coefficients.shape
    out = coefficients.new_empty(runs, steps, filters, directions[0].shape[-2])

    def products(vectors, runs):
        return vectors @ _of(directions, runs).transpose(-2, -1)

    return _combined(coefficients, source, start, x, u, v, products, out)
