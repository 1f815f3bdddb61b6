"""What fresh noise does at a test point, and how often it decides (chapter 10)."""

import math

import torch

from .. import _checks
from .._formula import at_least, between, formula
from ..data import FeatureNoiseModel
from ..signals import class_lead


@formula(a_sd=at_least(0), b_sd=at_least(0), cosine=between(-1, 1, "[]"))
def squared_relu_product(a_sd, b_sd, cosine):
    """E[σ(a) σ(b)] for a centred Gaussian pair, from the arc-cosine kernel of degree 2.

    A² B² (3 sin θ cos θ + (π − θ)(1 + 2 cos² θ))/(2π) (Cho and Saul 2009).

    Source: appendix A, Proposition A.5 (Cho and Saul 2009).

    Args:
        a_sd: A >= 0, the standard deviation of a.
        b_sd: B >= 0, that of b.
        cosine: cos θ, their correlation, in [−1, 1].

    Returns:
        The mean, with the shape of the arguments broadcast together.
    """
    theta = cosine.arccos()
    angular = 3 * theta.sin() * cosine + (math.pi - theta) * (1 + 2 * cosine**2)
    return (a_sd * b_sd) ** 2 * angular / (2 * math.pi)


def noise_term(weights, model):
    """Mean and variance of what two fresh noise patches add to f at a weak test point, exactly.

    The two patches are independent. Given the filters, their overlaps with a fresh patch are
    Gaussian with covariance σ_p² ⟨Πw, Πw'⟩, where Π removes the parts along u and v.

    Source: appendix A, Proposition A.5.

    Args:
        weights: (..., 2, m, d).
        model: the FeatureNoiseModel that the noise comes from.

    Returns:
        (mean, variance) of f's noise part, each (...). For y f multiply the mean by y.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the dimension is not the model's.
    """
    _checks.instance("model", model, FeatureNoiseModel)
    _checks.floats("weights", weights, last=(2, "m", model.d))
    rest = weights.clone()
    rest[..., :2] = 0  # u and v lie along the first two axes
    m = weights.shape[-2]
    rest = rest.flatten(-3, -2)
    covariance = model.sigma_p**2 * rest @ rest.mT
    sd = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
    votes = weights.new_tensor([1.0] * m + [-1.0] * m) / m
    a, b = sd[..., :, None], sd[..., None, :]
    scale = (a * b).clamp(min=torch.finfo(weights.dtype).tiny)
    cosine = (covariance / scale).clamp(-1, 1)
    means = sd**2 / 2
    joint = squared_relu_product(a, b, cosine) - means[..., :, None] * means[..., None, :]
    mean = 2 * (means * votes).sum(-1)
    variance = 2 * torch.einsum("...a,...ab,...b->...", votes, joint, votes)
    return mean, variance.clamp(min=0)


def error_probability(weights, model, y):
    """How often the network is wrong at a weak test point of label y, if the noise were Gaussian.

    How often a standard normal number exceeds (q_y − q⁻_y + y·mean)/sd, with mean and variance of
    :func:`noise_term` exact: the shape of the noise part is approximated, not its moments.

    Source: chapter 10, "The division of generalisation".

    Args:
        weights: (..., 2, m, d).
        model: the FeatureNoiseModel that test points come from.
        y: the label, −1 or +1.

    Returns:
        (...), in [0, 1]; NaN where the variance and the numerator are both 0.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the dimension is not the model's, or y is not ±1.
    """
    mean, variance = noise_term(weights, model)
    lead = class_lead(weights, model.v.to(weights), y) + y * mean
    return 0.5 * torch.erfc(lead / (2 * variance).sqrt())
