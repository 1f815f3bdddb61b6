"""One signal and noise: the map against training, the potential, the limits and the edge."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import PatchData, init_weights, one_point, predict, theory, train
from benign_osc_lib import signal_noise as sn
from tests.library.common import assert_close, seeded

few = settings(max_examples=25, deadline=None)


def starts(seed, *shape, low=1e-4, high=1e-2):
    rng = np.random.default_rng(seed)
    return low * (high / low) ** rng.random(shape)


# --- Training ----------------------------------------------------------------------------------


def test_the_signals_make_the_output():
    data = sn.SignalNoiseModel(12, 0.4).sample(6, generator=seeded(4))
    weights = init_weights(4, 12, 1.0, generator=seeded(5))
    found = sn.signals(weights, data)
    own = (data.y < 0).long()
    parts = found.q[own] + found.s - found.q_other[own] - found.s_other
    assert_close(data.y * predict(weights, data.x), parts)


def test_each_data_set_of_a_batch_has_its_own_signal():
    """As many data sets as dimensions, where a plain product would mix the axes."""
    weights = init_weights(3, 6, 1.0, generator=seeded(6))
    one = [sn.SignalNoiseModel(6, 0.2 + 0.1 * k).sample(4, generator=seeded(k)) for k in range(6)]
    fields = {name: torch.stack([getattr(data, name) for data in one]) for name in ("x", "y")}
    mu = torch.stack([data.u for data in one])
    batch = PatchData(**fields, is_weak=torch.zeros(6, 4).bool(), u=mu, v=mu)
    found = sn.signals(weights, batch)
    for k, data in enumerate(one):
        alone = sn.signals(weights, data)
        for name in ("q", "q_other", "s", "s_other"):
            assert_close(getattr(found, name)[k], getattr(alone, name))


@pytest.mark.parametrize("kappa", [0.3, 1.2])
def test_the_map_is_training_with_orthogonal_noise(kappa):
    model = sn.SignalNoiseModel(20, 0.3)
    data = model.sample(7, orthogonal=True, generator=seeded(6))
    weights = init_weights(8, 20, 0.1, generator=seeded(7))
    run = train(data, weights, kappa * 4, epochs=40, record_every=None)
    begin, end = sn.signals(weights, data), sn.signals(run.weights, data)
    for c, own in enumerate((data.y > 0, data.y < 0)):
        orbit = sn.orbit(
            kappa,
            kappa * model.tau,
            begin.s[own].numpy(),
            begin.q[c].item(),
            epochs=40,
            s_other=begin.s_other[own].numpy(),
            q_other=begin.q_other[c].item(),
        )
        np.testing.assert_allclose(orbit.q[-1], end.q[c], rtol=1e-9)
        np.testing.assert_allclose(orbit.q_other[-1], end.q_other[c], rtol=1e-9)
        np.testing.assert_allclose(orbit.s[-1], end.s[own], rtol=1e-9)
        np.testing.assert_allclose(orbit.s_other[-1], end.s_other[own], atol=1e-12)
        np.testing.assert_allclose(1 - orbit.e, run.margins[:, own], atol=1e-9)


def test_one_point_is_chapter_four():
    ours = sn.orbit(1.2, 0.06, np.array([0.01]), 0.001, epochs=50, s_other=0.002, q_other=0.003)
    theirs = one_point.orbit(1.2, 0.05, 0.01, 0.001, steps=50, s_other=0.002, q_other=0.003)
    for name in ("s", "q", "s_other", "q_other"):
        mine = getattr(ours, name).reshape(51)
        np.testing.assert_allclose(mine, getattr(theirs, name), rtol=1e-12)


def test_a_batch_of_orbits_is_its_orbits():
    s, kappas, mus = starts(0, 4, 3), np.array([0.5, 1.1, 1.2, 1.3]), np.array([0.1, 0.2, 0.05, 0])
    batch = sn.orbit(kappas[:, None], mus + 0.01, s, 0.001, epochs=9)
    for k in range(4):
        one = sn.orbit(kappas[k], mus[k] + 0.01, s[k], 0.001, epochs=9)
        np.testing.assert_allclose(batch.s[:, k], one.s, rtol=1e-12)
        np.testing.assert_allclose(batch.e[:, k], one.e, rtol=1e-12)


# --- The potential -----------------------------------------------------------------------------


@given(kappa=st.floats(0.1, 1.4), x=st.floats(0.05, 1.0), seed=st.integers(0, 10**6))
@few
def test_the_potential_grows_by_the_gains(kappa, x, seed):
    tau = x / 4 * np.array([1.0, 0.8, 0.5, 0.9])
    kappas = kappa * tau.min() / tau
    run = sn.orbit(kappas, kappa * tau.min(), starts(seed, 4), 1e-4, epochs=60)
    assert (1 + kappas * run.e > 0).all()
    gain = theory.potential_gain(run.e, kappas, tau).sum(-1)
    rise = np.diff(sn.potential(run.s, run.q, tau))
    np.testing.assert_allclose(rise, gain, atol=1e-11)
    assert rise.min() > -1e-12


# --- Small rates -------------------------------------------------------------------------------


@given(x=st.floats(0.05, 4), log_s=st.floats(-30, -1), seed=st.integers(0, 10**6))
@few
def test_the_limit_of_gradient_flow_solves_its_equation(x, log_s, seed):
    s = np.exp(log_s) * starts(seed, 5, low=0.3, high=1)
    tau, q_0 = x / 5, x / 5 * np.exp(log_s)
    q = sn.flow_limit(s, q_0, tau)
    assert 0 < q <= 1
    left, right = np.log(q / q_0), tau * (np.log1p(-q) - np.log(s)).sum() if q < 1 else np.inf
    if q < 0.999:
        assert left == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize(
    ("q_0", "s_0", "tau"), [(0.9, [1e-20], 0.5), (0.5, [1e-10, 1e-10], 0.2), (2, [0.5], 1e-3)]
)
def test_the_limit_of_gradient_flow_from_a_large_signal(q_0, s_0, tau):
    """The root nears 1 like exp(-start/Σ τ), far out where Σ τ is small."""
    q, s_0 = sn.flow_limit(np.array(s_0), q_0, tau), np.array(s_0)
    log_s = -(np.log(q_0) - tau * np.log(s_0).sum() - np.log(q)) / (tau * len(s_0))
    assert math.exp(log_s) == pytest.approx(1 - q, abs=1e-9)


@pytest.mark.parametrize("tau", [1e-300, 1e-3, 50.0, 1e6, 1e100])
@pytest.mark.parametrize("s_0", [1e-9, 1.0, 30.0])
@pytest.mark.parametrize("q_0", [1e-9, 1.0, 5.0])
def test_the_limit_of_gradient_flow_for_any_tau(q_0, s_0, tau):
    """Both sides of q = q_0 ((1 − q)/s_0)^τ, in logarithms, on either side of q."""
    with np.errstate(all="raise", under="ignore"):
        q = sn.flow_limit(q_0=q_0, s_0=np.array([s_0]), tau=tau)

    def excess(q):
        return math.log(q / q_0) - tau * (math.log1p(-q) - math.log(s_0))

    assert 0 <= q <= 1
    if q > 0:
        assert excess(q * (1 - 1e-9)) < 0
    if q < 1 - 1e-15:
        assert excess(min(q * (1 + 1e-9) + 1e-300, 1 - 1e-16)) > 0


def test_small_rates_approach_gradient_flow():
    s, tau = starts(3, 6), 0.1
    limit = sn.flow_limit(s, 1e-4, tau)
    gaps = [
        sn.orbit(kappa, kappa * tau, s, 1e-4, epochs=int(40 / kappa)).q[-1] / limit - 1
        for kappa in (0.2, 0.1, 0.05)
    ]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[1] / gaps[2] == pytest.approx(2, rel=0.2, abs=0)


@given(x=st.floats(0.1, 3), s=st.floats(1e-12, 1e-2))
@few
def test_the_threshold(x, s):
    tau = x / 8
    q = sn.flow_limit(np.full(8, s), tau * s, tau)
    if x < 1:
        assert q <= tau * s ** (1 - x) * (1 + 1e-9)
    else:
        assert 1 - q <= (s ** (x - 1) / tau) ** (1 / x) * (1 + 1e-9)


# --- Large rates -------------------------------------------------------------------------------


def test_without_a_signal_the_bound_is_that_of_one_point():
    for kappa in (1.0, 1.2, theory.SIGN_LIMIT):
        assert sn.largest_output(kappa, 1e-12, 1) == pytest.approx(
            theory.largest_signal(kappa), abs=1e-3
        )


@given(kappa=st.floats(0.6, 1.5), x=st.floats(0.05, 0.6), seed=st.integers(0, 10**6))
@few
def test_no_output_exceeds_the_bound_and_no_signal_its_floor(kappa, x, seed):
    n, tau = 6, x / 6
    top = sn.largest_output(kappa, kappa * tau, n)
    if top >= 1 + 1 / kappa:
        return
    s = starts(seed, n, low=1e-3, high=0.5)
    run = sn.orbit(kappa, kappa * tau, s, 0.01, epochs=300)
    assert (1 - run.e[1:]).max() <= top
    c_0 = min(1 - kappa * s.max(), 1 + kappa * (1 - top))
    assert (1 + kappa * run.e).min() >= c_0
    floor = min(s.min(), c_0**2 / (2 * kappa), 0.99)
    assert min(run.s.min(), 1 - run.q.max()) >= floor * (1 - 1e-12)


@given(
    kappa=st.floats(0.5, 1.6), tau=st.floats(0.01, 0.3), q=st.floats(0.01, 0.9),
    n=st.integers(1, 7),
)  # fmt: skip
@few
def test_the_edge_of_many_points_is_that_of_one(kappa, tau, q, n):
    radius = sn.epoch_multiplier(q, np.full(n, kappa), kappa * tau)
    edge = kappa * (1 - q + tau * q)
    if abs(edge - 1) > 1e-6:
        assert (radius < 1) == (edge < 1)


def test_the_matrix_is_the_derivative_of_an_epoch():
    kappas, kappa_mu, q, h = np.array([1.3, 0.9, 1.1]), 0.2, 0.3, 1e-6
    for i in range(3):
        s = np.full(3, 0.7)
        s[i] -= h  # e_i = h
        run = sn.orbit(kappas, kappa_mu, s, q, epochs=1)
        after = (1 - run.q[-1] - run.s[-1]) / h
        np.testing.assert_allclose(after, sn.epoch_matrix(q, kappas, kappa_mu)[:, i], atol=1e-4)


@given(
    kappas=st.lists(st.floats(0.2, 1.8), min_size=1, max_size=5),
    q=st.floats(0, 0.95), kappa_mu=st.floats(0.01, 0.8),
)  # fmt: skip
@few
def test_the_determinant_is_that_of_the_matrix(kappas, q, kappa_mu):
    kappas = np.array(kappas)
    found = sn.epoch_determinant(q, kappas, kappa_mu)
    assert found == pytest.approx(np.linalg.det(sn.epoch_matrix(q, kappas, kappa_mu)), abs=1e-9)
    if len(kappas) == 1:
        assert abs(found) == pytest.approx(sn.epoch_multiplier(q, kappas, kappa_mu), abs=1e-12)
    assert sn.epoch_determinant(np.full(2, q), kappas, kappa_mu).tolist() == [found, found]


@given(
    kappas=st.lists(st.floats(0.4, 1.55), min_size=1, max_size=4), kappa_mu=st.floats(0.01, 0.5),
    size=st.floats(-6, 0), q_0=st.floats(0.001, 0.99), seed=st.integers(0, 100),
)  # fmt: skip
@few
def test_noises_of_unequal_length_keep_signs_and_a_floor(kappas, kappa_mu, size, q_0, seed):
    """One f_top for each length, and the floor and least factor of the worst point."""
    kappas, n = np.maximum(kappas, 1.01 * kappa_mu), len(kappas)
    s_0 = 10**size / kappas * np.random.default_rng(seed).uniform(0.01, 0.99, n)
    top = np.array([sn.largest_output(k, kappa_mu, n) for k in kappas])
    c_0 = min((1 - kappas * s_0).min(), (1 + kappas * (1 - top)).min())
    if c_0 <= 0:
        return
    floor = min(1 - q_0, s_0.min(), (c_0**2 / (2 * kappas)).min())
    run = sn.orbit(kappas, kappa_mu, s_0, q_0, epochs=200)
    assert (1 + kappas * run.e).min() >= c_0 - 1e-12
    assert run.s.min() >= floor * (1 - 1e-9) and 1 - run.q.max() >= floor * (1 - 1e-9)


def test_where_noises_of_unequal_length_stop():
    """Random lengths: every run that fits its points ends where the determinant is at most 1."""
    rng = np.random.default_rng(5)
    kappas = rng.uniform(1.05, 1.45, (300, 3))
    kappa_mu = rng.uniform(0.06, 0.2, 300)
    s_0 = 10 ** rng.uniform(-4, -1.5, (300, 3))
    run = sn.orbit(kappas, kappa_mu, s_0, 10 ** rng.uniform(-5, -3, 300), epochs=4000)
    fitted = np.abs(run.e[-50:]).max((0, -1)) < 1e-4
    assert fitted.mean() > 0.9
    found = sn.epoch_determinant(run.q[-1].clip(0, 0.999), kappas, kappa_mu)
    assert np.abs(found[fitted]).max() <= 1 + 1e-3
    tau = kappa_mu[:, None] / kappas
    least = theory.terminal_weak_signal(kappas, tau).min(-1)
    assert (run.q[-1] >= least - 1e-4)[fitted].all()


@pytest.mark.parametrize("kappa", [1.1, 1.2, 1.4])
def test_large_rates_learn_the_signal(kappa):
    s, tau = starts(8, 20, 6), 0.4 / 6
    run = sn.orbit(kappa, kappa * tau, s, tau * s.mean(-1), epochs=1000)
    assert np.abs(run.e[-1]).max() < 1e-3
    assert (run.q[-1] >= theory.terminal_weak_signal(kappa, tau)).all()
    assert run.q[-1].max() < 1.4 * theory.terminal_weak_signal(kappa, tau)


def test_the_time_to_learn():
    for n in (1, 5):
        tau = 0.1 / n
        s = starts(9, 20, n, low=5e-4, high=2e-3)
        run = sn.orbit(1.2, 1.2 * tau, s, tau * 1e-3, epochs=800)
        measured = np.median((run.q > (1 - 1 / 1.2) / 2).argmax(0))
        visits = theory.time_to_learn(1e-3**n, tau * 1e-3, 1.2, tau)  # as one noise, s_0 = 10^-3n
        assert measured == pytest.approx(visits / n, rel=0.1, abs=0)


# --- Bad input ---------------------------------------------------------------------------------

S = np.array([0.1, 0.2])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: sn.SignalNoiseModel(1, 1.0), ValueError, "d must be at least 2"),
        (lambda: sn.SignalNoiseModel(5, -1.0), ValueError, "mu_norm"),
        (lambda: sn.SignalNoiseModel(5, 1.0, 0.0), ValueError, "noise_norm"),
        (lambda: sn.SignalNoiseModel(5, 1.0).sample(0), ValueError, "n must be"),
        (lambda: sn.SignalNoiseModel(5, 1.0).sample(5, orthogonal=True), ValueError, r"1\.\.4"),
        (lambda: sn.orbit(0.0, 0.1, S, 0.1, epochs=1), ValueError, "kappa must be"),
        (lambda: sn.orbit(1.0, 0.1, -S, 0.1, epochs=1), ValueError, "s must be"),
        (lambda: sn.orbit(1.0, 0.1, 0.1, 0.1, epochs=1), ValueError, "s must have shape"),
        (lambda: sn.orbit(np.ones(3), 0.1, S, 0.1, epochs=1), ValueError, "broadcast together"),
        (lambda: sn.orbit(1.0, 0.1, S, 0.1, epochs=-1), ValueError, "epochs"),
        (lambda: sn.orbit("x", 0.1, S, 0.1, epochs=1), TypeError, "kappa"),
        (lambda: sn.potential(S, 0.0, 0.1), ValueError, "q must be"),
        (lambda: sn.flow_limit(0.1, 0.1, 0.1), ValueError, "s_0 must have shape"),
        (lambda: sn.flow_limit(S, 0.1, 0.0), ValueError, "tau must be"),
        (lambda: sn.largest_output(1.0, 0.6, 3), ValueError, "kappa_mu"),
        (lambda: sn.largest_output(1.0, 0.1, 0), ValueError, "n must be"),
        (lambda: sn.potential(S, 0.1, -1e-300), ValueError, "tau must be finite, >= 0"),
        (lambda: sn.potential(S, 0.1, np.array([0.1, -0.5])), ValueError, "tau .* got -0.5"),
        (lambda: sn.epoch_matrix(1.0, S, 0.1), ValueError, "q must be finite, >= 0 and < 1"),
        (lambda: sn.epoch_matrix(-1e-300, S, 0.1), ValueError, "q must be finite, >= 0 and < 1"),
        (lambda: sn.epoch_multiplier(0.5, 0.1, 0.1), ValueError, "kappa must have shape"),
    ],
)
def test_bad_input(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("shape", [(2, 2), (3, 2, 5), (2, 0, 5), (2, 2, 4), (2, 2, 6), (0, 2, 5)])
def test_signals_wants_weights_of_the_data_s_dimension(shape):
    data = sn.SignalNoiseModel(5, 1.0).sample(3, generator=seeded(1))
    wanted = r"^weights must have shape \(\.\.\., 2, m, 5\), got " + re.escape(str(shape))
    with pytest.raises(ValueError, match=wanted):
        sn.signals(torch.zeros(shape, dtype=torch.float64), data)
    for wrong in (np.zeros((2, 2, 5)), None, [[0.0]]):
        with pytest.raises(TypeError, match=r"^weights must be a torch\.Tensor, got "):
            sn.signals(wrong, data)
    with pytest.raises(TypeError, match=r"^weights must have a floating dtype, got torch\.int64"):
        sn.signals(torch.zeros(2, 2, 5).long(), data)
    with pytest.raises(TypeError, match=r"^data must be a PatchData, got Tensor"):
        sn.signals(torch.zeros(2, 2, 5), data.x)


@pytest.mark.parametrize("kappa", [[0.6, 0.6], [0.2, 0.9, 1.4]])
def test_the_epoch_without_a_signal(kappa):
    """At q = 0 a visit multiplies the residual of its own point by 1 − 2κ_i, and no other."""
    matrix = sn.epoch_matrix(0.0, np.array(kappa), 0.1)
    np.testing.assert_allclose(matrix, np.diag(1 - 2 * np.array(kappa)), rtol=1e-15, atol=0)
    radius = sn.epoch_multiplier(0.0, np.array(kappa), 0.1)
    assert radius == pytest.approx(np.abs(1 - 2 * np.array(kappa)).max())


def test_signals_wants_the_patches_of_the_model():
    weights = init_weights(2, 5, 0.1, generator=seeded(0))
    data = sn.SignalNoiseModel(5, 1.0).sample(3, generator=seeded(1))
    three = PatchData(x=torch.zeros(3, 3, 5).double(), y=data.y, is_weak=data.is_weak)
    swapped = PatchData(x=data.x.flip(-2), y=data.y, is_weak=data.is_weak, u=data.u, v=data.v)
    with pytest.raises(ValueError, match="two patches"):
        sn.signals(weights, three)
    with pytest.raises(ValueError, match="patch 0"):
        sn.signals(weights, swapped)
    with pytest.raises(TypeError, match=r"data\.x must have the dtype of weights"):
        sn.signals(weights.float(), data)


def test_the_old_order_of_the_signals_raises():
    """s stands before q everywhere; whoever still gives q first gets no wrong number."""
    q, s = np.full(5, 0.1), np.full((5, 3), 0.2)
    assert sn.potential(s, q, 0.1).shape == (5,)
    for first, second in ((q, s), (0.1, s[0]), (0.1, 0.2)):
        with pytest.raises(ValueError, match=r"^s must have shape \(\.\.\., n\), and not fewer"):
            sn.potential(first, second, 0.1)
    with pytest.raises(ValueError, match=r"^s_0 must have shape \(n,\), got \(\)"):
        sn.flow_limit(0.1, s[0], 0.1)
    with pytest.raises(ValueError, match="broadcast"):
        sn.potential(s, np.full(4, 0.1), 0.1)
    with pytest.raises(ValueError, match="broadcast"):
        sn.potential(s, q, np.full(4, 0.1))


def test_the_ends_of_the_ranges_are_inside():
    """A potential without weights of the noise, and an epoch close to a point without a signal."""
    assert sn.potential(S, 0.25, 0.0) == pytest.approx(math.log(0.25) / 2, rel=1e-15, abs=0)
    matrix = sn.epoch_matrix(0.0, np.array([0.9, 1.3]), 0.1)
    np.testing.assert_allclose(matrix, np.diag([1 - 2 * 0.9, 1 - 2 * 1.3]), rtol=1e-15)
    assert sn.epoch_multiplier(0.0, np.array([0.9, 1.3]), 0.1) == pytest.approx(
        1.6, rel=1e-13, abs=0
    )
    assert sn.largest_output(1.2, 0.5, 3) > sn.largest_output(1.2, 0.49, 3)
