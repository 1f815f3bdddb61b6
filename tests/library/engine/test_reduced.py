"""The reduced engine against the reference engine."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights, train
from benign_osc_lib.engine import reduced
from tests.library.common import MODEL, normal, problem, seeded
from tests.library.engine.common import (
    OWN_AXES,
    ROWS_OF_8,
    ROWS_OF_16,
    assert_equal_runs,
    assert_same_path,
    assert_same_run,
    both,
    layouts,
    orders,
    recordings,
    rotation,
)

# --- The reference engine's run ----------------------------------------------------------------


@given(layout=layouts(), lr=st.floats(0.01, 0.5), record_every=recordings, seeds=orders)
def test_any_layout(layout, lr, record_every, seeds):
    """200 steps at rates up to κ = 1."""
    data, m, seed = layout
    w = normal(seed + 3, 2, m, data.x.shape[-1]) / 2
    epochs = -(-200 // data.y.shape[-1])
    assert_same_path(data, w, lr * m, epochs=epochs, record_every=record_every, seeds=seeds)


def test_weights_that_vanish():
    """Two points pull a filter to 0: what is left is a rounding of the start, in each engine."""
    x = torch.tensor([[[-1.0]], [[1.0]]], dtype=torch.float64)
    y, u = torch.tensor([-1.0, 1.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64)
    data = PatchData(x, y, torch.zeros(2, dtype=torch.bool), u, u)
    w = normal(19195, 2, 1, 1) / 2
    run = both(data, w, 0.25, epochs=100)[1]
    assert run.weights.abs().max() < 1e-20 * w.abs().max()
    assert_same_path(data, w, 0.25, epochs=100)


@given(
    n=st.integers(1, 8),
    d=st.integers(3, 12),
    m=st.sampled_from(ROWS_OF_8 + ROWS_OF_16),
    kappa=st.floats(0.05, 1.25),
    rotated=st.booleans(),
    record_every=recordings,
    seeds=orders,
    choice=st.data(),
)
def test_the_paper_s_layout(n, d, m, kappa, rotated, record_every, seeds, choice):
    """200 steps with any number of weak points; once rotated, nothing is orthogonal exactly."""
    model = FeatureNoiseModel(d, 2.0, 0.4, 0.8)
    stream = seeded(n + 13 * d)
    data = model.sample(n, n_weak=choice.draw(st.integers(0, n)), generator=stream)
    if rotated:
        turn = rotation(d, 3)
        data = replace(data, x=data.x @ turn, u=data.u @ turn, v=data.v @ turn)
    w = init_weights(m, d, 0.1, generator=stream)
    lr = kappa * m / (2 * model.u_norm**2)
    epochs = -(-200 // n)
    assert_same_path(data, w, lr, epochs=epochs, record_every=record_every, seeds=seeds)


@pytest.mark.parametrize("kappa", [1.4, 1.55, 1.8])
def test_in_the_chaotic_range_while_rounding_stays_small(kappa):
    data, w = problem(n=6, m=8)
    assert_same_run(*both(data, w, kappa * 8 / (2 * MODEL.u_norm**2), epochs=5), 1e-8)


@given(seed=st.integers(0, 10**6), kappa=st.floats(0.05, 1.1), n=st.integers(1, 6))
def test_float32(seed, kappa, n):
    data, w = problem(n=n, m=3, seed=seed, dtype=torch.float32)
    assert_same_path(data, w, kappa * 3 / (2 * MODEL.u_norm**2), 1e-3, epochs=10)


@pytest.mark.parametrize("seeds", [None, 5])
def test_what_cannot_be_recorded_is_nan_with_a_warning(seeds):
    x = normal(1, 4, 3, 6) / 3
    data = PatchData(x, torch.ones(4).double(), torch.zeros(4, dtype=torch.bool))
    w = normal(2, 2, 3, 6)
    with pytest.warns(UserWarning, match="do not show u and v"):
        run = train(data, w, 0.3, epochs=3, engine="reduced")
    assert run.strong.isnan().all() and run.weak.isnan().all()
    with pytest.warns(UserWarning, match="do not show v"):
        run = train(replace(data, u=x[0, 0]), w, 0.3, epochs=3, engine="reduced")
    assert run.strong.isfinite().all() and run.weak.isnan().all()
    assert_same_run(*both(data, w, 0.3, epochs=3, seeds=seeds))


def test_autograd_does_not_see_it():
    data, w = problem()
    data = replace(data, x=data.x.requires_grad_(), u=data.u.requires_grad_(), v=None)
    lr = torch.tensor([0.2, 0.6], dtype=torch.float64, requires_grad=True)
    now, expected = both(data, w.requires_grad_(), lr, epochs=3)
    assert_same_run(now, expected)
    assert not any(getattr(now, name).requires_grad for name in OWN_AXES)


def test_the_default_device_does_not_matter():
    data, w = problem()
    here = train(data, w, torch.tensor(0.5), epochs=2, engine="reduced")
    lr = torch.tensor(0.5)
    with torch.device("meta"):
        there = train(data, w, lr, epochs=2, engine="reduced")
    assert_equal_runs(there, here)


# --- Batches -----------------------------------------------------------------------------------


def strided(tensor, kind, own):
    """The same numbers in memory of another kind; ``own`` axes belong to one run."""
    if kind == "reversed in memory":
        axes = tuple(range(tensor.dim()))
        return tensor.permute(axes[::-1]).contiguous().permute(axes[::-1])
    if kind == "every second":
        return torch.stack([tensor, tensor * 0], -1)[..., 0]
    if kind == "expanded" and tensor.dim() > own:
        return tensor[:1].expand_as(tensor)
    return tensor.contiguous()


KINDS = st.sampled_from(["contiguous", "reversed in memory", "every second", "expanded"])


@given(
    layout=st.sampled_from([(), (1,), (3,)]).flatmap(lambda axes: layouts(most=4, batch=axes)),
    lr_axes=st.sampled_from([(), (3,), (2, 1), (2, 3), (1, 1)]),
    w_axes=st.sampled_from([(), (3,), (2, 1, 1), (2, 1, 3)]),
    kinds=st.tuples(KINDS, KINDS, KINDS, KINDS),
    seeds=st.sampled_from([None, 5, [5], [5, 6, 7]]),
    own_features=st.booleans(),
)
def test_batch_axes_of_every_kind(layout, lr_axes, w_axes, kinds, seeds, own_features):
    data, m, seed = layout
    axes, d = data.y.shape[:-1], data.x.shape[-1]
    x, y = strided(data.x, kinds[0], 3), strided(data.y, kinds[1], 1)
    data = replace(data, x=x, y=y, v=normal(seed + 9, *axes, d) if own_features else data.v)
    w = strided(normal(seed + 4, *w_axes, 2, m, d) / 2, kinds[2], 3)
    lr = strided(
        m / 2 * torch.rand(lr_axes, generator=seeded(seed), dtype=torch.float64), kinds[3], 0
    )
    assert_same_path(data, w, lr + 0.01, epochs=5, record_every=3, seeds=seeds)


@pytest.mark.parametrize("seeds", [None, [1, 2, 3, 4, 5]])
@pytest.mark.parametrize("m", [3, 8])
def test_a_run_does_not_depend_on_the_others(m, seeds):
    """Bitwise: alone, in another place, with another number of threads."""
    data = MODEL.sample(6, generator=generators(range(5)))
    w = init_weights(m, MODEL.d, 0.2, generator=generators(range(5, 10)))
    lr = torch.tensor([0.1, 0.4, 1e200, 3.0, 0.6], dtype=torch.float64)

    def run(chosen):
        options = {"epochs": 6, "record_every": 4, "engine": "reduced"}
        if seeds:
            order = generators([seeds[k] for k in chosen])
            options |= {"order": "shuffled", "generator": order}
        fields = {name: getattr(data, name)[chosen] for name in ("x", "y", "is_weak")}
        return train(replace(data, **fields), w[chosen], lr[chosen], **options)

    together = run(range(5))
    assert (together.diverged_at >= 0).sum() == 2
    for k in range(5):
        assert_equal_runs(run([k])[0], together[k])
    order = [3, 0, 4, 2, 1]
    assert_equal_runs(run(order), together[order])
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            assert_equal_runs(run(range(5)), together)
    finally:
        torch.set_num_threads(threads)


def test_runs_with_few_data_sets_and_many_rates():
    """Those that share data are trained together; the result stays in the order of the call."""
    data = MODEL.sample(4, generator=generators(range(3)))
    w = init_weights(2, MODEL.d, 0.2, generator=generators(range(2)))[:, None, None]
    lr = torch.linspace(0.1, 0.6, 50, dtype=torch.float64)[:, None]
    now, expected = both(data, w, lr, epochs=4)
    assert now.diverged_at.shape == (2, 50, 3)
    assert_same_run(now, expected)


@pytest.mark.parametrize("axes", ["data", "weights", "lr"])
def test_a_batch_may_be_empty(axes):
    data, w = problem()
    lr = torch.tensor(0.5, dtype=torch.float64)
    if axes == "data":
        fields = {name: getattr(data, name).expand(0, *getattr(data, name).shape) for name in "xy"}
        data = replace(data, is_weak=data.is_weak.expand(0, 4), **fields)
    if axes == "weights":
        w = w.expand(0, *w.shape)
    if axes == "lr":
        lr = lr.expand(0)
    assert_same_run(*both(data, w, lr, epochs=2))


# --- Which engine ------------------------------------------------------------------------------


def test_auto_takes_the_reduced_engine_for_few_patches(monkeypatch):
    data, w = problem()  # 12 patches
    runs = {name: train(data, w, 0.6, epochs=20, engine=name) for name in ("reduced", "reference")}
    assert not torch.equal(runs["reduced"].weights, runs["reference"].weights)
    assert_equal_runs(train(data, w, 0.6, epochs=20), runs["reduced"])
    for largest, engine in ((144, "reduced"), (143, "reference")):
        monkeypatch.setattr(reduced, "LARGEST_GRAM", largest)
        assert_equal_runs(train(data, w, 0.6, epochs=20), runs[engine])
    assert_equal_runs(train(data, w, 0.6, epochs=20, engine="reduced"), runs["reduced"])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_auto_takes_the_reference_for_half_precision(dtype):
    data, w = problem(dtype=dtype)
    run = train(data, w, 0.5, epochs=2)
    assert run.weights.dtype == run.margins.dtype == dtype
    assert_equal_runs(run, train(data, w, 0.5, epochs=2, engine="reference"))
