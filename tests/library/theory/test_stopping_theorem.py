"""The stopping theorem of one point, up to κν = 1 and beyond, against simulation."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benign_osc_lib import theory
from benign_osc_lib.one_point import orbit
from tests.library.theory.common import small_start


@given(
    kappa=st.floats(1.05, 1.3),
    nu=st.floats(0.05, 0.18),
    s_0=st.floats(1e-4, 0.05),
    q_0=st.floats(1e-4, 0.01),
    q_other=st.floats(0, 0.01),
)
@settings(max_examples=30)
def test_the_stopping_theorem(kappa, nu, s_0, q_0, q_other):
    """Under its hypotheses the run meets the label and q − q⁻ has passed the terminal signal."""
    assume(min(theory.stopping_margins(s_0, q_0, kappa, nu, q_other)) >= 0)
    path = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=20_000)
    assert abs(path.e[-1]) < 1e-6
    learned = path.q[-1] - path.q_other[-1]
    assert learned >= theory.terminal_weak_signal(kappa, nu) - 1e-6


@pytest.mark.parametrize(
    ("kappa", "nu", "s_0", "violated"), [(1.2, 0.9, 0.01, 1), (1.4, 0.04, 1.8, 2)]
)
def test_what_breaks_the_stopping_theorem(kappa, nu, s_0, violated):
    """Without (H2) the strong signal dies and the residual stays, without (H3) a sign is lost."""
    margins = theory.stopping_margins(s_0, 0.001, kappa, nu)
    assert [bool(margin < 0) for margin in margins] == [k == violated for k in range(3)]
    path = orbit(kappa, nu, s_0, 0.001, steps=20_000)
    if violated == 1:
        assert 1 + kappa * path.e.min() > theory.smallest_factor(kappa)
        assert path.s[-1] < 1e-80 and np.abs(path.e[-100:]).min() > 0.1
    else:
        assert 1 + kappa * path.e[0] < 0 and path.s[1] == 0


def test_a_start_on_the_null_set_stays_on_the_unstable_line():
    """In exact fractions: all hypotheses hold, e_1 = 0, and q stays below the terminal law."""
    kappa, nu, e = Fraction(6, 5), Fraction(1, 25), Fraction(7, 10)
    strong, weak = (1 + kappa * e) ** 2, (1 + kappa * nu * e) ** 2
    q = ((1 - e) * strong - 1) / (strong - weak)
    s = 1 - e - q
    assert min(theory.stopping_margins(float(s), float(q), 1.2, 0.04)) > 0.05
    assert s * strong + q * weak == 1
    assert float(q * weak) < 0.1 * theory.terminal_weak_signal(1.2, 0.04)


@given(
    kappa=st.floats(1, 1.55),
    weak=st.floats(0.29, 0.5),
    q_other=st.floats(0, 0.02),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
def test_the_floor_up_to_where_the_barrier_ends(kappa, weak, q_other, log_total, share):
    """φ²/(2κ) with k_room >= 0; weak is κν."""
    bound = 2 * q_other
    c, n = theory.smallest_factor(kappa, bound), theory.barrier_factor(kappa, weak / kappa, bound)
    assume(c > 0 and n >= 0)
    s_0, q_0 = small_start(c, log_total, share)
    path = orbit(kappa, weak / kappa, s_0, q_0, q_other=q_other, steps=400)
    floor = theory.strong_signal_floor(kappa, weak / kappa, bound)
    assert floor == pytest.approx(c**2 / (2 * kappa))
    assert path.s.min() >= min(s_0, floor) * (1 - 1e-12)
    assert (1 + kappa * path.e).min() >= c - 1e-12
    assert path.q_other.max() <= bound


@given(
    kappa=st.floats(1, 1.59),
    weak=st.floats(0.4, 0.999),
    q_other=st.floats(0, 0.2),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
@settings(max_examples=100)
def test_an_attack_on_the_trap_up_to_the_border(kappa, weak, q_other, log_total, share):
    """Signs, s + q and q⁻ stay within their bounds for every κν < 1, and q q⁻ never grows."""
    nu, bound = weak / kappa, 2 * q_other
    c = theory.smallest_factor(kappa, bound)
    assume(nu < 1 and c > 0)
    s_0, q_0 = small_start(c, log_total, share)
    path = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=500)
    both = path.s + path.q
    assert (1 + kappa * path.e).min() >= c - 1e-12
    assert both.min() >= both[0] * (1 - 1e-12)
    assert both.max() <= theory.largest_signal(kappa, bound) * (1 + 1e-12)
    assert path.q_other.max() <= bound
    assert np.diff(path.q * path.q_other).max() <= 1e-15
    gains = theory.potential_gain(path.e, kappa, nu)
    high = theory.potential_gain((c - 1) / kappa, kappa, nu) / ((c - 1) / kappa) ** 2
    low = theory.potential_gain(1 + bound, kappa, nu) / (1 + bound) ** 2
    assert (gains <= high * path.e**2 * (1 + 1e-9) + 1e-15).all()
    assert (gains >= low * path.e**2 * (1 - 1e-9) - 1e-15).all()


@given(
    kappa=st.floats(1.1, 1.55),
    weak=st.floats(0.4, 0.95),
    q_other=st.floats(0, 0.1),
    log_total=st.floats(-8, 0),
    share=st.floats(0.001, 0.999),
)
@settings(max_examples=60)
def test_an_attack_on_the_theorem_up_to_the_border(kappa, weak, q_other, log_total, share):
    """For κν < 1 the run settles with a strong signal, at the terminal law or above."""
    nu, c = weak / kappa, theory.smallest_factor(kappa, 2 * q_other)
    assume(c > 0.01)
    s_0, q_0 = small_start(c, log_total, share)
    assume(min(theory.stopping_margins(s_0, q_0, kappa, nu, q_other)) >= 0)
    path = orbit(kappa, nu, s_0, q_0, q_other=q_other, steps=6000)
    assert path.s.min() > 0.01 * s_0
    assert abs(path.e[-1]) < 1e-2
    law = theory.terminal_weak_signal(kappa, nu)
    assert path.q[-1] - path.q_other[-1] >= law - 1e-3
    sharpness = theory.relative_sharpness(path.s, path.q + path.q_other, kappa, nu)
    assert sharpness[-1] <= 1 + 1e-3
    account = path.s / kappa + (path.q + path.q_other - np.log(path.q)) / weak
    steps = theory.energy_gain(path.e, sharpness) - 2 * np.log1p(weak * path.e) / weak
    kept = weak * path.e[:-1] < 1  # or else q⁻ is cut to zero
    np.testing.assert_allclose(np.diff(account)[kept], steps[:-1][kept], atol=1e-12)
    assert account.min() >= 1 / weak


def test_beyond_the_border_the_strong_signal_dies():
    """κν > 1: s → 0 and the residuals stay large; at κν = 1 they fade with it."""
    rng = np.random.default_rng(8)
    kappa, nu = rng.uniform(1.25, 1.5, 40), rng.uniform(0.9, 0.96, 40)
    c = theory.smallest_factor(kappa)
    s_0, q_0 = c**2 * rng.uniform(0.001, 0.4, (2, 40))
    path = orbit(kappa, nu, s_0, q_0, steps=6000)
    assert (1 + kappa * path.e - c).min() >= -1e-12
    assert path.s[-1].max() < 1e-20
    assert np.abs(path.e[-100:]).max(0).min() > 0.1
    border = orbit(1.25, 0.8, s_0, q_0, steps=20_000)
    assert border.s[-1].max() < 0.01 and border.s[-1].max() < border.s[5000].max() / 2
    assert np.abs(border.e[-1]).max() < 0.05 and np.abs(border.q[-1] - 1).max() < 0.05


@given(
    kappa=st.floats(1, 1.55),
    weak=st.floats(0.01, 0.99),
    b_0=st.floats(0, 0.01),
    total=st.floats(0.001, 1),
    share=st.floats(0, 1),
)
@settings(max_examples=100)
def test_a_later_start_is_trapped_too(kappa, weak, b_0, total, share):
    """s_0 + q_0 up to its largest value, with B = 2 b_0 max(1, 4(s_0 + q_0)/c_0²), c >= c_0/2."""
    assume(weak < kappa)
    c_0, nu = theory.smallest_factor(kappa), weak / kappa
    largest = total * theory.largest_signal(kappa)
    bound = 2 * b_0 * max(1, 4 * largest / c_0**2)
    c = theory.smallest_factor(kappa, bound)
    assume(c >= c_0 / 2)
    path = orbit(kappa, nu, largest * share, largest * (1 - share), q_other=b_0, steps=300)
    both = path.s + path.q
    assert (1 + kappa * path.e).min() >= c - 1e-12
    assert both.min() >= min(largest, c**2) * (1 - 1e-12)
    assert both.max() <= theory.largest_signal(kappa, bound) * (1 + 1e-12)
    assert path.q_other.max() <= bound
