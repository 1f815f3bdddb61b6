"""The stored rows on more features, patches and classes: complete, consistent, made by the tool."""

import math
import re

import numpy as np
import pytest

from benign_osc_lib import features
from benign_osc_lib.essentials import SLOWER
from benign_osc_lib.features.rows import to_text
from tests.book.common import ROOT
from tools import features as tool

ROWS, ABOUT = features.load()
FOLDER = ROOT / "benign_osc_lib" / "features" / "stored"
each_factor = pytest.mark.parametrize("name", features.FACTORS)


@each_factor
def test_every_rate_is_there(name):
    factor, own = features.FACTORS[name], [row for row in ROWS if row["factor"] == name]
    assert [row["kappa"] for row in features.sweep_rows(ROWS, name)] == list(factor.kappas)
    top = features.large(name)
    assert top == pytest.approx(1.2 * features.oscillates_from(factor), abs=5e-4)
    kinds = {(row["slower"], row["kept"] is None) for row in own if row["kappa"] == top}
    recorded = set() if name == "batch" else {(1, False)}
    assert kinds == {(1, True), (SLOWER, True)} | recorded
    asked = int(ABOUT["seeds"].split()[-1]) + 1
    wanted = {(k, s, c): n for k, n, s, c in tool.jobs(name, asked)}
    found = {(r["kappa"], r["slower"], r["kept"] is not None): r["runs"] for r in own}
    assert found.keys() == wanted.keys()
    assert all(found[key] >= count for key, count in wanted.items())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['factor']}-{row['kappa']}")
def test_a_row_adds_up(row):
    factor = features.FACTORS[row["factor"]]
    assert 0 <= row["diverged"] <= row["runs"]
    for key in ("weak", "strong", "first", "second", "oscillating"):
        assert 0 <= row[key] <= 1
    assert row["weak"] == pytest.approx((row["first"] + row["second"]) / 2, abs=1e-4)
    assert len(row["signals"]) == len(factor.strong_norms) + len(factor.weak_norms)
    assert len(row["alone"]) == len(row["alone_half"]) == len(factor.weak_norms)
    if len(row["alone"]) == 1:
        assert row["alone"] == [row["weak"]]
    if row["kept"] is not None and row["factor"] != "diagonal":  # there a step may turn a sign
        assert row["kept"] == row["runs"] and row["fall"] < 1e-9


def test_it_is_small_and_says_how_it_was_made():
    content = b"".join(path.read_bytes() for path in FOLDER.iterdir())
    assert len(content) < 100_000
    assert not re.search(rb"/home|/work|/root|/tmp|Users", content)
    assert ABOUT["command"].startswith("python tools/features.py")
    for key in ("date", "library_version", "torch_version", "numpy_version"):
        assert ABOUT[key]


def test_a_sample_comes_out_again():
    for new in features.measure("diagonal", range(40), [0.8, 1.5]):
        sweep = features.sweep_rows(ROWS, "diagonal")
        (old,) = (row for row in sweep if row["kappa"] == new["kappa"])
        spread = math.hypot(new["weak_half"], old["weak_half"]) / 1.96
        assert abs(new["weak"] - old["weak"]) < 5 * spread + 1e-3
        np.testing.assert_allclose(new["signals"], old["signals"], rtol=0.4)


def test_the_summary_by_hand():
    found = {row["name"]: row for row in features.summary()}
    assert list(found) == list(features.FACTORS)
    one = found["baseline"]
    sweep = features.sweep_rows(ROWS, "baseline")
    assert one["best_kappa"] == max(sweep, key=lambda row: row["first"])["kappa"]
    assert one["best"] == next(r["second"] for r in sweep if r["kappa"] == one["best_kappa"])
    slow = next(r for r in ROWS if r["factor"] == "baseline" and r["slower"] == SLOWER)
    assert (one["small"], one["small_half"]) == (slow["weak"], slow["weak_half"])
    kappas = [row["kappa"] for row in sweep]
    assert one["measured"] == features.crossing(kappas, [r["oscillating"] for r in sweep], 0.5)
    half = (1 + sweep[0]["weak"]) / 2
    assert one["learned"] == features.crossing(kappas, [row["weak"] for row in sweep], half)
    assert one["comes"] == "yes" and len(one["verdict"]) <= 90 and len(one["words"]) <= 28


def test_a_crossing():
    assert features.crossing([1, 2, 4], [0.1, 0.2, 0.8], 0.5) == pytest.approx(3)
    assert math.isnan(features.crossing([1, 2], [0.6, 0.7], 0.5))
    assert math.isnan(features.crossing([1, 2], [0.1, 0.2], 0.5))
    with pytest.raises(ValueError, match="kappas must rise"):
        features.crossing([2, 1], [0.1, 0.2], 0.5)


def test_what_measure_refuses():
    with pytest.raises(ValueError, match="seeds must be an even number of seeds, at least 4"):
        features.measure("diagonal", range(3), [1.0])
    with pytest.raises(ValueError, match="name must be one of 'baseline'"):
        features.measure("other", range(4), [1.0])


def test_the_tool_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tool, "jobs", lambda name, seeds: [(0.8, 4, 1, False), (0.9, 4, 1, False)])
    arguments = ["--only", "diagonal", "--seeds", "4", "--out", str(tmp_path)]
    tool.main(arguments)
    assert capsys.readouterr().out.count("diagonal") == 2
    tool.main(arguments)
    assert not capsys.readouterr().out
    monkeypatch.setattr(tool, "jobs", lambda name, seeds: [(0.8, 6, 1, False)])
    tool.main(arguments)  # more seeds take the place of fewer
    rows = tool.stored(tmp_path / "features.csv")
    assert [(row["kappa"], row["runs"]) for row in rows] == [("0.9", "4"), ("0.8", "6")]
    (wanted,) = features.measure("diagonal", range(6), [0.8])
    assert rows[1] == to_text(wanted)
