"""The reduced engine for every rule: against autograd, and against a loop in plain NumPy."""

import math
import os
import subprocess
import sys
from dataclasses import replace

import numba
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import Rule, generators, init_weights, resume, train
from benign_osc_lib.activations import Activation
from benign_osc_lib.engine import ENGINES, divergence
from benign_osc_lib.engine.family import _compiled
from benign_osc_lib.visits import draw_visits
from tests.library.common import MODEL, assert_close, normal, seeded
from tests.library.common import problem as data_and_weights
from tests.library.engine.common import (
    ROWS_OF_8,
    assert_equal_runs,
    assert_same_path,
    assert_same_run,
    both,
    layouts,
    recordings,
)
from tests.library.engine.test_engines import ROOT, problem

SOFTPLUS = Activation(
    torch.nn.functional.softplus,
    lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    lambda z: 1.0 / (1.0 + math.exp(-z)),
    "softplus",
)
"""An activation of one's own; it is 0 nowhere."""


@st.composite
def rules(draw):
    """Any rule whose activation has a name, but the plain one."""
    momentum = draw(st.sampled_from([0.0, 0.0, 0.3, 0.9]))
    rule = Rule(
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
        second_layer_rate=2.0 ** draw(st.integers(0, 3)),
        sam=draw(st.sampled_from([0.0, 0.0, 0.05, 1.0])),
    )
    return Rule(momentum=0.5) if rule.is_plain else rule


def with_rule(given, rule, seed=0):
    """A Problem for another rule, with its targets."""
    streams = [seeded(seed + k) for k in range(max(1, given.lr.numel()))]
    drawn = draw_visits(
        given.visits.shape[-2], given.y, "cyclic", rule, streams, given.lr.dim() > 0
    )
    return given._replace(rule=rule, targets=drawn[1])


def found(name, given, record_every=10**9, limit=divergence.LIMIT):
    return ENGINES[name](given, record_every, limit, False)


# --- Against autograd --------------------------------------------------------------------------


@given(
    rule=rules(),
    layout=layouts(),
    lr=st.floats(0.01, 0.5),
    record_every=recordings,
    seed=st.integers(0, 99),
    order=st.sampled_from(["cyclic", "shuffled"]),
    more=st.booleans(),
)
def test_any_rule_on_any_layout(rule, layout, lr, record_every, seed, order, more):
    """200 visits."""
    data, m, start = layout
    d = data.x.shape[-1]
    options = {"epochs": -(-200 // data.y.shape[-1]), "record_every": record_every}
    if more:
        options |= {"record_weights": True, "overlaps": normal(start, 2, d), "stop_below": 0.1}
    w = normal(start + 3, 2, m, d) / 2
    assert_same_path(data, w, lr * m, rule=rule, seeds=seed, order=order, **options)


@given(rule=rules(), layout=layouts(), lr=st.floats(-1, 3), seed=st.integers(0, 99))
def test_runs_that_diverge(rule, layout, lr, seed):
    """Learning rates from 0.1 to 1000."""
    data, m, start = layout
    w = normal(start + 3, 2, m, data.x.shape[-1])
    options = {"epochs": 6, "record_every": 1, "seeds": seed, "order": "cyclic"}
    assert_same_path(data, w, 10**lr * m, rule=rule, **options)


@given(rule=rules(), seed=st.integers(0, 10**6), part=st.floats(0.05, 0.99), lr=st.floats(0.05, 1))
def test_no_point_passes_the_limit_unseen(rule, seed, part, lr):
    """The limit is put where the run gets: the bounds must call for a look in time."""
    given = with_rule(problem(lr=lr, epochs=12, seed=seed), rule, seed)
    given.weights.mul_(3)
    whole = found("autograd", given)
    limit = part * float(whole.margins.abs().max().nan_to_num(1e6, posinf=1e6))
    now, expected = (found(name, given, limit=limit) for name in ("family", "autograd"))
    assert now.diverged_at == expected.diverged_at


@given(rule=rules(), layout=layouts(), lr=st.floats(0.01, 0.3), seed=st.integers(0, 99))
def test_single_precision(rule, layout, lr, seed):
    """A few epochs, to a thousandth."""
    data, m, start = layout
    m = max(k for k in ROWS_OF_8 if k <= m)
    single = {name: t and t.float() if t is None else t.float() for name, t in vars(data).items()}
    data = replace(data, **single | {"is_weak": data.is_weak})
    w = normal(start + 3, 2, m, data.x.shape[-1]).float() / 2
    assert_same_path(data, w, lr * m, 1e-3, rule=rule, seeds=seed, order="cyclic", epochs=3)


# --- Against formulas --------------------------------------------------------------------------


def by_hand(given, rule, sigma, slope, loss_slope):
    """The weights and margins of one run, from the docstring of Rule."""
    x, y, w, visits = (t.numpy().copy() for t in (given.x, given.y, given.weights, given.visits))
    targets = given.targets.numpy() if given.targets is not None else y[None]
    m, a = w.shape[1], np.ones(w.shape[:2])
    j = np.array([1.0, -1.0])[:, None]
    v, va = np.zeros_like(w), np.zeros_like(a)
    margins = np.zeros(visits.shape)

    def look(w, a, batch, e):
        f, gw, ga = np.zeros(len(batch)), np.zeros_like(w), np.zeros_like(a)
        for b, i in enumerate(batch):
            z = np.einsum("jrd,pd->jrp", w, x[i])
            f[b] = (j * a * sigma(z).sum(-1)).sum() / m
            c = loss_slope(f[b], targets[e % len(targets), i]) / len(batch)
            gw += c / m * np.einsum("jr,jrp,pd->jrd", j * a, slope(z), x[i])
            ga += c / m * j * sigma(z).sum(-1)
        return f, gw, ga * (rule.second_layer == "trained")

    for e, order in enumerate(visits):
        eta = float(given.lr) * rule.factor(e)
        for first in range(0, len(order), rule.batch_size):
            batch = order[first : first + rule.batch_size]
            f, gw, ga = look(w, a, batch, e)
            margins[e, batch] = y[batch] * f
            if rule.sam:
                reach = rule.sam / math.sqrt((gw**2).sum() + (ga**2).sum())
                _, gw, ga = look(w + reach * gw, a + reach * ga, batch, e)
            gw, ga = gw + rule.weight_decay * w, ga + rule.weight_decay * a
            v, va = rule.momentum * v + gw, rule.momentum * va + ga
            if rule.nesterov:
                gw, ga = gw + rule.momentum * v, ga + rule.momentum * va
            else:
                gw, ga = v, va
            w = w - eta * gw
            if rule.second_layer == "trained":
                a = a - eta * rule.second_layer_rate * ga
    return w, margins


HAND = [
    Rule(activation="relu3", batch_size=3, schedule=(0.5, 1.0), label_noise=0.3),
    Rule(activation="relu", loss="logistic", momentum=0.6, weight_decay=0.01),
    Rule(momentum=0.6, nesterov=True, weight_decay=0.1, batch_size=2, label_flips=0.2),
    Rule(sam=0.1, second_layer="trained", second_layer_rate=3.0, momentum=0.2, weight_decay=0.1),
    Rule(weight_decay=2.0, batch_size=4),
]


@pytest.mark.parametrize("rule", HAND, ids=str)
def test_a_loop_in_numpy(rule):
    given = with_rule(problem(n=4, m=3, lr=0.4, epochs=8, order="shuffled"), rule, 5)
    given.weights.mul_(4)
    power = {"relu": 1, "relu2": 2, "relu3": 3}[rule.activation]

    def sigma(z):
        return np.maximum(z, 0) ** power

    def slope(z):
        return power * np.maximum(z, 0) ** (power - 1) * (z > 0)

    def loss_slope(f, t):
        return f - t if rule.loss == "square" else -t / (1 + math.exp(t * f))

    w, margins = by_hand(given, rule, sigma, slope, loss_slope)
    now = found("family", given)
    assert now.diverged_at == -1
    assert_close(now.weights, w, 1e-11)
    assert_close(now.margins, margins, 1e-11)


# --- Batches, threads, goings on ---------------------------------------------------------------

MIXED = Rule(momentum=0.8, weight_decay=1e-2, batch_size=3, second_layer="trained", sam=0.02)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rule", [MIXED, Rule(activation="gelu", loss="logistic")], ids=str)
def test_each_run_of_a_batch_is_the_run_alone_bit_for_bit(rule, threads):
    """Whatever the number of threads."""
    given = problem((7,), lr=torch.linspace(0.1, 3.0, 7), epochs=6, order="shuffled")._replace(
        rule=rule
    )
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        whole = found("family", given, 2)
    finally:
        torch.set_num_threads(before)
    for k in range(7):
        one = given._replace(**{f: getattr(given, f)[k] for f in ("x", "y", "weights", "lr")})
        alone = found("family", one._replace(visits=given.visits[k]), 2)
        for name in ("weights", "margins", "strong", "weak", "diverged_at"):
            assert torch.equal(getattr(alone, name), getattr(whole, name)[k])


@given(rule=rules(), cut=st.integers(1, 5), record_every=recordings, lr=st.floats(0.05, 5))
def test_a_resumed_run_is_the_whole_one_bit_for_bit(rule, cut, record_every, lr):
    data, w = data_and_weights(n=5, m=3)
    w, lr = torch.stack([w, 4 * w]), torch.tensor([lr, 0.3 * lr], dtype=torch.float64)
    options = {"rule": rule, "order": "shuffled", "record_every": record_every}
    options |= {"resumable": True, "stop_below": 1e-2, "record_weights": True, "engine": "reduced"}
    options |= {"overlaps": normal(1, 2, 8)}
    whole = train(data, w, lr, epochs=7, generator=seeded(1), **options)
    part = train(data, w, lr, epochs=cut, generator=seeded(1), **options)
    for epochs in (1, 6 - cut):
        part = resume(part, data, epochs=epochs) if epochs else part
    assert_equal_runs(part, whole)
    for name, tensor in whole.progress.state.items():
        assert torch.equal(part.progress.state[name], tensor), name


def test_margins_may_be_left_out():
    data, w = data_and_weights()
    options = {"rule": MIXED, "epochs": 4, "engine": "reduced"}
    run, bare = train(data, w, 0.3, **options), train(data, w, 0.3, margins=False, **options)
    assert bare.margins is None and torch.equal(bare.weights, run.weights)


def test_a_run_stops_after_the_epoch_in_which_its_loss_was_low():
    data, w = data_and_weights()
    options = {"rule": Rule(batch_size=2), "epochs": 60, "stop_below": 0.05, "record_every": 1}
    now, expected = both(data, w, 1.0, **options)
    assert_same_run(now, expected)
    mean = 0.5 * (now.margins - 1).square().mean(-1)
    first = int((mean < 0.05).nonzero()[0])
    assert now.stopped_at == 2 * (first + 1) < 100
    assert (now.strong[now.stopped_at :] == now.strong[now.stopped_at]).all()


# --- An activation of one's own ----------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.5, 30.0])
def test_an_activation_of_one_s_own(lr):
    """At the larger rate it diverges; nothing bounds its outputs but a look at all points."""
    generator = generators(range(3))
    data = MODEL.sample(4, generator=generator)
    w = init_weights(3, MODEL.d, 0.5, generator=generator)
    rule = Rule(activation=SOFTPLUS, momentum=0.5, batch_size=2, second_layer="trained")
    assert_same_path(data, w, lr, rule=rule, epochs=50)


def test_an_activation_that_numba_cannot_compile():
    given = problem()._replace(rule=Rule(activation=replace(SOFTPLUS, value=lambda z: {}[z])))
    with pytest.raises(ValueError, match="activation must have a value that Numba can compile"):
        found("family", given)
    assert found("autograd", given).diverged_at == -1


@pytest.mark.parametrize("sine", [math.sin, numba.njit(lambda z: math.sin(z))])
def test_functions_that_are_not_of_plain_python(sine):
    value, slope = _compiled(Activation(torch.sin, sine, math.cos))
    assert value(0.3) == pytest.approx(math.sin(0.3)) and slope(0.3) == pytest.approx(math.cos(0.3))


def test_an_activation_is_compiled_once_in_a_process():
    """Other functions, even of the same code, would compile the whole loop anew: 20 s a call."""
    first, again = _compiled(SOFTPLUS), _compiled(replace(SOFTPLUS))
    assert all(a is b for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("answer", [lambda z: z + 0j, lambda z: None, lambda z: (z, z)])
def test_functions_whose_answer_is_no_number(answer):
    for name in ("value", "slope"):
        with pytest.raises(ValueError, match=f"^activation must have a {name} that is a number"):
            _compiled(replace(SOFTPLUS, **{name: answer}))


# --- Without Numba -----------------------------------------------------------------------------

WITHOUT = """
from benign_osc_lib import Rule
from benign_osc_lib.engine import follow
from tests.library.engine.test_engines import problem
given = problem()._replace(rule=Rule(batch_size=2))
print(follow(given, "auto", 1).engine)
try:
    follow(given, "reduced", 1)
except RuntimeError as error:
    print(error)
"""


def test_without_numba_autograd_does_it():
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", WITHOUT]
    out = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert out.stdout.startswith("autograd\n") and "NUMBA_DISABLE_JIT" in out.stdout, out.stderr
