"""What a Rule is, and what it refuses. That runs follow it: see ``training/test_rules.py``."""

import json
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given

from benign_osc_lib import Rule
from benign_osc_lib.activations import ACTIVATIONS, Activation
from tests.library.training.rules_by_numpy import RULES

OWN = Activation(torch.relu, lambda z: max(z, 0.0), lambda z: float(z > 0), "own")


@given(rule=RULES)
def test_a_rule_is_its_json_and_its_pickle(rule):
    assert Rule.from_json(rule.to_json()) == rule
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert hash(Rule.from_json(rule.to_json())) == hash(rule)
    assert eval(repr(rule)) == rule  # noqa: S307


def test_its_text_says_what_is_not_plain():
    assert repr(Rule()) == "Rule()"
    assert repr(Rule(momentum=0.5)) == "Rule(momentum=0.5)"
    assert repr(Rule(activation="gelu", schedule=[1, 0.5])) == (
        "Rule(activation='gelu', schedule=(1.0, 0.5))"
    )
    assert repr(Rule(activation=OWN, nesterov=True, momentum=0.9)) == (
        "Rule(activation=own, momentum=0.9, nesterov=True)"
    )


def test_equal_rules_are_equal():
    """However their numbers were given."""
    a = Rule(batch_size=np.int64(4), momentum=np.float64(0.5), schedule=np.array([1, 0]))
    b = Rule(batch_size=4, momentum=0.5, schedule=torch.tensor([1.0, 0.0]))
    assert a == b and hash(a) == hash(b) and len({a, b, Rule(batch_size=4)}) == 2
    assert (type(a.batch_size), type(a.momentum), a.schedule) == (int, float, (1.0, 0.0))
    assert Rule(activation=ACTIVATIONS["gelu"]) == Rule(activation="gelu")
    assert Rule(activation=OWN) == Rule(activation=OWN) != Rule()


def test_which_rule_is_plain_and_which_draws():
    assert Rule().is_plain and Rule(second_layer_rate=3.0).is_plain and not Rule().draws
    others = {
        **{"activation": "relu", "loss": "logistic", "batch_size": 2, "momentum": 0.1},
        **{"weight_decay": 0.1, "label_noise": 0.1, "schedule": (1.0,), "sam": 0.1},
        **{"second_layer": "trained", "label_flips": 0.1},
    }
    for name, value in others.items():
        rule = Rule(**{name: value})
        assert not rule.is_plain
        assert rule.draws == (name in ("label_noise", "label_flips"))


def test_factors_and_steps():
    rule = Rule(schedule=range(3, 0, -1), batch_size=4)
    assert [rule.factor(e) for e in range(5)] == [3.0, 2.0, 1.0, 1.0, 1.0]
    assert Rule().factor(7) == 1.0
    assert [rule.steps(n) for n in (1, 4, 5, 8, 9)] == [1, 1, 2, 2, 3]


WRONG = {
    "activation": {TypeError: [None, 3, torch.relu, ["relu"]], ValueError: ["Relu", ""]},
    "loss": {ValueError: ["hinge", None, 3, "", ["square"]]},
    "second_layer": {ValueError: ["free", None, True, 1]},
    "nesterov": {TypeError: [None, 1, "yes"]},
    "batch_size": {TypeError: [True, 1.0, "4", None], ValueError: [0, -1]},
    "momentum": {TypeError: [None, "0.5", True], ValueError: [1, 1.5, -0.1, math.nan, math.inf]},
    "label_flips": {ValueError: [1.5, -0.1, math.nan]},
    "schedule": {
        TypeError: ["12", b"12", True, {1.0: 2}, {1.0}, [True], ["1"], [None], 1j, iter([1.0])],
        ValueError: [[], 1.0, [[1.0]], [math.nan], [1.0, -1.0], [math.inf], torch.ones(())],
    },
}


@pytest.mark.parametrize("name", WRONG)
def test_bad_arguments(name):
    for error, values in WRONG[name].items():
        for value in values:
            with pytest.raises(error, match=f"^{name} must .*got"):
                Rule(**{name: value})


def test_nesterov_needs_momentum():
    with pytest.raises(ValueError, match="^momentum must be > 0 with nesterov=True"):
        Rule(nesterov=True)


def test_bad_json():
    for text in ("", "[1]", "3", "null", '{"momentums": 0.5}', "{", '{"momentum": NaN}'):
        with pytest.raises(ValueError, match="^(text|momentum) must"):
            Rule.from_json(text)
    for text in (None, b"{}", '{"momentum": "0.5"}', '{"batch_size": true}'):
        with pytest.raises(TypeError):
            Rule.from_json(text)
    with pytest.raises(ValueError, match="^activation must be one with a name.*own"):
        Rule(activation=OWN).to_json()
    assert Rule.from_json("{}") == Rule() and json.loads(Rule().to_json())["momentum"] == 0.0


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_default_device_does_not_matter(device):
    with torch.device(device):
        assert Rule(momentum=0.5, schedule=[1, 0.5]) == Rule(momentum=0.5, schedule=(1.0, 0.5))
