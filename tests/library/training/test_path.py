"""The path and the order of training, against a plain NumPy loop."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, PatchData, init_weights, predict, sgd_step, train
from tests.library.common import assert_close, problem, seeded
from tests.library.training.common import FIELDS, assert_same_run, cyclic, train_plainly

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
    x = torch.randn(3, 4, 6, generator=seeded(1), dtype=torch.float64) / 2
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


@pytest.mark.parametrize("engine", ["reference", "auto"])
def test_every_engine_gives_the_same_run(engine):
    data, w = problem()
    run = train(data, w, 0.6, epochs=3, engine=engine)
    assert_same_run(run, train_plainly(data, w, 0.6, cyclic(data, 3)))


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
