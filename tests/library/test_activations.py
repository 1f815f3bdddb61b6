"""Activations: the torch function, the scalars and their slopes agree, and are what they say."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from benign_osc_lib.activations import ACTIVATIONS, Activation, find
from benign_osc_lib.losses import LOSSES, loss
from benign_osc_lib.network import activation, activation_slope
from tests.library.common import assert_close

POINTS = [-40.0, -6.0, -1.5, -0.1, -1e-9, 0.0, 1e-9, 0.3, 1.0, 6.0, 40.0]
FORMULAS = {
    "relu": lambda z: max(z, 0.0),
    "relu2": lambda z: max(z, 0.0) ** 2,
    "relu3": lambda z: max(z, 0.0) ** 3,
    "quadratic": lambda z: z**2,
    "gelu": lambda z: z * stats.norm.cdf(z),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_is_its_formula_three_times(name):
    sigma, z = ACTIVATIONS[name], torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    value = sigma.torch(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    assert sigma.name == name
    assert_close(value.detach(), np.array([FORMULAS[name](p) for p in POINTS]), 1e-14)
    assert_close(value.detach(), np.array([sigma.value(p) for p in POINTS]), 1e-14)
    assert_close(slope, np.array([sigma.slope(p) for p in POINTS]), 1e-14)


def test_the_default_is_that_of_the_network():
    z = torch.tensor(POINTS, dtype=torch.float64)
    assert torch.equal(ACTIVATIONS["relu2"].torch(z), activation(z))
    assert_close(activation_slope(z), np.array([ACTIVATIONS["relu2"].slope(p) for p in POINTS]))


def test_find():
    own = Activation(torch.sin, math.sin, math.cos)
    assert find(own) is own and own.name == "custom"
    assert find("gelu") is ACTIVATIONS["gelu"]


@pytest.mark.parametrize("name", ["torch", "value", "slope"])
def test_what_is_no_function(name):
    functions = {"torch": torch.sin, "value": math.sin, "slope": math.cos, name: 3}
    with pytest.raises(TypeError, match=f"^{name} must be a function, got 3"):
        Activation(**functions)
    with pytest.raises(TypeError, match="^name must be a str"):
        Activation(torch.sin, math.sin, math.cos, name=3)


def test_losses():
    f = torch.tensor([-700.0, -30.0, -1.0, 0.0, 1.0, 30.0, 700.0], dtype=torch.float64)
    t = torch.tensor([1.0, -1.0, 0.7], dtype=torch.float64)[:, None]
    square, logistic = (loss(name, f, t) for name in LOSSES)
    assert_close(square, (f - t) ** 2 / 2)
    assert_close(logistic, torch.logaddexp(torch.zeros_like(t * f), -t * f), 1e-15)
    for wrong in ("hinge", None, 3):
        with pytest.raises(ValueError, match="^name must be one of 'square', 'logistic', got"):
            loss(wrong, f, t)
