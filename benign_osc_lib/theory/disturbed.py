"""What small disturbances that never end do to one point at rest (appendix J)."""

from .._formula import above, at_least, between, formula, whole


@formula(size=at_least(0), kappa=between(0, 1), nu=between(0, 1, "[]"), q=between(0, 1, "[]"))
def label_noise(size, kappa, nu, q=0.0):
    """How far label noise keeps one point from its label, and the drift of the potential.

    With targets y (1 + o), o independent and bounded, with mean 0 and standard deviation c, the
    miss 1 − y f settles to the variance κ c² r/(1 − κ r), where r = 1 − (1 − ν) q, and the
    potential rises by ν (1 − ν) κ² c²/(2 (1 − κ r)) a step. Both are the leading order for small c.

    Source: appendix J, Proposition J.4.

    Args:
        size: c >= 0.
        kappa: κ, in (0, 1).
        nu: ν, in [0, 1].
        q: weak signal, in [0, 1].

    Returns:
        (variance, rise of Φ in a step), with the shape of the arguments broadcast together.
    """
    a = kappa * (1 - (1 - nu) * q)
    square = size**2 / (1 - a)
    return a * square, nu * (1 - nu) * kappa**2 * square / 2


@formula(
    radius=at_least(0),
    kappa=between(0, 1),
    nu=between(0, 1, "[]"),
    u_norm=above(0),
    m=whole(1),
    q=between(0, 1, "[]"),
)
def sam_cycle(radius, kappa, nu, u_norm, m, q=0.0):
    """The 2-cycle in which sharpness-aware steps keep one point, and the drift of the potential.

    The gradient is taken at distance ρ uphill, so from a start off the label it does not vanish.
    At every rate below the threshold the miss ends in a 2-cycle
    abs(1 − y f) = 2 ρ ‖u‖ a √(r/m)/(1 − a), where r = 1 − (1 − ν) q and a = κ r. The potential
    rises by 2 ν (1 − ν) κ ρ² ‖u‖²/(m (1 − a)²) a step. Both are the leading order for small ρ.

    Source: appendix J, Proposition J.6.

    Args:
        radius: ρ >= 0.
        kappa: κ, in (0, 1).
        nu: ν, in [0, 1].
        u_norm: ‖u‖ > 0.
        m: filters per sign, at least 1.
        q: weak signal, in [0, 1].

    Returns:
        (amplitude, rise of Φ in a step), with the shape of the arguments broadcast together.
    """
    r = 1 - (1 - nu) * q
    a = kappa * r
    uphill = 2 * radius * u_norm / m**0.5
    return uphill * r.sqrt() * a / (1 - a), nu * (1 - nu) * kappa * uphill**2 / (2 * (1 - a) ** 2)
