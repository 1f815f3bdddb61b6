"""The top curvature of one point's loss, off the fit and on the 2-cycle (chapter 14)."""

from .._formula import above, at_least, between, formula


@formula(s=at_least(0), q=at_least(0), kappa=above(0), nu=at_least(0))
def point_sharpness(s, q, kappa, nu):
    """η λ/2 of one noiseless point, at the fit or away from it.

    With e = 1 − s − q the filters of the point's class that answer have two directions, along u
    and along v, and there η/2 times the Hessian is

        κ [[s − e/2, √(ν s q)], [√(ν s q), ν (q − e/2)]].

    This is its larger eigenvalue. At e = 0 it is κ (s + ν q), :func:`relative_sharpness`.

    Source: chapter 14, "One point: first down, then up".

    Args:
        s: strong signal, >= 0.
        q: weak signal, >= 0.
        kappa: κ > 0.
        nu: ν >= 0.

    Returns:
        η λ/2, with the shape of the arguments broadcast together. Where it is negative the top
        eigenvalue of the whole Hessian is 0: no step along a silent filter changes the loss.
    """
    half = (1 - s - q) / 2
    strong, weak = s - half, nu * (q - half)
    gap = (((strong - weak) / 2).square() + nu * s * q).sqrt()
    return kappa * ((strong + weak) / 2 + gap)


@formula(kappa=at_least(1))
def cycle_sharpness(kappa):
    """(κ + 3)/4, the mean of η λ/2 over the two points of the 2-cycle without a weak signal.

    Both gradients of the cycle have the same length, so it is also η/2 times the batch sharpness
    there, by either definition.

    Source: chapter 14, "Between the two ends".

    Args:
        kappa: κ >= 1.

    Returns:
        The mean, with the shape of κ.
    """
    return (kappa + 3) / 4


@formula(kappa=at_least(1), nu=between(0, 1, "[)"))
def landing_sharpness(kappa, nu):
    """1 − ν (κ − 1)/4, η λ/2 where the run of one point lands, up to O(ν²).

    It is κ (s + ν q) at the landing law of :func:`landing_weak_signal`.

    Source: chapter 14, "Where it ends".

    Args:
        kappa: κ >= 1.
        nu: ν, in [0, 1).

    Returns:
        η λ/2, with the shape of the arguments broadcast together.
    """
    return 1 - nu * (kappa - 1) / 4
