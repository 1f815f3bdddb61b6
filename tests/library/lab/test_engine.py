"""The laboratory's engine against the library: the same start gives the same numbers."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, init_weights, noiseless_point, sgd_step, train
from benign_osc_lib.lab.draws import draw
from benign_osc_lib.metrics import correct
from benign_osc_lib.one_point import orbit
from tests.library.common import FALSE_ALARM, seeded
from tests.library.lab.common import floats, reduced

TOLERANCE = 1e-9
PAPER = FeatureNoiseModel(d=64, u_norm=2.0, v_norm=0.4, noise_norm=0.8)


def sample(model=PAPER, n=16, n_weak=2, m=8, scale=1 / 16, seed=0):
    stream = seeded(seed)
    data = model.sample(n, n_weak=n_weak, generator=stream)
    return data, init_weights(m, model.d, scale, generator=stream)


def by_epoch(found, epochs):
    return floats(found["margins"]).reshape(epochs, -1)


def epochs_without_chaos(data, weights, lr, epochs):
    """A run of the library, and for how many epochs its two engines agree to 1e-11."""
    runs = [
        train(data, weights, lr, epochs=epochs, engine=engine)
        for engine in ("reference", "reduced")
    ]
    away = (runs[0].margins - runs[1].margins).abs().amax(-1)
    limit = 1e-11 * runs[0].margins.abs().amax(-1).clamp(min=1)
    same = (away <= limit) & away.isfinite()
    return runs[1], same.long().cumprod(-1).sum(-1)


def assert_same(found, run, epochs):
    """Margins and signals of the first epochs agree to 1e-9."""
    n = run.margins.shape[-1]
    theirs = run.margins[:epochs].numpy()
    mine = by_epoch(found, len(run.margins))[:epochs]
    np.testing.assert_allclose(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)
    last = max(1, n * epochs)
    for name in ("strong", "weak"):
        theirs = getattr(run, name)[:last].flatten(1).numpy()
        mine = floats(found[name])[:last]
        np.testing.assert_allclose(mine, theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_papers_runs_are_the_librarys(node):
    """640 steps at the sizes of section 4.3; at the large rates until rounding has grown."""
    data, weights = sample(seed=3)
    rates = [0.1, 0.8, 1.1, 1.2]
    runs, epochs = epochs_without_chaos(data, weights, rates, 40)
    for k, lr in enumerate(rates):
        assert epochs[k] == 40 if lr < 1 else epochs[k] >= 13  # 200 steps and more
        found = node("trained", reduced(data, weights), {"eta": lr, "epochs": 40})
        assert found["divergedAt"] == runs[k].diverged_at == -1
        assert_same(found, runs[k], epochs[k])


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 8),
    m=st.integers(1, 9),
    kappa=st.floats(0.05, 2.5),
    nu=st.floats(0.005, 1),
    noise=st.floats(0.05, 1.5),
    weak_share=st.floats(0, 1),
    scale=st.floats(0.005, 0.3),
    seed=st.integers(0, 2**20),
)
def test_any_run_is_the_librarys(node, n, m, kappa, nu, noise, weak_share, scale, seed):
    model = FeatureNoiseModel(d=12, u_norm=1.5, v_norm=1.5 * nu**0.5, noise_norm=noise)
    data, weights = sample(model, n, round(weak_share * n), m, scale, seed)
    lr = kappa * m / (2 * 1.5**2)
    run, epochs = epochs_without_chaos(data, weights, lr, -(-200 // n))
    found = node("trained", reduced(data, weights), {"eta": lr, "epochs": len(run.margins)})
    assert epochs >= 1
    assert_same(found, run, epochs)
    if epochs == len(run.margins):
        assert found["divergedAt"] == run.diverged_at


def test_divergence_is_seen_after_the_same_update(node):
    """In all runs that diverge after the same update in both engines of the library."""
    data, weights = sample(seed=4)
    rates = [1.7, 1.8, 1.9, 2.0, 2.2, 2.6, 3.0, 4.0, 8.0]
    first, second = (
        train(data, weights, rates, epochs=30, engine=engine).diverged_at.tolist()
        for engine in ("reference", "reduced")
    )
    seen = 0
    for lr, step, other in zip(rates, first, second, strict=True):
        if step == other:
            found = node("trained", reduced(data, weights), {"eta": lr, "epochs": 30})
            assert found["divergedAt"] == step
            seen += step > 0
    assert seen >= 5


def test_a_start_may_have_diverged(node):
    data, weights = sample(scale=1000.0)
    found = node("trained", reduced(data, weights), {"eta": 0.1, "epochs": 1})
    run = train(data, weights, 0.1, epochs=1)
    assert found["divergedAt"] == run.diverged_at == 0
    assert_same(found, run, 1)  # frozen from the start


def test_shuffled_orders_follow_eq_3(node):
    """The order is the laboratory's own; along it the library's steps do the same."""
    data, weights = sample(seed=5)
    options = {"eta": 1.1, "epochs": 13, "order": "shuffled", "seed": 7}
    found = node("trained", reduced(data, weights), options)
    visits = np.array(found["visits"]).reshape(13, 16)
    assert (np.sort(visits) == np.arange(16)).all()
    assert len({tuple(row) for row in visits}) == 13
    for i in visits.flatten().tolist():
        weights = sgd_step(weights, data.x[i], data.y[i].item(), 1.1)
    expected = (weights @ data.v).flatten().numpy()
    np.testing.assert_allclose(found["v"], expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_run_in_pieces_is_the_run_in_one_piece(node):
    data, weights = sample(seed=6)
    for order in ("cyclic", "shuffled"):
        options = {"eta": 1.4, "order": order, "seed": 3, "recordEvery": 3}
        whole = node("trained", reduced(data, weights), {**options, "epochs": 20})
        pieces = [1, 0, 14, 2, 160, 3, 140]
        found = node("piecewise", reduced(data, weights), {**options, "epochs": 1}, pieces)
        assert sum(pieces) == found["step"] == whole["step"]
        assert found["margins"][:320] == whole["margins"]
        for name in ("steps", "strong", "weak", "u", "v", "noise", "divergedAt"):
            assert found[name] == whole[name]


def test_unvisited_points_have_no_margin_yet(node):
    data, weights = sample()
    found = node("piecewise", reduced(data, weights), {"eta": 1.2, "epochs": 1}, [5])
    assert np.isfinite(floats(found["margins"])).tolist() == [True] * 5 + [False] * 11


def test_one_point_is_the_librarys_to_the_bit(node):
    for kappa, nu, s, q, other in (
        *((1.2, 0.04, 1e-3, 4e-5, 0.0), (0.5, 0.3, 0.2, 0.1, 0.3)),
        *((1.7, 0.1, 0.01, 0.01, 0.02), (2.5, 0.04, 1.9, 0.1, 0.0)),
    ):
        start = {"kappa": kappa, "nu": nu, "strong": s, "weak": q, "steps": 300}
        found = node("call", "orbit", {**start, "strongOther": other, "weakOther": other / 2})
        path = orbit(kappa, nu, s, q, steps=300, s_other=other, q_other=other / 2)
        for name, theirs in (
            *(("strong", path.s), ("weak", path.q), ("e", path.e)),
            *(("strongOther", path.s_other), ("weakOther", path.q_other)),
        ):
            np.testing.assert_array_equal(floats(found[name]), theirs)
        assert np.nanmax(abs(floats(found["f"]) - (1 - path.e))) < 1e-12 or kappa > 2


def test_the_filters_of_one_point(node):
    """As in Figure 2, also where a step turns the sign of a filter."""
    for kappa, y in ((0.3, 1), (1.2, -1), (1.7, 1)):
        u, v = 3 * torch.eye(10).double()[0], 0.6 * torch.eye(10).double()[1]
        weights = init_weights(8, 10, 0.05, generator=seeded(1))
        run = train(noiseless_point(u, v, y), weights, kappa * 8 / 18, epochs=200)
        own = (weights if y > 0 else weights.flip(0)).flatten(0, 1)
        signals = {"strong": (y * own @ u).tolist(), "weak": (y * own @ v).tolist()}
        found = node("call", "pointNetwork", {"kappa": kappa, "nu": 0.04, "steps": 200, **signals})
        margins = floats(found["margins"])[:200]
        np.testing.assert_allclose(margins, run.margins[:, 0], rtol=TOLERANCE, atol=TOLERANCE)
        signs = np.repeat([1.0, -1.0], 8)  # <w, y u> of the class first, from <w, j u>
        for name in ("strong", "weak"):
            theirs = getattr(run, name)
            theirs = (theirs if y > 0 else theirs.flip(-2)).flatten(1).numpy() * signs
            np.testing.assert_allclose(floats(found[name]), theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_law_of_fresh_noise_is_that_of_the_final_weights(node):
    """The covariance of the overlaps, and with it everything about fresh points, is exact."""
    for d, lr in ((64, 1.2), (12, 0.3)):  # in 12 dimensions it is singular
        model = FeatureNoiseModel(d=d, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
        data, weights = sample(model, seed=2)
        run = train(data, weights, lr, epochs=10)
        found = node("trained", reduced(data, weights), {"eta": lr, "epochs": 10})
        rest = run.weights.flatten(0, 1).clone()
        rest[:, :2] = 0
        theirs = (rest @ rest.T).flatten().numpy()
        np.testing.assert_allclose(found["rest"], theirs, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_factor_of_a_covariance(node):
    mixing = torch.randn(6, 4, generator=seeded(1), dtype=torch.float64).numpy()
    for matrix in (mixing @ mixing.T, np.eye(6), np.zeros((6, 6))):
        factor = floats(node("call", "choleskyFactor", matrix.flatten().tolist(), 6)).reshape(6, 6)
        assert (np.triu(factor, 1) == 0).all()
        np.testing.assert_allclose(factor @ factor.T, matrix, atol=1e-7)


@pytest.mark.parametrize("kind", ["weak", "strong"])
@pytest.mark.parametrize("d, lr, epochs", [(64, 1.2, 100), (64, 0.1, 200), (12, 0.1, 60)])
def test_accuracy_on_fresh_points_is_the_librarys(node, kind, d, lr, epochs):
    model = FeatureNoiseModel(d=d, u_norm=2.0, v_norm=0.4, noise_norm=1.2)
    data, weights = sample(model, seed=11)
    draws = 20_000
    options = {"eta": lr, "epochs": epochs}
    found = node("fresh", reduced(data, weights, 1.2), options, kind, draws, 1)
    assert found["n"] == draws
    weights = train(data, weights, lr, epochs=epochs).weights
    fresh = model.sample(draws, n_weak=draws * (kind == "weak"), generator=seeded(12))
    theirs, mine = correct(weights, fresh).double().mean().item(), found["right"] / draws
    pooled = (theirs + mine) / 2
    z = -torch.special.ndtri(torch.tensor(FALSE_ALARM / 2)).item()
    assert abs(mine - theirs) <= z * math.sqrt(2 * pooled * (1 - pooled) / draws) + 1 / draws


def test_a_seed_is_the_same_run_in_the_library(node):
    """`draws.draw` repeats what the laboratory draws, and `train` what it trains."""
    sizes = {"n": 10, "n_weak": 3, "m": 5, "d": 12, "u_norm": 2.0, "nu": 0.09, "scale": 0.1}
    names = {"n_weak": "nWeak", "u_norm": "uNorm", "scale": "sigma0"}
    for seed, noise_norm in ((0, 0.8), (2**40 + 3, 0.0)):
        options = {names.get(name, name): value for name, value in sizes.items()}
        options |= {"vNorm": 0.6, "noiseNorm": noise_norm, "seed": seed}
        start = node("call", "draw", options)
        data, weights = draw(seed, **sizes, noise_norm=noise_norm)
        expected = reduced(data, weights, noise_norm)
        assert start.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(start[name], value, rtol=1e-12, atol=1e-13)
        assert data.is_weak.sum() == 3
        run = train(data, weights, 0.5, epochs=20)
        found = node("trained", start, {"eta": 0.5, "epochs": 20})
        assert_same(found, run, 20)


def test_draws_have_the_law_of_the_model():
    """Labels, weak places, lengths of the noise and sizes of the weights."""
    many = [draw(seed, n=8, n_weak=2, m=2, d=18) for seed in range(400)]
    y = torch.cat([data.y for data, _ in many])
    assert abs(y.mean()) < 5 / len(y) ** 0.5
    weak = torch.stack([data.is_weak for data, _ in many]).double().mean(0)
    assert (weak - 0.25).abs().max() < 5 * (0.25 * 0.75 / 400) ** 0.5
    noise = torch.cat([data.x[:, 2] for data, _ in many])
    assert (noise[:, :2] == 0).all()
    square = noise[:, 2:].square()
    assert abs(square.mean() / (0.8**2 / 18) - 1) < 5 * (2 / square.numel()) ** 0.5
    start = torch.stack([weights for _, weights in many]) * 16
    assert abs(start.mean()) < 5 / start.numel() ** 0.5
    assert abs(start.square().mean() - 1) < 5 * (2 / start.numel()) ** 0.5
