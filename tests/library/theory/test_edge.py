"""Curvature of one point off the fit, on the 2-cycle and at the end; and the central flow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import theory
from benign_osc_lib.one_point import orbit
from benign_osc_lib.theory.edge import _slopes

SIGNALS = st.floats(0.01, 1.2)


@given(s=SIGNALS, q=SIGNALS, kappa=st.floats(0.1, 2), nu=st.floats(0.01, 0.9))
def test_point_sharpness_is_the_top_eigenvalue(s, q, kappa, nu):
    half, across = (1 - s - q) / 2, np.sqrt(nu * s * q)
    matrix = kappa * np.array([[s - half, across], [across, nu * (q - half)]])
    found = theory.point_sharpness(s, q, kappa, nu)
    assert found == pytest.approx(np.linalg.eigvalsh(matrix)[1], abs=1e-12)
    at_the_fit = theory.point_sharpness(1 - q / 2, q / 2, kappa, nu) if q < 2 else 0
    assert at_the_fit == pytest.approx(theory.relative_sharpness(1 - q / 2, q / 2, kappa, nu))


@given(kappa=st.floats(1, 2))
def test_the_mean_over_the_cycle(kappa):
    ends = np.array(theory.two_cycle(kappa))
    mean = theory.point_sharpness(ends, 0.0, kappa, 0.04).clip(min=-9)
    along = kappa * (3 * ends - 1) / 2  # the direction of u, which is that of the gradient
    assert along.mean() == pytest.approx(theory.cycle_sharpness(kappa))
    assert mean.mean() == pytest.approx(theory.cycle_sharpness(kappa)) or along.min() < 0
    steps = ends * (1 - ends) ** 2  # squared lengths of the gradients
    assert steps[0] == pytest.approx(steps[1], abs=1e-12)


@given(kappa=st.floats(1, 1.598), nu=st.floats(0, 0.9))
def test_landing_sharpness_is_that_of_the_landing_law(kappa, nu):
    q = theory.landing_weak_signal(kappa, nu)
    lands = theory.relative_sharpness(1 - q, q, kappa, nu)
    assert theory.landing_sharpness(kappa, nu) == pytest.approx(lands)


@given(s=SIGNALS, q=SIGNALS, kappa=st.floats(0.1, 2), nu=st.floats(0.01, 0.9))
def test_slopes(s, q, kappa, nu):
    h = 1e-6
    for slope, (x, y) in zip(_slopes(s, q, kappa, nu), ((h, 0), (0, h)), strict=True):
        up, down = (theory.point_sharpness(s + t * x, q + t * y, kappa, nu) for t in (1, -1))
        assert slope == pytest.approx((up - down) / (2 * h), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("kappa, nu", [(1.05, 0.16), (1.2, 0.04), (1.5, 0.01)])
def test_the_central_flow_stays_on_the_edge_and_ends_there(kappa, nu):
    times = np.linspace(0, 40 / nu / (kappa - 1), 400)
    s, q, spread = theory.central_flow(kappa, nu, 0.05, 5e-4, times=times)
    a = theory.point_sharpness(s, q, kappa, nu)
    on_it = np.arange(400) >= np.argmax(spread > 0)
    assert on_it.sum() > 300 and not spread[~on_it].any()
    assert np.abs(a[on_it] - 1).max() < 1e-9 and a[~on_it].max() < 1
    assert (np.diff(q) > -1e-9).all()
    assert q[-1] == pytest.approx(theory.terminal_weak_signal(kappa, nu), rel=1e-3, abs=0)
    assert s[-1] + q[-1] == pytest.approx(1, abs=1e-3)


def test_below_the_edge_it_is_gradient_flow():
    s, q, spread = theory.central_flow(0.9, 0.04, 0.05, 5e-4, times=np.linspace(0, 60, 50))
    assert not spread.any()
    np.testing.assert_allclose(q / 5e-4, (s / 0.05) ** 0.04, rtol=1e-6)
    assert s[-1] + q[-1] == pytest.approx(1)


@pytest.mark.parametrize("kappa, nu", [(1.05, 0.04), (1.2, 0.01), (1.2, 0.3)])
def test_its_rate_of_growth(kappa, nu):
    times = np.linspace(0, 2 / nu / (kappa - 1), 50)
    _, q, _ = theory.central_flow(kappa, nu, 0.5, 1e-12, times=times)
    rate = np.log(q[-1] / q[-2]) / 2 / (times[-1] - times[-2])
    assert rate == pytest.approx(theory.central_growth_rate(kappa, nu), rel=1e-4, abs=0)


@given(nu=st.floats(0.01, 0.9))
def test_near_the_threshold_it_is_eight_ninths_of_the_true_rate(nu):
    ratio = theory.central_growth_rate(1 + 1e-6, nu) / theory.growth_rate(1 + 1e-6, nu)
    assert ratio == pytest.approx(8 / 9, rel=1e-4, abs=0)


def test_held_against_the_map():
    """It needs 9/8 of the time, where the averaged law is right to 1 %."""
    path = orbit(1.1, 0.01, 0.05, 5e-4, steps=7000)
    half = (1 - 1 / 1.1) / 2
    times = np.linspace(0, 7000, 2000)
    _, q, _ = theory.central_flow(1.1, 0.01, 0.05, 5e-4, times=times)
    truth = np.argmax(path.q > half)
    assert np.interp(half, q, times) / truth == pytest.approx(9 / 8, rel=0.01, abs=0)
    assert theory.time_to_learn(0.05, 5e-4, 1.1, 0.01) / truth == pytest.approx(1, rel=0.01, abs=0)


def test_bad_times_and_starts():
    for times in ([0.0], [1.0, 2.0], [0.0, 0.0], [[0.0, 1.0]]):
        with pytest.raises(ValueError, match="^times must increase from 0"):
            theory.central_flow(1.2, 0.04, 0.1, 0.01, times=times)
    for changes in ({"s": 0.0}, {"q": -1.0}, {"s": np.inf}, {"q": np.nan}):
        (name,) = changes
        with pytest.raises(ValueError, match=f"^{name} must be finite and > 0"):
            theory.central_flow(1.2, 0.04, **{"s": 0.1, "q": 0.01} | changes, times=[0, 1])
    with pytest.raises(ValueError, match="^s must be below the edge, got 0.95"):
        theory.central_flow(1.2, 0.04, 0.95, 0.01, times=[0, 1])
