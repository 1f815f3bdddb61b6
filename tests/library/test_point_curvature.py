"""The written-out Hessian of each point against automatic differentiation."""

import math

import pytest
import torch

from benign_osc_lib import PatchData, noiseless_point, predict, theory
from benign_osc_lib.batch_sharpness import along_gradients
from benign_osc_lib.hessian import eigenpairs
from benign_osc_lib.point_curvature import point_hessians
from tests.library.common import MODEL, assert_close, problem


def test_against_automatic_differentiation():
    data, weights = problem(n=4, scale=0.3, seed=3)
    found = point_hessians(weights, data)
    curved, length = found.along_gradient()
    for i in range(4):

        def loss(w, i=i):
            return (predict(w, data.x[[i]]) - data.y[[i]]).square().mean() / 2

        pair = eigenpairs(loss, weights)
        assert_close(found.top()[i], pair.values[0])
        along = along_gradients([loss], weights)
        assert_close(length[i], along.weights[0])
        assert_close(curved[i] / length[i], along.along[0])
        if not data.is_weak[i]:
            share = (pair.vectors[0] @ MODEL.u / 2.0).square().sum()
            assert_close(found.share_of_first_patch()[i], share, 1e-8)


def test_runs_side_by_side():
    data, weights = problem(n=3, scale=0.3)
    both = point_hessians(torch.stack([weights, 2 * weights]), data)
    assert both.top().shape == (2, 3)
    assert_close(both.top()[1], point_hessians(2 * weights, data).top())
    assert (both.share_of_first_patch() <= 1 + 1e-12).all()


def test_one_point_without_noise_is_the_closed_form():
    u, v = torch.eye(4).double()[:2] * torch.tensor([[2.0], [0.4]]).double()
    weights = torch.zeros(2, 2, 4).double()
    weights[0, :, 0], weights[0, :, 1] = 0.3, 0.9
    s, q = 0.6**2, 0.36**2
    kappa = theory.kappa(1.1, 2.0, 2)
    top = point_hessians(weights, noiseless_point(u, v)).top()
    assert float(top[0]) * 1.1 / 2 == pytest.approx(theory.point_sharpness(s, q, kappa, 0.04))


def test_a_patch_may_come_twice_or_be_zero():
    data, weights = problem(scale=0.3)
    x = torch.stack([data.x[:, 0], data.x[:, 0], 0 * data.x[:, 0]], 1)
    pair = eigenpairs(lambda w: (predict(w, x[:1]) - data.y[:1]).square().mean() / 2, weights)
    twice = PatchData(x=x, y=data.y, is_weak=data.is_weak)
    assert_close(point_hessians(weights, twice).top()[0], pair.values[0])


def test_what_it_refuses():
    data, weights = problem()
    with pytest.raises(ValueError, match="^weights must be finite, got -?(inf|nan)"):
        point_hessians(weights * math.inf, data)
    with pytest.raises(TypeError, match="^data must be a PatchData"):
        point_hessians(weights, data.x)
