"""The reduced engine for every rule: against autograd, and against a loop in plain NumPy."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import Rule
from benign_osc_lib.activations import Activation
from tests.library.common import normal
from tests.library.engine.common import (
    assert_same_path,
    layouts,
    recordings,
)

SOFT = Activation(
    torch.nn.functional.softplus,
    lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    lambda z: 1.0 / (1.0 + math.exp(-z)),
    "softplus",
)
"""An activation of one's own; it is not 0 anywhere."""


@st.composite
def rules(draw):
    """Any rule that has a name for its activation."""
    momentum = draw(st.sampled_from([0.0, 0.0, 0.3, 0.9]))
    size = st.integers(0, 3)
    return Rule(
        activation=draw(st.sampled_from(["relu", "relu2", "relu3", "quadratic", "gelu"])),
        loss=draw(st.sampled_from(["square", "logistic"])),
        batch_size=draw(st.integers(1, 8)),
        momentum=momentum,
        nesterov=momentum > 0 and draw(st.booleans()),
        weight_decay=draw(st.sampled_from([0.0, 0.0, 1e-3, 0.1, 1.0])),
        label_noise=draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
        label_flips=draw(st.sampled_from([0.0, 0.0, 0.1])),
        schedule=draw(st.sampled_from([None, (1.0, 0.5), (0.1, 1.0, 0.0, 0.3)])),
        second_layer=draw(st.sampled_from(["fixed", "trained"])),
        second_layer_rate=2.0 ** draw(size),
        sam=draw(st.sampled_from([0.0, 0.0, 0.05, 1.0])),
    )


@given(
    rule=rules(),
    layout=layouts(),
    lr=st.floats(0.01, 0.5),
    record_every=recordings,
    seed=st.integers(0, 99),
    order=st.sampled_from(["cyclic", "shuffled"]),
)
def test_any_rule_on_any_layout(rule, layout, lr, record_every, seed, order):
    """200 visits."""
    data, m, start = layout
    w = normal(start + 3, 2, m, data.x.shape[-1]) / 2
    options = {"epochs": -(-200 // data.y.shape[-1]), "record_every": record_every}
    assert_same_path(data, w, lr * m, rule=rule, seeds=seed, order=order, **options)
