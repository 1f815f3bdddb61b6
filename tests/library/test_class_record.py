"""A run sorted by class, against a plain loop."""

import dataclasses

import numpy as np
import pytest
import torch

from benign_osc_lib import (
    init_weights,
    one_point,
    theory,
    train,
)
from benign_osc_lib import many_points as mp
from tests.library.common import seeded
from tests.library.theory.common import MODEL, NU, M, class_run


@pytest.mark.parametrize("y", [1, -1])
def test_the_record_against_a_plain_loop(y):
    points, _, run = class_run()
    c = mp.class_record(points, run, y)
    strong, weak, misfit, seen, growth, total = [], [], [], 0, 0.0, 0.0
    own = 0 if y == 1 else 1
    for t in range(60 * 12):
        epoch, i = divmod(t, 12)
        margin = float(run.margins[epoch, i])
        s = float((run.strong[t, own].clamp(min=0) ** 2).mean())
        q = float((run.weak[t, own].clamp(min=0) ** 2).mean())
        after = float(
            (
                (run.strong[t + 1, own].clamp(min=0) ** 2) + run.weak[t + 1, own].clamp(min=0) ** 2
            ).mean()
        )
        assert int(c.strong_visits[t]) == seen
        if points.y[i] == y and not points.is_weak[i]:
            strong.append(1 - margin)
            misfit.append(s + q - margin)
            seen += 1
            total = 0.0 if margin <= 1 else total
        else:
            if points.y[i] == y:
                weak.append(1 - margin)
            total += max(after - s - q, 0.0)
            growth = max(growth, total)
    for got, wanted in (
        (c.e_strong, strong),
        (c.e_weak, weak),
        (c.misfit, misfit),
    ):
        np.testing.assert_allclose(got, wanted, atol=1e-12)
    assert c.growth == pytest.approx(growth, abs=1e-12)
    assert int(c.strong_visits[-1]) == len(strong) and int(c.weak_visits[-1]) == len(weak)
    s, q, _, q_other = one_point.signals(run.weights, points.u, points.v, y)
    for got, wanted in ((c.s, s), (c.q, q), (c.q_other, q_other)):
        assert float(got[-1]) == pytest.approx(float(wanted), rel=1e-10, abs=0)


def test_a_late_start_leaves_the_rest_as_it_was():
    points, _, run = class_run()
    whole, late = (mp.class_record(points, run, 1, start=k) for k in (0, 24))
    assert torch.equal(whole.q[24:], late.q)
    assert torch.equal(whole.e_strong[-len(late.e_strong) :], late.e_strong)
    assert len(whole.e_strong) - len(late.e_strong) == int(whole.strong_visits[24])


@pytest.mark.parametrize("lr", [0.1, 1.2])
@pytest.mark.parametrize("y", [1, -1])
def test_the_growth_of_the_weak_overlap_is_a_sum_over_visits(lr, y):
    """The class-wise accumulation, with noise as drawn."""
    points = MODEL.sample(12, n_weak=3, generator=seeded(7))
    run = train(points, init_weights(M, 40, 1 / 16, generator=seeded(8)), lr, epochs=40)
    c, kappa = mp.class_record(points, run, y), theory.kappa(lr, 2.0, M)
    gains = theory.potential_gain(c.e_strong, kappa, NU)
    carried = NU * (kappa * c.e_strong).log1p().sum()
    total = gains.sum() + carried + (kappa * NU * c.e_weak).log1p().sum()
    assert float(total) == pytest.approx(float((c.q[-1] / c.q[0]).log() / 2), abs=1e-10)
    assert bool((gains >= 0).all())
    assert bool((c.q * c.q_other).diff().max() <= 1e-16)


def test_growth_is_counted_anew_at_a_strong_visit_that_meets_the_label_exactly():
    """The lemma parts the visits where e >= 0, also where e is 0."""
    points, _, run = class_run()

    def growth(margin):
        fitted = dataclasses.replace(run, margins=torch.full_like(run.margins, margin))
        return mp.class_record(points, fitted, 1).growth

    assert growth(1.0) == growth(0.5) < growth(1.5)


def test_a_record_needs_one_run_with_every_step():
    points = MODEL.sample(4, n_weak=1, generator=seeded(1))
    w = init_weights(2, 40, 0.1, generator=seeded(1))
    run = train(points, w, 0.1, epochs=1, record_every=None)
    with pytest.raises(ValueError, match="recorded at every step"):
        mp.class_record(points, run, 1)
    run = train(points, w, 0.1, epochs=1)
    for y in (2, True):
        with pytest.raises(ValueError, match="y must be"):
            mp.class_record(points, run, y)
    with pytest.raises(ValueError, match="start must be"):
        mp.class_record(points, run, 1, start=4)
    assert len(mp.class_record(points, run, 1, start=3).q) == 2


def test_a_record_needs_the_data_of_its_run():
    points = MODEL.sample(4, n_weak=1, generator=[seeded(1)])
    w = init_weights(2, 40, 0.1, generator=seeded(1))
    run = train(points, w, 0.1, epochs=1)
    with pytest.raises(ValueError, match="one data set"):
        mp.class_record(points, run, 1)
    other = MODEL.sample(6, n_weak=1, generator=seeded(1))
    with pytest.raises(ValueError, match="recorded at every step"):
        mp.class_record(other, run, 1)
    with pytest.raises(ValueError, match="visit 6 points, got 4"):
        mp.class_record(other, run[0], 1)
