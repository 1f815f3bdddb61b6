"""Rules as a parameter of the grid: the runs by hand, in a store, in a file, after a kill."""

import json
import math
import os
import signal
import subprocess
import sys

import pytest
import torch
import xarray

from benign_osc_lib import Rule, sweeps
from benign_osc_lib.activations import Activation
from tests.library.sweeps.common import ROOT, SMALL, assert_same, run
from tests.library.sweeps.test_by_hand import assert_by_hand

RULES = [
    Rule(),
    Rule(momentum=0.5, batch_size=3, weight_decay=0.01),
    Rule(activation="gelu", second_layer="trained", second_layer_rate=3),
    Rule(loss="logistic", label_flips=0.3, label_noise=0.2, schedule=(2, 1)),
]
TEXTS = {str(rule): rule for rule in RULES}
CUSTOM = Activation(torch.sin, lambda z: math.sin(z), lambda z: math.cos(z), "sine")


def test_rules_by_hand():
    """They share their data and stand beside each other in a unit, with other parameters."""
    grid = {**SMALL, "rule": RULES, "lr": [0.4, 50.0], "order": ["cyclic", "shuffled"]}
    ds = run(grid, [1])
    assert ds.rule.values.tolist() == list(TEXTS)
    assert ds.sizes["rule"] == 4 and ds.diverged.any("rule").any() and not ds.diverged.all()
    assert_by_hand(ds, TEXTS, **SMALL)


def test_the_plain_rule_is_the_paper_s():
    bare = run({**SMALL, "lr": [0.1, 0.4]})
    assert_same(run({**SMALL, "lr": [0.1, 0.4], "rule": [Rule()]}).isel(rule=0, drop=True), bare)
    fixed = run({**SMALL, "lr": [0.1, 0.4], "rule": RULES[1]})
    assert fixed.attrs["rule"] == str(RULES[1])
    both = run({**SMALL, "lr": [0.1, 0.4], "rule": [RULES[1], Rule()]})
    xarray.testing.assert_allclose(both.isel(rule=0, drop=True), fixed, 1e-10)


def test_in_a_file(tmp_path):
    for number, rule in enumerate((RULES, RULES[1])):
        written = run({**SMALL, "rule": rule}, [1, 2])
        written.to_netcdf(tmp_path / f"{number}.nc")
        found = sweeps.load(tmp_path / f"{number}.nc")
        assert_same(found, written)
        assert found.attrs == written.attrs
    assert found.attrs["rule"] == "Rule(batch_size=3, momentum=0.5, weight_decay=0.01)"


def test_a_store_names_its_rules(tmp_path):
    run({**SMALL, "rule": RULES}, [1], store=tmp_path / "axis")
    manifest = json.loads((tmp_path / "axis" / "sweep.json").read_text())
    assert [Rule.from_json(text) for text in manifest["grid"]["rule"]] == RULES
    assert manifest["grid"]["rule"][:1] == ["{}"]
    run(SMALL, [1], store=tmp_path / "plain")
    assert "rule" not in json.loads((tmp_path / "plain" / "sweep.json").read_text())["grid"]
    other = [*RULES[:3], Rule(loss="logistic", label_flips=0.3, label_noise=0.2, schedule=(2, 1.5))]
    with pytest.raises(ValueError, match="^store must hold this sweep or none, .* rule is "):
        run({**SMALL, "rule": other}, [1], store=tmp_path / "axis")
    with pytest.raises(ValueError, match="; rule is not given there|rule is .*not given here"):
        run(SMALL, [1], store=tmp_path / "axis")


def test_an_activation_without_a_name_cannot_be_stored(tmp_path, counted):
    grid = {**SMALL, "rule": [Rule(activation=CUSTOM), Rule()]}
    with pytest.raises(ValueError, match="^store must be None for a rule whose activation"):
        run(grid, [1], store=tmp_path / "store")
    assert not counted and not list(tmp_path.iterdir())
    ds = run(grid, [1], engine="reference")
    assert ds.rule.values.tolist() == ["Rule(activation=sine)", "Rule()"]
    rules = {str(rule): rule for rule in grid["rule"]}
    assert_by_hand(ds, rules, **SMALL, engine="reference")


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ("sgd", TypeError, r"^grid\['rule'\] must be a Rule, got str"),
        (None, TypeError, r"^grid\['rule'\] must be a Rule, got NoneType"),
        ([Rule(), 0.9], TypeError, r"^grid\['rule'\] must be a Rule, got float"),
        ([], ValueError, r"^grid\['rule'\] must hold at least one value"),
        ([Rule(), Rule(momentum=0)], ValueError, r"^grid\['rule'\] must hold distinct values"),
    ],
)
def test_what_is_no_rule_is_refused(rule, error, message, counted):
    with pytest.raises(error, match=message):
        run({**SMALL, "rule": rule})
    assert not counted


KILLER = """
import os, signal, sys
from benign_osc_lib import sweeps
from tests.library.sweeps.common import run
from tests.library.sweeps.test_rules import GRID

run_block, left = sweeps.run_block, [int(sys.argv[2])]

def killed(*arguments):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return run_block(*arguments)

sweeps.run_block = killed
run(GRID, [4, 5], store=sys.argv[1], block_size=3)
"""
GRID = {**SMALL, "rule": RULES, "lr": [0.1, 0.4], "order": "shuffled"}


def test_killed_and_resumed(tmp_path, counted):
    command = [sys.executable, "-c", KILLER, str(tmp_path), "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=600)
    assert done.returncode == -signal.SIGKILL if os.name == "posix" else done.returncode
    stored = len(list(tmp_path.glob("blocks/*.nc")))
    assert stored == 3
    found = run(GRID, [4, 5], store=tmp_path, block_size=3)
    total = len(list(tmp_path.glob("blocks/*.nc")))
    assert len(counted) == total - stored > 0
    assert_same(found, run(GRID, [4, 5], block_size=3))
