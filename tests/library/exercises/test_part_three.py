"""The answers of chapters 11 to 16, and of the two pages without a number."""

import math
import re

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from benign_osc_lib import (
    FeatureNoiseModel,
    generators,
    hessian,
    init_weights,
    one_point,
    phase,
    predict,
    theory,
    train,
)
from tests.library.exercises.common import hold, printed, right, sharpness_of_two_classes


def test_one_turned_class():
    """With ᾱ₋₁ = 1 the residual of label −1 is ᾱ₊₁², and the class turns iff κe > 1."""
    hold("11.1", (math.sqrt(1 / 1.3), 1 / 1.3, math.sqrt(1.3)))


def test_twice_the_time():
    once, twice = (phase.horizon(1.2, 7 * epochs) for epochs in (200, 400))
    eight = phase.horizon(1.2, 8 * 400)
    assert float(once) == pytest.approx(0.024, abs=5e-4)
    assert float(once) / 2 == pytest.approx(float(eight), rel=0.05, abs=0)  # one slip for both
    hold("11.2", (float(twice), (float(once) / 2 + float(eight)) / 2, 2 * float(once)))


def test_points_that_tell_a_coin():
    needed = {p: 1.96**2 * p * (1 - p) / 0.07**2 for p in (0.57, 0.5)}
    points = math.ceil(needed[0.57])
    careless = math.ceil(1.96 * 0.57 * 0.43 / 0.07**2)
    hold(
        "12.1",
        (points, round(needed[0.5]), points + 1, careless),
        (-(-points // 4), points // 4),
    )


def test_one_weak_point():
    lines = printed("12", "one-weak-point")
    favoured, other = (float(x) / 100 for x in re.findall(r"label: (\d+) ±", lines))
    mean = float(re.search(r"all: (\d+)", lines)[1]) / 100
    hold("12.2", (favoured, 0.97, mean), (other, 0.16, 1 - favoured), (mean, 0.5))


def test_products_instead_of_squares():
    """The residual of w₁w₂ ‖u‖ after a small error is multiplied by 1 − 2κ."""
    lr, length = 0.3, 3.0
    for name, rate in (("products", lr), ("squares", 2 * lr)):
        w = torch.full((2,), 1.001 / math.sqrt(length), dtype=torch.float64)
        if name == "products":
            output = lambda w: w[0] * w[1] * length  # noqa: E731
        else:
            output = lambda w: (w[0] ** 2) * length  # noqa: E731
            rate = lr
        w.requires_grad_()
        loss = 0.5 * (1 - output(w)) ** 2
        (slope,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            factor = (1 - output(w - rate * slope)) / (1 - output(w))
        kappa = {"products": 0.9, "squares": 1.8}[name]
        assert float(factor) == pytest.approx(1 - 2 * kappa, abs=0.02)
    hold("13.1", (lr * length, 2 * lr * length, lr * length**2))


def test_no_lock_after_a_hundred_epochs():
    rows = re.findall(r"\| (\d\.\d) \| (\d\.\d) \|", printed("13", "solution-apart"))
    values = [float(x) for row in rows for x in row]
    assert len(values) == 4 and max(values) / min(values) < 1.25 and min(values) > 1
    right("13.2", "c")


def test_the_two_ends():
    low, high = sorted(theory.two_cycle(1.2))
    kappa = 1.2
    ends = [kappa * (3 * s - 1) / 2 for s in (low, high)]
    hold("14.1", (ends[0], low, kappa * low), (ends[1], high, kappa * high))
    assert ends[1] - ends[0] > 1  # one step shows one end
    right("14.2", "b")


def test_two_marks():
    share = brentq(lambda s: 1e-3 * (s / 1e-3) ** 0.5 + s - 1, 0.1, 1)
    hold("15.1", (1.0, 0.5, 2.0), (1 / (share + 0.5 * (1 - share)), 1.0, 1 / 0.75, 1 / 0.5))


def test_a_pair_of_your_own():
    text = printed("15", "own-pair")
    assert "below the threshold: below 80 %" in text and "above the threshold: above 90 %" in text
    right("15.2", "b")


def test_a_sure_answer_is_flat():
    p = 0.9
    z = torch.tensor([math.log(p / (1 - p)), 0.0]).double()
    entropy = torch.autograd.functional.hessian(lambda z: -torch.log_softmax(z, 0)[0], z)
    square = torch.autograd.functional.hessian(lambda z: 0.5 * z.square().sum(), z)
    top, one = (float(torch.linalg.eigvalsh(h)[-1]) for h in (entropy, square))
    hold("16.1", (top, p * (1 - p), 1 - p), (one, 2 * one))


def test_your_own_four_numbers():
    p = float(np.roots([1, -2.05, 1]).max())
    weak = [1 + 0.1 * (p - 1), 1 + 0.1 * (1 / p - 1)]
    product = weak[0] * weak[1]
    hold(
        "twenty.1",
        (p, 1 / p, p + 1 / p),
        (product, 1.0, *weak),
        (product**100, product**50, product**200),
    )


def test_the_edge_and_past_it():
    run = one_point.orbit(1.3, 0.1, 0.01, 0.001, steps=20_000)
    edge, end = theory.terminal_weak_signal(1.3, 0.1), run.q[-1]
    hold("twenty.2", (edge, 1 - 1 / 1.3, end), (end / edge - 1, 0.1 / 4, end - edge))


def test_batches_of_two_classes():
    one, both, three = np.array(sharpness_of_two_classes()) / 2  # to κ = η, where λ is 2
    assert one == pytest.approx(2)
    hold("real.1", (both, one, 2 * one), (three, one - three, one))


def test_after_the_oscillation():
    """The network of the page: fitted at a small rate, then trained on at 1.2."""
    dice, other = generators([0, 1])
    data = FeatureNoiseModel(64, 2.0, 0.4, 0.8).sample(16, n_weak=2, generator=dice)
    start = init_weights(8, 64, 1 / 16, generator=other)
    fitted = train(data, start, 0.1, epochs=600, record_every=None).weights
    after = train(data, fitted, 1.2, epochs=400, record_every=None).weights
    edges = []
    for i in (~data.is_weak).nonzero()[:, 0].tolist()[::4]:
        x, y = data.x[[i]], data.y[[i]]
        for weights in (fitted, after):
            pair = hessian.eigenpairs(lambda w: (predict(w, x) - y).square().sum() / 2, weights)  # noqa: B023
            edges.append(2 / float(pair.values[0]))
    before, later = np.array(edges).reshape(-1, 2).T
    assert (abs(before - 1) < 0.05).all() and (later > 1.2).all()
    right("real.2", "b")
