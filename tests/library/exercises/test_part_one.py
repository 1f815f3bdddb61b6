"""The answers of chapters 1 to 3, from the formulas and from short runs."""

import math
import re

import pytest
import torch

from benign_osc_lib import (
    FeatureNoiseModel,
    init_weights,
    predict,
    sgd_step,
    theory,
)
from tests.library.exercises.common import hold, printed, prose, right


def test_natural_units():
    border = 10 / 18
    assert theory.kappa(border, 3.0, 10) == pytest.approx(1)
    kappa = theory.kappa(0.7, 3.0, 10)
    hold(
        "1.1",
        (kappa, kappa / 2, 2 * 0.7 * 3 / 10),
        (border, 2 * border, border / 2, 10 / (2 * 3)),
    )


def test_strong_points_alone_teach_the_weak_feature():
    """Chapter 1 trains without weak points in this exercise, and with two in its text."""
    lines = printed("01", "solution-no-weak")
    large, small = (float(x) for x in re.findall(r"weak points right: ([\d.]+)%", lines))
    with_two = re.search(r"more test points are right than the ([\d.]+) %", prose("01"), re.I)
    assert large > float(with_two[1]) > 95 and small < 60
    right("1.2", "d")


def test_no_weak_point():
    none = (1 - 0.125) ** 16
    hold("2.1", (none, 1 - none, math.exp(-0.125 * 16), 1 - 0.125))


def test_least_squares():
    u, v = torch.tensor([2.0, 0]).double(), torch.tensor([0, 0.4]).double()
    shortest = (u + v) / (u + v).square().sum()
    hold("2.2", (float(shortest @ v), 0.04, float(shortest @ u), 0.4 / 2.4))


def test_dimension():
    """With 15 other patches the sum of mean overlaps is 15 √(2/(π (d − 2)))."""
    above = {others: 2 / math.pi * (4 * others) ** 2 for others in (15, 16)}
    d = next(d for d in range(2200, 2400) if 15 * math.sqrt(2 / math.pi / (d - 2)) < 0.25)
    hold(
        "2.3",
        (d, math.ceil(above[15]), math.ceil(above[16]) + 2, d + 1, math.floor(above[15])),
    )


def test_one_step_by_hand():
    filters = torch.tensor([[[0.5, 0.5, 0.0]], [[0.0, 0.0, 0.5]]]).double()
    patches = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 1]]).double()
    flipped = patches * torch.tensor([[-1.0], [-1], [1]])
    own, other = (float(predict(filters * keep, patches[None])) for keep in keeps())
    whole = float(predict(filters, patches[None]))
    f = float(predict(filters, flipped[None]))
    last = float(sgd_step(filters, flipped, -1, 0.1)[1, 0, 2])
    hold(
        "3.1",
        (whole, own, own - other),
        (f, -own, -whole, whole),
        (last, 1 - last, 0.5 + 0.1 * (1.5 - 0.25), 0.5 + (last - 0.5) / 2),
    )


def keeps():
    """Masks that leave the filters of one vote only."""
    return torch.eye(2).double()[:, :, None, None]


def test_without_the_half():
    """The step of (f − y)² at a rate is that of half of it at twice the rate."""
    rate = 8 / (2 * 2.0**2) / 2
    assert theory.kappa(2 * rate, 2.0, 8) == pytest.approx(1)
    hold(
        "3.2",
        (1 + 2 * 0.6 * 0.5, 1 + 0.6 * 0.5, 1 + 0.6 * 0.5 / 2),
        (rate, 2 * rate, 4 * rate),
    )


def test_the_other_class_forgets():
    """Before training the residual is nearly 1."""
    model = FeatureNoiseModel(64, 2.0, 0.4, 0.8)
    w = init_weights(8, 64, 1 / 64, generator=torch.Generator().manual_seed(0))
    data = model.sample(1, n_weak=0, generator=torch.Generator().manual_seed(1))
    x, y = data.x[0], data.y[0]
    after = sgd_step(w, x, y, 1.2)
    votes = [0, 1] if y > 0 else [1, 0]
    factor = {}
    for name, row in zip(("own", "other"), votes, strict=True):
        before = w[row] @ model.v * y
        factor[name] = float(((after[row] @ model.v * y) / before)[before > 0].mean())
    strong = w[votes[1]] @ model.u * y
    strong = float(((after[votes[1]] @ model.u * y) / strong)[strong > 0].mean())
    hold("3.3", (factor["other"], factor["own"], factor["other"] ** 2, 0.6))
    assert strong < 0
