"""Every rule, against a loop in NumPy that shares no code with the library."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import PatchData, Rule, generators, init_weights, predict, train
from benign_osc_lib.activations import Activation
from benign_osc_lib.visits import draw_visits
from tests.library.common import MODEL, assert_close, normal, seeded
from tests.library.training.rules_by_numpy import RULES, train_by_numpy

SWISH = Activation(
    lambda z: z * torch.sigmoid(z),
    lambda z: z / (1 + np.exp(-z)),
    lambda z: (1 + np.exp(-z) + z * np.exp(-z)) / (1 + np.exp(-z)) ** 2,
    "swish",
)


def case(n, m, patches, d, seed):
    """Data of random patches, with features, and weights."""
    y = torch.where(normal(seed, n) > 0, 1.0, -1.0).double()
    u, v = normal(seed + 1, 2, d)
    is_weak = torch.zeros(n, dtype=torch.bool)
    data = PatchData(normal(seed + 2, n, patches, d) / d**0.5, y, is_weak, u, v)
    return data, 0.5 * normal(seed + 3, 2, m, d)


def drawn(data, epochs, order, rule, stream):
    """Orders and targets as lists of NumPy arrays."""
    visits, targets = draw_visits(epochs, data.y, order, rule, [stream], False)
    return visits.numpy(), data.y.expand(epochs, -1).numpy() if targets is None else targets.numpy()


def assert_same(run, plain, data, tolerance=1e-9):
    """All fields of a run of which every step was recorded."""
    path = torch.tensor(np.array(plain.path))
    assert_close(run.weights, plain.weights, tolerance)
    assert_close(run.margins, plain.margins, tolerance)
    assert_close(run.path, path, tolerance)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    assert_close(run.strong, j * (path @ data.u), tolerance)
    assert_close(run.weak, j * (path @ data.v), tolerance)
    assert (run.diverged_at, run.stopped_at) == (plain.diverged_at, plain.stopped_at)
    if run.rule.second_layer == "trained":
        assert_close(run.second_layer, plain.second, tolerance)
    else:
        assert run.second_layer is None


@pytest.mark.parametrize("engine", ["reference", "reduced"])
@given(
    rule=RULES,
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 5)),
    epochs=st.integers(1, 4),
    order=st.sampled_from(["cyclic", "shuffled"]),
    lr=st.floats(0.01, 0.4),
    seed=st.integers(0, 10**6),
)
def test_against_numpy(engine, rule, sizes, epochs, order, lr, seed):
    data, weights = case(*sizes, seed)
    wanted = {"record_weights": True, "overlaps": data.x.flatten(0, 1)}
    how = {"order": order, "rule": rule, "engine": engine, **wanted}
    run = train(data, weights, lr, epochs=epochs, generator=seeded(seed), **how)
    visits, targets = drawn(data, epochs, order, rule, seeded(seed))
    plain = train_by_numpy(
        *(data.x.numpy(), data.y.numpy(), weights.numpy(), lr, visits, rule), targets=targets
    )
    assert_same(run, plain, data)
    assert_close(run.overlaps, run.path @ data.x.flatten(0, 1).mT, 1e-9)
    assert run.steps.tolist() == list(range(epochs * rule.steps(sizes[0]) + 1))


@pytest.mark.parametrize("lr", [3.0, 30.0, 1e160])
@pytest.mark.parametrize(
    "rule",
    [
        Rule(momentum=0.5, nesterov=True, batch_size=3),
        Rule(loss="logistic", activation="quadratic", second_layer="trained"),
        Rule(activation="relu3", weight_decay=0.1, label_noise=0.3),
        Rule(activation="gelu", sam=0.2, label_flips=0.5),
    ],
    ids=repr,
)
def test_divergence_against_numpy(rule, lr):
    data, weights = case(4, 2, 3, 5, 7)
    run = train(data, weights, lr, epochs=3, rule=rule, generator=seeded(1), record_weights=True)
    visits, targets = drawn(data, 3, "cyclic", rule, seeded(1))
    plain = train_by_numpy(
        *(data.x.numpy(), data.y.numpy(), weights.numpy(), lr, visits, rule), targets=targets
    )
    assert run.diverged_at == plain.diverged_at
    assert_close(run.weights, plain.weights, 1e-7)
    size = run.weights.abs().max()
    assert_close(run.path[-1] / size, run.weights / size)


def test_rates_and_streams_of_a_batch_are_those_of_the_runs_alone():
    """Two axes: rates, repeated ones too, and generators."""
    rule = Rule(momentum=0.5, label_noise=0.2, batch_size=2, second_layer="trained")
    data, weights = case(5, 2, 3, 4, 3)
    rates = torch.tensor([[0.3], [0.1], [0.3]], dtype=torch.float64)
    how = {"epochs": 3, "order": "shuffled", "rule": rule}
    batch = train(data, weights, rates, generator=generators([5, 6]), **how)
    for i in range(3):
        for k in range(2):
            alone = train(data, weights, float(rates[i, 0]), generator=seeded(5 + k), **how)
            for name in ("weights", "margins", "strong", "second_layer"):
                assert_close(getattr(batch[i, k], name), getattr(alone, name))
            assert batch[i, k].seeds == 5 + k and batch[i, k].lr == rates[i, 0]


def test_an_activation_of_one_s_own():
    data, weights = case(4, 2, 3, 5, 7)
    rule = Rule(activation=SWISH, momentum=0.3)
    run = train(data, weights, 0.3, epochs=4, rule=rule, record_weights=True, engine="reference")
    plain = train_by_numpy(
        *(
            data.x.numpy(),
            data.y.numpy(),
            weights.numpy(),
            0.3,
            drawn(data, 4, "cyclic", rule, None)[0],
        ),
        rule,
    )
    assert_same(run, plain, data)


def test_far_margins_of_the_logistic_loss():
    """Where y f is −30, the loss is 30 + 9e-14 and its slope 1 − 9e-14."""
    data, weights = case(1, 1, 3, 2, 0)
    f = float(predict(weights, data.x))
    weights = weights * abs(30 / f) ** 0.5
    wrong = PatchData(data.x, torch.full_like(data.y, -f / abs(f)), data.is_weak, data.u, data.v)
    rule = Rule(loss="logistic")
    run = train(wrong, weights, 0.1, epochs=2, rule=rule)
    x, y = wrong.x.numpy(), wrong.y.numpy()
    plain = train_by_numpy(x, y, weights.numpy(), 0.1, [[0], [0]], rule)
    assert float(run.margins[0, 0]) == pytest.approx(-30)
    assert_close(run.weights, plain.weights, 1e-13)
    assert_close(run.loss, np.logaddexp(0, -plain.margins), 1e-13)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "rule",
    [Rule(), Rule(momentum=0.5, batch_size=2, second_layer="trained", sam=0.1, label_noise=0.1)],
    ids=repr,
)
def test_less_precision(dtype, rule):
    data, weights = case(4, 3, 3, 6, 1)
    low = PatchData(
        *(t.to(dtype) for t in (data.x, data.y)),
        data.is_weak,
        *(t.to(dtype) for t in (data.u, data.v)),
    )
    how = {"epochs": 3, "rule": rule, "engine": "reference", "resumable": True}
    exact = train(data, weights, 0.1, generator=seeded(1), **how)
    run = train(low, weights.to(dtype), 0.1, generator=seeded(1), **how)
    error = 20 * torch.finfo(dtype).eps
    for name in ("weights", "margins", "strong"):
        assert getattr(run, name).dtype == dtype
        assert_close(getattr(run, name).double(), getattr(exact, name), error)


@given(rule=RULES, epochs=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_aside_from_the_patches_a_filter_is_a_multiple_of_its_start(rule, epochs, seed):
    """The same for all filters: what momentum and weight decay make of it."""
    data, weights = case(3, 2, 2, 20, seed)
    run = train(
        *(data, weights, 0.2), epochs=epochs, rule=rule, engine="reference", generator=seeded(seed)
    )
    basis = torch.linalg.qr(data.x.flatten(0, 1).mT).Q
    aside, aside_0 = (w - w @ basis @ basis.mT for w in (run.weights, weights))
    multiple, pace = 1.0, 0.0
    for update in range(epochs * rule.steps(3)):
        pull = rule.weight_decay * multiple
        pace = rule.momentum * pace + pull
        step = pull + rule.momentum * pace if rule.nesterov else pace
        multiple -= 0.2 * rule.factor(update // rule.steps(3)) * step
    assert run.diverged_at == -1
    assert_close(aside, multiple * aside_0, 1e-10)


# --- Targets -----------------------------------------------------------------------------------


def test_what_is_drawn_in_each_epoch():
    """First the order, then the flips, then the noise; entry i belongs to point i."""
    y = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    rule = Rule(label_flips=0.5, label_noise=0.3)
    visits, targets = draw_visits(4, y, "shuffled", rule, [seeded(3), seeded(4)], True)
    assert visits.shape == targets.shape == (2, 4, 3)
    for k, stream in enumerate((seeded(3), seeded(4))):
        for e in range(4):
            order = torch.randperm(3, generator=stream)
            flips = torch.rand(3, generator=stream, dtype=torch.float64) < 0.5
            noise = torch.randn(3, generator=stream, dtype=torch.float64)
            assert torch.equal(visits[k, e], order)
            assert_close(targets[k, e], torch.where(flips, -y, y) + 0.3 * noise, 1e-15)


def test_nothing_is_drawn_that_is_not_needed():
    y, stream = torch.ones(3, dtype=torch.float64), seeded(1)
    before = stream.get_state()
    assert draw_visits(4, y, "cyclic", Rule(momentum=0.5), [stream], False)[1] is None
    assert torch.equal(stream.get_state(), before)


def test_all_labels_flipped_is_the_other_labels():
    data, weights = case(3, 2, 3, 4, 5)
    turned = PatchData(data.x, -data.y, data.is_weak, data.u, data.v)
    run = train(data, weights, 0.2, epochs=3, rule=Rule(label_flips=1), generator=seeded(0))
    assert_close(run.weights, train(turned, weights, 0.2, epochs=3).weights)
    assert_close(run.margins, -train(turned, weights, 0.2, epochs=3).margins)


# --- What a run is asked for -------------------------------------------------------------------


def test_margins_that_are_not_wanted():
    data, weights = case(3, 2, 3, 4, 5)
    for engine in ("auto", "reference"):
        run = train(data, weights, 0.2, epochs=3, margins=False, engine=engine)
        assert run.margins is None
        assert_close(run.weights, train(data, weights, 0.2, epochs=3, engine=engine).weights)
        with pytest.raises(ValueError, match="^margins must"):
            run.loss  # noqa: B018


@pytest.mark.parametrize("name", ["square", "logistic"])
def test_a_run_stops_after_the_first_epoch_with_a_low_loss(name):
    data = MODEL.sample(4, n_weak=1, generator=seeded(1))
    weights = init_weights(4, MODEL.d, 0.3, generator=seeded(2))
    rates = torch.tensor([0.3, 0.5, 1e-6], dtype=torch.float64)
    how = {"epochs": 30, "rule": Rule(loss=name), "record_weights": True}
    whole = train(data, weights, rates, **how)
    low = 0.5 * float(whole.loss[0].mean(-1)[0])
    run = train(data, weights, rates, stop_below=low, **how)
    for k in range(3):
        below = (whole.loss[k].mean(-1) < low).nonzero()
        stop = 4 * (int(below[0]) + 1) if len(below) else -1
        assert run.stopped_at[k] == stop and run.diverged_at[k] == -1
        assert (stop >= 0) == (k < 2)
        assert_close(run.path[k, :stop], whole.path[k, :stop])
        assert (run.path[k, stop:] == run.path[k, stop]).all()
    assert run.stopped_at.tolist() == run[:].stopped_at.tolist()


def test_the_rates_of_a_run_are_its_own():
    """Neither the tensor that was given nor views of it."""
    data, weights = case(2, 1, 3, 3, 0)
    rates = torch.tensor([0.1, 0.2], dtype=torch.float64)
    run = train(data, weights.expand(3, 1, 2, 1, 3), rates, epochs=1)
    rates += 1
    assert run.lr.shape == (3, 2) and (run.lr < 1).all()
    run.lr[0, 0] = 7
    assert (run.lr == 7).sum() == 1


@pytest.mark.parametrize("seed", [0, -1, 2**63, 2**64 - 1])
def test_the_seed_of_a_run_makes_its_orders_again(seed):
    data, weights = case(5, 1, 3, 3, 0)
    how = {"epochs": 2, "order": "shuffled"}
    run = train(data, weights, 0.1, generator=torch.Generator().manual_seed(seed), **how)
    assert run.seeds.dtype == torch.int64 and run.seeds.shape == ()
    again = torch.Generator().manual_seed(int(run.seeds))
    assert torch.equal(train(data, weights, 0.1, generator=again, **how).weights, run.weights)
    assert train(data, weights, 0.1, epochs=2, generator=seeded(1)).seeds is None
