"""The network of eq. (1) and its initialisation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from scipy import stats

from benign_osc_lib import generators, init_weights, network, predict
from tests.library.common import FALSE_ALARM, assert_close, normal

seeds = st.integers(0, 10**6)


def test_the_activation_and_its_slope():
    """σ(z) = max(z, 0)² and its derivative, from autograd; both are 0 for z <= 0."""
    z = torch.tensor([-3.0, -1e-9, 0.0, 1e-9, 0.5, 2.0], dtype=torch.float64, requires_grad=True)
    value = network.activation(z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    assert value.tolist() == [0, 0, 0, pytest.approx(1e-18, abs=0), 0.25, 4]
    assert slope.tolist() == network.activation_slope(z).tolist() == [0, 0, 0, 2e-9, 1, 4]


sizes = st.integers(1, 4)


@given(
    axes=mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3),
    m=sizes,
    d=sizes,
    n=st.integers(1, 3),
    patches=sizes,
    seed=seeds,
)
def test_predict_against_a_triple_loop(axes, m, d, n, patches, seed):
    w_axes, x_axes = axes.input_shapes
    w, x = normal(seed, *w_axes, 2, m, d), normal(seed + 1, *x_axes, n, patches, d)

    f = predict(w, x)

    assert f.shape == (*axes.result_shape, n)
    w, x = w.expand(*axes.result_shape, 2, m, d), x.expand(*axes.result_shape, n, patches, d)
    for k in np.ndindex(f.shape):
        w_k, x_k = w[k[:-1]].numpy(), x[k].numpy()
        total = 0.0
        for j in (+1, -1):
            for r in range(m):
                for p in range(patches):
                    z = np.dot(w_k[0 if j == 1 else 1, r], x_k[p])
                    total += j / m * max(z, 0.0) ** 2
        assert f[k].item() == pytest.approx(total, rel=1e-12, abs=1e-12)


@given(m=sizes, d=sizes, n=sizes, patches=sizes, seed=seeds, c=st.floats(1e-3, 1e3))
def test_homogeneous_of_degree_two(m, d, n, patches, seed, c):
    """f(x; cW) = c² f(x; W) for c > 0, and likewise in x."""
    w, x = normal(seed, 2, m, d), normal(seed + 1, n, patches, d)
    expected = predict(w, x)
    assert_close(predict(c * w, x) / c**2, expected)
    assert_close(predict(w, c * x) / c**2, expected)


@given(m=sizes, d=sizes, n=sizes, patches=sizes, seed=seeds)
def test_swapping_the_signs_negates_the_output(m, d, n, patches, seed):
    w, x = normal(seed, 2, m, d), normal(seed + 1, n, patches, d)
    assert_close(predict(w.flip(0), x), -predict(w, x))


def test_filters_at_index_0_vote_plus():
    w, x = torch.zeros(2, 3, 4, dtype=torch.float64), torch.ones(1, 3, 4, dtype=torch.float64)
    w[0, 1] = 1.0
    assert predict(w, x).item() > 0
    assert predict(w.flip(0), x).item() < 0


@given(m=sizes, d=sizes, n=sizes, patches=sizes, seed=seeds, data=st.data())
def test_the_order_of_patches_and_filters_does_not_matter(m, d, n, patches, seed, data):
    w, x = normal(seed, 2, m, d), normal(seed + 1, n, patches, d)
    filters = data.draw(st.permutations(range(m)))
    places = data.draw(st.permutations(range(patches)))
    assert_close(predict(w[:, filters], x[:, places]), predict(w, x))


@given(m=sizes, d=sizes, n=sizes, patches=sizes, seed=seeds)
def test_the_points_do_not_see_each_other(m, d, n, patches, seed):
    w, x = normal(seed, 2, m, d), normal(seed + 1, n, patches, d)
    assert_close(predict(w, x), torch.cat([predict(w, x[i : i + 1]) for i in range(n)]))


def test_repeating_the_filters_leaves_the_output():
    """The output is a mean over filters, so m copies of a filter are worth one."""
    w, x = normal(1, 2, 3, 4), normal(2, 5, 3, 4)
    assert_close(predict(w.repeat(1, 4, 1), x), predict(w, x))


@pytest.mark.parametrize("scale", [1e-3, 1.0, 7.0])
def test_initial_weights_are_gaussian(scale):
    """Mean, variance and shape of 400 000 entries, each at false-alarm probability 10⁻⁶."""
    w = init_weights(50, 4000, scale, generator=torch.Generator().manual_seed(2)) / scale
    z = w.flatten().numpy()
    assert abs(z.mean()) * len(z) ** 0.5 < stats.norm.isf(FALSE_ALARM / 2)
    below = stats.chi2(len(z)).cdf((z**2).sum())
    assert FALSE_ALARM / 2 < below < 1 - FALSE_ALARM / 2
    assert stats.kstest(z, "norm").pvalue > FALSE_ALARM


def test_initial_filters_are_uncorrelated():
    """Entries of different filters, of both signs, and of one filter with itself shifted."""
    w = init_weights(2, 4000, 1.0, generator=torch.Generator().manual_seed(3)).reshape(4, 4000)
    gram = w @ w.T / 4000
    off_diagonal = gram[~torch.eye(4, dtype=torch.bool)]
    limit = stats.norm.isf(FALSE_ALARM / 2 / 12) / 4000**0.5
    assert off_diagonal.abs().max() < limit
    assert (w[:, 1:] * w[:, :-1]).mean(-1).abs().max() < limit


@given(m=sizes, d=sizes, seed=seeds, scale=st.floats(1e-3, 1e3))
def test_initial_weights_are_proportional_to_the_scale(m, d, seed, scale):
    def drawn(scale):
        return init_weights(m, d, scale, generator=torch.Generator().manual_seed(seed))

    assert drawn(scale).shape == (2, m, d)
    assert_close(drawn(scale), scale * drawn(1.0))


@given(numbers=st.lists(seeds, min_size=1, max_size=4), m=sizes, d=sizes)
def test_a_seed_means_the_same_weights_for_every_batch_size(numbers, m, d):
    batch = init_weights(m, d, 0.5, generator=generators(numbers))
    assert batch.shape == (len(numbers), 2, m, d)
    for drawn, number in zip(batch, numbers, strict=True):
        alone = init_weights(m, d, 0.5, generator=torch.Generator().manual_seed(number))
        assert torch.equal(drawn, alone)


def test_float32_weights_are_the_float64_weights_rounded():
    double = init_weights(3, 5, 0.1, generator=torch.Generator().manual_seed(4))
    single = init_weights(
        3, 5, 0.1, generator=torch.Generator().manual_seed(4), dtype=torch.float32
    )
    assert double.dtype == torch.float64
    assert torch.equal(single, double.float())


def test_only_without_a_generator_is_the_global_stream_used():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        given_one = init_weights(2, 3, 1.0, generator=torch.Generator().manual_seed(5))
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.equal(init_weights(2, 3, 1.0), given_one)
        assert not torch.equal(init_weights(2, 3, 1.0), given_one)


def test_the_default_device_does_not_matter():
    """A seed means the same weights on every device, also where torch's default device is set."""
    expected = init_weights(2, 3, 1.0, generator=torch.Generator().manual_seed(6))
    with torch.device("meta"):
        drawn = init_weights(2, 3, 1.0, generator=torch.Generator().manual_seed(6))
    assert drawn.device.type == "cpu"
    assert torch.equal(drawn, expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda():
    double = init_weights(3, 5, 0.1, generator=torch.Generator().manual_seed(4))
    moved = init_weights(3, 5, 0.1, generator=torch.Generator().manual_seed(4), device="cuda")
    assert moved.device.type == "cuda"
    assert torch.equal(moved.cpu(), double)
    x = normal(1, 4, 3, 5)
    assert_close(predict(moved, x.cuda()).cpu(), predict(double, x))
