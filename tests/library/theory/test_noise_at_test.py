"""The noise at a test: moments against samples, the error probability against its parts."""

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    predict,
    theory,
)
from benign_osc_lib import many_points as mp
from tests.library.common import FALSE_ALARM, normal

MODEL = FeatureNoiseModel(d=40, u_norm=2.0, v_norm=0.5, noise_norm=0.8)
M, LR = 8, 1.2
KAPPA, NU = theory.kappa(LR, 2.0, M), MODEL.nu


def test_the_product_at_special_angles():
    assert mp.squared_relu_product(1.0, 1.0, 1.0) == pytest.approx(1.5, rel=1e-14, abs=0)
    assert mp.squared_relu_product(2.0, 3.0, 0.0) == pytest.approx(36 / 4, rel=1e-14, abs=0)
    assert mp.squared_relu_product(1.0, 1.0, -1.0) == pytest.approx(0, abs=1e-14)


@given(a=st.floats(0.1, 3), b=st.floats(0.1, 3), cosine=st.floats(-0.999, 0.999))
@settings(max_examples=15)
def test_the_product_against_quadrature(a, b, cosine):
    """In polar coordinates the radius integrates to 8 and one angle is left."""
    phi = np.linspace(-math.pi, math.pi, 4000, endpoint=False)
    x, y = a * np.cos(phi), b * np.cos(phi - math.acos(cosine))
    angular = np.mean(np.maximum(x, 0) ** 2 * np.maximum(y, 0) ** 2)
    assert mp.squared_relu_product(a, b, cosine) == pytest.approx(8 * angular, rel=1e-6, abs=1e-9)


def test_the_moments_of_the_noise_term_against_samples():
    weights = 0.3 * normal(3, 2, 4, 40)
    n = 50_000
    sigma = MODEL.sigma_p
    xi = sigma * normal(4, n, 2, 40)
    xi[..., :2] = 0
    zeta = predict(weights, xi)
    mean, variance = (float(z) for z in mp.noise_term(weights, MODEL))
    z = abs(float(zeta.mean()) - mean) / math.sqrt(variance / n)
    assert math.erfc(z / math.sqrt(2)) > FALSE_ALARM
    assert float(zeta.var()) == pytest.approx(variance, rel=0.05, abs=0)


def test_the_noise_term_knows_its_symmetries():
    weights = normal(5, 3, 2, 4, 40)
    mean, variance = mp.noise_term(weights, MODEL)
    swapped, same = mp.noise_term(weights.flip(-3), MODEL)
    torch.testing.assert_close(swapped, -mean)
    torch.testing.assert_close(same, variance)
    larger, fourth = mp.noise_term(2 * weights, MODEL)
    torch.testing.assert_close(larger, 4 * mean)
    torch.testing.assert_close(fourth, 16 * variance)
    weights[..., :2] += 7.0  # along the features
    torch.testing.assert_close(mp.noise_term(weights, MODEL)[1], variance)


def test_the_lead_and_the_error_probability():
    weights = 0.05 * normal(6, 2, 4, 40)
    weights[0, :, 1] = 1.0  # filters of sign +1 have learned +v
    weights[1, :, 1] = 1.0  # those of sign -1 the wrong side
    lead = [float(mp.class_lead(weights, MODEL.v, y)) for y in (1, -1)]
    assert lead == pytest.approx([0.0, 0.0], abs=1e-14)
    weights[1, :, 1] = -1.0
    lead = [float(mp.class_lead(weights, MODEL.v, y)) for y in (1, -1)]
    assert lead == pytest.approx([0.25, 0.25])
    mean, variance = (float(z) for z in mp.noise_term(weights, MODEL))
    for y in (1, -1):
        wanted = 0.5 * math.erfc((0.25 + y * mean) / math.sqrt(2 * variance))
        assert float(mp.error_probability(weights, MODEL, y)) == pytest.approx(
            wanted, rel=1e-9, abs=0
        )


@pytest.mark.parametrize("seed", range(5))
def test_the_error_probability_where_it_is_not_small(seed):
    """It is of the size of 1/2, and that of one label says nothing about the other's."""
    weights = 0.5 * normal(seed, 3, 2, 4, 40)
    mean, variance = mp.noise_term(weights, MODEL)
    for y in (1, -1):
        lead = mp.class_lead(weights, MODEL.v, y) + y * mean
        wanted = [NormalDist().cdf(-x) for x in (lead / variance.sqrt()).tolist()]
        assert all(1e-3 < p < 1 - 1e-3 for p in wanted)
        found = mp.error_probability(weights, MODEL, y)
        assert found.tolist() == pytest.approx(wanted, rel=1e-12, abs=0)
