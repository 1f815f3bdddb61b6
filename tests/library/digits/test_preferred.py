"""The direction that grows fastest: its gain, a maximum, and that small filters find it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import PatchData, generators, init_weights, noiseless_point, train
from benign_osc_lib.digits import pair, preferred_directions
from tests.library.common import normal, seeded


def gain(w, x, y, j):
    """ν_j(w) in NumPy-like steps: the mean over the own class less that over the other."""
    fires = (x @ w).clamp(min=0).square()
    return fires[y == j].mean() - fires[y == -j].mean()


def test_one_feature_is_its_own_direction():
    u, v = torch.eye(5).double()[:2] * torch.tensor([[2.0], [0.3]])
    data = noiseless_point(u, v, y=[1, -1, -1])
    directions, gains = preferred_directions(data)
    torch.testing.assert_close(directions, torch.stack([v, -v]) / 0.3)
    torch.testing.assert_close(gains, torch.full((2,), 0.09).double())


@settings(max_examples=6, deadline=None)
@given(a=st.integers(0, 4), b=st.integers(5, 9), seed=st.integers(0, 2**30))
def test_a_local_maximum_of_the_gain(a, b, seed):
    data, _ = pair(a, b, n=40, generator=seeded(seed))
    x, y = data.x[:, 1], data.y
    directions, gains = preferred_directions(data, steps=2000)
    for w, found, j in zip(directions, gains, (1, -1), strict=True):
        assert w.norm().item() == pytest.approx(1)
        assert found.item() == pytest.approx(gain(w, x, y, j).item())
        assert found >= gain(j * data.v / data.v.norm(), x, y, j) - 1e-12
        for away in normal(seed, 20, 65):
            other = torch.nn.functional.normalize(w + 0.05 * away / away.norm(), dim=0)
            assert gain(other, x, y, j) < found + 1e-6


def test_scaling_and_batches():
    data, _ = pair(2, 6, n=30, image_norm=0.2, generator=generators([1, 2]))
    longer, _ = pair(2, 6, n=30, image_norm=0.6, generator=generators([1, 2]))
    (w, gains), (same, more) = preferred_directions(data), preferred_directions(longer)
    torch.testing.assert_close(w, same)
    torch.testing.assert_close(more, 9 * gains)
    torch.testing.assert_close(preferred_directions(data[1])[0], w[1])


def test_small_filters_without_a_shortcut_turn_to_it():
    """With no shortcut all residuals are 1 at first: the filters are fed equally by all points."""
    data, _ = pair(0, 6, n=40, image_norm=0.3, shortcut=0, generator=seeded(3))
    directions, _ = preferred_directions(data)
    start = init_weights(8, 65, 1e-6, generator=seeded(4))
    fed = train(data, start, 0.05, epochs=4000, stop_below=0.4999, record_every=None).weights
    grown = fed.norm(dim=-1) > 1e-4
    cosines = torch.einsum("jrd,jd->jr", fed, directions) / fed.norm(dim=-1)
    assert grown.any(-1).all() and (cosines[grown] > 0.99).all()


def test_bad_input():
    data, _ = pair(3, 8, n=4)
    with pytest.raises(ValueError, match="data must have points of both labels"):
        preferred_directions(PatchData(data.x, torch.ones_like(data.y), data.is_weak))
    with pytest.raises(ValueError, match="data must have two patches or more"):
        preferred_directions(PatchData(data.x[:, :1], data.y, data.is_weak))
    with pytest.raises(TypeError, match="data must be a PatchData"):
        preferred_directions(data.x)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        preferred_directions(data, steps=0)
