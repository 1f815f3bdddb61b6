"""Chapter 13's factors: their runs are those of a sweep, and what the rows say of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel, Rule, essentials, sweep, theory
from benign_osc_lib.essentials import Factor
from benign_osc_lib.essentials.cells import Cell
from benign_osc_lib.essentials.runs import WINDOW, _amplitude, make_loud
from benign_osc_lib.essentials.store import Ratchet, from_csv, to_csv
from tests.library.common import seeded

SMALL = {"d": 8, "n": 4, "n_weak": 1, "m": 2, "epochs": 80, "scale": 0.2}


def small(rule=None, **changes):
    given = {"threshold": 1.0, "rule": rule or Rule(), "changes": SMALL, "kappas": (0.5, 1.1)}
    return Factor("own", "own", "none", "yes", **{**given, **changes})


@pytest.mark.parametrize("rule", [Rule(), Rule(label_noise=0.2, batch_size=2)], ids=str)
@pytest.mark.parametrize("order", ["cyclic", "shuffled"])
def test_the_runs_are_those_of_a_sweep(rule, order):
    """Seed by seed: what a user measures with unseen seeds is what the sweep would give."""
    factor = small(rule, changes={**SMALL, "order": order})
    found = essentials.measure(factor, [5, 0, 9], n_test=20)
    grid = {**SMALL, "order": order, "kappa": [0.5, 1.1], "rule": rule}
    wanted = sweep(grid, [5, 0, 9], n_test=20, progress=False)
    for name in ("accuracy_weak", "accuracy_strong"):
        right = wanted[name].where(~wanted.diverged, 0)
        assert (found[name].values == right.values).all()
    assert (found.diverged.values == wanted.diverged.values).all()
    np.testing.assert_allclose(found.weak_signal, wanted.weak_signal.min("label"), rtol=1e-12)


def test_nothing_of_a_diverged_run_is_right():
    found = essentials.measure(small(), range(6), kappas=60.0, n_test=20)
    assert found.diverged.all()
    assert (found.accuracy_weak == 0).all() and (found.accuracy_strong == 0).all()
    assert not found.lost.any()


def test_how_seeds_are_cut_changes_nothing(monkeypatch):
    whole = essentials.measure(small(), range(7), n_test=5)
    monkeypatch.setattr("benign_osc_lib.essentials.runs.MEMORY", 8 * 80 * 4 * 2 * 3)
    cut = essentials.measure(small(), range(7), n_test=5)
    assert whole.identical(cut)


def test_the_amplitude_of_a_cycle():
    """On a 2-cycle it is the distance of its points, in batches too; weak points do not count."""
    low, high = 0.7, 1.2
    margins = torch.zeros(1, 1, WINDOW[1], 4).double()
    margins[..., 0::2, :], margins[..., 1::2, :] = low, high
    margins[..., 3] = 50 * torch.randn(WINDOW[1], generator=seeded(0))
    data = FeatureNoiseModel(4, 2.0, 1.0, 1.0).sample(4, n_weak=1, generator=seeded(1))
    data = type(data)(
        data.x[None],
        torch.tensor([[1.0, 1, -1, 1]]).double(),
        torch.tensor([[False, False, False, True]]),
        data.u,
        data.v,
    )
    assert _amplitude(margins, data).item() == pytest.approx(high - low)
    assert _amplitude(margins[..., 1:, :], data).isnan().all()


def test_one_loud_point():
    data = FeatureNoiseModel(8, 2.0, 0.4, 0.8).sample(5, n_weak=2, generator=[seeded(3), seeded(4)])
    loud = make_loud(data, 5.0)
    changed = (loud.x != data.x).any(-1)  # (S, n, patches)
    for s in range(2):
        ((point, patch),) = changed[s].nonzero().tolist()
        assert patch == 2 and not data.is_weak[s, point] and data.is_weak[s, :point].all()
        torch.testing.assert_close(loud.x[s, point, 2], 5 * data.x[s, point, 2])


@given(st.lists(st.floats(0.01, 2), min_size=1, max_size=5), st.integers(1, 30))
def test_the_small_rate_makes_the_same_way(schedule, epochs):
    """The sum of η s_e over the epochs is that of the large rate."""
    factor = small(Rule(schedule=tuple(schedule)))
    slow = essentials.slower(factor).rule
    long = sum(slow.factor(e) for e in range(essentials.SLOWER * epochs)) / essentials.SLOWER
    assert long == pytest.approx(sum(factor.rule.factor(e) for e in range(epochs)))


def cell(kappa=1.0, runs=10, oscillating=(0, 0, 0), **fields):
    plain = dict.fromkeys(Cell._fields, 0) | {"factor": "own", "kind": "sweep", "epochs": 200}
    names = ("oscillating_10", "oscillating_20", "oscillating_40")
    given = dict(zip(names, oscillating, strict=True))
    return Cell(**{**plain, "kappa": kappa, "runs": runs, **given, **fields})


@given(st.lists(st.integers(0, 10), min_size=2, max_size=8), st.floats(0.05, 0.95))
def test_the_threshold_lies_where_the_share_is_crossed(counts, share):
    cells = [cell(1.1**k, oscillating=(10, c, 0), diverged=c) for k, c in enumerate(counts)]
    found = essentials.threshold(cells, share=share)
    above = [c / 10 >= share for c in counts]
    if above[0] or not any(above):
        assert np.isnan(found)
    else:
        k = above.index(True)
        assert 1.1 ** (k - 1) * (1 - 1e-9) <= found <= 1.1**k * (1 + 1e-9)
    np.testing.assert_equal(essentials.broken_from(cells, share=share), found)
    assert np.isnan(essentials.threshold(cells, level=0.1, share=share))


@settings(max_examples=30)
@given(st.integers(2, 40), st.integers(0, 1000))
def test_mean_and_interval_from_the_two_halves(n, seed):
    from benign_osc_lib.statistics import mean_by_run

    right = np.random.default_rng(seed).random(n)
    halves = right[: n // 2], right[n // 2 :]
    fields = {"weak_first": halves[0].mean(), "weak_second": halves[1].mean()}
    fields |= {"weak_first_sd": halves[0].std(), "weak_second_sd": halves[1].std()}
    mean, half = cell(runs=n, **fields).weak
    wanted = mean_by_run(right)
    assert mean == pytest.approx(wanted[0]) and half == pytest.approx(wanted[1], rel=1e-4, abs=0)


def test_the_best_rate_is_chosen_on_one_half_and_tried_on_the_other():
    cells = [
        cell(1.0, weak_first=0.9, weak_second=0.6, weak_second_sd=0.2),
        cell(2.0, weak_first=0.8, weak_second=0.99),
    ]
    assert essentials.best(cells) == (1.0, 0.6, pytest.approx(1.96 * 0.2 / 2))


@pytest.mark.parametrize(
    ("small_rate", "large_rate", "words"),
    [(0.5, 0.9, "yes"), (0.5, 0.7, "partly"), (0.5, 0.55, "no"), (0.8, 0.85, "at every rate")],
)
def test_whether_the_weak_feature_comes(small_rate, large_rate, words):
    assert essentials.answer(small_rate, large_rate) == words
    assert essentials.answer(large_rate, small_rate) in ("no", "at every rate")


def test_reduced_runs_by_hand():
    runs = essentials.measure(small(), range(9), kappas=[0.5, 1.1], n_test=10)
    first, second = essentials.reduce_runs(runs)
    assert (first.kappa, second.kappa, first.runs, first.factor) == (0.5, 1.1, 9, "own")
    own = runs.sel(kappa=1.1)
    assert second.weak_second == pytest.approx(float(own.accuracy_weak[4:].mean()))
    alive = ~(own.lost | own.diverged)
    assert second.oscillating_20 == int((alive & (own.amplitude > 0.2)).sum())
    assert first.oscillating_40 <= first.oscillating_20 <= first.oscillating_10
    stopped = essentials.measure(small(), range(9), kappas=0.5, n_test=10, stop_below=0.2)
    (fit,) = essentials.reduce_runs(stopped, fit_only=True)
    assert fit.runs == fit.fit == int(stopped.stopped.sum()) > 0


@pytest.mark.parametrize("rule", [Rule(), Rule(batch_size=2), Rule(momentum=0.5)], ids=str)
def test_the_ratchet_holds(rule):
    """Theorem E.1 and Proposition E.1, from rest and while no sign turns."""
    found = essentials.ratchet(small(rule), range(20), kappa=0.7, epochs=40)
    assert np.nanmax(found.fall) < 1e-9 and np.nanmax(found.rise) > 0.01


@given(st.floats(0, 0.95), st.integers(1, 6), st.booleans())
def test_in_an_even_order_the_limit_is_that_of_appendix_j(b, every, nesterov):
    """Corollary J.1: one visit in every so many steps; two epochs are as good as one."""
    own = [True] + [False] * (every - 1)
    wanted = min(theory.sharpness_limit(b, nesterov, every) / 2, 2.0)
    for order in (own, 2 * own, own[::-1]):
        found = essentials.order_limit(order, b, nesterov)
        assert wanted - 1e-6 <= found <= wanted + 0.01 + 1e-6


def test_where_a_heavy_ball_stops_resting():
    """An uneven order, against the linear recursion itself."""
    own = np.array([1, 1, 0, 1, 0, 0, 0, 1], bool)
    limit = essentials.order_limit(own, 0.5)
    ends = []
    for kappa in (limit - 0.02, limit + 0.02):
        e, w = 1.0, 0.0
        for is_own in np.tile(own, 400):
            w = 0.5 * w - 2 * kappa * e * is_own
            e += w
        ends.append(abs(e) + abs(w))
    assert ends[0] < 1e-3 and ends[1] > 1e3
    with pytest.raises(ValueError, match="a visit of the class"):
        essentials.order_limit([False, False], 0.5)


def test_weight_decay_turns_the_ratchet_back():
    found = essentials.ratchet(small(Rule(weight_decay=0.05)), range(20), kappa=0.7, epochs=40)
    followed = found.fall.where(found.steps > 0)
    assert np.nanmin(followed) > 1e-4


def test_a_class_without_a_filter_is_left_out():
    found = essentials.ratchet(small(), range(40), kappa=0.7, epochs=2)
    out = np.isnan(found.fall)
    assert 0 < int(out.sum()) < out.size and (np.isnan(found.rise) == out).all()


ROW = st.builds(
    Ratchet,
    st.sampled_from(("a", "b/c")),
    *(st.floats(0, 10), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    *(st.floats(-1, 1), st.floats(allow_nan=False, allow_infinity=False)),
)


@given(st.lists(ROW, min_size=1, max_size=4))
def test_rows_in_a_file(rows):
    again, about = from_csv(to_csv(rows, {"command": "x"}), Ratchet)
    assert about == {"command": "x"} and len(again) == len(rows)
    for a, b in zip(again, rows, strict=True):
        assert a[0] == b[0] and a[2:5] == b[2:5]
        np.testing.assert_allclose(a[5:], b[5:], rtol=1e-5)


def test_other_columns_are_refused():
    with pytest.raises(ValueError, match="columns factor"):
        from_csv("# {}\na,b\n1,2\n", Ratchet)


def test_the_predictions_are_those_of_the_theory():
    """Thresholds in the table against the formulas that its guesses name."""
    limits = {name: factor.threshold for name, factor in essentials.FACTORS.items()}
    for size in (2, 4, 8, 16):
        wanted = theory.batch_limit_almost_surely(size, 7, 16, shuffled=True)
        assert limits[f"batch-{size}"] == pytest.approx(wanted, abs=0.005)
    for b in (0.5, 0.9):
        for name, nesterov in (("momentum", False), ("nesterov", True)):
            wanted = theory.sharpness_limit(b, nesterov, every=2) / 2
            assert limits[f"{name}-{b}"] == pytest.approx(wanted, abs=0.001)
    assert limits["logistic-flips-0.2"] == pytest.approx(theory.wrong_labels(0.2)[1], abs=0.01)
    least, largest = theory.power_limits(3, 8)
    assert 2 * least < limits["relu3"] < 2 * largest
    assert limits["relu1.5"] == pytest.approx(4 / 1.5**2, abs=0.01)


def test_every_factor_changes_one_thing():
    for name, factor in essentials.FACTORS.items():
        changed = [factor.rule != Rule(), bool(factor.changes), factor.loud != 1]
        assert sum(changed) == (name != "baseline"), name
        assert factor.name == name and list(factor.kappas) == sorted(set(factor.kappas))
        assert factor.comes in ("yes", "no", "partly", "at every rate") and factor.guess


@pytest.mark.parametrize("call", [essentials.measure, essentials.ratchet])
def test_bad_factors_and_seeds(call):
    with pytest.raises(ValueError, match="factor must be one of 'baseline'.* got 'x'"):
        call("x", [0])
    with pytest.raises(TypeError, match="factor must be a name or a Factor"):
        call(3, [0])
    with pytest.raises(ValueError, match="seeds must hold"):
        call(small(), [])


def test_bad_rates_and_tables():
    with pytest.raises(ValueError, match="kappas must be finite, > 1e-100"):
        essentials.measure(small(), [0], kappas=[1.0, -1.0])
    with pytest.raises(ValueError, match="kappa must be finite.* got 0.0"):
        essentials.ratchet(small(), [0], kappa=0.0)
    with pytest.raises(ValueError, match="table must be one of cells, ratchets"):
        essentials.load("x")
    with pytest.raises(ValueError, match="factor must be one of"):
        essentials.sweep_of([], "x")


def test_a_factor_of_one_s_own():
    factor = replace(small(), rule=Rule(momentum=0.3), at=0.4)
    assert factor.large == 0.4 and small().large == 1.2
    assert factor.parameters["rule"].momentum == 0.3 and factor.parameters["u_norm"] == 2.0
