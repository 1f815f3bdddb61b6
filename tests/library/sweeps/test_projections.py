"""Fresh points from the inner products with the filters: the same distribution, fewer numbers."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benign_osc_lib import FeatureNoiseModel, Rule, generators, init_weights, train
from benign_osc_lib.sweeps import accuracy
from benign_osc_lib.sweeps.draws import draw_unit
from tests.library.common import FALSE_ALARM, seeded
from tests.library.sweeps.common import SEEDS, SMALL, assert_same, run

MODEL = FeatureNoiseModel(12, 2.0, 1.2, 1.5)


def met(weights, rows, *, projected, sigma_p=1.0):
    """What the 2m filters make of rows, each the noise of a strong point: (rows, 2m)."""
    _, m, d = weights.shape
    found = np.empty((len(rows), 2 * m))
    if not projected:
        rows = np.repeat(rows, 2, axis=0)  # a strong point uses its second
    strong = np.zeros(len(found), bool)
    room = accuracy.space(m, d)
    accuracy.noise_products(found, weights, rows, strong, sigma_p, projected, room)
    return found


@st.composite
def filters(draw):
    """Weights (2, m, d), also with filters that repeat, vanish or are combinations of others."""
    d, m = draw(st.integers(3, 30)), draw(st.integers(1, 12))
    weights = torch.randn(2 * m, d, generator=seeded(draw(st.integers(0, 10**6)))).double()
    rank = draw(st.integers(0, 2 * m))
    mixed = torch.randn(2 * m, 2 * m, generator=seeded(1)).double()[:, :rank] @ weights[:rank]
    weights = mixed if draw(st.booleans()) else weights
    weights[draw(st.integers(0, 2 * m - 1))] *= draw(st.sampled_from([0.0, 1e-9, 1.0, 1e9]))
    return (weights * draw(st.sampled_from([1e-160, 1.0, 1e160]))).view(2, m, d).numpy()


@settings(max_examples=60)
@given(weights=filters())
def test_the_covariance_is_that_of_the_patches(weights):
    """Rows that are the unit vectors give A itself: A A^T = σ_p² W W^T, entry by entry."""
    _, m, d = weights.shape
    size = accuracy.row_size(m, d)
    assert size == min(2 * m, d - 2)
    made = met(weights, np.eye(size), projected=True, sigma_p=0.5).T  # A, (2m, q)
    wanted = 0.5 * weights.reshape(2 * m, d)[:, 2:]
    unit = np.abs(wanted).max(1, keepdims=True)
    made, wanted = (
        np.divide(a, unit, out=np.zeros_like(a), where=unit > 0) for a in (made, wanted)
    )
    np.testing.assert_allclose(made @ made.T, wanted @ wanted.T, 0, 1e-11)


@pytest.mark.parametrize("m", [2, 5])
def test_the_products_are_distributed_as_those_of_patches(m):
    """2m < d − 2 and 2m = d − 2: each filter, and a sum of all, by Kolmogorov and Smirnov."""
    weights = init_weights(m, MODEL.d, 1.0, generator=seeded(m)).numpy()
    numbers = np.random.default_rng(m)
    patches = met(weights, numbers.normal(size=(4000, MODEL.d)), projected=False)
    size = accuracy.row_size(m, MODEL.d)
    projected = met(weights, numbers.normal(size=(4000, size)), projected=True)
    for k in range(2 * m):
        assert stats.ks_2samp(patches[:, k], projected[:, k]).pvalue > FALSE_ALARM
    assert stats.ks_2samp(patches.sum(1), projected.sum(1)).pvalue > FALSE_ALARM
    scale = np.linalg.norm(weights.reshape(2 * m, -1)[:, 2:], axis=1)
    for k in range(2 * m):
        assert stats.kstest(projected[:, k] / scale[k], "norm").pvalue > FALSE_ALARM


@pytest.mark.parametrize("rules", [None, [Rule(activation="relu")]])
@pytest.mark.parametrize("m", [2, 8])
def test_a_network_has_the_same_accuracy(m, rules):
    """20 000 points of either kind, from patches and from projections."""
    stream, n_test = seeded(m), 20_000
    data = MODEL.sample(8, n_weak=2, generator=stream)
    start = init_weights(m, MODEL.d, 0.3, generator=stream)
    trained = train(data, start, 0.1, epochs=10, record_every=None).weights.numpy()[None, None]
    sizes, right = {"n": 1, "m": m}, []
    for seed, projected in ((1, False), (2, True)):
        drawn = draw_unit(
            MODEL, sizes, n_test, generators([seed]), projected=projected, finish=False
        )
        second = np.ones((1, 1, 2, m))
        right.append((drawn.fresh.accuracy(trained, rules, second)[0, 0] * n_test).astype(int))
    assert 0.52 * n_test < right[0][1] < 0.99 * n_test
    for kind in (0, 1):
        table = [[count[kind], n_test - count[kind]] for count in right]
        assert stats.fisher_exact(table).pvalue > FALSE_ALARM


def test_nothing_else_changes():
    grid = {**SMALL, "d": 12, "lr": [0.3, 1e4], "order": "cyclic"}
    patches, projected = run(grid), run(grid, test_points="projections")
    assert "test_points" not in patches.attrs
    assert projected.attrs["test_points"] == "projections"
    differ = {name for name in patches if not patches[name].identical(projected[name])}
    assert differ == {"accuracy_strong", "accuracy_weak"}
    for options in ({"block_size": 1}, {"block_size": 5}):
        assert_same(run(grid, test_points="projections", **options), projected)
    part = run({**grid, "lr": [1e4]}, SEEDS[1:3], test_points="projections")
    assert_same(part, projected.sel(lr=[1e4], seed=SEEDS[1:3]))


def test_shuffled_runs_go_on_after_the_projections():
    """Two orders beside each other and one alone: the same accuracies, drawn at another time."""
    grid = {**SMALL, "d": 12, "lr": 0.3}
    both = run({**grid, "order": ["cyclic", "shuffled"]}, test_points="projections")
    alone = run({**grid, "order": "cyclic"}, test_points="projections")
    assert np.array_equal(both.accuracy_weak.sel(order="cyclic"), alone.accuracy_weak)


def test_stores_do_not_mix(tmp_path):
    run(SMALL, store=tmp_path / "patches")
    run(SMALL, store=tmp_path / "projections", test_points="projections")
    about = [
        json.loads((tmp_path / name / "sweep.json").read_text())
        for name in ("patches", "projections")
    ]
    assert "test_points" not in about[0] and "test_points" not in about[0]["grid"]
    with pytest.raises(ValueError, match="test_points is not given there and 'projections' here"):
        run(SMALL, store=tmp_path / "patches", test_points="projections")
    with pytest.raises(ValueError, match="test_points is 'projections' there and not given here"):
        run(SMALL, store=tmp_path / "projections")
