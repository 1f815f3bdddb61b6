"""Beyond the sign limit almost every start of the cubic map turns its sign."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import cubic_map, theory

beyond = st.floats(theory.SIGN_LIMIT + 1e-3, 4)


@given(kappa=beyond, steps=st.integers(0, 12))
@settings(max_examples=20)
def test_the_share_is_that_of_a_fine_grid(kappa, steps):
    whole = math.sqrt(1 + 1 / kappa)
    z = whole * (np.arange(200_000) + 0.5) / 200_000
    kept = (cubic_map.iterate(z, kappa, steps=steps) > 0).all(0)
    assert cubic_map.share_with_sign(kappa, steps) == pytest.approx(kept.mean(), abs=2e-3)


@given(kappa=st.floats(0.1, theory.SIGN_LIMIT))
def test_up_to_the_limit_every_start_keeps_its_sign(kappa):
    assert cubic_map.share_with_sign(kappa, 20) == 1.0


@given(kappa=beyond)
@settings(max_examples=20)
def test_the_share_falls_geometrically(kappa):
    shares = np.array([cubic_map.share_with_sign(kappa, steps) for steps in range(2, 17)])
    ratios = shares[1:] / shares[:-1]
    assert (ratios < 1).all()
    late = ratios[8:]
    assert late.max() - late.min() < 0.01


@given(kappa=beyond, part=st.floats(0.01, 0.99))
def test_a_step_stretches_the_distance_of_the_proof(kappa, part):
    """h'(x) ρ(h(x)) > ρ(x), the key line of the proof, at points whose image stays in (0, b)."""
    edge, c = math.sqrt(1 + 1 / kappa), cubic_map.critical_point(kappa)
    top = cubic_map.step(c, kappa)
    below = min(1, -cubic_map.step(top, kappa)) / 2

    def density(x):
        return 1 / (x + below) + 1 / (top - x)

    image, angle = part * edge, math.asin(part * edge / top) / 3
    for x in (2 * c * math.sin(angle), 2 * c * math.sin(math.pi / 3 - angle)):
        assert cubic_map.step(x, kappa) == pytest.approx(image, abs=1e-12)
        assert abs(cubic_map.slope(x, kappa)) * density(image) > density(x)


@given(x=st.floats(-1, 2), y=st.floats(-1, 2), w=st.floats(-1, 2), kappa=st.floats(0.1, 4))
def test_the_identity_of_the_proof(x, y, w, kappa):
    def mean_slope(a, b):
        return 1 + kappa - kappa * (a**2 + a * b + b**2)

    left = cubic_map.slope(x, kappa) * mean_slope(y, w) - mean_slope(y, x) * mean_slope(x, w)
    bracket = 1 + kappa + kappa * (x**2 + 2 * x * (y + w) + y * w)
    assert left == pytest.approx(kappa * (x - y) * (w - x) * bracket, abs=1e-8)


@pytest.mark.parametrize(
    ("call", "error", "word"),
    [
        (lambda: cubic_map.share_with_sign(0.0, 3), ValueError, "kappa"),
        (lambda: cubic_map.share_with_sign("x", 3), TypeError, "kappa"),
        (lambda: cubic_map.share_with_sign(1.7, 21), ValueError, "steps"),
        (lambda: cubic_map.share_with_sign(1.7, 0.5), TypeError, "steps"),
    ],
)
def test_bad_input_is_named(call, error, word):
    with pytest.raises(error, match=word):
        call()
