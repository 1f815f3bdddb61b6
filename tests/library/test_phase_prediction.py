"""The borders that theory draws: against their equations, and against orbits and flows."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import phase, signal_noise, theory
from benign_osc_lib.one_point import orbit
from benign_osc_lib.sweeps import DEFAULTS

S_0 = (1 / 16) ** 2 * 2.0**2 / 2


def regime_by_hand(kappa, nu, n_weak, noise):
    """The four rules of chapter 11 at the sizes of §4.3, for one cell."""
    if kappa > 2:
        return "diverged"
    if kappa > math.sqrt(27) / 2 - 1:
        return "malignant"
    if n_weak / 2 * nu * 4 > noise**2 - 1e-9:
        return "benign"
    if kappa <= 1:
        return "too small"
    late = theory.time_to_learn(S_0, nu * S_0, kappa, nu) > 200 * (16 - n_weak) / 2
    return "too small" if late else "benign"


@pytest.mark.parametrize("name", phase.DIAGRAMS)
def test_the_regime_of_every_stored_cell_by_hand(name):
    grid, _ = phase.DIAGRAMS[name]
    axis = next(axis for axis in grid if axis != "kappa")
    kappa, y = np.meshgrid(grid["kappa"], grid[axis], indexing="ij")
    found = phase.predicted_regimes(kappa, **{axis: y})
    assert found.shape == kappa.shape
    sizes = {"nu": 0.04, "n_weak": 2, "noise_norm": 0.8}
    for cell in np.ndindex(kappa.shape):
        here = {**sizes, axis: float(y[cell])}
        wanted = regime_by_hand(kappa[cell], here["nu"], here["n_weak"], here["noise_norm"])
        assert phase.REGIMES[found[cell]] == wanted, (kappa[cell], here)
    assert set(found.flat) == {0, 1, 2, 3}


def test_the_default_sizes_are_those_of_a_sweep():
    given = {key: DEFAULTS[key] for key in ("n_weak", "noise_norm", "n", "epochs", "scale")}
    nu = (DEFAULTS["v_norm"] / DEFAULTS["u_norm"]) ** 2
    kappa = np.linspace(0.5, 2.5, 41)
    np.testing.assert_array_equal(
        phase.predicted_regimes(kappa),
        phase.predicted_regimes(kappa, nu=nu, u_norm=DEFAULTS["u_norm"], **given),
    )


def test_every_size_moves_its_border():
    """Each pair of sizes stands on two sides of a border."""
    for just_in, just_out in (
        ({"epochs": 200}, {"epochs": 20}),
        ({"n": 16}, {"n": 4}),
        ({"scale": 1 / 16}, {"scale": 1e-30}),
        ({"u_norm": 2.0}, {"u_norm": 1e-12}),
        ({"noise_norm": 0.4, "nu": 0.041, "epochs": 0}, {"noise_norm": 0.41, "epochs": 0}),
        ({"n_weak": 9, "epochs": 0}, {"n_weak": 7, "epochs": 0}),
        ({"nu": 0.03}, {"nu": 0.02}),
    ):
        assert phase.REGIMES[phase.predicted_regimes(1.2, **just_in)] == "benign", just_in
        assert phase.REGIMES[phase.predicted_regimes(1.2, **just_out)] == "too small", just_out
    assert phase.REGIMES[phase.predicted_regimes(1.7, escape=1.71)] == "malignant"
    assert phase.REGIMES[phase.predicted_regimes(1.7, escape=1.67)] == "diverged"


def test_a_cell_on_the_line_itself_is_taught():
    noise = 0.1 * 2 ** (6 / 3)
    assert noise**2 > 0.16  # by rounding
    assert phase.REGIMES[phase.predicted_regimes(0.5, noise_norm=noise)] == "benign"
    assert phase.REGIMES[phase.predicted_regimes(0.5, noise_norm=1.0001 * noise)] == "too small"


def test_visits_are_those_of_an_average_class():
    assert phase.strong_visits() == 1400
    np.testing.assert_array_equal(phase.strong_visits(np.arange(3), n=6, epochs=10), [30, 25, 20])


def test_below_the_threshold_nothing_is_ever_learned():
    time = phase.visits_to_learn(np.array([0.3, 1.0, 1.2]), 0.04)
    assert time[:2].tolist() == [math.inf, math.inf]
    known = theory.time_to_learn(S_0, 0.04 * S_0, 1.2, 0.04)
    assert time[2] == pytest.approx(known, rel=1e-14, abs=0)
    assert math.isnan(phase.visits_to_learn(1.2, 0.64))  # past half-way after the climb


def test_a_start_may_be_too_small_for_a_float():
    """s_0 = 2·10⁻⁴⁰⁰: the climb takes as many visits as its logarithm says."""
    here, far = (phase.visits_to_learn(1.2, 0.04, scale=scale) for scale in (1e-100, 1e-200))
    climb = 100 * math.log(10) / math.log(2.2)
    away = 200 * math.log(10) - 2 * climb * math.log(1.048)
    rate = theory.growth_rate(1.2, 0.04)
    assert far - here == pytest.approx(climb + away / (2 * rate), rel=1e-12, abs=0)
    assert math.isfinite(phase.visits_to_learn(1.2, 0.04, scale=5e-324, u_norm=5e-324))
    assert math.isfinite(theory.time_to_learn(5e-324, 5e-324, 1.2, 0.04))


@settings(max_examples=20)
@given(kappa=st.floats(1.01, 1.6), visits=st.floats(30, 1e6), scale=st.floats(1e-4, 0.2))
def test_the_horizon_takes_just_these_visits(kappa, visits, scale):
    nu = phase.horizon(kappa, visits, scale=scale)
    if math.isnan(nu):
        assert phase.visits_to_learn(kappa, 0.5, scale=scale) > visits
        return
    assert not phase.visits_to_learn(kappa, min(0.5, nu * 1.0001), scale=scale) > visits
    assert phase.visits_to_learn(kappa, nu / 1.0001, scale=scale) > visits


def test_the_horizon_against_orbits():
    """One noiseless point from the mean start is half-way after these visits, within 3 %."""
    kappa = np.array([1.05, 1.1, 1.15, 1.2])
    for visits in (1000, 1400, 4000):
        nu = phase.horizon(kappa, visits)
        q = orbit(kappa, nu, s=S_0, q=nu * S_0, steps=2 * visits).q
        np.testing.assert_allclose((q >= (1 - 1 / kappa) / 2).argmax(0), visits, rtol=0.03)


def test_no_horizon():
    assert math.isnan(phase.horizon(0.9, 1e9))  # nothing oscillates
    assert math.isnan(phase.horizon(1.2, 1))  # less than the climb of u
    single = phase.horizon(torch.tensor([1.2, 0.9]), 1400.0)
    assert single.dtype == torch.float32 and float(single[0]) == pytest.approx(
        0.02427, rel=1e-3, abs=0
    )


@pytest.mark.parametrize("points", [1, 3, 8])
def test_the_border_of_noise_against_gradient_flow(points):
    """Below the border a small start ends with v, above it with the noise (chapter 9)."""
    border = phase.noise_border(0.04, points)
    assert border == pytest.approx(math.sqrt(points) * 0.4)
    assert phase.nu_border(border, points) == pytest.approx(0.04)
    for noise, learned in ((0.5 * border, True), (2 * border, False)):
        tau = (0.4 / noise) ** 2
        start = np.full(points, 1e-60)
        q = signal_noise.flow_limit(start, 1e-60, tau)
        assert (q > 0.99) if learned else (q < 0.01)


@given(kappa=st.floats(0.1, 3), u_norm=st.floats(0.1, 10))
def test_the_threshold_of_noise(kappa, u_norm):
    noise = phase.noise_threshold(kappa, u_norm=u_norm)
    assert kappa * noise**2 / u_norm**2 == pytest.approx(1)


def test_a_crossing_is_a_straight_line_over_the_logarithm():
    y = np.array([1.0, 10.0, 100.0, 1000.0])
    assert phase.crossing(y, np.log10(y), 1.5) == pytest.approx(10**1.5)
    assert phase.crossing(y, np.log10(y), 2) == pytest.approx(100)
    assert phase.crossing(y, [0, 1, 0, 1], 0.5) == pytest.approx(10**0.5)  # the first one
    assert phase.crossing(list(y), [math.nan, 0, 1, math.nan], 0.5) == pytest.approx(10**1.5)


@pytest.mark.parametrize(
    "values", [[0, 0, 0.4], [0.6, 0, 1], [0, math.nan, 1], [math.nan] * 3], ids=str
)
def test_no_crossing(values):
    assert math.isnan(phase.crossing([1.0, 2.0, 3.0], values, 0.5))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: phase.strong_visits(-1), ValueError, "n_weak must be finite, >= 0"),
        (lambda: phase.strong_visits(17), ValueError, "^n_weak must be <= n, got 17"),
        (lambda: phase.strong_visits(0, n=0), ValueError, "n must be finite, >= 1"),
        (lambda: phase.strong_visits(epochs=-1), ValueError, "epochs must be"),
        (lambda: phase.visits_to_learn(0.0, 0.1), ValueError, "kappa must be finite, > 0"),
        (lambda: phase.visits_to_learn(1.2, 1.0), ValueError, "nu must be finite, > 0 and < 1"),
        (lambda: phase.visits_to_learn(1.2, 0.1, scale=0), ValueError, "scale must be"),
        (lambda: phase.visits_to_learn(1.2, 0.1, u_norm=-1), ValueError, "u_norm must be"),
        (lambda: phase.visits_to_learn(1.2, 0.1, scale=1), ValueError, "^scale must be < √2/u_nor"),
        (lambda: phase.horizon("1", 2), TypeError, "kappa must be a number"),
        (lambda: phase.horizon(1.2, 0), ValueError, "visits must be finite, > 0"),
        (lambda: phase.noise_border(0.0, 1), ValueError, "nu must be"),
        (lambda: phase.noise_border(0.1, -1), ValueError, "points must be"),
        (lambda: phase.nu_border(0.0, 1), ValueError, "noise_norm must be"),
        (lambda: phase.nu_border(0.8, 0), ValueError, "points must be"),
        (lambda: phase.noise_threshold(0), ValueError, "kappa must be"),
        (lambda: phase.predicted_regimes(1.2, noise_norm=0), ValueError, "noise_norm must be"),
        (lambda: phase.predicted_regimes(1.2, escape=0), ValueError, "escape must be"),
        (
            lambda: phase.predicted_regimes(np.ones(2), np.ones(3) / 9),
            ValueError,
            "the leading axes must broadcast together",
        ),
        *(
            (lambda y=y: phase.crossing(y, [0, 1], 0.5), ValueError, "y must be finite, positive")
            for y in ([1, 1], [2, 1], [0, 1], [-1, 1], [1, math.nan], [math.nan, 1], [1, math.inf])
        ),
        (lambda: phase.crossing([[1, 2]], [[0, 1]], 0.5), ValueError, "y must be finite, positive"),
        (lambda: phase.crossing([1, 2], [0, 1], math.nan), ValueError, "level must be finite"),
        (lambda: phase.crossing([1, 2], [0, 1, 2], 0.5), ValueError, "values must have the shape"),
        (lambda: phase.crossing([1, 2], [0, 1], None), TypeError, "level must be a number"),
        (lambda: phase.crossing([1, 2], "ab", 0.5), TypeError, "values must be a number"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
