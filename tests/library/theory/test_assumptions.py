"""Assumption 3 of the paper on concrete sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, theory
from benign_osc_lib.assumptions import assumption_3


def verdicts(model, **sizes):
    return [(c.part, c.holds) for c in assumption_3(model, **sizes)]


def test_the_papers_experiment():
    """n 16, d 64, m 8, norms 2, 0.4 and 0.8, η = 1.2. By hand:

    ‖v‖ = 0.4 > 0.2; 1/4 + 1/0.16 = 6.5 <= 16/0.64 = 25; η lies outside [0.5, 0.8], inside [1, 1.6].
    """
    model = FeatureNoiseModel(64, 2.0, 0.4, 0.8)
    assert verdicts(model, n=16, m=8, lr=1.2, init_scale=1 / 16) == [
        ("i", None),
        ("ii", None),
        ("iii", False),
        ("iii", True),
        ("iv", False),
        ("iv", True),
        ("v", None),
    ]


@given(
    u_norm=st.floats(0.5, 5),
    ratio=st.floats(0.02, 1),
    noise_norm=st.floats(0.1, 5),
    n=st.integers(1, 100),
    m=st.integers(1, 50),
    kappa=st.floats(0.1, 2).filter(lambda k: min(abs(k - b) for b in (0.5, 0.8, 1, 1.6)) > 1e-9),
)
def test_the_conditions_in_units_without_dimension(u_norm, ratio, noise_norm, n, m, kappa):
    """With κ = 2η‖u‖²/m the printed window is [0.5, 0.8] and the corrected one [1, 1.6]."""
    model = FeatureNoiseModel(16, u_norm, u_norm * ratio, noise_norm)
    lr = kappa * m / (2 * u_norm**2)
    assert theory.kappa(lr, u_norm, m) == pytest.approx(kappa)
    found = verdicts(model, n=n, m=m, lr=lr, init_scale=0.1)
    assert found[4] == ("iv", 0.5 <= kappa <= 0.8)
    assert found[5] == ("iv", 1 <= kappa <= 1.6)
    if abs(ratio - 0.1) > 1e-9:
        assert found[2] == ("iii", ratio < 0.1)
    signal_to_noise = n * (u_norm / noise_norm) ** 2 / (1 + ratio**-2)
    if abs(signal_to_noise - 1) > 1e-9:
        assert found[3] == ("iii", signal_to_noise > 1)
