"""Label noise at rest: the spread of the miss and the drift of the potential, over many runs."""

import numpy as np
import pytest

from benign_osc_lib import theory

NU = 0.04


@pytest.mark.parametrize(("kappa", "q"), [(0.1, 0.0), (0.5, 0.0), (0.5, 0.4), (0.9, 0.0)])
def test_label_noise_in_runs(kappa, q):
    rng, size, runs, steps = np.random.default_rng(1), 1e-3, 4000, 500
    s, w = np.full(runs, 1 - q), np.full(runs, q)
    start = np.log(s)
    rise, square = np.zeros(runs), 0.0
    for t in range(steps):
        miss = 1 - s - w
        x = kappa * (miss + size * rng.standard_normal(runs))
        s, w = s * (1 + x) ** 2, w * (1 + NU * x) ** 2
        if t >= 100:
            square += (miss**2).mean() / (steps - 100)
            rise += np.log1p(NU * x) - NU * np.log1p(x)
    assert np.abs(np.log(s) - start).max() < 0.1
    variance, drift = theory.label_noise(size, kappa, NU, q)
    assert square == pytest.approx(variance, rel=0.02, abs=0)
    assert rise.mean() / (steps - 100) == pytest.approx(drift, rel=0.02, abs=0)
