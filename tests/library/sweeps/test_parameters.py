"""The parameters of a sweep: bad input is refused before anything runs."""

import math
from itertools import islice, product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import FeatureNoiseModel
from benign_osc_lib.sweeps.grid import Plan
from benign_osc_lib.sweeps.parameters import check_grid, learning_rate, size_of_v
from tests.library.sweeps.common import run

NAMES = (
    "d, u_norm, v_norm, noise_norm, n, n_weak, m, scale, lr, epochs, order, kappa, nu, rho, rule"
)


BAD = [
    (dict(grid=[0.1]), TypeError, r"^grid must be a dict, got \[0.1\]"),
    (dict(grid={"eta": 1}), ValueError, f"^grid must name parameters among {NAMES}, got 'eta'"),
    (dict(grid={1: 1}), ValueError, "^grid must name parameters .*got 1$"),
    (dict(grid={"lr": []}), ValueError, r"^grid\['lr'\] must hold at least one value"),
    (dict(grid={"lr": np.array([])}), ValueError, r"^grid\['lr'\] must hold at least one value"),
    (dict(grid={"lr": [1, 2, 1.0]}), ValueError, r"^grid\['lr'\] .*distinct values, got 1.0 twice"),
    (dict(grid={"lr": np.ones((2, 2))}), ValueError, r"must have one axis, got shape \(2, 2\)"),
    (dict(grid={"lr": [0.1, -1]}), ValueError, r"^grid\['lr'\] must be finite and > 0, got -1"),
    (dict(grid={"lr": np.nan}), ValueError, r"^grid\['lr'\] must be finite and > 0, got nan"),
    (dict(grid={"lr": "0.1"}), TypeError, r"^grid\['lr'\] must be a number, got '0.1'"),
    (dict(grid={"lr": b"12"}), TypeError, r"^grid\['lr'\] must be a number, got b'12'"),
    (dict(grid={"lr": ["0.1"]}), TypeError, r"^grid\['lr'\] must be a number, got '0.1'"),
    (dict(grid={"lr": {0.1, 0.2}}), TypeError, r"^grid\['lr'\] must be a number, got {0"),
    (dict(grid={"lr": [[0.1]]}), TypeError, r"^grid\['lr'\] must be a number, got \[0.1\]"),
    (dict(grid={"lr": None}), TypeError, r"^grid\['lr'\] must be a number, got None"),
    (dict(grid={"lr": True}), TypeError, r"^grid\['lr'\] must be a number, got True"),
    (dict(grid={"lr": torch.tensor(1j)}), TypeError, r"^grid\['lr'\] must be a number, got 1j"),
    (dict(grid={"m": [8.0]}), TypeError, r"^grid\['m'\] must be an integer, got 8.0"),
    (dict(grid={"m": 0}), ValueError, r"^grid\['m'\] must be at least 1, got 0"),
    (dict(grid={"n": 0}), ValueError, r"^grid\['n'\] must be at least 1, got 0"),
    (dict(grid={"d": [64, 2]}), ValueError, r"^grid\['d'\] must be at least 3, got 2"),
    (dict(grid={"epochs": 0}), ValueError, r"^grid\['epochs'\] must be at least 1, got 0"),
    (dict(grid={"n_weak": None}), TypeError, r"^grid\['n_weak'\] must be an integer, got None"),
    (dict(grid={"n_weak": -1}), ValueError, r"^grid\['n_weak'\] must be at least 0, got -1"),
    (dict(grid={"scale": 0}), ValueError, r"^grid\['scale'\] must be finite and > 0, got 0"),
    (dict(grid={"kappa": 0}), ValueError, r"^grid\['kappa'\] must be finite and > 0, got 0"),
    (dict(grid={"nu": [0.5, 1.5]}), ValueError, r"^grid\['nu'\] must be .*<= 1, got 1.5"),
    (dict(grid={"nu": 0}), ValueError, r"^grid\['nu'\] must be finite, > 0 .*got 0"),
    (dict(grid={"rho": 0.5}), ValueError, r"^grid\['rho'\] must be .*< 0.5, got 0.5"),
    (dict(test_points="points"), ValueError, r"^test_points must be one of 'patches', 'proj"),
    (dict(device="gpu"), ValueError, r'^device must name one, like "cpu" or "cuda", got \'gpu\''),
    (dict(device=3.5), ValueError, r"^device must name one, .*, got 3.5"),
    (dict(grid={"order": "random"}), ValueError, r"must be one of 'cyclic', 'shuffled', got 'r"),
    (dict(grid={"order": ["cyclic", 3]}), ValueError, r"^grid\['order'\] must be one of .*got 3"),
    (dict(grid={"kappa": 1, "lr": 1}), ValueError, "^grid must hold 'kappa' or 'lr', got both"),
    (dict(grid={"nu": 1, "v_norm": 1}), ValueError, "^grid must hold 'nu' or 'v_norm', got both"),
    (dict(grid={"rho": 0, "n_weak": 1}), ValueError, "^grid must hold 'rho' or 'n_weak', got bot"),
    (dict(grid={"n": [4, 9], "n_weak": [1, 5]}), ValueError, r"^n_weak must be in 0\.\.4, got 5"),
    (dict(grid={"n": 1}), ValueError, r"^n_weak must be in 0\.\.1, got 2"),
    (
        dict(grid={"u_norm": [2, 1], "v_norm": [0.5, 1.5]}),
        ValueError,
        "^v_norm must be at most u_norm = 1.0, got 1.5",
    ),
    (
        dict(grid={"kappa": [1, 1e308], "m": [8, 100], "u_norm": [2, 0.5]}),
        ValueError,
        r"^kappa must make the learning rate .* finite and > 0, got kappa = 1e\+308 with m = 8 and "
        r"u_norm = 2.0$",
    ),
    (
        dict(grid={"kappa": [1, 1e-310], "u_norm": 1e8, "m": 1}),
        ValueError,
        "^kappa must make .*, got kappa = 1e-310 with m = 1 and u_norm = 100000000.0$",
    ),
    (dict(grid={"kappa": 1, "u_norm": 1e200}), ValueError, "^kappa must make .* u_norm = 1e.200$"),
    (
        dict(grid={"kappa": 1, "u_norm": [1, 1e-170], "v_norm": 1e-200}),
        ValueError,
        "^kappa must make .* u_norm = 1e-170$",
    ),
    (dict(grid={"kappa": 1, "m": 10**400}), ValueError, "^kappa must make .* with m = 1000"),
    (
        dict(grid={"nu": [1, 1e-300], "u_norm": [1, 1e-300]}),
        ValueError,
        "^nu must make ‖v‖ = ‖u‖ √ν > 0, got nu = 1e-300 with u_norm = 1e-300$",
    ),
    (dict(seeds=[]), ValueError, "^seeds must hold at least one value"),
    (dict(seeds=[1, 2, 1]), ValueError, "^seeds must hold distinct values, got 1 twice"),
    (dict(seeds=5), TypeError, "^seeds must be an iterable of integers, got 5"),
    (dict(seeds=np.int64(5)), TypeError, "^seeds must be an iterable of integers, got "),
    (dict(seeds=[1.5]), TypeError, "^seeds must be an integer, got 1.5"),
    (dict(seeds="12"), TypeError, "^seeds must be an integer, got '1'"),
    (dict(seeds=[-1]), ValueError, "^seeds must be in .*got -1"),
    (dict(seeds=[2**63]), ValueError, f"^seeds must be in .*got {2**63}"),
    (dict(n_test=0), ValueError, "^n_test must be at least 1, got 0"),
    (dict(n_test=1.5), TypeError, "^n_test must be an integer, got 1.5"),
    (dict(block_size=0), ValueError, "^block_size must be at least 1, got 0"),
    (dict(block_size=None), TypeError, "^block_size must be an integer, got None"),
    (dict(engine="fast"), ValueError, "^engine must be one of 'auto', .*got 'fast'"),
    (dict(executor=4), TypeError, "^executor must be a concurrent.futures.Executor or None, got 4"),
    (dict(store=3), TypeError, "^store must be a path or None, got 3"),
    (dict(store=""), ValueError, "^store must be the path of a directory, got ''"),
    (dict(store="a\0b"), ValueError, r"^store must be the path of a directory, got 'a\\x00b'"),
]


@pytest.mark.parametrize(("changes", "error", "message"), BAD)
def test_bad_input_is_refused_before_anything_runs(changes, error, message, tmp_path, counted):
    store = tmp_path / "store"
    with pytest.raises(error, match=message):
        run(**{"grid": {}, "seeds": [1], "store": store, **changes})
    assert not counted
    assert not store.exists()


@settings(max_examples=100)
@given(st.data())
def test_extremes_find_what_all_combinations_would(data):
    """Whether a grid is refused, and the combination that the message names."""

    def some(values):
        return data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True))

    sizes = [1e-200, 1e-160, 1e-3, 1.0, 1e150, 1e160]
    grid = {
        "kappa": some([1e-320, 1e-300, 1.0, 1e300, 1e308]),
        "u_norm": some(sizes),
        "m": some([1, 1000, 10**310]),
    }
    weak = data.draw(st.sampled_from(["v_norm", "nu"]))
    grid[weak] = some(sizes if weak == "v_norm" else [1e-320, 1e-100, 1.0])
    grid |= {"n": some([1, 2, 3]), "n_weak": some([0, 1, 2, 3])}
    grid = {name: grid[name] for name in data.draw(st.permutations(list(grid)))}
    wrong = set()
    for values in product(*grid.values()):
        cell = dict(zip(grid, values, strict=True))
        u_norm = cell["u_norm"]
        if not 0 < learning_rate(cell["kappa"], cell["m"], u_norm) < math.inf:
            wrong.add(f"kappa = {cell['kappa']} with m = {cell['m']} and u_norm = {u_norm}")
        if cell.get("v_norm", 0) > u_norm:
            wrong.add(f"u_norm = {u_norm}, got {cell['v_norm']}")
        if "nu" in cell and not size_of_v(cell["nu"], u_norm) > 0:
            wrong.add(f"nu = {cell['nu']} with u_norm = {u_norm}")
        if cell["n_weak"] > cell["n"]:
            wrong.add(f"0..{cell['n']}, got {cell['n_weak']}")
    try:
        check_grid(grid)
        assert not wrong
    except ValueError as error:
        assert any(str(error).endswith(end) for end in wrong)


def test_the_cost_of_a_check_does_not_grow_with_the_cells(monkeypatch):
    """A million cells over data parameters: the first block is there after a thousand of them."""
    grid = {"u_norm": np.linspace(1, 2, 1000), "noise_norm": np.linspace(0.5, 1, 1000)}
    cells, cell = [], Plan.cell
    monkeypatch.setattr(Plan, "cell", lambda *args: cells.append(args) or cell(*args))

    class Full(Exception):
        pass

    class Executor:
        def submit(self, *_):
            raise Full

    models, check = [], FeatureNoiseModel.__post_init__
    monkeypatch.setattr(
        FeatureNoiseModel, "__post_init__", lambda self: models.append(self) or check(self)
    )
    monkeypatch.setattr(Plan, "blocks", lambda *args: islice(blocks(*args), 3))
    with pytest.raises(RuntimeError, match="Full"):
        run(grid, [1], block_size=100, executor=Executor())
    assert len(cells) == 100 and not models


blocks = Plan.blocks
