"""Folders of logs as tables, and the recorded runs that the book has."""

import json
import re

import pytest

from benign_osc_lib.deep import (
    COLUMNS,
    RECORDED,
    collect_runs,
    load_runs,
    provenance,
    read_log,
    run_in_folder,
)
from benign_osc_lib.deep import collection as module
from tests.book.common import ROOT
from tests.library.deep.common import small, small_images
from tools import deep_runs

STORED = ROOT / "benign_osc_lib" / "deep" / "stored"
THERE = [name for name in RECORDED if provenance(name)]


@pytest.fixture
def folder(tmp_path):
    grid = [small(seed=seed, lr=lr, schedule=((1, 0.05),)) for seed in (0, 1) for lr in (0.1, 0.2)]
    run_in_folder(grid, tmp_path / "runs", images=small_images(), command="a command")
    return tmp_path / "runs"


def test_a_folder_there_and_back(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "stored").mkdir()
    deep_runs.main([str(folder), "digits", "Small runs.", "--into", str(tmp_path / "stored")])
    assert "digits.csv" in capsys.readouterr().out
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    runs = load_runs("digits")
    assert len(runs) == 4 and load_runs("cifar-gpu") == [] and provenance("cifar-gpu") is None
    assert provenance("digits")["what"] == "Small runs."
    assert provenance("digits")["settings"]["batch_size"] == 16
    for run in runs:
        s = small(seed=run.settings["seed"], lr=run.settings["lr"], schedule=((1, 0.05),))
        assert run.settings["schedule"] == s.schedule and run.settings["width"] == 2
        assert run.facts["training_images"] == 40
        whole = read_log((folder / f"{s.name}.csv").read_text())
        assert run.last == run.at(2) and run.last["lr"] == 0.05
        for row, kept in zip(whole, run.rows, strict=True):
            for name in COLUMNS:
                wanted = row[name] and pytest.approx(row[name], rel=1e-3, abs=0)
                assert kept[name] == (row[name] if not row[name] else wanted)
    with pytest.raises(ValueError, match="^epoch must be one that was recorded, got 3"):
        runs[0].at(3)


def test_a_table_tells_of_no_machine(folder):
    table, head = collect_runs(folder, "Small runs.")
    assert str(folder) not in table + head and "a command" not in head


@pytest.mark.parametrize("end", ["csv", "json"])
def test_a_file_that_was_changed_is_refused(folder, end):
    path = sorted(folder.glob(f"*.{end}"))[0]
    whole = path.read_text()
    for other in (whole[: len(whole) // 2], whole.replace("s", "z"), "", "[]"):
        path.write_text(other)
        with pytest.raises(ValueError, match=re.escape(str(path))):
            collect_runs(folder, "Small runs.")
    path.write_text(whole)
    if end == "csv":
        path.write_text(whole.replace("0.05", "0.06"))
        with pytest.raises(ValueError, match="was cut or changed"):
            collect_runs(folder, "Small runs.")
        path.unlink()
        with pytest.raises(ValueError, match="missing or damaged"):
            collect_runs(folder, "Small runs.")


def test_unfinished_runs_are_left_out(folder):
    paths = sorted(folder.glob("*.json"))
    for path in paths:
        path.write_text(path.read_text().replace('"finished"', '"running"'))
    with pytest.raises(ValueError, match="^folder must hold a finished run"):
        collect_runs(folder, "None.")
    paths[0].write_text(paths[0].read_text().replace('"running"', '"finished"'))
    assert len(json.loads(collect_runs(folder, "One.")[1])["runs"]) == 1


def test_a_long_run_is_thinned(folder, monkeypatch):
    monkeypatch.setattr(module, "DENSE", 1)
    path = sorted(folder.glob("*.csv"))[0]
    head, first, _ = path.read_text().splitlines()
    lines = [f"{k}{first[1:]}" for k in range(1, 101)]
    path.write_text("\n".join([head, *lines]) + "\n")
    described = json.loads(path.with_suffix(".json").read_text())
    del described["log_sha256"]
    path.with_suffix(".json").write_text(json.dumps(described))
    table, _ = collect_runs(folder, "Long.")
    epochs = [line.split(",")[1] for line in table.splitlines() if line.startswith("0,")]
    assert list(map(int, epochs)) == [*range(1, 11), *range(12, 100, 3), 100]


@pytest.mark.parametrize("name", THERE)
def test_recorded_runs_are_small_and_whole(name):
    for end in ("csv", "json"):
        content = (STORED / f"{name}.{end}").read_bytes()
        assert len(content) < 300_000
        assert not re.search(rb"/home|/work|/root|/tmp|Users", content)
    runs = load_runs(name)
    settings = [json.dumps(run.settings, sort_keys=True) for run in runs]
    assert len(runs) == len(set(settings)) >= 10
    for run in runs:
        assert run.last["epoch"] == run.settings["epochs"] or run.last["diverged_at"]
        epochs = [row["epoch"] for row in run.rows]
        assert epochs == sorted(set(epochs)) and epochs[0] == 1
        for row in run.rows:
            assert set(row) == set(COLUMNS)
            assert row["diverged_at"] or all(
                0 <= row[k] <= 1 for k in COLUMNS if "test_" in k and row[k] is not None
            )
            assert row["train_loss"] >= 0
    assert provenance(name)["what"] and provenance(name)["made_with"]


def test_the_trial_is_there():
    assert "trial" in THERE and len(load_runs("trial")) == 16
    with pytest.raises(ValueError, match="^name must be one of 'trial'"):
        load_runs("none")
