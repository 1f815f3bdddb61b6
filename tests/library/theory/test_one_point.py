"""The exact dynamics of one noiseless point against the training that it stands for."""

import numpy as np
import pytest
import sympy as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    init_weights,
    noiseless_point,
    predict,
    sgd_step,
    theory,
)
from benign_osc_lib import train as train_network
from benign_osc_lib.one_point import Orbit, orbit, signals
from tests.library.common import normal, seeded

starts = st.just(0.0) | st.floats(1e-12, 2)  # no subnormal ones: these have few digits
labels = st.sampled_from([-1, 1])
kappas = st.floats(0.05, 3.0)


@st.composite
def networks(draw):
    """A noiseless point and a network whose filters of both signs see it with both signs."""
    u_norm = draw(st.floats(0.5, 3))
    model = FeatureNoiseModel(
        d=5, u_norm=u_norm, v_norm=draw(st.floats(0.1, 1)) * u_norm, noise_norm=1
    )
    m, y = draw(st.integers(1, 8)), draw(labels)
    scale = draw(st.floats(0.05, 1)) / u_norm
    w = init_weights(m, 5, scale, generator=seeded(draw(st.integers(0, 10**6))))
    return model, w, y


def patches(model, y):
    """The patches (y u, y v) of the point, (2, d)."""
    return y * torch.stack([model.u, model.v])


def four_signals(model, w, y):
    """The signals as an array (..., 4)."""
    return np.stack(signals(w, model.u, model.v, y), axis=-1)


def rate(kappa, model, w):
    return kappa * w.shape[-2] / (2 * model.u_norm**2)


def four(run):
    """All signals of an orbit, (4, steps + 1, ...)."""
    return np.stack([run.s, run.q, run.s_other, run.q_other])


# --- Signals -----------------------------------------------------------------------------------


@given(network=networks())
def test_the_signals_make_up_the_output(network):
    """y f = s + q − s⁻ − q⁻."""
    model, w, y = network
    s, q, s_other, q_other = signals(w, model.u, model.v, y)
    f = predict(w, patches(model, y)[None])[0].item()
    assert (s + q - s_other - q_other).item() == pytest.approx(y * f, rel=1e-12, abs=1e-13)
    assert min(s, q, s_other, q_other) >= 0


@given(network=networks())
def test_the_other_label_swaps_the_signs(network):
    """Swapping the label, the filters of the two signs and w ← −w changes nothing."""
    model, w, y = network
    np.testing.assert_array_equal(four_signals(model, w, y), four_signals(model, -w.flip(-3), -y))
    own = 0 if y == 1 else 1
    strong = y * (w[own] @ model.u)
    assert signals(w, model.u, model.v, y)[0].item() == pytest.approx(
        sum(max(z, 0) ** 2 for z in strong.tolist()) / w.shape[-2], rel=1e-12, abs=1e-15
    )


def test_signals_of_a_batch():
    w = normal(1, 3, 4, 2, 6, 5)
    u, v = normal(2, 5), normal(3, 5)
    together = signals(w, u, v, -1)
    for signal, alone in zip(together, signals(w[2, 1], u, v, -1), strict=True):
        assert signal.shape == (3, 4)
        assert signal[2, 1] == alone
    assert signals(w.float(), u.float(), v.float(), 1)[0].dtype == torch.float32


# --- The orbit is the training -----------------------------------------------------------------


@given(network=networks(), kappa=kappas)
def test_every_step_of_sgd_is_a_step_of_the_orbit(network, kappa):
    """For both labels, for filters of both signs, and where steps turn signs."""
    model, w, y = network
    for _ in range(6):
        before = four_signals(model, w, y)
        w = sgd_step(w, patches(model, y), y, rate(kappa, model, w))
        s, q, s_other, q_other = before
        run = orbit(kappa, model.nu, s, q, s_other=s_other, q_other=q_other, steps=1)
        after = four_signals(model, w, y)
        scale = 1 + before.max() * (1 + kappa * abs(run.e[0])) ** 2
        np.testing.assert_allclose(four(run)[:, 1], after, rtol=1e-8, atol=1e-12 * scale)


@pytest.mark.parametrize("y", [-1, 1])
@pytest.mark.parametrize("kappa", [0.05, 0.7, 1.2, 1.25])
def test_the_orbit_is_the_whole_run(kappa, y):
    model = FeatureNoiseModel(d=6, u_norm=2.0, v_norm=0.5, noise_norm=1.0)
    w = init_weights(4, 6, 0.15, generator=seeded(3))
    data = noiseless_point(model.u, model.v, y)
    run = train_network(data, w, rate(kappa, model, w), epochs=150)
    s, q, s_other, q_other = four_signals(model, w, y)
    expected = orbit(kappa, model.nu, s, q, s_other=s_other, q_other=q_other, steps=150)
    assert min(s, q, s_other, q_other) > 0
    np.testing.assert_allclose(1 - run.margins[:, 0].numpy(), expected.e[:-1], atol=1e-10)
    after = four_signals(model, run.weights, y)
    np.testing.assert_allclose(four(expected)[:, -1], after, rtol=1e-9, atol=1e-12)


def test_a_turned_sign_is_a_dead_signal():
    """1 + κ e = −1 at f = 2, κ = 2: the filters of the class fall silent for good."""
    run = orbit(2.0, 0.5, 1.5, 0.5, s_other=0.0, q_other=0.0, steps=2)
    assert run.e[0] == -1
    assert run.s.tolist() == [1.5, 0, 0]
    assert run.q.tolist() == [0.5, 0, 0]
    run = orbit(2.0, 0.5, 0.25, 0, s_other=0.25, q_other=0.25, steps=1)
    assert run.e[0] == 1.25
    assert run.s_other[1] == run.q_other[1] == 0
    assert run.s[1] == 0.25 * 3.5**2


@given(network=networks(), kappa=kappas)
def test_the_residual_of_the_orbit(network, kappa):
    model, w, y = network
    s, q, s_other, q_other = four_signals(model, w, y)
    run = orbit(kappa, model.nu, s, q, s_other=s_other, q_other=q_other, steps=3)
    np.testing.assert_array_equal(run.e, 1 - run.s - run.q + run.s_other + run.q_other)
    f = predict(w, patches(model, y)[None])[0].item()
    assert run.e[0] == pytest.approx(1 - y * f, rel=1e-12, abs=1e-13)


def test_an_orbit_by_hand():
    run = orbit(0.5, 0.25, 0.5, 0.125, s_other=0.25, q_other=0.125, steps=1)
    e = 0.75
    assert run.e[0] == e
    assert four(run)[:, 1].tolist() == [
        0.5 * (1 + 0.5 * e) ** 2,
        0.125 * (1 + 0.125 * e) ** 2,
        0.25 * (1 - 0.5 * e) ** 2,
        0.125 * (1 - 0.125 * e) ** 2,
    ]


# --- What never grows --------------------------------------------------------------------------


@given(kappa=kappas, nu=st.floats(0, 1), s=starts, q=starts, s_other=starts, q_other=starts)
def test_the_opposing_products_never_grow(kappa, nu, s, q, s_other, q_other):
    """s s⁻ and q q⁻ fall by (1 − z²)² or to 0; q⁻ s^ν falls because log(1 + z) <= z."""
    run = orbit(kappa, nu, s, q, s_other=s_other, q_other=q_other, steps=8)
    for product in (run.s * run.s_other, run.q * run.q_other, run.q_other * run.s**nu):
        before, after = product[:-1], product[1:]
        assert (after <= before * (1 + 1e-12)).all()


@pytest.mark.parametrize(
    ("start", "cut"),
    [((2.0, 0.1, 0.0, 0.3), "s"), ((0.1, 0.1, 0.9, 0.9), "q_other")],
)
def test_an_opposing_product_falls_to_zero_where_a_sign_is_lost(start, cut):
    """No sign has to be kept for q⁻ s^ν: 1 + κe <= 0 ends s, 1 − κνe <= 0 ends q⁻."""
    kappa, nu = 1.5, 0.5
    s, q, s_other, q_other = start
    run = orbit(kappa, nu, s, q, s_other=s_other, q_other=q_other, steps=5)
    factor = 1 + kappa * run.e[0] if cut == "s" else 1 - kappa * nu * run.e[0]
    assert factor <= 0
    product = run.q_other * run.s**nu
    assert product[0] > 0.1
    assert (product[1:] == 0).all()


def test_the_opposing_products_fall_by_their_factor():
    run = orbit(0.6, 0.3, 0.2, 0.1, s_other=0.3, q_other=0.2, steps=30)
    for product, k in ((run.s * run.s_other, 0.6), (run.q * run.q_other, 0.18)):
        factor = (1 - (k * run.e[:-1]) ** 2) ** 2
        np.testing.assert_allclose(product[1:], product[:-1] * factor, rtol=1e-12)


# --- The residual recursion --------------------------------------------------------------------


def multiplier(run, kappa, nu):
    """M in e' = e M."""
    s, q, s_other, q_other, e = run.s, run.q, run.s_other, run.q_other, run.e
    linear = s + s_other + nu * (q + q_other)
    return 1 - 2 * kappa * linear - kappa**2 * e * (s - s_other + nu**2 * (q - q_other))


@given(kappa=st.floats(0.05, 1.5), nu=st.floats(0, 1), s=starts, q=starts, other=starts)
def test_the_residual_recursion(kappa, nu, s, q, other):
    run = orbit(kappa, nu, s, q, s_other=other, q_other=other / 2, steps=1)
    e, next_e = run.e
    if kappa * abs(e) < 1:  # no signal is cut off
        expected = e * multiplier(run, kappa, nu)[0]
        assert next_e == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_the_residual_recursion_is_an_identity():
    kappa, nu, s, q, r, p = sp.symbols("kappa nu s q r p")
    e = 1 - s - q + r + p
    after = (
        1
        - s * (1 + kappa * e) ** 2
        - q * (1 + kappa * nu * e) ** 2
        + r * (1 - kappa * e) ** 2
        + p * (1 - kappa * nu * e) ** 2
    )
    m = 1 - 2 * kappa * (s + r + nu * (q + p)) - kappa**2 * e * (s - r + nu**2 * (q - p))
    assert sp.expand(after - e * m) == 0


@given(kappa=st.floats(0.3, 1.5), nu=st.floats(0, 1), q=st.floats(0, 0.99))
def test_near_zero_residual_one_step_shows_the_sharpness(kappa, nu, q):
    """e'/e → 1 − 2 κ (s + ν q), with κ (s + ν q) the relative sharpness η λ/2."""
    small = 1e-6
    e = orbit(kappa, nu, 1 - q - small, q, steps=1).e
    sharpness = theory.relative_sharpness(1 - q, q, kappa, nu)
    assert e[1] / e[0] == pytest.approx(1 - 2 * sharpness, abs=2e-5)


# --- Shapes and ranges -------------------------------------------------------------------------


def test_starts_and_rates_broadcast():
    kappa, nu = np.array([0.3, 1.2, 1.9])[:, None], np.array([0.04, 0.1])
    s, s_other = np.array([0.1, 0.2]), np.array([[0.0], [0.3], [0.1]])
    together = orbit(kappa, nu, s, 1e-3, s_other=s_other, q_other=0.02, steps=7)
    assert isinstance(together, Orbit)
    assert together.s.shape == together.e.shape == (8, 3, 2)
    for i in range(3):
        for j in range(2):
            alone = orbit(
                kappa[i, 0], nu[j], s[j], 1e-3, s_other=s_other[i, 0], q_other=0.02, steps=7
            )
            assert alone.q.shape == (8,)
            np.testing.assert_array_equal(four(together)[:, :, i, j], four(alone))


def test_without_a_step_there_is_the_start():
    run = orbit(1.2, 0.04, 0.1, 0.2, steps=0)
    assert four(run)[:, 0].tolist() == [0.1, 0.2, 0, 0]
    assert four(run).shape == (4, 1)


def test_whole_numbers_and_tensors_are_starts():
    expected = four(orbit(1.0, 1.0, 2.0, 0.0, steps=3))
    np.testing.assert_array_equal(four(orbit(1, 1, 2, 0, steps=3)), expected)
    np.testing.assert_array_equal(four(orbit(1, 1, np.array(2), 0, steps=3)), expected)
    start = torch.tensor(2.0, dtype=torch.float64)
    np.testing.assert_array_equal(four(orbit(1, 1, start, 0, steps=3)), expected)


def test_an_escaping_orbit_is_no_error():
    """With opposing signals and e << 0 the others grow without end, and nothing warns."""
    run = orbit(3.0, 0.5, 0.0, 0.0, s_other=1e200, q_other=0.0, steps=3)
    assert run.s_other[1] == 0
    run = orbit(3.0, 0.5, 5.0, 5.0, s_other=1e-3, q_other=1e-3, steps=40)
    assert not np.isfinite(run.e[-1]) or run.s[-1] == 0
