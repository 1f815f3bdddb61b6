"""How deep a class of two has to be turned to matter (chapter 11)."""

from .._formula import at_least, between, formula


@formula(kappa=between(0, 2, "(]"))
def turning_level(kappa):
    """√(2/κ − 1): a class turned deeper than this comes back larger than it went.

    Where both classes are turned, a visit to the one takes the other from −x to x (κ − 1 + κ x²).
    While neither is turned deeper, neither exceeds the larger of its start and 2/√κ.

    Source: appendix I, Proposition I.2 (1), (2).

    Args:
        kappa: κ, in (0, 2].

    Returns:
        The level, with the shape of κ.
    """
    return (2 / kappa - 1) ** 0.5


@formula(kappa=at_least(1))
def silent_cycle(kappa):
    """The 2-cycle of a class beside a silent one, with labels in turn: −x, then x_back.

    A visit to the silent class, ᾱ = 0, takes −x to x_back = x (κ − 1 + κ x²), and a visit to the
    class itself takes x_back to x_back (1 + κ − κ x_back²) = −x. With y = x_back/x this is
    y⁴ − (κ − 1) y³ − (κ + 1) y = 1, which has one positive root; Newton's method falls to it from
    κ + 1. The cycle repels: what is turned deeper than −x escapes.

    Source: appendix I, Proposition I.2 (3), (4).

    Args:
        kappa: κ >= 1.

    Returns:
        (x, x_back), each with the shape of κ.
    """
    y = kappa + 1
    for _ in range(60):
        value = ((y - kappa + 1) * y**2 - kappa - 1) * y - 1
        y = y - value / ((4 * y - 3 * kappa + 3) * y**2 - kappa - 1)
    depth = ((y - kappa + 1) / kappa) ** 0.5
    return depth, y * depth
