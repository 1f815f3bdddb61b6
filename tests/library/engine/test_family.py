"""The reduced engine for every rule, against autograd; ``training/test_rules.py`` has NumPy."""

import math
import os
import subprocess
import sys
from dataclasses import replace

import numba
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import Rule, resume, train
from benign_osc_lib.activations import Activation
from benign_osc_lib.engine import ENGINES, divergence, family, follow
from benign_osc_lib.visits import draw_visits
from tests.library.common import normal, seeded
from tests.library.common import problem as data_and_weights
from tests.library.engine.common import (
    ROWS_OF_8,
    ROWS_OF_16,
    assert_equal_runs,
    assert_same_path,
    assert_same_run,
    both,
    layouts,
    recordings,
)
from tests.library.engine.test_engines import ROOT, problem
from tests.library.training.rules_by_numpy import RULES

LOG_COSH = Activation(
    lambda z: torch.logaddexp(z, -z),
    lambda z: abs(z) + math.log1p(math.exp(-2.0 * abs(z))),
    math.tanh,
    "log cosh",
)
"""An activation of one's own, log(2 cosh z); it is 0 nowhere. One function is a builtin."""


def with_rule(given, rule, seed=0):
    """A Problem for another rule, with its targets."""
    streams = [seeded(seed + k) for k in range(max(1, given.lr.numel()))]
    drawn = draw_visits(
        given.visits.shape[-2], given.y, "cyclic", rule, streams, given.lr.dim() > 0
    )
    return given._replace(rule=rule, targets=drawn[1])


def with_filters(layout, allowed):
    """The data of a layout and weights, with a number m out of those allowed.

    Each pair of a row length and a dtype takes many seconds to compile, so this file has only
    three: rows of 8 in float64, and rows of 16 in float32 and with an activation of one's own.
    """
    data, m, start = layout
    m = m if m in allowed else allowed[m % len(allowed)]
    return data, normal(start + 3, 2, m, data.x.shape[-1]) / 2


def found(name, given, record_every=10**9, limit=divergence.LIMIT):
    return ENGINES[name](given, record_every, limit, False)


# --- Against autograd --------------------------------------------------------------------------


@given(
    rule=RULES,
    layout=layouts(),
    lr=st.floats(0.01, 0.5),
    record_every=recordings,
    seed=st.integers(0, 99),
    order=st.sampled_from(["cyclic", "shuffled"]),
    more=st.booleans(),
)
def test_any_rule_on_any_layout(rule, layout, lr, record_every, seed, order, more):
    """100 visits."""
    data, w = with_filters(layout, ROWS_OF_8)
    (m, d), start = w.shape[1:], layout[2]
    options = {"epochs": -(-100 // data.y.shape[-1]), "record_every": record_every}
    if more:
        options |= {"record_weights": True, "overlaps": normal(start, 2, d), "stop_below": 0.1}
    assert_same_path(data, w, lr * m, rule=rule, seeds=seed, order=order, **options)


@given(rule=RULES, layout=layouts(), lr=st.floats(-1, 3), seed=st.integers(0, 99))
def test_runs_that_diverge(rule, layout, lr, seed):
    """Learning rates from 0.1 to 1000."""
    data, w = with_filters(layout, ROWS_OF_8)
    options = {"epochs": 6, "record_every": 1, "seeds": seed, "order": "cyclic"}
    assert_same_path(data, 2 * w, 10**lr * w.shape[1], rule=rule, **options)


@given(rule=RULES, seed=st.integers(0, 10**6), part=st.floats(0.05, 0.99), lr=st.floats(0.05, 1))
def test_no_point_passes_the_limit_unseen(rule, seed, part, lr):
    """The limit is put where the run gets: the bounds must call for a look in time."""
    given = with_rule(problem(lr=lr, epochs=12, seed=seed), rule, seed)
    given.weights.mul_(3)
    whole = found("autograd", given)
    limit = part * float(whole.margins.abs().max().nan_to_num(1e6, posinf=1e6))
    now, expected = (found(name, given, limit=limit) for name in ("family", "autograd"))
    assert now.diverged_at == expected.diverged_at


@given(rule=RULES, layout=layouts(), lr=st.floats(0.01, 0.3), seed=st.integers(0, 99))
def test_single_precision(rule, layout, lr, seed):
    """A few epochs, to a thousandth, in rows of 16."""
    data, w = with_filters(layout, ROWS_OF_16)
    single = {name: t and t.float() if t is None else t.float() for name, t in vars(data).items()}
    data = replace(data, **single | {"is_weak": data.is_weak})
    options = {"seeds": seed, "order": "cyclic", "epochs": 3}
    assert_same_path(data, w.float(), lr * w.shape[1], 1e-3, rule=rule, **options)


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


@given(rule=RULES, cut=st.integers(1, 5), record_every=recordings, lr=st.floats(0.05, 5))
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


@given(rule=RULES, layout=layouts(), lr=st.sampled_from([0.05, 0.5, 30.0]), seed=st.integers(0, 99))
def test_an_activation_of_one_s_own(rule, layout, lr, seed):
    """In rows of 16. At the largest rate it diverges; nothing bounds f but a look at all points."""
    data, w = with_filters(layout, ROWS_OF_16)
    options = {"epochs": 20, "seeds": seed, "order": "cyclic", "record_every": 7}
    assert_same_path(data, w, lr * w.shape[1], rule=replace(rule, activation=LOG_COSH), **options)


def test_the_loop_is_compiled_once_for_an_activation():
    """It takes seconds."""
    assert family._compiled(LOG_COSH) is family._compiled(replace(LOG_COSH))


@pytest.mark.parametrize("sine", [math.sin, numba.njit(lambda z: math.sin(z))])
def test_functions_that_are_not_of_plain_python(sine):
    value, slope = family._compiled(Activation(torch.sin, sine, math.cos))
    assert value(0.3) == pytest.approx(math.sin(0.3)) and slope(0.3) == pytest.approx(math.cos(0.3))


@pytest.mark.parametrize("answer", [lambda z: z + 0j, lambda z: None, lambda z: (z, z)])
def test_functions_whose_answer_is_no_number(answer):
    for name in ("value", "slope"):
        with pytest.raises(ValueError, match=f"^activation must have a {name} that is a number"):
            family._compiled(replace(LOG_COSH, **{name: answer}))


@pytest.mark.parametrize("value", [lambda z: {}[z], "{}".format])
def test_an_activation_that_numba_cannot_compile(value):
    given = problem()._replace(rule=Rule(activation=replace(LOG_COSH, value=value)))
    with pytest.raises(ValueError, match="activation must have a value that Numba can compile"):
        found("family", given)
    with pytest.warns(UserWarning, match="automatic differentiation is used: activation must"):
        assert follow(given, "auto", 1).engine == "autograd"


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
