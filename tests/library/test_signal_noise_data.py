"""One signal and noise: the patches are as documented."""

import math

import pytest
import torch

from benign_osc_lib import signal_noise as sn
from tests.library.common import assert_close, seeded


def test_the_patches_are_as_documented():
    data = sn.SignalNoiseModel(30, 0.5, 2.0).sample(7, generator=seeded(0))
    assert data.x.shape == (7, 2, 30)
    assert data.y.tolist() == [1, -1, 1, -1, 1, -1, 1]
    assert_close(data.x[:, 0], data.y[:, None] * data.u)
    assert data.u.norm().item() == pytest.approx(0.5)
    assert (data.x[:, 1] @ data.u == 0).all()


def test_the_noise_has_the_stated_length():
    xi = sn.SignalNoiseModel(400, 1.0, 2.0).sample(2000, generator=seeded(1)).x[:, 1]
    mean, expected = xi.square().sum(-1).mean().item(), 4 * 399 / 400
    assert abs(mean - expected) < 5 * 4 * math.sqrt(2 / 400) / math.sqrt(2000)


def test_orthogonal_noise_is_orthogonal():
    model = sn.SignalNoiseModel(20, 1.0, 0.7)
    data = model.sample(19, orthogonal=True, generator=[seeded(2), seeded(3)])
    xi = data.x[..., 1, :]
    assert_close(xi @ xi.mT, 0.49 * torch.eye(19).double().expand(2, 19, 19), 1e-10)
    assert_close(xi @ data.u, torch.zeros(2, 19).double())
    assert model.tau == pytest.approx(1 / 0.49)
