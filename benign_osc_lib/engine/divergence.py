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

**For every rule** (``family_loop``) other bounds do the same. Let N be a bound of all ‖z_i‖,
L a bound of ‖W‖, X the largest ‖x_i‖, and A a bound of all abs(a_{j,r}): 1, or the norm of a.

- *Outputs.* abs(f(x_i)) ≤ (A/m) Σ_{r,p} abs(σ(z_{i,r,p})) ≤ (A/m) φ(N). With the 2mP numbers of z_i
  and ‖z‖_1 ≤ √(2mP) ‖z‖, φ(N) = √(2mP) N for "relu" and "gelu", where abs(σ(z)) ≤ abs(z); with
  ‖z‖_2 as it is, φ(N) = N² for "relu2" and "quadratic"; with ‖z‖_3 ≤ ‖z‖_2, φ(N) = N³ for "relu3".
  Of one's own activation nothing is known: the loop looks at all points after each update.
- *Gradient.* The filter r has ∂f(x_i)/∂w_{j,r} = (j/m) a_{j,r} Σ_p σ'(z_{i,r,p}) x_i^(p), and by
  Cauchy and Schwarz over p and then over r, ‖∂f(x_i)/∂W‖ ≤ (A/m) ‖σ'(z_i)‖ ‖x_i‖. So the gradient G
  of the mean loss of a batch has ‖G‖ ≤ (A/m) X mean_i abs(∂ℓ/∂f) ‖σ'(z_i)‖, where f, z and a are
  those at which the gradient is taken, with ``sam`` the moved ones.
- *Update.* Let S be a bound of ‖V‖, V the velocity, with rate η, momentum β and decay λ. From
  V ← β V + G + λ W follows S ← β S + ‖G‖ + λ L, and L ← L + η S, or with Nesterov's step
  L ← L + η (‖G‖ + λ L + β S), L on the right the one before. Without momentum
  L ← abs(1 − η λ) L + η ‖G‖. As z_i = ⟨W, x_i⟩ is linear in W, the inner products of V with x_i
  obey the same lines with ‖G‖ X for ‖G‖: they take N along in place of L, with an S of their own.

While (A/m) φ(N) is below :data:`SAFE` times the limit, and L below the root of a hundredth of the
largest number, no run has diverged. Else the loop looks: it finds N, or L, again as it is.
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
