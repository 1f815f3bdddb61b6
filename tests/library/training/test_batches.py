"""Runs that are trained together."""

import dataclasses

import numpy as np
import pytest
import torch

from benign_osc_lib import FeatureNoiseModel, PatchData, generators, init_weights, train
from tests.library.common import MODEL, assert_close, problem, seeded
from tests.library.training.common import FIELDS


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
