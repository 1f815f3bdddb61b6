"""Many points: each formula against an independent computation, each bound against real runs."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    init_weights,
    noiseless_point,
    theory,
    train,
)
from benign_osc_lib import many_points as mp
from tests.library.common import normal, seeded
from tests.library.theory.common import KAPPA, LR, MODEL, NU, M, class_run, drawn

# --- The signs ---------------------------------------------------------------------------------


@given(kappa=st.floats(0.05, 1.9), growth=st.floats(0, 0.1))
def test_the_noise_allowance_solves_its_equation(kappa, growth):
    def difference(h):
        return 4 * (1 + kappa + kappa * h) ** 3 - 27 * (1 + kappa - kappa * h - kappa * growth)

    h = mp.noise_allowance(kappa, growth)
    assert h == pytest.approx(brentq(difference, -2, 40, xtol=1e-13), abs=1e-8)


def test_the_allowance_vanishes_at_the_sign_limit():
    assert mp.noise_allowance(theory.SIGN_LIMIT) == pytest.approx(0, abs=1e-14)
    assert mp.noise_allowance(theory.SIGN_LIMIT - 0.01) > 0 > mp.noise_allowance(1.61)


@given(
    kappa=st.floats(1.0, 1.5),
    share=st.floats(0, 0.98),
    s=st.floats(0.01, 1.0),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=40)
def test_signs_survive_any_misfit_within_the_allowance(kappa, share, s, seed):
    """An adversary adds a misfit of at most h at each visit."""
    h, q = share * mp.noise_allowance(kappa), 1e-3
    for misfit in np.random.default_rng(seed).choice([-h, h], 200):
        e = 1 - s - q + misfit
        assert 1 + kappa * e > 0
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * 0.04 * e) ** 2


def test_beyond_the_allowance_a_sign_can_be_lost():
    """The worst case of the proof: from the highest point with the worst misfits."""
    kappa = 1.2

    def worst_factor(h):
        s = (1 + kappa + kappa * h) / (3 * kappa)
        s *= (1 + kappa * (1 - s + h)) ** 2
        return 1 + kappa * (1 - s - h)

    h = mp.noise_allowance(kappa)
    assert worst_factor(0.99 * h) > 0 > worst_factor(1.01 * h)


def test_noise_that_only_raises_the_margin_may_be_larger():
    """The condition of Lemma A.2 at equality, and both sides equal to the one allowance."""
    for kappa, growth, down in ((1.0, 0.0, 0.0), (1.2, 0.05, 0.1), (1.5, 0.01, 0.02)):
        up = mp.upward_noise_allowance(kappa, growth, down)
        right = 27 * (1 + kappa - kappa * up - kappa * growth)
        assert 4 * (1 + kappa + kappa * down) ** 3 == pytest.approx(right, rel=1e-12, abs=0)
        both = mp.noise_allowance(kappa, growth)
        same = mp.upward_noise_allowance(kappa, growth, both)
        assert same == pytest.approx(both, rel=1e-9, abs=0)
        assert mp.upward_noise_allowance(kappa, growth) > both


@given(
    kappa=st.floats(1.0, 1.5),
    down=st.floats(0, 0.1),
    share=st.floats(0, 0.98),
    s=st.floats(0.01, 0.8),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=40)
def test_signs_survive_noise_within_the_upward_allowance(kappa, down, share, s, seed):
    """An adversary chooses ends of the interval from −h₋ to h₊ at each visit."""
    down = min(down, 0.9 * mp.noise_allowance(kappa))
    up, q = share * mp.upward_noise_allowance(kappa, 0.0, down), 1e-3
    for misfit in np.random.default_rng(seed).choice([-up, down], 200):
        e = 1 - s - q + misfit
        assert 1 + kappa * e > 0
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * 0.04 * e) ** 2


def test_beyond_the_upward_allowance_a_sign_can_be_lost():
    kappa, down = 1.2, 0.05
    up = mp.upward_noise_allowance(kappa, 0.0, down)
    s = (1 + kappa + kappa * down) / (3 * kappa)
    s *= (1 + kappa * (1 - s + down)) ** 2
    assert 1 + kappa * (1 - s - 0.99 * up) > 0 > 1 + kappa * (1 - s - 1.01 * up)


# --- Theorem 5 ---------------------------------------------------------------------------------


@given(q=st.floats(1e-6, 0.5), other=st.floats(0, 0.5), target=st.floats(0.01, 0.9))
def test_the_signal_needed_reaches_the_target(q, other, target):
    x = mp.signal_needed(q, other, target)
    assert x - q * other / x == pytest.approx(target, rel=1e-9, abs=0)


@given(
    q=st.floats(1e-6, 1e-3),
    other=st.floats(0, 1e-3),
    gain=st.floats(1e-4, 0.1),
    kept=st.floats(0.1, 1.0),
    undone=st.floats(0, 0.5),
)
def test_after_the_visits_needed_the_floor_is_the_signal_needed(q, other, gain, kept, undone):
    visits = mp.visits_needed(q, other, 0.05, gain, 0.04, kept, undone)
    floor = mp.weak_signal_floor(q, visits, gain, 0.04, kept, undone)
    assert floor == pytest.approx(mp.signal_needed(q, other, 0.05), rel=1e-9, abs=0)


def test_no_visits_are_needed_for_what_is_there():
    assert mp.visits_needed(0.5, 0.0, 0.05, 0.01, 0.04) == 0


@pytest.mark.parametrize("y", [1, -1])
def test_the_floor_holds_at_all_times(y):
    points, _, run = class_run()
    c = mp.class_record(points, run, y)
    for t in range(100, 720, 62):
        N, W = int(c.strong_visits[t]), int(c.weak_visits[t])
        gain = float(theory.potential_gain(c.e_strong[:N], KAPPA, NU).mean())
        kept = min(1.0, float((1 + KAPPA * c.e_strong[:N]).prod()))
        undone = max(0.0, -float((KAPPA * NU * c.e_weak[:W]).log1p().sum()))
        floor = mp.weak_signal_floor(float(c.q[0]), N, gain, NU, kept, undone)
        assert float(c.q[t]) >= floor * (1 - 1e-12)


# --- Weak visits -------------------------------------------------------------------------------


def test_orthogonal_noise_is_orthogonal():
    points = class_run()[0]
    noise = torch.cat([points.x[:, 2], points.x[points.is_weak, 0]])
    all_patches = torch.cat([points.u[None], points.v[None], noise])
    gram = all_patches @ all_patches.T
    wanted = torch.diag(torch.tensor([4.0, 0.25] + [0.64] * 15, dtype=torch.float64))
    torch.testing.assert_close(gram, wanted, rtol=0, atol=1e-12)
    before = MODEL.sample(12, n_weak=3, generator=seeded(5))
    assert torch.equal(points.x[~points.is_weak, 0], before.x[~before.is_weak, 0])
    assert torch.equal(points.x[:, 1], before.x[:, 1])


def test_own_noise_grows_by_the_products_and_weak_visits_undo_at_most_the_bound():
    points, w, run = class_run()
    k_xi, tau = theory.kappa(LR, 0.8, M), (0.5 / 0.8) ** 2
    for i in points.is_weak.nonzero()[:, 0].tolist():
        y, e, patches = int(points.y[i]), 1 - run.margins[:, i], points.x[i, [0, 2]]
        N_0, N_T = drawn(w, patches, y), drawn(run.weights, patches, y)
        log_gamma = float((k_xi * e).log1p().sum())
        assert math.log(N_T / N_0) / 2 == pytest.approx(log_gamma, abs=1e-9)
        by_weak = float((KAPPA * NU * e).log1p().sum())
        assert by_weak >= tau * log_gamma - 1e-12
        d = float(1 - mp.class_record(points, run, y).q.max())
        phi = min(1.0, float(1 + k_xi * e.min()))
        assert by_weak >= -mp.undone_by_weak_visits(N_0, d, phi, tau)


@given(
    N=st.floats(1e-4, 2.0),
    d=st.floats(0.1, 1.0),
    tau=st.floats(0, 1),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=40)
def test_weak_visits_undo_at_most_the_bound_whatever_the_residuals(N, d, tau, seed):
    """Residuals are arbitrary, but negative only while the noise signal exceeds d."""
    rng, total, start, phi, k = np.random.default_rng(seed), 0.0, N, 0.6, 0.4
    for e in rng.uniform(-1, 1, 60) - 0.5:
        e = max(e, -1.0) if N > d else abs(e)
        e = -e if N > 4 and e > 0 else e
        total += math.log1p(tau * k * e)
        N *= (1 + k * e) ** 2
    assert total >= -mp.undone_by_weak_visits(start, d, phi, tau) - 1e-12


def test_small_starts_are_not_undone():
    assert mp.undone_by_weak_visits(0.01, 0.5, 0.9, 0.3) == 0
    wanted = 0.15 * math.log(2 / (0.5 * 0.81))
    assert mp.undone_by_weak_visits(2.0, 0.5, 0.9, 0.3) == pytest.approx(wanted, rel=1e-12, abs=0)


# --- The small rate ----------------------------------------------------------------------------


@pytest.mark.parametrize("y", [1, -1])
def test_proposition_six(y):
    points = mp.with_orthogonal_noise(MODEL.sample(12, n_weak=3, generator=seeded(5)), 0.8)
    w = init_weights(M, 40, 1 / 16, generator=seeded(6))
    c = mp.class_record(points, train(points, w, 0.1, epochs=120), y)
    k, k_xi, tau = theory.kappa(0.1, 2.0, M), theory.kappa(0.1, 0.8, M), (0.5 / 0.8) ** 2
    z, z_xi = k * c.e_strong, k_xi * c.e_weak
    phi = min(1.0, float(1 + torch.cat([z, z_xi]).min()))
    rest = float((c.q[-1] / c.q[0]).log() / 2 - NU * z.log1p().sum() - tau * z_xi.log1p().sum())
    top = NU * (1 - NU) * z.square().sum() + tau * (1 - tau) * z_xi.square().sum()
    assert 0 <= rest <= float(top) / (2 * phi**2)


# --- The race and the locking ------------------------------------------------------------------


def test_the_race_bounds_hold_in_a_run():
    points, _, run = class_run()
    k_xi = theory.kappa(LR, 0.8, M)
    for y in (1, -1):
        c = mp.class_record(points, run, y)
        strong = (points.y == y) & ~points.is_weak
        G = float(theory.potential_gain(c.e_strong, KAPPA, NU).mean())
        e = 1 - run.margins[:, strong]
        gain, noise = int(strong.sum()) * G, math.log1p(k_xi * float(e.max()))
        assert bool(((k_xi * e).log1p().sum(0) <= 60 * noise).all())
        carried = NU * float((KAPPA * c.e_strong).log1p().sum())
        undone = max(0.0, -float((KAPPA * NU * c.e_weak).log1p().sum()))
        assert float((c.q[-1] / c.q[0]).log() / 2) >= 60 * gain + carried - undone - 1e-12


@pytest.mark.parametrize(("n", "parts"), [(6, 2), (7, 1)])
def test_an_even_number_of_points_locks_an_odd_one_does_not(n, parts):
    """A class alone, nearly without noise: means over two-epoch blocks take two values or one."""
    model = FeatureNoiseModel(d=20, u_norm=2.0, v_norm=0.1, noise_norm=0.02)
    points = model.sample(n, n_weak=0, generator=seeded(1))
    signs = points.y[:, None, None]
    x = torch.cat([points.x[:, :2] * signs, points.x[:, 2:]], dim=1)
    points = PatchData(x=x, y=torch.ones_like(points.y), is_weak=points.is_weak)
    run = train(points, init_weights(M, 20, 1 / 16, generator=seeded(2)), LR, epochs=60)
    means = (1 - run.margins[40:60]).mean(0)
    cycle = sorted(1 - s for s in theory.two_cycle(KAPPA))
    wanted = cycle if parts == 2 else [theory.mean_residual(KAPPA)] * 2
    assert sorted([float(means[0]), float(means[1])]) == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("sign, j", [(0, 1), (1, -1)])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_locked_noise_grows_for_one_sign_and_shrinks_for_the_other(n, sign, j):
    """On the exact 2-cycle, by the factors of chapter 10's proposition on phase locking."""
    kappa, chi = 1.2, 0.16
    low, high = theory.two_cycle(kappa)
    p = kappa * high
    axes = torch.eye(8, dtype=torch.float64)
    points = noiseless_point(2 * axes[0], 0.4 * axes[1], [1] * n)
    xi = 0.8 * axes[2 : 2 + n]
    points.x[:, 2] = xi
    start = torch.full((2, 4, 8), 1e-7, dtype=torch.float64)
    start[:, :, :2] = 0
    start[0, :, 0] = low**0.5 / 2  # s = low, the first visit meets the positive residual
    end = train(points, start, kappa * 4 / (2 * 2**2), epochs=2).weights
    grown = (end[sign] @ xi.T) / (start[sign] @ xi.T)
    up, down = 1 + j * chi * (p - 1), 1 + j * chi * (1 / p - 1)
    assert (up > 1) == (down < 1) == (j == 1)
    if n % 2:
        wanted = [1 + j * chi * (1 - j * chi) * (kappa - 1)] * n
    else:
        wanted = [up**2, down**2] * (n // 2)
    torch.testing.assert_close(grown, torch.tensor([wanted] * 4, dtype=torch.float64))


def test_noiseless_classes_do_not_hear_each_other():
    """After one visit to each label the signals of a class are those of its points alone."""
    u, v = (torch.tensor([2.0, 0, 0]).double(), torch.tensor([0, 0.4, 0]).double())
    labels = [1, -1, 1, 1, -1, 1]
    data = noiseless_point(u, v, labels)
    begin = train(data, init_weights(8, 3, 1 / 32, generator=seeded(3)), 1.4, epochs=1).weights
    both = train(data, begin, 1.4, epochs=3000)
    assert (both.strong[-1] > 0).all()
    for y in (1, -1):
        own = noiseless_point(u, v, [y] * labels.count(y))
        alone = train(own, begin, 1.4, epochs=3000)
        leads = [float(mp.class_lead(run.weights, v, y)) for run in (both, alone)]
        assert leads[0] == pytest.approx(leads[1], rel=1e-6, abs=0)
        assert leads[0] >= theory.terminal_weak_signal(1.4, 0.04)


# --- Bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mp.noise_allowance(0.0), ValueError, "kappa"),
        (lambda: mp.noise_allowance(1.0, -1.0), ValueError, "growth"),
        (lambda: mp.signal_needed(0.1, 0.1, 0.0), ValueError, "target"),
        (lambda: mp.weak_signal_floor(0.0, 1, 0.1, 0.1), ValueError, "q_0"),
        (lambda: mp.weak_signal_floor(0.1, 1, 0.1, 0.1, 1.5), ValueError, "kept"),
        (lambda: mp.visits_needed(0.1, 0.1, 0.1, 0.0, 0.1), ValueError, "gain"),
        (lambda: mp.visits_needed(0.1, 0.1, 0.1, "x", 0.1), TypeError, "gain"),
        (lambda: mp.undone_by_weak_visits(0.1, 0.5, 0.0, 0.1), ValueError, "factor"),
        (lambda: mp.undone_by_weak_visits(0.1, 0.5, 0.5, 2.0), ValueError, "tau"),
        (lambda: mp.with_orthogonal_noise(None, 1.0), TypeError, "data"),
        (
            lambda: mp.with_orthogonal_noise(MODEL.sample(40, generator=seeded(0)), 1.0),
            ValueError,
            "noise patches",
        ),
        (
            lambda: mp.with_orthogonal_noise(MODEL.sample(4, generator=[seeded(0)]), 1.0),
            ValueError,
            "one data set",
        ),
        (lambda: mp.squared_relu_product(1.0, 1.0, 1.1), ValueError, "cosine"),
        (lambda: mp.noise_term(normal(0, 2, 4, 39), MODEL), ValueError, "weights"),
        (lambda: mp.noise_term(normal(0, 2, 4, 40), None), TypeError, "model"),
        (lambda: mp.error_probability(normal(0, 2, 4, 40), MODEL, 0), ValueError, "y must"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
