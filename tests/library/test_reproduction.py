"""What appendix C rests on: its symmetry, and the experiment written without the library."""

import numpy as np
import pytest
import torch

from benign_osc_lib import FeatureNoiseModel, PatchData, init_weights, metrics, train
from tests.library.common import assert_close, seeded

MODEL = FeatureNoiseModel(d=20, u_norm=2.0, v_norm=0.4, noise_norm=0.8)


def reflected(data):
    """Every point (R x, −y), where R turns u and v round and keeps what is orthogonal to both."""
    flip = torch.ones(MODEL.d, dtype=torch.float64)
    flip[:2] = -1
    return PatchData(flip * data.x, -data.y, data.is_weak, u=MODEL.u, v=MODEL.v), flip


@pytest.mark.parametrize("engine", ["reference", "reduced"])
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
@pytest.mark.parametrize("lr", [1.2, 0.1])
def test_a_reflected_experiment_gives_the_reflected_run(engine, order, lr):
    data = MODEL.sample(8, n_weak=2, generator=seeded(0))
    test = MODEL.sample(50, n_weak=25, generator=seeded(1))
    weights = init_weights(4, MODEL.d, 1 / 16, generator=seeded(2))
    (mirror, flip), (mirror_test, _) = reflected(data), reflected(test)
    run, image = (
        train(d, w, lr, epochs=10, order=order, generator=seeded(3), engine=engine)
        for d, w in ((data, weights), (mirror, flip * weights.flip(0)))
    )
    assert_close(image.margins, run.margins, 1e-8)
    assert_close(image.weights, flip * run.weights.flip(0), 1e-8)
    assert_close(image.weak, run.weak.flip(1), 1e-8)
    right = metrics.correct(run.weights, test)
    assert metrics.correct(image.weights, mirror_test).equal(right)


def test_a_reflected_point_is_a_point_of_the_model():
    data = MODEL.sample(30, n_weak=10, generator=seeded(4))
    mirror, _ = reflected(data)
    u, v = mirror.features()
    assert_close(mirror.x[:, 1], mirror.y[:, None] * v)
    strong = ~mirror.is_weak
    assert_close(mirror.x[strong, 0], mirror.y[strong, None] * u)
    assert_close(mirror.x[:, 2], data.x[:, 2])


def by_numpy(x, y, w, lr, epochs):
    """SGD without the library: points x (n, 3, d), filters w (2m, d), those for +1 first."""
    m = len(w) // 2
    vote = np.repeat([1.0, -1.0], m)
    for _ in range(epochs):
        for patches, label in zip(x, y, strict=True):
            active = np.maximum(w @ patches.T, 0)
            f = vote @ (active**2).sum(1) / m
            w = w + 2 * lr / m * (label - f) * vote[:, None] * (active @ patches)
    return w


@pytest.mark.parametrize("engine", ["reference", "reduced"])
@pytest.mark.parametrize("lr", [1.2, 0.1])
def test_the_experiment_without_the_library(engine, lr):
    model = FeatureNoiseModel(d=64, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
    for seed in range(2):
        g = seeded(seed)
        data = model.sample(16, n_weak=2, generator=g)
        weights = init_weights(8, 64, 1 / 16, generator=g)
        test = model.sample(32, n_weak=4, generator=g)
        run = train(data, weights, lr, epochs=25, record_every=None, engine=engine)
        w = by_numpy(data.x.numpy(), data.y.numpy(), weights.flatten(0, 1).numpy(), lr, 25)
        assert_close(run.weights.flatten(0, 1), w, 1e-7)
        overlaps = np.maximum(test.x.numpy() @ w.T, 0)
        f = (overlaps**2).sum(1) @ np.repeat([1 / 8, -1 / 8], 8)
        right = metrics.correct(run.weights, test).numpy()
        assert (right == (test.y.numpy() * f > 0)).all()
