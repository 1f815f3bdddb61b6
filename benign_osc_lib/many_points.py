"""Many data points: how the signs are held, how many visits are needed, what noise does at a test.

The letters are those of chapter 8. For one class j, s and q are the strong and weak signals of the
filters of sign j, q⁻ the weak signal of the filters of sign −j at the same patch j v, and
e = 1 − y f the residual at a visit, before the update.
"""

import math

import torch

from . import _checks
from ._elementwise import elementwise
from .class_record import ClassRecord, class_record  # noqa: F401
from .data import FeatureNoiseModel, PatchData
from .signals import class_lead


@elementwise
def noise_allowance(kappa, growth=0.0):
    """The largest h such that signs are kept when abs(P − y f) <= h at every strong visit.

    P = s + q is the class's own signal. h solves 4 (1 + κ + κh)³ = 27 (1 + κ − κh − κω), that is
    1 + κ + κh = 3 sinh(arsinh(2 (1 + κ) − κω)/3).

    Args:
        kappa: κ > 0.
        growth: ω >= 0, how much P grows in all through other visits than strong ones of the class:
            from the start or a strong visit of the class with e >= 0 to the next such visit or the
            end of the period.

    Returns:
        h, with the shape of the arguments broadcast together; zero at the sign limit for ω = 0,
        negative where no noise is allowed.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("kappa", kappa, 0)
    _checks.all_between("growth", growth, 0, low_open=False)
    top = 3 * ((2 * (1 + kappa) - kappa * growth).asinh() / 3).sinh()
    return (top - 1 - kappa) / kappa


@elementwise
def signal_needed(q_0, q_other_0, target):
    """The weak signal x at which x − q_0 q⁻_0/x reaches a target: (D + √(D² + 4 q_0 q⁻_0))/2.

    Since q q⁻ never increases, q >= x implies q − q⁻ >= D.

    Args:
        q_0: q at the start, >= 0.
        q_other_0: q⁻ at the start, >= 0.
        target: D > 0.

    Returns:
        x, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0, low_open=False)
    _checks.all_between("q_other_0", q_other_0, 0, low_open=False)
    _checks.all_between("target", target, 0)
    return (target + (target**2 + 4 * q_0 * q_other_0).sqrt()) / 2


@elementwise
def weak_signal_floor(q_0, visits, gain, nu, kept=1.0, undone=0.0):
    """q_0 c^{2ν} e^{2NG − 2C}, below which the weak signal of a class cannot be.

    Args:
        q_0: q at the start, > 0.
        visits: N >= 0, visits to strong points of the class.
        gain: G >= 0, the mean of the potential gain over these visits.
        nu: ν, in [0, 1].
        kept: c, in (0, 1]: the strong overlaps are at least c times those at the start.
        undone: C >= 0: visits to weak points lower log⟨w, j v⟩ by at most C in all.

    Returns:
        The floor, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0)
    for name, value in (("visits", visits), ("gain", gain), ("undone", undone)):
        _checks.all_between(name, value, 0, low_open=False)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    _checks.all_between("kept", kept, 0, 1, high_open=False)
    return q_0 * kept ** (2 * nu) * (2 * visits * gain - 2 * undone).exp()


@elementwise
def visits_needed(q_0, q_other_0, target, gain, nu, kept=1.0, undone=0.0):
    """N*, the visits to strong points of a class after which q − q⁻ >= D for certain.

    N* = (log(x/q_0) + 2ν log(1/c) + 2C)/(2G) with x of :func:`signal_needed`: where
    :func:`weak_signal_floor` reaches x.

    Args:
        q_0: q at the start, > 0.
        q_other_0: q⁻ at the start, >= 0.
        target: D > 0.
        gain: G > 0.
        nu: ν, in [0, 1].
        kept: c, in (0, 1].
        undone: C >= 0.

    Returns:
        N* (not rounded, at least 0), with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("q_0", q_0, 0)
    _checks.all_between("gain", gain, 0)
    _checks.all_between("nu", nu, 0, 1, low_open=False, high_open=False)
    _checks.all_between("kept", kept, 0, 1, high_open=False)
    _checks.all_between("undone", undone, 0, low_open=False)
    rise = (signal_needed(q_0, q_other_0, target) / q_0).log()
    return ((rise - 2 * nu * kept.log() + 2 * undone) / (2 * gain)).clamp(min=0)


@elementwise
def undone_by_weak_visits(noise_signal, distance, factor, tau):
    """(τ/2) log⁺(N_0/(μ φ²)), the most that visits to one weak point take from log⟨w, j v⟩.

    For noise patches orthogonal to each other, to u and to v, and of one length.

    Args:
        noise_signal: N_0 > 0, what the class's filters draw from the two noise patches of the
            point at the start.
        distance: μ > 0, with q <= 1 − μ at all these visits.
        factor: φ, in (0, 1], with 1 + κ_ξ e >= φ at all these visits.
        tau: τ = ‖v‖²/‖ξ‖², in [0, 1].

    Returns:
        The bound, >= 0, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("noise_signal", noise_signal, 0)
    _checks.all_between("distance", distance, 0)
    _checks.all_between("factor", factor, 0, 1, high_open=False)
    _checks.all_between("tau", tau, 0, 1, low_open=False, high_open=False)
    return tau / 2 * (noise_signal / (distance * factor**2)).log().clamp(min=0)


def with_orthogonal_noise(data, length):
    """The same points with noise patches orthogonal to each other and of one length.

    The noise patches (patch 2 of every point, patch 0 of the weak ones) become orthonormal by a
    QR factorisation, which keeps them orthogonal to u and v, and are scaled.

    Args:
        data: PatchData of one data set in the paper's layout, without leading axes.
        length: ‖ξ‖ > 0 of every noise patch.

    Returns:
        PatchData.

    Raises:
        TypeError: ``data`` is no PatchData.
        ValueError: it has leading axes, or more noise patches than its dimension less 2.
    """
    _checks.instance("data", data, PatchData)
    _checks.one_data_set("data", data.y.shape[:-1])
    _checks.positive("length", length)
    noise = torch.cat([data.x[:, 2], data.x[data.is_weak, 0]])
    count, d = noise.shape
    if count > d - 2:
        raise ValueError(f"data must have at most d - 2 = {d - 2} noise patches, got {count}")
    noise = length * torch.linalg.qr(noise.T).Q.T
    x = data.x.clone()
    x[:, 2] = noise[: len(x)]
    x[data.is_weak, 0] = noise[len(x) :]
    return PatchData(x=x, y=data.y, is_weak=data.is_weak, u=data.u, v=data.v)


@elementwise
def squared_relu_product(a_sd, b_sd, cosine):
    """E[σ(a) σ(b)] for a centred Gaussian pair, from the arc-cosine kernel of degree 2.

    A² B² (3 sin θ cos θ + (π − θ)(1 + 2 cos² θ))/(2π) (Cho and Saul 2009).

    Args:
        a_sd: A >= 0, the standard deviation of a.
        b_sd: B >= 0, that of b.
        cosine: cos θ, their correlation, in [−1, 1].

    Returns:
        The mean, with the shape of the arguments broadcast together.

    Raises:
        TypeError: an argument is not numeric.
        ValueError: an argument is outside its range.
    """
    _checks.all_between("a_sd", a_sd, 0, low_open=False)
    _checks.all_between("b_sd", b_sd, 0, low_open=False)
    _checks.all_between("cosine", cosine, -1, 1, low_open=False, high_open=False)
    theta = cosine.arccos()
    angular = 3 * theta.sin() * cosine + (math.pi - theta) * (1 + 2 * cosine**2)
    return (a_sd * b_sd) ** 2 * angular / (2 * math.pi)


def noise_term(weights, model):
    """Mean and variance of what two fresh noise patches add to f at a weak test point, exactly.

    The two patches are independent. Given the filters, their overlaps with a fresh patch are
    Gaussian with covariance σ_p² ⟨Πw, Πw'⟩, where Π removes the parts along u and v.

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

    Φ_N(−(q_y − q⁻_y + y·mean)/sd), with mean and variance of :func:`noise_term` exact and Φ_N the
    normal distribution function: the shape of the noise part is approximated, not its moments.

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
