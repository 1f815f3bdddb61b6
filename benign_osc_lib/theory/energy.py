"""What one step does to the squared length of the weights (appendix G)."""

from .._formula import ANY, at_least, formula


@formula(e=ANY, sharpness=at_least(0))
def energy_gain(e, sharpness):
    """2e − (2 − a) e², what one SGD step adds to ‖W‖²/(2η), ‖W‖² the sum of all squared weights.

    It is exact for every point, every number of patches and all weights: the network is
    homogeneous of degree 2.

    Source: appendix G, Proposition G.1.

    Args:
        e: the residual 1 − y f before the step.
        sharpness: a = η ‖∇f‖²/2 >= 0, with the gradient of the output before the step; for one
            noiseless point κ (s + s⁻ + ν (q + q⁻)).

    Returns:
        The gain, with the shape of the arguments broadcast together.
    """
    return 2 * e - (2 - sharpness) * e**2
