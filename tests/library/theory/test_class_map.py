"""The exact map of a class of many points against training, and what it keeps account of."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, init_weights, sgd_step, train
from benign_osc_lib import many_points as mp
from tests.library.common import normal, seeded
from tests.library.theory.common import KAPPA, LR, MODEL, M

RATE = 2 * LR / M


def small_class(seed=0, n=3, n_weak=1):
    """A class with both signs of filters and noise patches of several lengths."""
    draw = np.random.default_rng(seed).uniform
    strong = np.arange(n) < n - n_weak
    six = (draw(0.01, 0.1), draw(0.01, 0.1), draw(0.01, 0.1, n), 0.0, 0.02, draw(0.0, 0.05, n))
    return mp.ClassSignals(*six, 0.04, draw(0.05, 0.3, n), strong)


def turned(points):
    """A start from which no filter has the wrong sign on u: two epochs at the large rate."""
    w = init_weights(M, MODEL.d, 1 / 16, generator=seeded(6))
    return train(points, w, LR, epochs=2).weights


@pytest.fixture(scope="module")
def points():
    """Orthogonal noise of several lengths; a weak point has two patches of one length."""
    data = mp.with_orthogonal_noise(MODEL.sample(10, n_weak=3, generator=seeded(5)), 0.8)
    x = data.x.clone()
    x[:, 2] *= torch.linspace(0.7, 1.3, 10)[:, None]
    x[data.is_weak, 0] *= torch.linspace(0.7, 1.3, 10)[data.is_weak, None]
    return replace(data, x=x)


@pytest.mark.parametrize("y", [1, -1])
def test_the_map_is_training(points, y):
    w = turned(points)
    run, state = train(points, w, LR, epochs=40), mp.class_signals(w, points, y)
    assert state.s_other == 0
    e = 1 - run.margins[:, points.y == y].numpy()
    np.testing.assert_allclose(mp.class_residuals(state, KAPPA, epochs=40), e, atol=1e-11)
    end, found = mp.class_path(state, KAPPA, e).at(-1), mp.class_signals(run.weights, points, y)
    for name in "s q noise s_other q_other noise_other".split():
        np.testing.assert_allclose(getattr(end, name), getattr(found, name), rtol=1e-9)


@given(seed=st.integers(0, 10**6), epochs=st.integers(1, 4))
def test_the_path_of_the_residuals_of_the_map_has_these_residuals(seed, epochs):
    state = small_class(seed)
    e = mp.class_residuals(state, KAPPA, epochs=epochs)
    path = mp.class_path(state, KAPPA, e)
    at = np.arange(e.size)
    np.testing.assert_allclose(1 - mp.margins(path)[at, at % 3], e.ravel(), rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 10**6), lr=st.floats(0.01, 2.0))
def test_energy_of_a_network_with_any_noise(seed, lr):
    """A step changes the squared length of the weights over 2η by 2 e − (2 − a) e²."""
    w, x, y = 0.3 * normal(seed, 2, 3, 6), normal(seed + 1, 3, 6), 1.0 if seed % 2 else -1.0
    free = w.clone().requires_grad_(True)
    plus, minus = (free @ x.T).clamp(min=0).square().sum(-1).mean(-1)
    (slope,) = torch.autograd.grad(plus - minus, free)
    e = 1 - y * float((plus - minus).detach())
    new = sgd_step(w, x, y, lr)
    grown = float(new.square().sum() - w.square().sum()) / (2 * lr)
    a = lr * float(slope.square().sum()) / 2
    assert grown == pytest.approx(2 * e - (2 - a) * e**2, rel=1e-9, abs=1e-9)


@given(seed=st.integers(0, 10**6), n_weak=st.integers(0, 2))
def test_energy_of_a_class(seed, n_weak):
    state, kappa = replace(small_class(seed, n_weak=n_weak), s_other=0.03), 0.7
    e = mp.class_residuals(state, kappa, epochs=3)
    path = mp.class_path(state, kappa, e)
    at = np.arange(e.size)
    K = mp.sharpness(path, kappa)[at, at % 3]
    change = 2 * e.ravel() - (2 - K) * e.ravel() ** 2
    energy = mp.class_energy(path, kappa)
    np.testing.assert_allclose(np.diff(energy), change, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("y", [1, -1])
def test_the_classes_hold_the_energy_and_the_sharpness_of_the_network(points, y):
    """On filters without other parts: the class's part is ‖W‖²/(2η), and K is η‖∇f‖²/2."""
    w = turned(points)
    state = mp.class_signals(w, points, y)
    for i, x in enumerate(points.x[points.y == y]):
        weights = w.clone().requires_grad_(True)
        drawn = (weights @ x.T).clamp(min=0).square().sum(-1).mean(-1)
        (slope,) = torch.autograd.grad(drawn[0] - drawn[1], weights)
        K = LR * float(slope.square().sum()) / 2
        assert mp.sharpness(state, KAPPA)[i] == pytest.approx(K, rel=1e-9, abs=0)
    own = points.x[points.y == y]
    basis = torch.cat([own[:, 2], own[points.is_weak[points.y == y], 0]])
    basis = torch.cat([basis, y * MODEL.u[None], y * MODEL.v[None]])
    active = (w @ basis.T).clamp(min=0)
    part = float((active.square() / basis.square().sum(-1)).sum()) / (2 * LR)
    assert mp.class_energy(state, KAPPA) == pytest.approx(part, rel=1e-9, abs=0)


def test_margins_are_those_of_the_network(points):
    w = turned(points)
    for y in (1, -1):
        run = train(points, w, 1e-12, epochs=1)
        found = mp.margins(mp.class_signals(w, points, y))
        np.testing.assert_allclose(found, run.margins[0, points.y == y], rtol=1e-8)


# --- Bad input ---------------------------------------------------------------------------------

STATE = small_class()
DATA = MODEL.sample(4, n_weak=1, generator=seeded(1))
WEIGHTS = init_weights(3, MODEL.d, 0.1, generator=seeded(2))
ONE_CLASS = replace(DATA, y=torch.ones_like(DATA.y))
TWO = mp.class_path(STATE, 1.2, np.zeros((1, 3)))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: replace(STATE, chi=STATE.chi[:2]), ValueError, "chi and strong"),
        (lambda: replace(STATE, noise=STATE.noise[:2]), ValueError, "noise must have shape"),
        (lambda: replace(STATE, noise_other=-STATE.noise), ValueError, "noise_other must be"),
        (lambda: replace(STATE, q=-1.0), ValueError, "q must be finite, >= 0"),
        (lambda: replace(STATE, nu=0.0), ValueError, "nu must be finite and > 0"),
        (lambda: replace(STATE, chi=0 * STATE.chi), ValueError, "chi must be finite, > 0"),
        (lambda: mp.sharpness(1.0, 1.2), TypeError, "state must be a ClassSignals"),
        (lambda: mp.margins(1.0), TypeError, "state must be a ClassSignals"),
        (lambda: mp.growth_account(1.0), TypeError, "state must be a ClassSignals"),
        (lambda: mp.class_path(STATE, 1.2, np.zeros(3)), ValueError, r"e must have shape"),
        (lambda: mp.class_path(STATE, 1.2, "e"), TypeError, "e must be a number, array"),
        (lambda: mp.class_path(TWO, 1.2, np.zeros((1, 3))), ValueError, "state must be one"),
        (lambda: mp.class_residuals(TWO, 1.2, epochs=1), ValueError, "state must be one state"),
        (lambda: mp.class_signals(WEIGHTS, WEIGHTS, 1), TypeError, "data must be a PatchData"),
        (lambda: mp.class_signals(WEIGHTS, ONE_CLASS, -1), ValueError, "point of class -1"),
        (lambda: mp.class_signals(WEIGHTS[None], DATA, 1), ValueError, "weights must have shape"),
        (lambda: mp.class_signals(WEIGHTS.float(), DATA, 1), TypeError, "data.x must have the"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_lengths_of_noise():
    """χ of a strong point is that of its patch, of a weak one the mean of its two."""
    model = FeatureNoiseModel(8, 2.0, 0.4, 0.8)
    data = model.sample(4, n_weak=2, generator=seeded(4))
    for y in (1, -1):
        own = data.y == y
        state = mp.class_signals(init_weights(2, 8, 0.1, generator=seeded(1)), data, y)
        for x, weak, chi in zip(data.x[own], data.is_weak[own], state.chi, strict=True):
            patches = x[[0, 2]] if weak else x[[2]]
            assert chi == pytest.approx(
                float(patches.square().sum(-1).mean()) / 4, rel=1e-12, abs=0
            )
