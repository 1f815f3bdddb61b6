"""The training loop against a plain NumPy one, and what a Run records."""

import dataclasses
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    generators,
    init_weights,
    predict,
    sgd_step,
    train,
)
from tests.library.common import assert_close, seeded

MODEL = FeatureNoiseModel(d=8, u_norm=2.0, v_norm=0.4, noise_norm=0.8, rho=0.25)
FIELDS = ("weights", "margins", "strong", "weak", "diverged_at", "loss")


def problem(n=4, m=4, model=MODEL, scale=0.1, seed=0):
    stream = seeded(seed)
    return model.sample(n, generator=stream), init_weights(m, model.d, scale, generator=stream)


@dataclasses.dataclass
class Plain:
    """What :func:`train_plainly` returns: the fields of a Run, signals after every step."""

    weights: np.ndarray
    margins: np.ndarray
    strong: np.ndarray
    weak: np.ndarray
    diverged_at: int


def train_plainly(data, weights, lr, visits):
    """Eqs. (1) to (3) for one run, number by number; ``visits`` lists the points of each epoch."""
    x, y, w = data.x.numpy(), data.y.numpy(), weights.numpy().copy()
    signs, m = (+1.0, -1.0), w.shape[1]

    def f(w, x_i):
        total = 0.0
        for j, sign in enumerate(signs):
            for r in range(m):
                for patch in x_i:
                    z = max(float(np.dot(w[j, r], patch)), 0.0)
                    total += sign * z * z / m
        return total

    def signals(w, feature):
        return [[np.dot(w[j, r], signs[j] * feature) for r in range(m)] for j in (0, 1)]

    def diverged(w):
        return any(not abs(f(w, x_i)) <= 1e6 for x_i in x)

    u, v = data.u.numpy(), data.v.numpy()
    margins = np.full((len(visits), len(y)), np.nan)
    strong, weak = [signals(w, u)], [signals(w, v)]
    updates, diverged_at = 0, 0 if diverged(w) else -1
    with np.errstate(all="ignore"):
        for epoch, points in enumerate(visits):
            for i in points:
                f_i = f(w, x[i])
                margins[epoch, i] = y[i] * f_i
                updates += 1
                if diverged_at < 0:
                    new = w.copy()
                    for j, sign in enumerate(signs):
                        for r in range(m):
                            for patch in x[i]:
                                slope = 2 * max(float(np.dot(w[j, r], patch)), 0.0)
                                new[j, r] -= sign * lr / m * (f_i - y[i]) * slope * patch
                    if diverged(new) or not np.isfinite(new).all():
                        diverged_at = updates
                    if np.isfinite((new * new).sum()):
                        w = new
                strong.append(signals(w, u))
                weak.append(signals(w, v))
    return Plain(w, margins, np.array(strong), np.array(weak), diverged_at)


def cyclic(data, epochs):
    return [range(data.y.shape[-1])] * epochs


def assert_same_run(run, plain, *, tolerance=1e-8):
    for name in ("weights", "margins", "strong", "weak"):
        assert_close(getattr(run, name), getattr(plain, name), tolerance)
    assert run.diverged_at.item() == plain.diverged_at


# --- The path ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "m", "d", "epochs", "kappa"),
    [
        (1, 1, 3, 40, 1.2),
        (2, 3, 5, 20, 0.3),
        (5, 2, 9, 10, 1.1),
        (7, 4, 33, 6, 1.5),
        (16, 8, 64, 3, 0.1),
        (16, 8, 64, 3, 1.2),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_against_a_plain_loop(n, m, d, epochs, kappa, seed):
    model = FeatureNoiseModel(d, u_norm=2.0, v_norm=0.4, noise_norm=0.8, rho=0.25)
    data, w = problem(n, m, model, scale=d**-0.5 / 2, seed=seed)
    lr = kappa * m / (2 * model.u_norm**2)
    run = train(data, w, lr, epochs=epochs)
    assert_same_run(run, train_plainly(data, w, lr, cyclic(data, epochs)))


@given(
    n=st.integers(1, 4),
    m=st.integers(1, 3),
    d=st.integers(3, 6),
    epochs=st.integers(1, 4),
    lr=st.floats(0.01, 0.5),
    seed=st.integers(0, 10**6),
    order=st.sampled_from(["cyclic", "shuffled"]),
)
def test_against_a_plain_loop_at_random_sizes(n, m, d, epochs, lr, seed, order):
    model = FeatureNoiseModel(d, u_norm=1.0, v_norm=0.5, noise_norm=0.7, rho=0.3)
    data, w = problem(n, m, model, scale=0.3, seed=seed)
    run = train(data, w, lr, epochs=epochs, order=order, generator=seeded(seed))
    stream = seeded(seed)
    visits = {
        "cyclic": cyclic(data, epochs),
        "shuffled": [torch.randperm(n, generator=stream).tolist() for _ in range(epochs)],
    }
    assert_same_run(run, train_plainly(data, w, lr, visits[order]))


def test_any_layout_of_patches_trains():
    """Points need not follow the paper's layout when u and v are given."""
    x = torch.randn(3, 5, 6, generator=seeded(1), dtype=torch.float64) / 2
    y = torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
    u, v = torch.randn(2, 6, generator=seeded(2), dtype=torch.float64)
    data = PatchData(x=x, y=y, is_weak=torch.zeros(3, dtype=torch.bool), u=u, v=v)
    w = init_weights(2, 6, 0.3, generator=seeded(3))
    run = train(data, w, 0.1, epochs=5)
    assert_same_run(run, train_plainly(data, w, 0.1, cyclic(data, 5)))


def test_the_features_only_matter_for_the_record():
    """Features read off the patches give the run that the given ones give."""
    data, w = problem()
    run = train(data, w, 0.6, epochs=3)
    bare = train(PatchData(x=data.x, y=data.y, is_weak=data.is_weak), w, 0.6, epochs=3)
    for name in FIELDS:
        assert torch.equal(getattr(bare, name), getattr(run, name))


# --- Order -------------------------------------------------------------------------------------


def test_shuffled_order_is_that_of_randperm():
    """A loop of sgd_step over torch.randperm from the same generator gives the same weights."""
    data, w = problem(n=5)
    run = train(data, w, 0.5, epochs=4, order="shuffled", generator=seeded(7))
    stream, looped = seeded(7), w
    for _ in range(4):
        for i in torch.randperm(5, generator=stream).tolist():
            looped = sgd_step(looped, data.x[i], data.y[i], 0.5)
    assert_close(run.weights, looped)
    assert not torch.allclose(run.weights, train(data, w, 0.5, epochs=4).weights)


@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
def test_margins_are_indexed_by_point_and_epoch(order):
    """At a rate too small to change anything, every epoch holds the initial margins in order."""
    data, w = problem(n=6)
    run = train(data, w, 1e-14, epochs=5, order=order, generator=seeded(1))
    assert run.margins.shape == (5, 6)
    assert_close(run.margins, (data.y * predict(w, data.x)).expand(5, 6))


def test_the_shuffle_is_the_same_for_all_runs_of_a_batch():
    data, w = problem(n=5)
    rates = torch.tensor([0.1, 0.5], dtype=torch.float64)
    batch = train(data, w, rates, epochs=3, order="shuffled", generator=seeded(7))
    for k, rate in enumerate(rates):
        alone = train(data, w, rate, epochs=3, order="shuffled", generator=seeded(7))
        assert_close(batch.margins[k], alone.margins)


def test_without_a_generator_the_global_stream_shuffles():
    data, w = problem(n=6)
    given_one = train(data, w, 0.5, epochs=3, order="shuffled", generator=seeded(5))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        train(data, w, 0.5, epochs=3)
        train(data, w, 0.5, epochs=3, order="shuffled", generator=seeded(6))
        assert torch.equal(torch.get_rng_state(), before)
        drawn = train(data, w, 0.5, epochs=3, order="shuffled")
    assert torch.equal(drawn.weights, given_one.weights)


# --- The record --------------------------------------------------------------------------------


def test_margins_are_those_before_the_update():
    data, w = problem(n=1)
    run = train(data, w, 0.5, epochs=2)
    after_one = sgd_step(w, data.x[0], data.y[0], 0.5)
    for epoch, weights in enumerate((w, after_one)):
        assert_close(run.margins[epoch], data.y * predict(weights, data.x))
    assert not torch.allclose(run.margins[0], run.margins[1])


@pytest.mark.parametrize(
    ("record_every", "steps"),
    [
        (1, list(range(13))),
        (5, [0, 5, 10]),
        (4, [0, 4, 8, 12]),
        (12, [0, 12]),
        (13, [0]),
        (None, [0, 12]),
    ],
)
def test_signals_are_recorded_after_the_update(record_every, steps):
    """Row k of ``strong`` and ``weak`` is the state after ``steps[k]`` of the 12 updates."""
    data, w = problem(n=4, m=3)
    run = train(data, w, 0.5, epochs=3, record_every=record_every)
    states = [w]
    for step in range(12):
        i = step % 4
        states.append(sgd_step(states[-1], data.x[i], data.y[i], 0.5))

    assert run.steps.tolist() == steps
    assert run.strong.shape == run.weak.shape == (len(steps), 2, 3)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    for row, step in enumerate(steps):
        assert_close(run.strong[row], j * (states[step] @ MODEL.u))
        assert_close(run.weak[row], j * (states[step] @ MODEL.v))
    assert_close(run.weights, states[-1])


@given(n=st.integers(1, 5), epochs=st.integers(1, 4), record_every=st.integers(1, 25))
def test_recording_less_changes_nothing_else(n, epochs, record_every):
    data, w = problem(n=n)
    full = train(data, w, 0.5, epochs=epochs)
    run = train(data, w, 0.5, epochs=epochs, record_every=record_every)
    assert run.steps.tolist() == full.steps.tolist()[::record_every]
    assert torch.equal(run.strong, full.strong[::record_every])
    assert torch.equal(run.weak, full.weak[::record_every])
    assert torch.equal(run.margins, full.margins)
    assert torch.equal(run.weights, full.weights)


def test_the_loss_is_half_the_squared_residual():
    data, w = problem(n=1)
    run = train(data, w, 0.5, epochs=3)
    state = w
    for epoch in range(3):
        residual = predict(state, data.x) - data.y
        assert_close(run.loss[epoch], residual**2 / 2)
        state = sgd_step(state, data.x[0], data.y[0], 0.5)


def test_the_arguments_are_left_as_they_are():
    data, w = problem()
    lr = torch.tensor([0.5, 1e9], dtype=torch.float64)
    tensors = [data.x, data.y, data.is_weak, data.u, data.v, w, lr]
    before = [t.clone() for t in tensors]
    train(data, w, lr, epochs=3)
    for now, then in zip(tensors, before, strict=True):
        assert torch.equal(now, then)


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_every_engine_gives_the_same_run(engine):
    data, w = problem()
    run = train(data, w, 0.6, epochs=3, engine=engine)
    assert_same_run(run, train_plainly(data, w, 0.6, cyclic(data, 3)))


def test_a_progress_bar_only_on_request(capsys):
    data, w = problem()
    quiet = train(data, w, 0.6, epochs=3)
    assert capsys.readouterr() == ("", "")
    shown = train(data, w, 0.6, epochs=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "12/12" in err
    assert torch.equal(shown.weights, quiet.weights)


def test_float32():
    data, w = problem()
    single_data = MODEL.sample(4, generator=seeded(0), dtype=torch.float32)
    run, single = train(data, w, 0.5, epochs=3), train(single_data, w.float(), 0.5, epochs=3)
    for name in ("weights", "margins", "strong", "weak"):
        assert getattr(single, name).dtype == torch.float32
        assert_close(getattr(single, name).double(), getattr(run, name), 1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
def test_on_cuda(order):
    data, w = problem()
    there = MODEL.sample(4, generator=seeded(0), device="cuda")
    lr = torch.tensor([0.5, 1e200], dtype=torch.float64)
    run = train(data, w, lr, epochs=3, order=order, generator=seeded(1))
    moved = train(there, w.cuda(), lr.cuda(), epochs=3, order=order, generator=seeded(1))
    for name in ("weights", "margins", "strong", "weak", "diverged_at"):
        assert getattr(moved, name).device.type == "cuda"
    for name in ("weights", "margins", "strong", "weak"):
        assert_close(getattr(moved, name)[0].cpu(), getattr(run, name)[0])
    assert moved.diverged_at.tolist() == run.diverged_at.tolist()


# --- Batches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
@pytest.mark.parametrize(
    ("data_axes", "w_axes", "lr_axes"),
    [
        ((), (), ()),
        ((3,), (), ()),
        ((), (3,), ()),
        ((), (), (3,)),
        ((3,), (3,), (3,)),
        ((3,), (3,), (2, 1)),
        ((3,), (2, 1), ()),
        ((2, 1), (3,), (4, 1, 1)),
        ((1,), (3,), (2, 1)),
    ],
)
def test_a_batch_is_its_runs_one_by_one(order, data_axes, w_axes, lr_axes):
    def reshaped(tensor, axes):
        return tensor.reshape((*axes, *tensor.shape[1:]))

    count = {axes: int(np.prod(axes)) for axes in (data_axes, w_axes, lr_axes)}
    drawn = MODEL.sample(4, generator=generators(range(count[data_axes])))
    data = PatchData(
        x=reshaped(drawn.x, data_axes),
        y=reshaped(drawn.y, data_axes),
        is_weak=reshaped(drawn.is_weak, data_axes),
        u=drawn.u,
        v=drawn.v,
    )
    w = init_weights(3, MODEL.d, 0.2, generator=generators(range(10, 10 + count[w_axes])))
    w = reshaped(w, w_axes)
    lr = reshaped(torch.linspace(0.1, 0.5, count[lr_axes], dtype=torch.float64), lr_axes)

    def run(data, w, lr):
        return train(data, w, lr, epochs=3, record_every=5, order=order, generator=seeded(3))

    together = run(data, w, lr)

    batch = torch.broadcast_shapes(data_axes, w_axes, lr_axes)
    assert together.margins.shape == (*batch, 3, 4)
    assert together.strong.shape == together.weak.shape == (*batch, 3, 2, 3)
    assert together.weights.shape == (*batch, 2, 3, MODEL.d)
    assert together.diverged_at.shape == batch
    x, y = data.x.expand(*batch, 4, 3, MODEL.d), data.y.expand(*batch, 4)
    is_weak, w, lr = data.is_weak.expand(*batch, 4), w.expand(*batch, 2, 3, -1), lr.expand(batch)
    for k in np.ndindex(batch):
        one = PatchData(x=x[k], y=y[k], is_weak=is_weak[k], u=data.u, v=data.v)
        alone = run(one, w[k], lr[k])
        for name in FIELDS:
            assert_close(getattr(together, name)[k], getattr(alone, name))


def test_runs_can_be_picked_from_a_batch():
    data, w = problem()
    rates = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 10.0]], dtype=torch.float64)
    batch = train(data, w, rates, epochs=2, record_every=4)
    alone = train(data, w, rates[1, 2], epochs=2, record_every=4)
    for name in (*FIELDS, "steps"):
        assert_close(getattr(batch[1, 2], name), getattr(alone, name))
        assert torch.equal(getattr(batch[1][2], name), getattr(batch[1, 2], name))
    assert batch[:, 1].margins.shape == (2, 2, 4)
    with pytest.raises(IndexError):
        alone[0]
    with pytest.raises(IndexError):
        batch[2]


def test_without_readable_features_only_the_record_is_missing():
    """Any patches train; what cannot be recorded is NaN, with a warning."""
    stream = seeded(4)
    x = torch.randn(5, 4, 6, generator=stream, dtype=torch.float64)
    data = PatchData(x, torch.ones(5).double(), torch.zeros(5, dtype=torch.bool))
    w = init_weights(2, 6, 0.1, generator=stream)
    with pytest.warns(UserWarning, match="do not show u and v"):
        run = train(data, w, 0.1, epochs=3)
    u, v = torch.eye(6).double()[:2]
    known = train(dataclasses.replace(data, u=u, v=v), w, 0.1, epochs=3)
    assert torch.equal(run.weights, known.weights) and torch.equal(run.margins, known.margins)
    assert run.strong.isnan().all() and run.weak.isnan().all()
    assert known.strong.isfinite().all() and known.weak.isfinite().all()


def test_features_may_differ_between_the_runs_of_a_batch():
    models = [FeatureNoiseModel(8, 2.0, v_norm, 0.5) for v_norm in (0.4, 1.0)]
    draws = [model.sample(4, n_weak=1, generator=seeded(k)) for k, model in enumerate(models)]
    w = init_weights(3, 8, 0.1, generator=seeded(7))
    x, y, is_weak = (torch.stack([getattr(d, f) for d in draws]) for f in ("x", "y", "is_weak"))
    together = train(PatchData(x, y, is_weak), w, 0.5, epochs=3)
    for k, draw in enumerate(draws):
        alone = train(draw, w, 0.5, epochs=3)
        for name in FIELDS:
            assert_close(getattr(together, name)[k], getattr(alone, name))


def test_no_autograd_graph_is_kept():
    data, w = problem()
    lr = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    run = train(data, w.requires_grad_(), lr, epochs=1)
    assert not any(getattr(run, name).requires_grad for name in FIELDS)


# --- Divergence --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "seed"),
    [(1.0, 2), (1.5, 2), (3.0, 2), (10.0, 0), (10.0, 1), (10.0, 2)]
    + [(lr, seed) for lr in (100.0, 1e4, 1e20, 1e77, 1e100, 1e150) for seed in (0, 1, 2)],
)
def test_a_run_diverges_where_the_plain_loop_does(lr, seed):
    """The number of updates, the path up to there and the weights that stay."""
    data, w = problem(seed=seed)
    plain = train_plainly(data, w, lr, cyclic(data, 5))
    stop = plain.diverged_at
    assert stop >= 1
    run = train(data, w, lr, epochs=5)
    assert run.diverged_at.item() == stop
    assert_close(run.weights, plain.weights, 1e-8)
    assert_close(run.strong, plain.strong, 1e-8)
    assert_close(run.weak, plain.weak, 1e-8)
    before = np.arange(20).reshape(5, 4) < stop
    assert_close(run.margins[before], plain.margins[before], 1e-8)


@pytest.mark.parametrize("epochs", range(1, 7))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_of_any_length_diverges_where_the_plain_loop_does(epochs, seed):
    """Where a run diverges does not depend on how long it was meant to be."""
    data, w = problem(n=3, seed=seed)
    rates = [1.0, 3.0, 10.0, 30.0, 100.0]
    expected = [train_plainly(data, w, lr, cyclic(data, epochs)).diverged_at for lr in rates]
    run = train(data, w, torch.tensor(rates, dtype=torch.float64), epochs=epochs)
    assert run.diverged_at.tolist() == expected


def test_every_update_is_tested_on_every_point():
    """A run whose update throws the output on another point than its own has diverged.

    One filter w = (0, 0, -3) of sign +, with η = 1. Point 0, at (0, 0, 10⁴), does not activate it.
    On point 1, at (0, 0, -1), f = 9: w moves by -(9 - 1)·2·3·(0, 0, -1), to (0, 0, 45). There
    point 1 gives 0 and point 0 gives (45·10⁴)² > 10⁶.
    """
    x = torch.zeros(2, 1, 3, dtype=torch.float64)
    x[0, 0, 2], x[1, 0, 2] = 1e4, -1
    y, u, v = torch.ones(2).double(), *torch.eye(3).double()[:2]
    data = PatchData(x=x, y=y, is_weak=torch.zeros(2, dtype=torch.bool), u=u, v=v)
    w = torch.zeros(2, 1, 3, dtype=torch.float64)
    w[0, 0, 2] = -3
    run = train(data, w, 1.0, epochs=1)
    assert run.margins.tolist() == [[0, 9]]
    assert run.weights[0, 0].tolist() == [0, 0, 45]
    assert run.diverged_at.item() == 2


@pytest.mark.parametrize("lr", [1e150, 1e154, 1e160, 1e200, 1e300, 1e307, 1.7e308])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_overflow_is_divergence(lr, seed):
    """At rates whose updates overflow there is no exception, warning or NaN in the state."""
    data, w = problem(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = train(data, w, lr, epochs=5)
    assert run.diverged_at == train_plainly(data, w, lr, cyclic(data, 5)).diverged_at
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).isfinite().all()


def test_overflow_does_not_reach_the_signals():
    """Features with entries of both signs meet huge weights: neither ∞ nor ∞ - ∞ must arise."""
    data, w = problem(m=2)
    u = torch.ones(8, dtype=torch.float64)
    v = torch.tensor([1.0, -1.0] * 4, dtype=torch.float64)
    x = torch.randn(4, 3, 8, generator=seeded(1), dtype=torch.float64)
    x[:, 0], x[:, 1] = data.y[:, None] * u, data.y[:, None] * v
    data = PatchData(x=x, y=data.y, is_weak=torch.zeros(4, dtype=torch.bool), u=u, v=v)
    run = train(data, w, torch.linspace(1e306, 1.7e308, 400, dtype=torch.float64), epochs=2)
    assert (run.diverged_at >= 0).all()
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).isfinite().all()


@pytest.mark.parametrize(
    ("dtype", "scale"), [(torch.float32, 1e-10), (torch.float64, 1e-60), (torch.float64, 1e40)]
)
def test_scaling_the_data_changes_nothing(dtype, scale):
    """x → ax, W → W/a, η → η/a² is a symmetry, also of what counts as divergence."""
    data, w = problem(n=6, seed=3)
    rates = torch.tensor([0.5, 5.0], dtype=torch.float64)
    data, w = dataclasses.replace(data, x=data.x, u=None, v=None), w
    scaled = PatchData((scale * data.x).to(dtype), data.y.to(dtype), data.is_weak)
    run = train(data, w, rates, epochs=4)
    other = train(scaled, (w / scale).to(dtype), rates / scale**2, epochs=4)
    assert run.diverged_at[0] == -1 < run.diverged_at[1]
    assert torch.equal(other.diverged_at, run.diverged_at)
    tolerance = 1e-4 if dtype == torch.float32 else 1e-9
    assert_close(other.margins[0].double(), run.margins[0], tolerance)


def test_a_diverged_run_is_frozen():
    data, w = problem(seed=2)
    run = train(data, w, 10.0, epochs=5)
    stop = run.diverged_at.item()
    assert 1 < stop < 20
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    assert_close(run.strong[stop], j * (run.weights @ MODEL.u))
    assert_close(run.weak[stop], j * (run.weights @ MODEL.v))
    assert not torch.allclose(run.strong[stop - 1], run.strong[stop])
    for row in range(stop, 21):
        assert torch.equal(run.strong[row], run.strong[stop])
        assert torch.equal(run.weak[row], run.weak[stop])


def test_a_run_may_start_out_diverged():
    data, w = problem()
    run = train(data, 1e5 * w, 0.1, epochs=2)
    assert run.diverged_at.item() == 0
    assert torch.equal(run.weights, 1e5 * w)


@pytest.mark.parametrize("lr", [10.0, 1e200, 1e308])
def test_a_diverged_run_does_not_touch_the_others(lr):
    data, w = problem(seed=2)
    good = torch.tensor([0.1, 0.5, 0.4], dtype=torch.float64)
    mixed = torch.tensor([0.1, lr, 0.5, 0.4], dtype=torch.float64)
    without, batch = train(data, w, good, epochs=5), train(data, w, mixed, epochs=5)
    assert batch.diverged_at[1] >= 0
    assert without.diverged_at.tolist() == [-1, -1, -1]
    for name in FIELDS:
        assert_close(getattr(batch, name)[[0, 2, 3]], getattr(without, name))


@pytest.mark.parametrize("engine", ["reduced", "reference"])
@pytest.mark.parametrize("lr", [1e-50, 1e39, 1e308])
def test_rates_that_float32_cannot_hold_are_refused(lr, engine):
    """They would become 0 or infinite."""
    data = MODEL.sample(4, generator=seeded(0), dtype=torch.float32)
    w = problem()[1].float()
    message = rf"^lr must .* as torch.float32, got {re.escape(str(lr))}"
    for rates in (lr, [0.1, lr], torch.tensor([lr, 0.1], dtype=torch.float64)):
        with pytest.raises(ValueError, match=message):
            train(data, w, rates, epochs=1, engine=engine)
    with pytest.raises(ValueError, match="^lr must be .* as torch.float32"):
        sgd_step(w, data.x[0], data.y[0], lr)
    assert train(data, w, [1e-38, 3e38], epochs=1).diverged_at.tolist() == [-1, 1]


@pytest.mark.parametrize("lr", [10.0, 1e15, 1e18, 1e25, 1e38])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_float32_divergence(lr, seed):
    """Rates whose updates overflow float32 diverge like the others."""
    w = problem(seed=seed)[1].float()
    data = MODEL.sample(4, generator=seeded(seed), dtype=torch.float32)
    run = train(data, w, lr, epochs=5)
    assert run.diverged_at.item() >= 0
    for name in ("weights", "strong", "weak"):
        assert getattr(run, name).dtype == torch.float32
        assert getattr(run, name).isfinite().all()
