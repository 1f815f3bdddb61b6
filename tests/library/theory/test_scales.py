"""κ, ν and the sign limit against a step and against simulation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    sgd_step,
    theory,
)
from tests.library.theory.common import odd_map

# --- κ and ν -------------------------------------------------------------------------------------


@given(lr=st.floats(1e-3, 1e3), u_norm=st.floats(1e-2, 1e2), m=st.integers(1, 64))
def test_kappa_by_its_formula(lr, u_norm, m):
    assert theory.kappa(lr, u_norm, m) == pytest.approx(
        2 * lr * u_norm * u_norm / m, rel=1e-13, abs=0
    )


@given(
    lr=st.floats(0.01, 2),
    u_norm=st.floats(0.1, 3),
    v_norm=st.floats(0.1, 3),
    m=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
def test_kappa_and_nu_are_those_of_a_step(lr, u_norm, v_norm, m, seed):
    """A step on (u, v) multiplies ⟨w, u⟩ by 1 + κ e and ⟨w, v⟩ by 1 + κ ν e, e = 1 - f."""
    x_i = torch.diag(torch.tensor([u_norm, v_norm], dtype=torch.float64))
    generator = torch.Generator().manual_seed(seed)
    w = torch.rand(2, m, 2, generator=generator, dtype=torch.float64) + 0.1
    w[1] = -w[1]
    e = 1 - (w[0] @ x_i).square().sum().item() / m
    grown = sgd_step(w, x_i, 1, lr)[0] / w[0]
    kappa, nu = theory.kappa(lr, u_norm, m), theory.nu(u_norm, v_norm)
    np.testing.assert_allclose(grown[:, 0], 1 + kappa * e, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(grown[:, 1], 1 + kappa * nu * e, rtol=1e-10, atol=1e-10)


def test_a_number_that_overflows_is_infinite():
    """As for arrays and tensors: Python's own x**2 raises an OverflowError."""
    assert theory.kappa(1.0, 1e200, 1) == math.inf
    assert theory.nu(1e-300, 1.0) == math.inf
    assert theory.two_cycle(1e200)[1] == math.inf


def test_nu_is_that_of_the_model():
    assert theory.nu(2.0, 0.4) == pytest.approx(0.04, rel=1e-14, abs=0)
    assert FeatureNoiseModel(8, 2.0, 0.4, 1.0).nu == pytest.approx(
        theory.nu(2.0, 0.4), rel=1e-14, abs=0
    )


# --- The sign limit ------------------------------------------------------------------------------


def edge(kappa):
    """Beyond this z the odd map changes the sign."""
    return math.sqrt((1 + kappa) / kappa)


@given(kappa=st.floats(0.05, theory.SIGN_LIMIT), start=st.floats(0.001, 0.999))
def test_up_to_the_limit_the_sign_is_kept(kappa, start):
    z = start * edge(kappa)
    for _ in range(200):
        z = odd_map(z, kappa)
        assert 0 < z <= edge(kappa) * (1 + 1e-12)


def test_at_the_limit_the_highest_point_is_the_edge():
    kappa = theory.SIGN_LIMIT
    top = odd_map(math.sqrt((1 + kappa) / (3 * kappa)), kappa)
    assert top == pytest.approx(edge(kappa), rel=1e-14, abs=0)


@pytest.mark.parametrize("above", [1e-6, 1e-3, 0.1])
def test_above_the_limit_the_sign_is_lost(above):
    """From its highest point the map leaves the interval and then changes the sign."""
    kappa = theory.SIGN_LIMIT + above
    top = odd_map(math.sqrt((1 + kappa) / (3 * kappa)), kappa)
    assert top > edge(kappa)
    assert odd_map(top, kappa) < 0
