"""The time that one point takes: the lemma step by step, the bound against simulated runs."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benign_osc_lib import theory
from benign_osc_lib.one_point import orbit

LIMIT = theory.ALTERNATION_LIMIT
rates = st.floats(1.002, LIMIT)
shares = st.floats(0.001, 0.999)


def second_steps(kappa, nu, s_0, q_0, steps):
    """w, x, q and μ at every second step from the first e < 0 on, until the edge is reached."""
    path = orbit(kappa, nu, s_0, q_0, steps=steps)
    first = int((path.e < 0).argmax())
    w, x = -kappa * path.e[first:-1:2], kappa * path.e[first + 1 :: 2]
    q = path.q[first::2][: len(w)]
    mu = (kappa - 1) * (1 - q / theory.terminal_weak_signal(kappa, nu))
    count = len(mu) if (mu > 1e-9).all() else int((mu <= 1e-9).argmax())
    return w[:count], x[:count], q[:count], mu[:count]


@given(kappa=rates, nu=st.floats(0.004, 0.5), total=shares, log_share=st.floats(-7, 0))
@settings(max_examples=60)
def test_the_residual_alternates(kappa, nu, total, log_share):
    """All parts of Lemma G.3; what is tiny is left out, where rounding decides."""
    q_0 = min(total / 2, theory.terminal_weak_signal(kappa, nu)) * math.exp(log_share)
    w, x, q, mu = second_steps(kappa, nu, total - q_0, q_0, steps=2000)
    assume(len(w) > 2 and w[0] > 1e-6)
    cycle = theory.alternating_amplitude(mu)
    assert (x > w).all() and w.max() <= 1 - 1 / math.sqrt(2) + 1e-12
    assert (w >= np.minimum(w[0], cycle) * (1 - 1e-9)).all()
    f = np.where(w < cycle, 1 - w**2 / (mu * (1 - w)), 0).clip(0)
    z = 2 * (1 + mu + w) * (2 - w) * (1 - w) * mu
    least_q = 2 * np.log1p(nu * (1 - nu) * mu * (1 - f))
    assert (np.diff(np.log(q)) - least_q[:-1]).min() > -1e-12
    assert (np.diff(np.log(w)) - (f * np.log1p(z))[:-1])[(w < cycle)[:-1]].min(initial=0) > -1e-9
    assert (w[1:] - cycle[1:])[(w >= cycle)[:-1]].min(initial=0) > -1e-9


@pytest.mark.parametrize(("kappa", "nu", "broken"), [(1.2, 0.02, "floor"), (1.12, 0.8, "growth")])
def test_what_breaks_the_alternation(kappa, nu, broken):
    """Beyond 3/√2 − 1 the overshoot falls below its floor, beyond ν = 1/2 the weak signal falls."""
    edge = theory.terminal_weak_signal(kappa, nu)
    least = {"floor": [], "growth": []}
    for q_0 in edge * np.array([0.02, 0.1, 0.3, 0.6]):
        for s_0 in np.linspace(0.02, 0.98 - q_0, 30):
            w, _, q, mu = second_steps(kappa, nu, s_0, q_0, steps=400)
            if len(w) == 0:  # the edge is reached before the first overshoot
                continue
            cycle = theory.alternating_amplitude(mu)
            least["floor"].append((w / np.minimum(w[0], cycle)).min())
            high = (w >= cycle)[:-1]
            growth = np.diff(np.log(q)) / np.log1p(nu * (1 - nu) * mu)[:-1] / 2
            least["growth"].append(growth[high].min(initial=1))
    kept = {"floor": "growth", "growth": "floor"}[broken]
    assert min(least[broken]) < 0.97
    assert min(least[kept]) > 0.99 or broken == "floor"


def test_the_amplitude_is_that_of_the_two_cycle():
    """With q held, and κ (1 − q) = 1 + μ."""
    kappa, q = 1.3, np.linspace(0, 0.22, 9)
    amplitude = theory.alternating_amplitude(kappa * (1 - q) - 1)
    np.testing.assert_allclose(amplitude, kappa * theory.oscillation_amplitude(q, kappa))
    assert theory.alternating_amplitude(LIMIT - 1) == pytest.approx(
        1 - 1 / math.sqrt(2), rel=1e-14, abs=0
    )


def arrival(kappa, nu, s_0, q_0, theta):
    """The step at which the weak signal is there, and the first overshoot, by a plain loop."""
    goal, first, s, q = (1 - theta) * theory.terminal_weak_signal(kappa, nu), None, s_0, q_0
    for t in range(10**6):
        if q >= goal:
            return t, first
        e = 1 - s - q
        first = -kappa * e if first is None and e < 0 else first
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
    raise AssertionError("never there")


@given(
    kappa=st.floats(1.01, LIMIT),
    nu=st.floats(0.01, 0.5),
    log_s=st.floats(-12, -0.05),
    share=st.floats(0.001, 1),
    theta=st.floats(0.02, 0.9),
)
@settings(max_examples=60)
def test_the_settling_steps_are_a_bound(kappa, nu, log_s, share, theta):
    s_0 = math.exp(log_s)
    power = math.log1p(kappa * nu) / math.log1p(kappa)
    climbed = (theory.largest_signal(kappa) / s_0) ** power
    q_0 = share * theory.terminal_weak_signal(kappa, nu) / 11 / climbed
    assume(min(theory.settling_margins(s_0, q_0, kappa, nu)) >= 0)
    steps, first = arrival(kappa, nu, s_0, q_0, theta)
    assume(first > 1e-9)
    bound = theory.settling_steps(first, s_0, q_0, kappa, nu, theta)
    assert steps <= bound
    if nu < 0.1 and theta > 0.2 and kappa > 1.05:
        assert bound <= 1.5 * steps + 60  # and not an idle one


def test_the_bound_of_a_start_beside_the_null_set():
    """From a residual 1e-9 beside the label: the run rests, and the bound knows for how long."""
    kappa, nu, low, high = 1.1, 0.04, 0.15, 0.6
    for _ in range(80):
        middle = (low + high) / 2
        e = orbit(kappa, nu, middle, 0.002, steps=1).e[1]
        low, high = (middle, high) if e > 0 else (low, middle)
    for distance in (1e-3, 1e-6, 1e-9):
        steps, first = arrival(kappa, nu, high + distance, 0.002, 0.5)
        assert 0.5 * distance < first < 5 * distance
        bound = theory.settling_steps(first, high + distance, 0.002, kappa, nu, 0.5)
        assert steps <= bound <= 1.2 * steps


def test_the_chance_of_a_small_overshoot():
    """40 000 Gaussian starts: below C y at every y, and C not more than forty times too large."""
    s_0 = 0.001 * np.random.default_rng(3).chisquare(4, 40_000)
    density = math.sqrt(4 / (4 * math.pi))
    for kappa, nu in ((1.03, 0.04), (1.12, 0.3)):
        s, q, first = s_0.copy(), np.full(40_000, 1e-5), np.zeros(40_000)
        for _ in range(30):
            e = 1 - s - q
            first = np.where((first == 0) & (e < 0), -kappa * e, first)
            s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
        assert (first > 0).mean() > 0.999
        constant = theory.small_overshoot_constant(kappa, nu, density)
        for y in (0.1, 0.01, 0.001):
            assert constant * y / 40 < (first < y).mean() < constant * y


def test_the_height_of_the_density_of_log_chi_square():
    """(K/2)^{K/2} e^{−K/2}/Γ(K/2), at log K, is at most √(K/(4π))."""
    for k in range(1, 200):
        log_height = k / 2 * (math.log(k / 2) - 1) - math.lgamma(k / 2)
        assert log_height <= math.log(k / (4 * math.pi)) / 2


def test_the_settling_time_covers_all_starts_of_its_interval():
    """It is the bound at p/C, with the slowest climb and the least growth during it."""
    arguments = (4e-4, 1.1, 0.04, 0.5)
    constant = theory.small_overshoot_constant(1.1, 0.04, 0.6)
    time = theory.settling_time(0.01, 1e-3, 1e-2, *arguments, 0.6)
    ends = [theory.settling_steps(0.01 / constant, s, *arguments) for s in (1e-3, 3e-3, 1e-2)]
    assert max(ends) < time < max(ends) + 5
    same = theory.settling_time(0.01, 1e-3, 1e-3, *arguments, 0.6)
    assert same == pytest.approx(ends[0], rel=1e-12, abs=0)
    tenth = theory.settling_time(0.001, 1e-3, 1e-2, *arguments, 0.6)
    assert tenth - time == pytest.approx(14.4, abs=0.1)
    assert math.log(10) / math.log(1.2) < tenth - time < 1.2 * math.log(10) / math.log(1.2)


def test_no_bound_without_the_hypotheses():
    assert math.isnan(theory.settling_steps(0.1, 0.01, 0.02, 1.1, 0.04, 0.5))  # (T4)
    assert math.isnan(theory.settling_time(0.1, 0.01, 0.9999, 0.001, 1.1, 0.04, 0.5, 0.6))  # (T3)
    margins = theory.settling_margins(0.01, 0.001, 1.13, 0.6)
    assert margins[0] == pytest.approx(LIMIT - 1.13, rel=1e-12, abs=0)
    assert margins[1] == pytest.approx(-0.1, rel=1e-12, abs=0)
    assert margins[2] == pytest.approx(0.989, rel=1e-12, abs=0)
    power = math.log(1 + 1.1 * 0.04) / math.log(2.1)
    small = (1 - 1 / 1.1) / 0.96 / 11 - 0.001 * (4 * 2.1**3 / 27 / 1.1 / 0.01) ** power
    assert theory.settling_margins(0.01, 0.001, 1.1, 0.04)[3] == pytest.approx(
        small, rel=1e-12, abs=0
    )


def test_a_start_that_hits_the_label_never_learns():
    """In fractions: (T1) to (T4) hold, e_1 = 0, and q stays where it is."""
    kappa, nu, e = Fraction(11, 10), Fraction(1, 25), Fraction(83, 125)
    strong, weak = (1 + kappa * e) ** 2, (1 + kappa * nu * e) ** 2
    q = ((1 - e) * strong - 1) / (strong - weak)
    s = 1 - e - q
    assert min(theory.settling_margins(float(s), float(q), 1.1, 0.04)) > 0.005
    assert s * strong + q * weak == 1
    assert float(q * weak) < 0.1 * theory.terminal_weak_signal(1.1, 0.04)
