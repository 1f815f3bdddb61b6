"""The command line: what it takes, what it refuses, and the files it leaves."""

import json

import pytest
import torch

from benign_osc_lib.deep import GRIDS, command, read_log
from benign_osc_lib.deep.command import main, parse_seeds, settings_of

TINY = "--train-points 40 --test-points 20 --batch-size 16 --width 2 --epochs 2 --quiet".split()

CHANGE = ((20, 0.01),)

MEASURED = "--sharpness-every 2 --sharpness-points 20".split()


def run(tmp_path, *words):
    return main([*TINY, "--out", str(tmp_path), *words])


def asked(line):
    return settings_of(command.parser().parse_args(line.split()))


def test_the_example_of_the_paper():
    line = "--dataset fashion-mnist --arch resnet18 --lr 0.75 --schedule 10:0.01 --shortcut 0.875"
    (one,) = asked(line)
    assert (one.dataset, one.arch, one.lr, one.shortcut) == (
        "fashion-mnist",
        "resnet18",
        0.75,
        0.875,
    )
    assert one.schedule == ((10, 0.01),) and one.precision == "float32"
    assert (one.batch_size, one.weight_decay) == (128, 5e-4)


def test_a_grid_of_rates_shares_strengths_and_seeds():
    grid = asked("--lr 0.1 0.2 --shortcut 0 0.5 --shortcut-strength 1 2 --seeds 0-2 7 7")
    assert len(grid) == len(set(grid)) == 2 * 2 * 2 * 4
    assert len({s.name for s in grid}) == len(grid)
    assert [s.seed for s in grid[::8]] == [0, 1, 2, 7]
    assert parse_seeds(["3", "0-2"]) == [3, 0, 1, 2]


def test_a_gpu_has_bf16_unless_told():
    assert asked("--device cuda")[0].precision == "bf16"
    assert asked("--device cuda --precision float32")[0].precision == "float32"


@pytest.mark.parametrize("name", GRIDS)
def test_the_prepared_grids_are_command_lines(name):
    grid = [s for line in GRIDS[name] for s in asked(line)]
    assert len({s.name for s in grid}) == len(set(grid)) >= 25
    assert all(len([s for s in grid if s.seed == seed]) * 5 == len(grid) for seed in range(5))


def test_the_large_grid_has_every_rate_with_both_losses():
    grid = [s for line in GRIDS["fashion-gpu"] for s in asked(line)]
    for loss in ("cross-entropy", "square"):
        rates = {s.lr for s in grid if (s.loss, s.shortcut, s.schedule) == (loss, 0.875, CHANGE)}
        assert rates == {0.01, 0.03, 0.1, 0.3, 0.75}


def test_the_files(tmp_path, capsys):
    assert run(tmp_path, "--lr", "0.1", "--shortcut", "0.5", *MEASURED) == 0
    name = "digits-resnet-narrow-shortcut0.5-strength1-lr0.1-epochs2-seed0"
    assert {path.name for path in tmp_path.iterdir()} - {".lock"} == {
        f"{name}.{end}" for end in ("csv", "json", "pt")
    }
    rows = read_log((tmp_path / f"{name}.csv").read_text())
    assert [row["epoch"] for row in rows] == [1, 2]
    for row in rows:
        measured = row["epoch"] == 2
        assert 0 < row["train_loss"] < 10 and row["train_loss_sd"] > 0
        for key in ("test_removed", "test_with", "test_wrong", "test_fresh"):
            assert 20 * row[key] == pytest.approx(round(20 * row[key]))
        for part in ("shortcut", "rest", "all", "batch"):
            assert (row[f"sharpness_{part}"] is not None) == measured
        highest = max(row["sharpness_shortcut"] or 0, row["sharpness_rest"] or 0)
        assert not measured or 0 < row["sharpness_all"] <= highest * 1.01
    known = json.loads((tmp_path / f"{name}.json").read_text())
    assert known["status"] == "finished" and known["diverged_at"] is None
    assert known["settings"]["lr"] == 0.1 and len(known["seconds"]) == 2
    (session,) = known["sessions"]
    assert session["command"].startswith("python -m benign_osc_lib.deep --train-points 40")
    assert {"date", "torch_version", "library_version", "python_version", "device"} <= set(session)
    assert known["facts"]["training_images"] == 40 and known["facts"]["length_of_shortcut"] == 2
    assert name in capsys.readouterr().out
    assert run(tmp_path, "--lr", "0.1", "--shortcut", "0.5", *MEASURED) == 0
    assert "(finished before)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, message",
    [
        (["--schedule", "10"], "schedule must be EPOCHS:RATE"),
        (["--schedule", "5:0.1,5:0.2"], "epochs of the schedule must be at least 6"),
        (
            ["--schedule", "2:0.1"],
            "schedule must change the rate within the 2 epochs, got",
        ),
        (["--shortcut", "1.5"], "shortcut must be finite, >= 0 and <= 1, got 1.5"),
        (["--shortcut", "-0.1"], "shortcut must be finite, >= 0 and <= 1, got -0.1"),
        (["--shortcut-strength", "nan"], "strength must be finite, >= 0, got nan"),
        (["--lr", "0"], "lr must be finite and > 0, got 0.0"),
        (["--lr", "inf"], "lr must be finite and > 0, got inf"),
        (["--seeds", "1.5"], 'seeds must be such as 3 or 0-4, got "1.5"'),
        (["--seeds", "4-2"], 'seeds must be such as 3 or 0-4, got "4-2"'),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
        (["--batch-size", "50"], "batch_size must be at most the number of training images, 40"),
        (["--train-points", "2000"], "train_points must be in 1..1297, got 2000"),
        (["--weight-decay", "-1"], "weight_decay must be finite, >= 0, got -1"),
        (["--device", "abacus"], "device must name one"),
        (["--device", "cuda:97"], "device must be one of this machine"),
        (["--device", "meta"], "device must be one of this machine"),
        (["--threads", "99999999999"], "threads must be in 1..1024, got 99999999999"),
        (["--width", str(10**30)], "width must be in 1..65536, got 1000"),
        (["--data", "x" * 5000], "data cannot be read from xxx"),
        (["--data", "/nowhere"], "data must be a folder, got '/nowhere'"),
    ],
)
def test_nonsense_is_refused_in_one_line(words, message, tmp_path, capsys):
    assert run(tmp_path, *words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and message in said and said.count("\n") == 1
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize("words", [["--arch", "vgg"], ["--dataset", "mnist"], ["--nonsense"]])
def test_unknown_words_are_refused_by_the_parser(words, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path, *words)
    assert stopped.value.code == 2 and words[-1] in capsys.readouterr().err


def test_other_settings_in_the_same_folder_are_refused(tmp_path, capsys):
    assert run(tmp_path) == 0
    assert run(tmp_path, "--batch-size", "20", "--weight-decay", "0") == 2
    said = capsys.readouterr().err
    assert "of a run with other settings" in said
    assert "batch_size is 16 there, 20 now" in said and "weight_decay is 0.0005 there" in said


def test_a_log_of_somebody_is_not_overwritten(tmp_path, capsys):
    name = asked("--epochs 2")[0].name
    log = tmp_path / f"{name}.csv"
    log.write_text("my notes\n")
    assert run(tmp_path) == 2
    assert "is there without" in capsys.readouterr().err and log.read_text() == "my notes\n"
    log.unlink()
    assert run(tmp_path) == 0
    description = tmp_path / f"{name}.json"
    description.write_text(description.read_text().replace('"finished"', '"running"'))
    notes = log.read_text() + "my notes\n"
    log.write_text(notes)
    assert run(tmp_path) == 2
    assert "it would be overwritten" in capsys.readouterr().err and log.read_text() == notes


@pytest.mark.parametrize("end", ["pt", "json"])
def test_a_damaged_file_is_named(end, tmp_path, capsys):
    assert run(tmp_path) == 0
    name = asked("--epochs 2")[0].name
    description = tmp_path / f"{name}.json"
    description.write_text(description.read_text().replace('"finished"', '"running"'))
    path = tmp_path / f"{name}.{end}"
    path.write_bytes(path.read_bytes()[:-100])
    assert run(tmp_path) == 2
    assert f"{path} is damaged" in capsys.readouterr().err


def test_a_run_that_diverges_is_data_and_the_next_one_follows(tmp_path, capsys):
    assert run(tmp_path, "--lr", "1e30", "0.1") == 0
    said = capsys.readouterr().out
    assert "diverged at step" in said and "train loss" in said
    bad, good = (
        read_log((tmp_path / f"{s.name}.csv").read_text())
        for s in asked("--epochs 2 --lr 1e30 0.1")
    )
    assert 1 <= bad[-1]["diverged_at"] <= 4 and bad[-1]["test_removed"] is None
    assert len(good) == 2 and good[-1]["diverged_at"] is None
    known = json.loads((tmp_path / f"{asked('--epochs 2 --lr 1e30')[0].name}.json").read_text())
    assert known["status"] == "diverged" and known["diverged_at"] == bad[-1]["diverged_at"]
    assert run(tmp_path, "--lr", "1e30") == 0
    assert "(finished before)" in capsys.readouterr().out


def test_weights_can_be_discarded(tmp_path):
    assert run(tmp_path, "--discard-weights") == 0
    assert not list(tmp_path.glob("*.pt")) and list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize("precision", ["bf16", "float64"])
def test_other_precisions(precision, tmp_path):
    """Close to float32 in the first epoch, and not equal to it."""
    for name in ("float32", precision):
        assert run(tmp_path / name, "--precision", name, "--epochs", "1") == 0
    (settings,) = asked("--epochs 1")
    logs = [(tmp_path / x / f"{settings.name}.csv").read_text() for x in ("float32", precision)]
    one, two = (read_log(log)[0]["train_loss"] for log in logs)
    assert one == pytest.approx(two, rel=0.03, abs=0)
    states = [torch.load(next((tmp_path / x).glob("*.pt"))) for x in ("float32", precision)]
    first, second = (state["network"]["answer.weight"] for state in states)
    assert not torch.equal(first, second.float())
    assert second.dtype == (torch.float64 if precision == "float64" else torch.float32)


def test_two_processes_need_two_folders(tmp_path, capsys):
    fcntl = pytest.importorskip("fcntl")
    with open(tmp_path / ".lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run(tmp_path) == 2
    assert "another process trains into" in capsys.readouterr().err
    assert run(tmp_path) == 0


def test_tensorboard_must_be_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(torch.os.sys.modules, "torch.utils.tensorboard", None)
    assert run(tmp_path, "--tensorboard") == 2
    assert "pip install tensorboard" in capsys.readouterr().err


class Writer:
    """TensorBoard's writer, as far as it is used."""

    seen = {}

    def __init__(self, folder, purge_step=None):
        self.folder = folder
        for key in [key for key in self.seen if key[0] == folder and key[2] >= purge_step]:
            del self.seen[key]

    def add_scalar(self, name, value, step):
        """Note a number."""
        self.seen[self.folder, name, step] = value

    def flush(self):
        """Nothing to do."""

    close = flush


def test_tensorboard_gets_every_number(tmp_path, monkeypatch):
    module = type("module", (), {"SummaryWriter": Writer})
    monkeypatch.setitem(torch.os.sys.modules, "torch.utils.tensorboard", module)
    assert run(tmp_path, "--tensorboard") == 0
    (settings,) = asked("--epochs 2")
    folder = str(tmp_path / "tensorboard" / settings.name)
    rows = read_log((tmp_path / f"{settings.name}.csv").read_text())
    for row in rows:
        for name, value in row.items():
            if name != "epoch" and value is not None:
                seen = Writer.seen[folder, name, row["epoch"]]
                assert seen == pytest.approx(value, rel=1e-5, abs=0)
