"""What was cut, changed, lost or put in the way: exit status 2, and words that say what to do."""

import json
import shutil

import pytest
import torch

from benign_osc_lib.deep import command, read_log
from benign_osc_lib.deep.checkpoint import Place
from tests.library.deep.test_command import Writer, asked, run

(SETTINGS,) = asked("--train-points 40 --test-points 20 --batch-size 16 --width 2 --epochs 2")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a finished run."""
    folder = tmp_path_factory.mktemp("made")
    assert run(folder) == 0
    return folder


@pytest.fixture
def there(made, tmp_path):
    """A copy of it, as a place."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path, SETTINGS)


def change(place, **other):
    """Write other values, or with None none, into a description."""
    known = {**json.loads(place.description.read_text()), **other}
    place.description.write_text(json.dumps({k: v for k, v in known.items() if v is not None}))


def refused(tmp_path, capsys, *words):
    """The one line of an error."""
    capsys.readouterr()
    assert run(tmp_path, *words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    assert "Errno" not in said and "Traceback" not in said
    return said


def edited(content):
    first = content.splitlines()[1].split(b",")[2]
    return content.replace(first, b"1.3")


DAMAGE = {
    "cut to its header": lambda content: content.splitlines(keepends=True)[0],
    "cut by a line": lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
    "cut within a line": lambda content: content[:-9],
    "empty": lambda content: b"",
    "edited": edited,
    "other ends of lines": lambda content: content.replace(b"\n", b"\r\n"),
    "not UTF-8": lambda content: content + b"\xff\xfe",
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("weights", [True, False])
def test_the_log_of_a_finished_run_is_the_one_it_wrote(damage, weights, there, tmp_path, capsys):
    good = there.log.read_bytes()
    bad = DAMAGE[damage](good)
    assert bad != good
    there.log.write_bytes(bad)
    if not weights:
        there.state.unlink()
    said = refused(tmp_path, capsys)
    assert f"{there.log} is not what this run wrote: it was cut or changed" in said
    assert there.log.read_bytes() == bad
    if weights:  # what the message says helps
        assert f"writes it again from {there.state.name}" in said
        there.log.unlink()
    else:
        assert f"move it and {there.description.name} away" in said
        there.log.unlink()
        there.description.unlink()
    assert run(tmp_path) == 0
    assert there.log.read_bytes() == good


@pytest.mark.parametrize("damage", ["cut to its header", "cut by a line", "empty", "not UTF-8"])
def test_a_run_from_before_there_were_checksums(damage, there, tmp_path, capsys):
    change(there, log_sha256=None)
    assert run(tmp_path) == 0
    assert "(finished before)" in capsys.readouterr().out
    there.log.write_bytes(DAMAGE[damage](there.log.read_bytes()))
    assert f"{there.log} is damaged" in refused(tmp_path, capsys)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "3", '"text"', "[]", "{}", "NaN", "[" * 100_000, "\xff"),
        *('{"settings": 3}', '{"settings": {}}', '{"settings": []}'),
        '{"settings": {}, "status": "new", "sessions": [], "seconds": []}',
        '{"settings": {}, "status": [], "sessions": [], "seconds": []}',
        '{"settings": {}, "status": "finished", "sessions": {}, "seconds": []}',
        '{"settings": {}, "status": "finished", "sessions": [], "seconds": 3}',
        '{"settings": {}, "status": "finished", "sessions": [], "seconds": [], "log_sha256": 3}',
    ],
)
def test_a_damaged_description_is_named(text, there, tmp_path, capsys):
    there.description.write_bytes(text.encode("latin1"))
    said = refused(tmp_path, capsys)
    assert f"{there.description} is damaged or not of this program: move it" in said


@pytest.mark.parametrize("name", ["settings", "status", "sessions", "seconds"])
def test_a_description_without_a_part_is_damaged(name, there, tmp_path, capsys):
    change(there, **{name: None})
    assert f"{there.description} is damaged" in refused(tmp_path, capsys)


def test_a_state_that_is_missing_is_named(there, tmp_path, capsys):
    change(there, status="running")
    there.state.unlink()
    said = refused(tmp_path, capsys)
    assert f"{there.state} is missing, without which the run cannot go on" in said


def test_a_run_that_begins_again_counts_its_seconds_anew(there, tmp_path):
    for path in (there.log, there.state):
        path.unlink()
    assert run(tmp_path) == 0
    known = json.loads(there.description.read_text())
    assert len(known["seconds"]) == 2 and len(known["sessions"]) == 2


@pytest.mark.parametrize("end", ["csv", "json", "pt", "lock"])
def test_a_folder_in_the_place_of_a_file(end, there, tmp_path, capsys):
    path = {"csv": there.log, "json": there.description, "pt": there.state}.get(end)
    path = path or tmp_path / ".lock"
    path.unlink()
    path.mkdir()
    change(there, status="running") if end == "pt" else None
    assert str(path) in refused(tmp_path, capsys)


@pytest.mark.parametrize("below", ["", "more/and/more"])
def test_a_file_in_the_place_of_the_folder(below, tmp_path, capsys):
    (tmp_path / "notes").write_text("mine")
    said = refused(tmp_path, capsys, "--out", str(tmp_path / "notes" / below))
    assert "out must be a folder that can be written, got" in said and "notes" in said


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch, capsys):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("benign_osc_lib._files.replace", full)
    said = refused(tmp_path, capsys)
    assert f"out must be a folder that can be written: {tmp_path}" in said
    assert said.endswith("no space left on device\n")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes."),
        MemoryError(),
    ],
)
def test_too_little_memory_is_said_in_words(error, tmp_path, monkeypatch, capsys):
    def train(*given):
        raise error

    monkeypatch.setattr("benign_osc_lib.deep.runs._train", train)
    said = refused(tmp_path, capsys)
    assert "device has too little memory for this run, got 'cpu': take a smaller" in said


def test_an_error_of_the_program_is_not_hidden(tmp_path, monkeypatch):
    def train(*given):
        raise RuntimeError("a mistake")

    monkeypatch.setattr("benign_osc_lib.deep.runs._train", train)
    with pytest.raises(RuntimeError, match="a mistake"):
        run(tmp_path)


def test_the_weights_of_finished_runs_are_discarded_too(there, tmp_path):
    assert run(tmp_path, "--discard-weights") == 0
    assert not there.state.exists() and there.log.exists()
    assert run(tmp_path) == 0 and not there.state.exists()


@pytest.mark.parametrize(
    "words, named",
    [
        (["--seeds", "0"], ["--seeds"]),
        (["--epochs", "2", "--lr", "0.1"], ["--lr", "--epochs"]),
        (["--shortcut", "0"], ["--shortcut"]),  # as the default, and yet given
        (["--train-points", "40", "--loss", "square"], ["--train-points", "--loss"]),
    ],
)
def test_a_prepared_grid_is_not_changed(words, named, tmp_path, capsys):
    assert command.main(["--grid", "digits-cpu", "--out", str(tmp_path / "new"), *words]) == 2
    said = capsys.readouterr().err
    assert (
        f"--grid digits-cpu says itself what its runs are: leave out {', '.join(named)}, " in said
    )
    assert not (tmp_path / "new").exists()


def test_a_prepared_grid_takes_where_and_how(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        command, "run_in_folder", lambda grid, out, **o: seen.append((grid, out, o))
    )
    words = "--grid fashion-cpu --device cuda --threads 2 --precision float32 --data D --out O"
    flags = ["--quiet", "--tensorboard", "--discard-weights", "--checkpoint-every", "5"]
    assert command.main([*words.split(), *flags]) == 0
    ((grid, out, options),) = seen
    assert len(grid) == 45 and out == "O" and options["checkpoint_every"] == 5
    assert {(s.device, s.threads, s.precision, s.width) for s in grid} == {
        ("cuda", 2, "float32", 4)
    }


@pytest.fixture
def board(monkeypatch):
    """TensorBoard's stand-in."""
    module = type("module", (), {"SummaryWriter": Writer})
    monkeypatch.setitem(torch.os.sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(Writer, "seen", {})
    return Writer.seen


@pytest.mark.parametrize("status", ["running", "finished"])
def test_tensorboard_has_the_epochs_from_before(status, there, tmp_path, board):
    """Killed before it was told of them, or only asked for later."""
    change(there, status=status)
    assert run(tmp_path, "--tensorboard") == 0
    folder = str(tmp_path / "tensorboard" / SETTINGS.name)
    for row in read_log(there.log.read_text()):
        assert board[folder, "train_loss", row["epoch"]] == pytest.approx(row["train_loss"], 1e-5)
    assert {step for _, _, step in board} == {1, 2}


def test_help_says_what_the_words_mean(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for words in (
        "the 1797 images of 8 x 8 pixels that come with scikit-learn",
        "default: 0, no image has one",
        "of the other options only these go with it: --data --precision",
        "exceeds 1e6 or is no number",
    ):
        assert words in said
