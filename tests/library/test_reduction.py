"""The exact reduction: training sees only inner products, whatever the dimension is."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    init_weights,
    noiseless_point,
    sgd_step,
    train,
)
from tests.library.common import assert_close, normal, seeded


def without_span(vectors, of):
    """The part of each vector (..., d) orthogonal to all the vectors ``of`` (k, d)."""
    basis, size, _ = torch.linalg.svd(of.T, full_matrices=False)
    basis = basis[:, size > 1e-9 * size[0]]
    return vectors - vectors @ basis @ basis.T


@pytest.mark.parametrize("lr", [0.1, 1.2])
def test_updates_lie_in_the_span_of_features_and_noise(lr):
    """Weights move only along u, v and the n + |W| noise patches of the training set."""
    model = FeatureNoiseModel(d=40, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
    data = model.sample(5, n_weak=2, generator=seeded(1))
    w = init_weights(8, 40, 0.1, generator=seeded(2))
    moved = train(data, w, lr, epochs=10).weights - w
    spanning = torch.cat([model.u[None], model.v[None], data.x[:, 2], data.x[data.is_weak, 0]])
    assert len(spanning) == 9
    assert without_span(moved, spanning).abs().max() <= 1e-12
    for left_out in range(9):
        rest = torch.cat([spanning[:left_out], spanning[left_out + 1 :]])
        assert without_span(moved, rest).abs().max() > 1e-6


@given(
    m=st.integers(1, 3), d=st.integers(4, 9), patches=st.integers(1, 3), seed=st.integers(0, 10**6)
)
def test_a_step_stays_in_the_span_of_the_patches(m, d, patches, seed):
    w, x_i = normal(seed, 2, m, d) / 2, normal(seed + 1, patches, d)
    moved = sgd_step(w, x_i, 1, 0.1) - w
    assert without_span(moved, x_i).abs().max() <= 1e-12 * max(1, moved.abs().max())


@pytest.mark.parametrize("kappa", [0.2, 1.2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_inner_products_give_the_same_run_in_any_dimension(kappa, seed):
    """Data in R^16 and in R^64 with equal Gram matrices, and initial weights with equal products.

    The map from R^16 to R^64 keeps inner products; the weights in R^64 have a part outside its
    range besides, which no patch sees.
    """
    model = FeatureNoiseModel(d=16, u_norm=2.0, v_norm=0.4, noise_norm=0.8)
    low = model.sample(6, n_weak=2, generator=seeded(seed))
    w_low = init_weights(4, 16, 0.1, generator=seeded(seed + 10))
    isometry = torch.linalg.qr(normal(seed + 20, 64, 16)).Q
    high = PatchData(
        x=low.x @ isometry.T,
        y=low.y,
        is_weak=low.is_weak,
        u=isometry @ model.u,
        v=isometry @ model.v,
    )
    unseen = normal(seed + 30, 2, 4, 64)
    w_high = w_low @ isometry.T + unseen - unseen @ isometry @ isometry.T

    patches_low, patches_high = low.x.reshape(-1, 16), high.x.reshape(-1, 64)
    assert_close(patches_high @ patches_high.T, patches_low @ patches_low.T, 1e-12)
    assert_close(w_high @ patches_high.T, w_low @ patches_low.T, 1e-12)
    assert (w_high.norm() - w_low.norm()).abs() > 1

    lr = kappa * 4 / (2 * model.u_norm**2)
    run_low, run_high = (train(*run, lr, epochs=10) for run in ((low, w_low), (high, w_high)))
    for name in ("margins", "strong", "weak"):
        assert_close(getattr(run_high, name), getattr(run_low, name), 1e-10)


@pytest.mark.parametrize("y", [+1, -1])
@pytest.mark.parametrize("kappa", [0.3, 1.2, 1.25])
def test_one_point_is_a_map_of_two_numbers(y, kappa):
    """On (y u, y v, 0): s ← s (1 + κ e)², q ← q (1 + κ ν e)², e = 1 - s - q.

    s and q are the strong and the weak part of the output of the filters j = y; the others are 0.
    """
    m, u_norm, v_norm = 3, 2.0, 0.6
    model = FeatureNoiseModel(d=5, u_norm=u_norm, v_norm=v_norm, noise_norm=1.0)
    data = noiseless_point(model.u, model.v, y)
    j = 0 if y == 1 else 1
    w = torch.zeros(2, m, 5, dtype=torch.float64)
    w[j] = 0.2 * normal(1, m, 5)

    run = train(data, w, kappa * m / (2 * u_norm**2), epochs=40)

    nu = (v_norm / u_norm) ** 2
    s = sum(max((y * w_r[0] * u_norm).item(), 0) ** 2 for w_r in w[j]) / m
    q = sum(max((y * w_r[1] * v_norm).item(), 0) ** 2 for w_r in w[j]) / m
    assert s > 0
    assert q > 0
    path = []
    for _ in range(41):
        path.append((s, q))
        e = 1 - s - q
        assert 1 + kappa * e > 0
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
    s, q = torch.tensor(path, dtype=torch.float64).T

    assert_close(run.margins[:, 0], (s + q)[:-1], 1e-10)
    for products, expected in ((run.strong[:, j], s), (run.weak[:, j], q)):
        assert_close(products.clamp(min=0).square().mean(-1), expected, 1e-10)
    assert run.strong[:, 1 - j].abs().max() == 0
