"""When a run has diverged, and the bound by which an engine knows that it has not.

A run has diverged once abs(f(x_i)) exceeds :data:`LIMIT` or is NaN on some training point, or the
norm ‖W‖ of all weights overflows.

To look at all points after each update would cost more than the update. Let z_i be the inner
products of all filters with the patches of point i, and ‖x_i‖² = Σ_p ‖x_i^(p)‖². By eq. (1)

    abs(f(x_i)) ≤ ‖max(z_i, 0)‖²/m ≤ ‖z_i‖²/m ≤ ‖x_i‖² ‖W‖²/m,

and an update on point i, eq. (3), moves the weights by

    ‖ΔW‖ ≤ (2η/m) abs(f(x_i) − y_i) ‖max(z_i, 0)‖ ‖x_i‖,

so that every ‖z_k‖ moves by at most ‖x_k‖ ‖ΔW‖. The reference engine uses the first line as it
stands. The others add up the second since they last looked: while (largest ‖z_k‖ then + movement
since)²/m is below :data:`SAFE` times the limit, no point can have come beyond it.
"""

LIMIT = 1e6
"""A run has diverged once f exceeds this in size on a training point; the labels are ±1."""

SAFE = 0.99
"""The part of the limit up to which the bound is trusted: it is computed with rounding."""


def largest_square_norm(x):
    """max_i ‖x_i‖² of points (..., n, P, d), as (...)."""
    return x.square().sum((-1, -2)).amax(-1)


def beyond(f, limit):
    """Whether some output is beyond the limit or not a number: (..., n) to (...)."""
    return ~(f.abs() <= limit).all(-1)
