"""The stored runs on digits: complete, consistent, and what the library makes of their seeds."""

import re

import numpy as np
import pytest
import xarray

from benign_osc_lib import generators
from benign_osc_lib.digits import (
    KAPPAS,
    KINDS,
    NEIGHBOURS,
    ONSET,
    ONSET_KAPPAS,
    PAIRS,
    RATES,
    SETTINGS,
    SOME_KAPPAS,
    Setting,
    cells,
    images,
    load,
    pair,
    preferred_directions,
    trained,
)
from benign_osc_lib.metrics import correct
from tests.book.common import ROOT
from tools import digits as tool

GRIDS = {
    "pairs": (PAIRS, KAPPAS, 100),
    "settings": (NEIGHBOURS, SOME_KAPPAS, 30),
    "onset": (NEIGHBOURS, ONSET_KAPPAS, 30),
}
each_grid = pytest.mark.parametrize("name", GRIDS)
each_store = pytest.mark.parametrize("name", [*GRIDS, "mlp"])


@each_store
def test_says_how_it_was_made_and_is_small(name):
    found = load(name)
    assert found.attrs["command"] == f"python tools/digits.py --only {name}"
    for key in ("date", "library_version", "torch_version", "numpy_version", "commit"):
        assert found.attrs[key]
    content = (ROOT / "benign_osc_lib" / "digits" / "stored" / f"{name}.nc").read_bytes()
    assert len(content) < 300_000
    assert not re.search(rb"/home|/work|/root|/tmp|Users", content)


@each_grid
def test_is_whole(name):
    found, (pairs, kappas, seeds) = load(name), GRIDS[name]
    assert found.pair.values.tolist() == [f"{a} {b}" for a, b in pairs]
    assert found.kappa.values.tolist() == list(kappas)
    assert found.attrs["seeds"] == f"0 to {seeds - 1}"
    assert found.attrs["number_of_runs"] == found.accuracy.size * seeds
    shown = images()[1].bincount().numpy()
    for (a, b), row in zip(pairs, found.n_test.transpose("pair", "setting").values, strict=True):
        sizes = [setting.n for setting in SETTINGS.values()][: len(row)]
        assert row.tolist() == [shown[a] + shown[b] - n for n in sizes]
    alive = found.diverged < seeds
    for what in ("loss", "answer", "cosine", "preferred"):
        assert (found[what].notnull() == alive).all()
    assert ((found.accuracy >= 0) & (found.accuracy <= 1)).all()
    assert ((found.diverged >= 0) & (found.diverged <= seeds)).all()


def test_the_grids_of_the_tool():
    assert cells.GRIDS == {
        "pairs": (PAIRS, {"baseline": Setting()}, KAPPAS, 100, True),
        "settings": (NEIGHBOURS, SETTINGS, SOME_KAPPAS, 30, False),
        "onset": (NEIGHBOURS, {k: SETTINGS[k] for k in ONSET}, ONSET_KAPPAS, 30, False),
    }
    plain = {"n": 64, "image_norm": 0.2, "shortcut": 1.0, "scaling": "each"}
    plain |= {"time": 300.0, "scale": 1 / 16, "order": "cyclic", "m": 8}
    for setting in SETTINGS.values():
        changed = [key for key, value in plain.items() if getattr(setting, key) != value]
        assert len(changed) == (setting != Setting())


def test_what_is_said_before_comes_from_the_training_images():
    data, _ = pair(3, 8, generator=generators(range(100)))
    directions, _ = preferred_directions(data)
    fires = (data.x[..., None, 1, :] * directions[:, None]).sum(-1).clamp(min=0).square()
    right = (fires[..., 0] - fires[..., 1]) * data.y > 0
    kept = load("pairs").isel(setting=0).sel(pair="3 8")
    assert float(kept.late) == pytest.approx(right.double().mean().item(), abs=1e-3)


def test_the_sums_of_the_pairs():
    found = load("pairs").isel(setting=0)
    share = found.right / found.n_test
    np.testing.assert_allclose(found.accuracy, share.mean("seed"), rtol=1e-5)
    np.testing.assert_allclose(found.accuracy_sd, share.std("seed", ddof=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("two", [(3, 8), (0, 6)])
def test_comes_out_again(two):
    """Where nothing oscillates, the same seeds give the same counts, up to a point on the edge."""
    again = trained(*two, 0.8, range(5), margins=False)
    counts = correct(again.run.weights, again.test).sum(-1).numpy()
    kept = load("pairs").right.sel(pair=f"{two[0]} {two[1]}", kappa=0.8).values
    assert np.abs(counts - kept.squeeze()[:5]).max() <= 2


def test_the_plain_networks():
    found = load("mlp")
    assert found.kind.values.tolist() == list(KINDS) and found.rate.values.tolist() == list(RATES)
    assert found.accuracy.shape == (4, len(RATES), 20) and found.attrs["seeds"] == "0 to 19"
    assert found.attrs["number_of_runs"] == found.accuracy.size
    assert ((found.accuracy >= 0) & (found.accuracy <= 1) & (found.edge > 1)).all()


def test_the_tool(tmp_path, monkeypatch, capsys):
    quick = Setting(n=4, time=2, m=8)
    monkeypatch.setattr(cells, "GRIDS", {"settings": ([(3, 8)], {"quick": quick}, (0.5,), 2, True)})
    options = ["--store", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]
    for _ in range(2):  # the second time from the store
        tool.main(["--only", "settings", "--seeds", "3", *options])
    assert "settings.nc: 3 runs" in capsys.readouterr().out
    written = xarray.load_dataset(tmp_path / "out" / "settings.nc", engine="scipy")
    wanted = cells.measure_rates(3, 8, (0.5,), range(3), quick, calm=True)
    share = (wanted.right / wanted.n_test).mean("seed").values
    np.testing.assert_allclose(written.accuracy.squeeze(), share.squeeze(), rtol=1e-6)
    np.testing.assert_allclose(written.loss.squeeze(), wanted.loss.squeeze(), rtol=1e-6)
    assert written.attrs["command"] == "python tools/digits.py --only settings --seeds 3"
    assert str(tmp_path) not in str(written.attrs)
