"""Drawing from many generators in threads: the numbers of each, whatever the threads do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, _draws, generators, init_weights
from benign_osc_lib._threads import for_each
from tests.library.common import seeded


@pytest.fixture(params=[1, 3])
def threads(request, monkeypatch):
    """So many threads, and parts so small that there are many."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    monkeypatch.setattr(_draws, "PART", 50)
    yield request.param
    torch.set_num_threads(before)


def recipe(model, n, n_weak, m, generator):
    """The order of the draws, in torch's own words; no number is drawn in another place."""
    kind = {"generator": generator, "dtype": torch.float64}
    y = torch.where(torch.rand(n, **kind) < 0.5, 1.0, -1.0).double()
    chance = torch.rand(n, **kind)
    is_weak = chance < model.rho if n_weak is None else chance.argsort().argsort() < n_weak
    noise = model.sigma_p * torch.randn(n, 2, model.d, **kind)
    noise[..., :2] = 0
    first = torch.where(is_weak[:, None], noise[:, 0], y[:, None] * model.u)
    x = torch.stack([first, y[:, None] * model.v, noise[:, 1]], dim=1)
    return x, y, is_weak, 0.3 * torch.randn(2, m, model.d, **kind)


def bits(tensor):
    return tensor.numpy().tobytes()


@settings(max_examples=40)
@given(
    d=st.integers(3, 30),
    n=st.integers(1, 12),
    m=st.integers(1, 9),
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=6),
    chosen=st.booleans(),
    data=st.data(),
)
def test_a_batch_is_the_recipe_to_the_last_bit(d, n, m, seeds, chosen, data):
    n_weak = data.draw(st.integers(0, n)) if chosen else None
    model = FeatureNoiseModel(d, 2.0, 0.4, 0.8, rho=0.3)
    streams, again = generators(seeds), generators(seeds)
    points = model.sample(n, n_weak=n_weak, generator=streams)
    weights = init_weights(m, d, 0.3, generator=streams)
    for k, stream in enumerate(again):
        x, y, is_weak, w = recipe(model, n, n_weak, m, stream)
        assert bits(points.x[k]) == bits(x) and bits(points.y[k]) == bits(y)
        assert torch.equal(points.is_weak[k], is_weak)
        assert bits(weights[k]) == bits(w)
        assert torch.equal(streams[k].get_state(), stream.get_state())


def test_threads_change_nothing(threads):
    model, streams = FeatureNoiseModel(5, 2.0, 0.4, 0.8), generators(range(40))
    batch = model.sample(6, n_weak=2, generator=streams)
    weights = init_weights(3, 5, 1.0, generator=streams)
    for k in range(40):
        stream = seeded(k)
        assert torch.equal(batch.x[k], model.sample(6, n_weak=2, generator=stream).x)
        assert torch.equal(weights[k], init_weights(3, 5, 1.0, generator=stream))


def test_a_generator_that_stands_there_twice_goes_on_in_turn(threads):
    model, one = FeatureNoiseModel(5, 2.0, 0.4, 0.8), seeded(1)
    batch = model.sample(6, generator=[one] * 30)
    again = seeded(1)
    for drawn in batch:
        assert torch.equal(drawn.x, model.sample(6, generator=again).x)


def test_under_inference_mode(threads):
    model = FeatureNoiseModel(5, 2.0, 0.4, 0.8)
    expected = model.sample(6, generator=generators(range(30)))
    with torch.inference_mode():
        drawn = model.sample(6, generator=generators(range(30)))
        assert torch.equal(drawn.x, expected.x)


def test_each_task_is_done_once_and_an_error_ends_the_rest(threads):
    done = []
    for_each(100, lambda: done.append)
    assert sorted(done) == list(range(100))
    for_each(0, lambda: done.append)
    assert len(done) == 100

    def fail(k):
        done.append(k)
        raise OSError(k)

    with pytest.raises(OSError):
        for_each(1000, lambda: fail)
    assert len(done) <= 100 + threads
