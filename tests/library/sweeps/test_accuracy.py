"""The fresh points of a sweep, counted from their numbers, against the points themselves."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, generators, init_weights
from benign_osc_lib.metrics import correct
from benign_osc_lib.sweeps.draws import draw_unit
from tests.library.common import seeded


@settings(max_examples=60)
@given(
    d=st.integers(3, 40),
    m=st.integers(1, 20),
    n_test=st.integers(1, 40),
    networks=st.integers(1, 3),
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3, unique=True),
    finish=st.booleans(),
    size=st.sampled_from([1e-3, 1.0, 1e80, 1e155, 1e300]),
)
def test_the_counts_are_those_of_the_points(d, m, n_test, networks, seeds, finish, size):
    model = FeatureNoiseModel(d, 2.0, 0.4, 0.8)
    drawn = draw_unit(
        model, {"n": 3, "m": m}, n_test, generators(seeds), projected=False, finish=finish
    )
    trained = size * torch.randn(
        len(seeds), networks, 2, m, d, generator=seeded(d), dtype=torch.float64
    )
    found = drawn.fresh.accuracy(trained.numpy())
    assert found.shape == (networks, len(seeds), 2)
    for s, seed in enumerate(seeds):
        stream = seeded(seed)
        data = model.sample(3, generator=stream)
        assert torch.equal(drawn.data.x[s], data.x) and torch.equal(drawn.data.y[s], data.y)
        assert torch.equal(drawn.start[s], init_weights(m, d, 1.0, generator=stream))
        points = model.sample(2 * n_test, n_weak=n_test, generator=stream)
        for k in range(networks):
            right = correct(trained[s, k], points)
            for kind, which in enumerate((~points.is_weak, points.is_weak)):
                assert found[k, s, kind] == right[which].double().mean()


def test_a_network_without_an_answer_gets_nothing_right():
    model = FeatureNoiseModel(4, 2.0, 0.4, 0.8)
    sizes, streams = {"n": 1, "m": 2}, generators([1, 2])
    fresh = draw_unit(model, sizes, 30, streams, projected=False, finish=False).fresh
    dead = np.zeros((2, 3, 2, 2, 4))
    dead[:, 1] = np.nan
    dead[:, 2] = np.inf
    assert np.array_equal(fresh.accuracy(dead), np.zeros((3, 2, 2)))
