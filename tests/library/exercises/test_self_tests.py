"""The answers of the self-tests: from formulas and short runs."""

import math
import re

import numpy as np
import pytest
import torch
from scipy import stats

from benign_osc_lib import (
    FeatureNoiseModel,
    cubic_map,
    generators,
    init_weights,
    losses,
    metrics,
    one_point,
    predict,
    sgd_step,
    theory,
    train,
)
from benign_osc_lib import many_points as mp
from tests.library.exercises.common import hold, printed, right, sharpness_of_two_classes

MODEL = FeatureNoiseModel(8, 2.0, 0.4, 0.8)


def test_twice_the_filters():
    rates = 1.2 * np.array([2.0, 0.5, 1.0, 4.0])
    assert theory.kappa(rates[0], 2.0, 16) == pytest.approx(theory.kappa(1.2, 2.0, 8))
    hold("T1.1", tuple(rates))


def test_no_residual_is_no_lesson():
    """After the fit the small rate learns nothing more, however long it goes on."""
    run = one_point.orbit(0.1, 0.04, 0.01, 0.001, steps=4000)
    assert abs(run.e[200]) < 1e-6 and run.q[-1] == pytest.approx(run.q[200], rel=1e-6, abs=0)
    right("T1.2", "b")


def test_share_of_the_linear_rule():
    nu = 0.25
    hold("T1.3", (nu / (1 + nu), nu, 1 / (1 + nu), 1 / (1 + 2)))


def test_noise_overlaps_in_fewer_dimensions():
    cosines = []
    for d in (64, 32):
        model = FeatureNoiseModel(d, 2.0, 0.4, 0.8)
        noise = model.sample(200, n_weak=0, generator=torch.Generator().manual_seed(3)).x[:, 2]
        assert torch.allclose(noise @ model.u, torch.zeros(200).double(), atol=1e-12)
        unit = noise / noise.norm(dim=1, keepdim=True)
        cosines.append((unit @ unit.T).triu(1).abs().sum().item())
    assert cosines[1] / cosines[0] == pytest.approx(math.sqrt(62 / 30), rel=0.03, abs=0)
    right("T1.4", "a")


def test_one_visit():
    x = 1.2 * -0.3
    hold("T1.5", (0.8 * (1 + x), 0.8 * (1 + 0.3 * 1.2), 0.8 * (1 + 0.04 * x), 0.8 + x))


def test_a_silent_filter_stays():
    w = init_weights(4, 8, 0.1, generator=torch.Generator().manual_seed(1))
    before = w[0] @ MODEL.u
    data = MODEL.sample(40, n_weak=0, generator=torch.Generator().manual_seed(2))
    for x, y in zip(data.x, data.y, strict=True):
        if y > 0:
            w = sgd_step(w, x, y, 0.05)
    silent = before < 0
    assert 0 < silent.sum() < 4
    assert torch.allclose((w[0] @ MODEL.u)[silent], before[silent])
    assert ((w[0] @ MODEL.u)[~silent] > 1.5 * before[~silent]).all()
    right("T1.6", "a")


def test_a_rotation_changes_no_output():
    dice = torch.Generator().manual_seed(4)
    data, w = MODEL.sample(6, n_weak=1, generator=dice), init_weights(3, 8, 0.1, generator=dice)
    turn = torch.linalg.qr(torch.randn(8, 8, generator=dice, dtype=torch.float64))[0]
    turned, x = w @ turn, data.x @ turn
    for i in range(6):
        w, turned = (
            sgd_step(weights, points[i], data.y[i], 0.5)
            for weights, points in ((w, data.x), (turned, x))
        )
    assert torch.allclose(predict(w, data.x), predict(turned, x))
    right("T1.7", "a")


def test_a_small_residual():
    run = one_point.orbit(0.8, 0.04, 0.99, 0.0, steps=1)
    assert run.e[1] == pytest.approx(-0.006, abs=1e-4)
    hold("T2.1", ((1 - 1.6) * 0.01, (1 - 0.8) * 0.01, 0.006, (1 + 1.6) * 0.01))


def test_the_order_of_misses_does_not_matter():
    rises = []
    for e in (np.tile([0.3, -0.3], 50), np.repeat([0.3, -0.3], 50)):
        alpha, beta = np.cumprod(1 + 1.2 * e), np.cumprod(1 + 1.2 * 0.04 * e)
        rises.append(math.log(beta[-1]) - 0.04 * math.log(alpha[-1]))
    assert rises[0] == pytest.approx(rises[1]) and rises[0] > 0
    right("T2.2", "c")


def test_growth_in_a_hundred_steps():
    product = math.exp(2 * theory.growth_rate(1.2, 0.04))
    assert product == pytest.approx(1.0077, abs=1e-4)
    hold("T2.3", (product**100, product**50, product**200, 1 + 100 * (product - 1)))


def test_a_longer_weak_feature():
    times = [theory.time_to_learn(0.0078, 0.0003, 1.2, nu) for nu in (0.04, 0.08)]
    edges = [theory.terminal_weak_signal(1.2, nu) for nu in (0.04, 0.08)]
    assert times[1] / times[0] == pytest.approx(0.5, abs=0.03)
    assert edges[1] / edges[0] == pytest.approx(1, abs=0.05)
    right("T2.4", "b")


def test_the_least_share():
    share = theory.terminal_weak_signal(1.5, 0.04)
    hold("T2.5", (share, 1 - 1 / 1.5, 1.5 - 1, 1 - share))


def test_beyond_the_sign_limit():
    z = np.random.default_rng(0).uniform(0.05, 1.2, 500)
    for _ in range(2000):
        z = np.maximum(cubic_map.step(z, 1.7), 0)  # a negative overlap is silent and stays
    assert (z > 0).mean() < 0.01
    right("T2.6", "b")


def test_six_points_outweigh_the_noise():
    n, tiny = np.ones(6), 1e-100
    signals = mp.ClassSignals(tiny, tiny, tiny * n, 0, 0, 0 * n, 0.04, 0.16 * n, n > 0)
    assert mp.weak_signal_at_rest(signals, 1.2) > 0.1
    right("T2.7", "a")


def test_a_count_of_ten():
    for p in (0.5, 0.57):
        assert stats.binom(20, p).cdf(10) > 0.2
    right("T3.1", "b")
    error = math.sqrt(0.25 / 20)
    hold("T3.2", (1.96 * error, error, 1.96 * 0.5 / 20, 2 * 1.96 * error))


def test_the_favourite_label():
    """Chapter 12 prints the shares of its thousand runs."""
    shares = re.search(r"small rate \| (\d+)\b.*?\| (\d+)\b", printed("12", "favourite-numbers"))
    assert [float(share) for share in shares.groups()] == pytest.approx([97, 16], abs=1)
    right("T3.3", "a")


def weak_accuracy(*, n_weak=2, m=8, **how):
    """Share of weak test points right after 200 epochs at κ = 1.2, over ten networks."""
    model, dice = FeatureNoiseModel(64, 2.0, 0.4, 0.8), generators(range(10))
    data = model.sample(16, n_weak=n_weak, generator=dice)
    start = init_weights(m, 64, 1 / 16, generator=dice)
    tests = model.sample(50, n_weak=50, generator=dice)
    how = {"generator": dice, "record_every": None, **how}
    run = train(data, start, 1.2 * m / 8, epochs=200, **how)
    return metrics.accuracy(run.weights, tests).weak.rate


def test_only_the_loss_is_essential():
    kept = [weak_accuracy(order="shuffled"), weak_accuracy(m=16), weak_accuracy(n_weak=0)]
    assert min(kept) > 0.9
    answers = torch.linspace(-5, 50, 100).double().requires_grad_()
    slopes = {}
    for name in losses.LOSSES:
        (slopes[name],) = torch.autograd.grad(losses.loss(name, answers, 1.0).sum(), answers)
    assert (slopes["logistic"] <= 0).all()  # a step never goes back, however large the answer
    assert (slopes["square"][answers > 1] > 0).all()
    right("T3.4", "c")


def test_long_images_do_not_move_the_edge():
    """The flow from a small start gives them hardly a part of the answer."""
    for nu in (0.0225, 0.09):  # of images of length 0.15 and 0.3 beside a shortcut of length 1
        part = 1e-3 * 1000**nu
        assert 1 / (1 - part + nu * part) == pytest.approx(1, abs=0.003)
    right("T3.6", "c")


def test_the_mean_is_flatter_than_one_point():
    one, mean, _ = sharpness_of_two_classes()
    assert mean == pytest.approx(one / 2)
    right("T3.7", "b")


def test_an_equal_number_of_steps_is_not_fair():
    large = one_point.orbit(0.9, 0.04, 0.01, 0.0, steps=20)
    small = one_point.orbit(0.1, 0.04, 0.01, 0.0, steps=180)
    assert abs(large.e[-1]) < 0.1 < 0.5 < small.e[20] and abs(small.e[-1]) < 0.1
    right("T3.8", "d")


def test_mean_at_the_two_ends():
    s = np.array(theory.two_cycle(1.4))
    ends = 1.4 * (3 * s - 1) / 2
    assert ends.mean() == pytest.approx((1.4 + 3) / 4)
    hold("T3.5", (ends.mean(), 1.0, 1.4, 2 * ends.mean()))
