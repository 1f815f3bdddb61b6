"""Every run of a sweep against the same run by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import (
    FeatureNoiseModel,
    Rule,
    generators,
    init_weights,
    predict,
    theory,
    train,
)
from benign_osc_lib.activations import find
from benign_osc_lib.metrics import accuracy_of_outputs
from benign_osc_lib.sweeps import DEFAULTS
from tests.library.sweeps.common import SEEDS, SIZES, SMALL, run


def by_hand(seed, n_test, **changes):
    """The recipe of the docstring for one run, and what the sweep says of it, in plain loops."""
    p = {**DEFAULTS, **changes}
    if "kappa" in p:
        p["lr"] = p["kappa"] * p["m"] / (2 * p["u_norm"] ** 2)
    if "nu" in p:
        p["v_norm"] = p["u_norm"] * math.sqrt(p["nu"])
    if "rho" in p:
        p["n_weak"] = None
    norms = {name: p[name] for name in ("d", "u_norm", "v_norm", "noise_norm")}
    model = FeatureNoiseModel(**norms, rho=p.get("rho", 0.125))
    g = generators([seed])[0]
    data = model.sample(p["n"], n_weak=p["n_weak"], generator=g)
    weights = init_weights(p["m"], p["d"], p["scale"], generator=g)
    test = model.sample(2 * n_test, n_weak=n_test, generator=g)
    rule = p.get("rule", Rule())
    shuffle, order = {}, [range(p["n"])] * p["epochs"]
    if p["order"] == "shuffled" or rule.draws:
        copy = torch.Generator().set_state(g.get_state())
        shuffle = {"generator": g}
    if p["order"] == "shuffled":
        order = []
        for _ in range(p["epochs"]):
            order.append(torch.randperm(p["n"], generator=copy).tolist())
            if rule.label_flips:
                torch.rand(p["n"], generator=copy, dtype=torch.float64)
            if rule.label_noise:
                torch.randn(p["n"], generator=copy, dtype=torch.float64)
    options = {"epochs": p["epochs"], "order": p["order"], "record_every": None, "rule": rule}
    options["engine"] = p.get("engine", "auto")
    run = train(data, weights, p["lr"], **options, **shuffle)
    second = run.second_layer
    f = predict(run.weights, test.x, activation=rule.activation, second_layer=second)
    right = accuracy_of_outputs(f, test)
    a = torch.ones(2, p["m"], dtype=torch.float64) if second is None else second

    def answer(factors, products):
        return (factors * find(rule.activation).torch(products)).mean(-1)

    weak = answer(a, run.weak[-1])
    to_v = torch.einsum("jrd,d->jr", run.weights, model.v)
    other = [answer(a[1], to_v[1]), answer(a[0], -to_v[0])]
    at = run.diverged_at.item()
    updates = [
        [(epoch, i) for i in points[first : first + rule.batch_size]]
        for epoch, points in enumerate(order)
        for first in range(0, p["n"], rule.batch_size)
    ]
    visits = sum(updates if at < 0 else updates[:at], [])
    changes = []
    for label in (1, -1):
        strong = [
            run.margins[epoch, i].item()
            for epoch, i in visits
            if data.y[i] == label and not data.is_weak[i]
        ]
        changes += [abs(b - a) for a, b in zip(strong, strong[1:], strict=False)]
    squares = [(1 - run.margins[epoch, i].item()) ** 2 for epoch, i in visits]
    return {
        "strong_signal": answer(a, run.strong[-1]).tolist(),
        "weak_signal": weak.tolist(),
        "weak_gap": [a.item() - b.item() for a, b in zip(weak, other, strict=True)],
        "accuracy_strong": right.strong.rate,
        "accuracy_weak": right.weak.rate,
        "diverged": at >= 0,
        "diverged_at": at,
        "oscillation": np.mean(changes) if changes else np.nan,
        "residual_squares": sum(squares),
    }


EXACT = {
    "strong_signal",
    "weak_signal",
    "accuracy_strong",
    "accuracy_weak",
    "diverged",
    "diverged_at",
}


def assert_by_hand(ds, rules=None, **changes):
    """Every run of ``ds``; ``changes`` are the parameters that are no axes of it.

    ``rules`` are those of an axis of rules, by their texts; autograd follows them, and in a batch
    that is the run alone up to rounding.
    """
    axes = [name for name in ds.dims if name not in ("label", "seed")]
    for index in np.ndindex(*(ds.sizes[name] for name in axes)):
        cell = ds.isel(dict(zip(axes, index, strict=True)))
        for seed in cell.seed.values.tolist():
            values = {name: cell[name].item() for name in axes}
            values |= {name: rules[text] for name, text in values.items() if name == "rule"}
            expected = by_hand(seed, ds.attrs["n_test"], **{**changes, **values})
            for name, value in expected.items():
                found = cell[name].sel(seed=seed).values
                if name in EXACT and (rules is None or not name.endswith("_signal")):
                    np.testing.assert_array_equal(found, value, err_msg=name)
                else:
                    np.testing.assert_allclose(found, value, 1e-10, 1e-12, err_msg=name)


def test_every_run_of_a_grid_by_hand(serial):
    assert serial.sizes == {"lr": 3, "noise_norm": 2, "scale": 2, "seed": 4, "label": 2}
    assert serial.strong_signal.dims == ("lr", "noise_norm", "scale", "seed", "label")
    assert serial.seed.values.tolist() == SEEDS
    assert serial.label.values.tolist() == [1, -1]
    assert_by_hand(serial, **SIZES)


def test_the_defaults_by_hand():
    ds = run({"lr": [0.6, 1.2]}, [5], n_test=50)
    assert_by_hand(ds)
    assert ds.accuracy_strong.min() > 0.9


@pytest.mark.parametrize(
    "grid",
    [
        {"kappa": [0.3, 1.1], "m": [2, 3], "u_norm": [1.5, 2.0]},
        {"nu": [0.01, 1.0], "u_norm": [1.5, 2.0]},
        {"rho": [0.0, 0.3, 0.49]},
        {"epochs": [1, 2, 5], "lr": [0.05, 0.3], "n": [3, 4]},
        {"lr": [0.3, 5.0, 1e4, 1e200], "scale": [0.2, 1e3]},
        {"d": [3, 6], "m": [1, 4], "n_weak": [0, 1, 4]},
    ],
    ids=["kappa", "nu", "rho", "epochs", "diverging", "sizes"],
)
def test_other_parameters_by_hand(grid):
    fixed = {name: value for name, value in SMALL.items() if name not in grid}
    fixed.pop("n_weak" if "rho" in grid else "", None)
    assert_by_hand(run({**fixed, **grid}, [1, 2]), **fixed)


def test_shuffled_runs_by_hand():
    """Each seed shuffles on its own, after its test points, whatever else the grid holds."""
    ds = run({**SMALL, "lr": 0.3, "order": ["shuffled", "cyclic"], "epochs": [3, 5]}, [1, 2])
    assert_by_hand(ds, **{**SMALL, "lr": 0.3})
    squares = ds.residual_squares
    assert (squares.sel(order="shuffled") != squares.sel(order="cyclic")).all()


parameters = st.fixed_dictionaries(
    {
        "d": st.integers(3, 9),
        "n": st.integers(2, 5),
        "m": st.integers(1, 3),
        "epochs": st.integers(1, 4),
    },
    optional={
        "kappa": st.lists(st.floats(0.1, 3), min_size=1, max_size=3, unique=True),
        "nu": st.lists(st.floats(0.001, 1), min_size=1, max_size=2, unique=True),
        "scale": st.lists(st.floats(0.01, 2), min_size=1, max_size=2, unique=True),
        "noise_norm": st.floats(0.1, 2),
        "n_weak": st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True),
    },
)


@settings(max_examples=15)
@given(
    grid=parameters,
    seeds=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=3, unique=True),
    block_size=st.integers(1, 20),
    data=st.data(),
)
def test_random_grids_by_hand(grid, seeds, block_size, data):
    names = data.draw(st.permutations(list(grid)))
    grid = {name: grid[name] for name in names}
    fixed = {name: value for name, value in grid.items() if not isinstance(value, list)}
    assert_by_hand(run(grid, seeds, n_test=3, block_size=block_size), **fixed)


def test_one_cell_and_one_value_axes():
    ds = run({**SMALL, "lr": (0.3,), "m": range(2, 3), "epochs": np.array([5])}, range(2))
    assert dict(ds.sizes) == {"lr": 1, "m": 1, "epochs": 1, "seed": 2, "label": 2}
    alone = run({**SMALL, "lr": np.float64(0.3), "m": torch.tensor(2)}, torch.arange(2))
    assert dict(alone.sizes) == {"seed": 2, "label": 2}
    for name in ds.data_vars:
        np.testing.assert_array_equal(ds[name].squeeze(("lr", "m", "epochs")), alone[name])


def test_oscillation_on_the_two_cycle():
    """One strong point without noise to speak of ends on the closed-form 2-cycle."""
    grid = {"d": 3, "n": 1, "n_weak": 0, "m": 1, "noise_norm": 1e-9, "v_norm": 1e-6}
    ds = run({**grid, "kappa": 1.1, "scale": 0.1, "epochs": 3000}, range(12))
    low, high = theory.two_cycle(1.1)
    learned = ds.strong_signal.max("label") > 0.5
    assert 3 <= learned.sum() < 12
    np.testing.assert_allclose(ds.oscillation[learned], float(high - low), 1e-2)
