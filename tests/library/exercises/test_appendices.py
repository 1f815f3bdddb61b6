"""The answers of the appendices."""

import math
import re

import numpy as np
import pytest
import sympy
import torch

from benign_osc_lib import (
    FeatureNoiseModel,
    cubic_map,
    init_weights,
    one_point,
    signal_noise,
    theory,
)
from benign_osc_lib import many_points as mp
from tests.library.exercises.common import hold, printed, right

P = 1.1 + math.sqrt(0.21)  # p + 1/p = 2.2


def test_noise_allowance():
    x = sympy.Symbol("x", real=True)
    (h,) = [float(r) for r in sympy.Poly(4 * (2 + x) ** 3 - 27 * (2 - x), x).nroots() if r.is_real]
    assert h == pytest.approx(mp.noise_allowance(1.0))
    low, high = 1.0, theory.SIGN_LIMIT
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mp.noise_allowance(middle) > 0.1 else (low, middle)
    hold("A.1", (h, 2 + h), (low, theory.SIGN_LIMIT))


def test_one_point_more():
    assert P + 1 / P == pytest.approx(2.2)
    locked, two = 1 + 0.16 * (P - 1), (1 + 0.16 * (P - 1)) * (1 + 0.16 * (1 / P - 1))
    hold("A.2", (locked, P, 1 + 0.16 * (1 / P - 1)), (math.sqrt(two), two, locked))


def test_where_the_dimension_went():
    """The overlaps of many filters with two patches have the covariance σ₀² G, at any d."""
    for d in (4, 400):
        patches = torch.zeros(2, d).double()
        patches[0, 0], patches[1, :2] = 2.0, torch.tensor([0.5, 1.0])
        filters = init_weights(20_000, d, 0.1, generator=torch.Generator().manual_seed(0))
        overlaps = filters.flatten(0, 1) @ patches.T
        assert torch.allclose(torch.cov(overlaps.T), 0.01 * patches @ patches.T, rtol=0.05)
    right("B.1", "a")


def test_how_many_numbers():
    dice = torch.Generator().manual_seed(6)
    data = FeatureNoiseModel(64, 2.0, 0.4, 0.8).sample(40, n_weak=5, generator=dice)
    rank = int(torch.linalg.matrix_rank(data.x.flatten(0, 1)))
    hold("B.2", (rank, rank - 5, rank - 2, 2 * 40))


def test_one_label():
    """The middles of the intervals that the appendix prints."""
    rows = re.findall(r"rate \| (\d\.\d) to (\d\.\d) \|", printed("C", "pairs"))
    large, small = ((float(a) + float(b)) / 2 for a, b in rows)
    hold("C.1", (1 + 3 * large, 1 + large, 1 + 4 * large), (1 + 3 * small, 1 + small, 1.0))


def test_two_of_three():
    lemma, binomial = math.comb(2, 2) / math.comb(3, 2), (2 / 3) ** 2
    hold("C.2", (lemma, binomial, 2 / 3), (binomial, lemma, 2 / 3))


def test_a_bounded_number_of_steps():
    runs, said = np.array([20186, 5002, 2472, 1208]), np.array([20208, 5026, 2496, 1231])
    off = said - runs
    hold("D.1", (off.max(), off[0], off[-1]))
    relative = off / runs / np.array([0.005, 0.02, 0.04, 0.08])
    assert relative.max() / relative.min() < 1.15  # while ν grows sixteenfold
    right("D.1", "a")


def test_the_best_law():
    assert 27 / 11 > theory.SIGN_LIMIT
    hold("D.2", (27 / 11, 11 / 27))
    right("D.2", "b")


def rise(decay):
    """The rise of Φ with weight decay from step 100 to step 300, as appendix E measures it."""
    s, q, phi = 0.0078, 0.0003, []
    for _ in range(301):
        phi.append((math.log(q) - 0.04 * math.log(s)) / 2)
        x = 1.2 * (1 - s - q)
        s, q = s * (1 + x - decay) ** 2, q * (1 + 0.04 * x - decay) ** 2
    return phi[300] - phi[100]


def zero(function, low, high):
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return low


def test_weight_decay():
    hold("E.1", (0.0077 / (2 * 0.96), 0.0077 / 0.96))
    hold("E.2", (zero(rise, 0.003, 0.004),))


def test_residual_map():
    x, kappa = sympy.symbols("x kappa")
    after = sympy.expand((kappa + x) * (1 - 2 * x + x**2) - kappa)
    slope = float(after.coeff(x, 1).subs(kappa, 1.2))
    hold("F.1", (slope, 1 + slope, slope - 1))


def test_chebyshev():
    assert cubic_map.lyapunov_exponent(2.0) == pytest.approx(math.log(3), abs=0.01)
    hold("F.2", (math.log(3), 3, math.log10(3), math.log2(3)))


def test_trapping_without_wrong_filters():
    """(H3) fails, and yet P = s + q stays in the trap, because it began in it."""
    kappa, nu = 1.4, 0.04
    top, low = float(theory.largest_signal(kappa)), float(theory.smallest_factor(kappa)) ** 2
    for start in (0.5 * (low + top), 0.99 * top):
        assert theory.stopping_margins(start, 1e-3, kappa, nu)[2] < 0
        run = one_point.orbit(kappa, nu, start - 1e-3, 1e-3, steps=2000)
        assert (run.s + run.q).max() <= top and (run.s + run.q).min() >= min(start, low)
    right("G.1", "b")


def test_energy_sum():
    energy = 0.8 / 1.25 + 0.2 / (1.25 * 0.1)
    total = (energy + 10) / 2
    wrong = (energy - 10) / 2
    hold("G.2", (total, 2 * total, (1 + 10) / 2, wrong, -wrong))


def test_shared_noise():
    """At τ = 0.7 two noises are enough for a small rate, and one that two points share is not."""
    shared = one_point.orbit(0.05, 0.7, 1e-6, 1e-6, steps=2000)
    own = signal_noise.orbit(0.05, 0.035, np.full(2, 1e-6), 1e-6, epochs=1000)
    assert shared.q[-1] < 0.05 and own.q[-1] > 0.5
    large = one_point.orbit(1.2, 0.7, 1e-3, 1e-6, steps=100)
    phi = theory.potential(large.s, large.q, 0.7)
    assert (np.diff(phi) > -1e-12).all()
    right("H.1", "a")
    hold("H.1", (1.0, 0.5, 2.0))


def test_visits_between():
    """All pairs of orders of two epochs: place i in the one and k in the other."""
    between = max((8 - i) + k for i in range(8) for k in range(8))
    hold("H.2", (between, 8, between + 1, between - 1))


def test_too_deep():
    def level(kappa):
        return theory.turning_level(kappa)

    kappa = zero(lambda k: level(k) - 0.5, 1.1, 1.99)
    assert kappa > theory.SIGN_LIMIT
    hold(
        "I.1",
        (kappa, 2 / (1 + 0.5), theory.SIGN_LIMIT),
        (zero(lambda k: level(k) - 1e-6, 1.5, 2.0), theory.SIGN_LIMIT),
    )
    right("I.1", "b")


def test_unit_of_replication():
    naive = math.sqrt(0.97 * 0.03 / 32_000)
    table = printed("I", "solution-unit")  # the first column of numbers is the cell κ = 1.2
    error = float(re.search(r"error by run \| (\d\.\d+)%", table)[1])
    factor = float(re.search(r"factor \| (\d\.\d)", table)[1])
    assert error / 100 / naive == pytest.approx(factor, abs=0.1)
    hold(
        "I.2",
        (naive, naive * 10, math.sqrt(0.97 * 0.03)),
        (factor, factor**2),
    )


def test_much_momentum():
    heavy, nesterov = (
        theory.sharpness_limit(1 - 1e-9, nesterov=nesterov) for nesterov in (False, True)
    )
    hold("J.1", (heavy / 2, heavy, 1.0), (nesterov / 2, nesterov, 1.0))


def test_last_batch():
    limit = theory.batch_limit(4, 5, 10, shuffled=True)
    hold("J.2", (limit, theory.batch_limit(4, 5, 10), 1 / 0.5))
