"""Runs of the reduced engine that diverge, against the reference engine."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import PatchData
from tests.library.common import normal, problem
from tests.library.engine.common import assert_same_path, assert_same_run, both, layouts, orders


@given(layout=layouts(), lr=st.floats(-3, 150), scale=st.floats(-3, 3), seeds=orders)
def test_divergence_and_the_frozen_state(layout, lr, scale, seeds):
    """Rates from 10⁻³ to 10¹⁵⁰, and starts that have diverged."""
    data, m, seed = layout
    w = 10**scale * normal(seed + 5, 2, m, data.x.shape[-1])
    assert_same_path(data, w, 10.0**lr, epochs=4, seeds=seeds)


@pytest.mark.parametrize("m", [1, 4, 8])
@pytest.mark.parametrize("scale", [1e3, 1e10, 1e100, 1e155, 1e300])
def test_a_run_may_start_out_diverged(scale, m):
    data, w = problem(m=m)
    now, expected = both(data, scale * w, 0.1, epochs=2)
    assert now.diverged_at == (0 if scale > 1e3 else expected.diverged_at)
    assert_same_run(now, expected)


def test_rates_across_the_threshold_of_divergence():
    data, w = problem(n=5, m=2)
    now, expected = both(data, w, torch.logspace(-1, 2, 300, dtype=torch.float64), epochs=4)
    assert now.diverged_at.unique().numel() > 5
    assert_same_run(now, expected)


def one_filter_each(z_plus, z_minus, aside=0.0, **kind):
    """Two equal points x = (1, 0), m = 1, and filters (z_plus, aside) and (z_minus, 0).

    Each has two more patches that are 0: loops for three patches are compiled for other tests too.
    """
    kind = {"dtype": torch.float64, **kind}
    x = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]] * 2, **kind)
    data = PatchData(x, -torch.ones(2, **kind), torch.zeros(2, dtype=torch.bool), x[0, 0], x[0, 0])
    return data, torch.tensor([[[z_plus, aside]], [[z_minus, 0.0]]], **kind)


@pytest.mark.parametrize("lr", [1e150, 1e153, 1e155, 1e200, 1e300])
def test_weights_that_overflow_where_no_point_sees_it(lr):
    """The update turns off the one filter: f = 0 on every point, however large it is."""
    now, expected = both(*one_filter_each(0.5, -0.3), lr, epochs=2)
    assert now.diverged_at == (1 if lr > 1e154 else -1)
    assert_same_run(now, expected)


@pytest.mark.parametrize("aside", [1e150, 1e155, 1e300])
def test_weights_that_overflow_beside_the_patches(aside):
    now, expected = both(*one_filter_each(0.5, 0.3, aside), 0.1, epochs=2)
    assert now.diverged_at == (1 if aside > 1e154 else -1)
    assert_same_run(now, expected)


@pytest.mark.parametrize("lr", [1e307, 1e308, 1.7e308])
def test_the_largest_rates_do_not_move_a_filter_that_is_off(lr):
    now, expected = both(*one_filter_each(-0.5, -0.3), lr, epochs=2)
    assert now.diverged_at == -1
    assert_same_run(now, expected)


@pytest.mark.parametrize(
    ("dtype", "z", "lr"), [(torch.float32, 1e-24, 1e30), (torch.float64, 1e-170, 1e300)]
)
def test_a_response_whose_square_underflows(dtype, z, lr):
    now, expected = both(*one_filter_each(-0.3, z, dtype=dtype), lr, epochs=2)
    assert now.diverged_at == 1
    assert_same_run(now, expected, 1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-15, 1e-5, 1e5, 1e15])
def test_short_and_long_patches(dtype, scale):
    """x → a x, W → W/a, η → η/a² with a far from 1: what diverges stays the same."""
    data, w = problem(n=5, m=3)
    data = PatchData((scale * data.x).to(dtype), data.y.to(dtype), data.is_weak)
    rates = torch.tensor([0.3, 0.6, 4.0, 50.0], dtype=torch.float64) / scale**2
    now, expected = both(data, (w / scale).to(dtype), rates, epochs=3)
    assert (now.diverged_at >= 0).tolist() == [False, False, True, True]
    assert_same_run(now, expected, 1e-3 if dtype == torch.float32 else 1e-9)
