"""Runs in a folder: begun, resumed after a kill, or found finished."""

import sys
import time
from datetime import datetime, timezone

import torch
from tqdm import tqdm

from .. import _checks, _provenance
from .checkpoint import Place, alone
from .datasets import load_images
from .logs import TensorBoard, read_log, write_log
from .training import Training


def run_in_folder(
    grid,
    folder,
    *,
    data=None,
    images=None,
    checkpoint_every=0,
    keep_weights=True,
    tensorboard=False,
    progress=False,
    command="",
    report=None,
):
    """Train the runs of a grid, each into files of its own (chapter 16).

    A run that is finished is left as it is. One that was interrupted, at any moment and by any
    means, goes on from its last state and gives the same log and the same weights; on the CPU to
    the last bit. A finished run whose log is no longer the one that it wrote is an error.

    The files of a run are ``NAME.csv``, the log; ``NAME.json``, its settings, what made it, the
    seconds of each epoch and, at the end, the SHA-256 of the log; ``NAME.pt``, its state, at the
    end the final weights.

    Args:
        grid: a sequence of :class:`Settings`.
        folder: where the files go; it is made.
        data: the folder of the data set's files; None looks in the usual places.
        images: :class:`Images` in the place of the data set that the settings name.
        checkpoint_every: write the state after so many steps, too; 0 does so after epochs only.
        keep_weights: False removes ``NAME.pt`` of a finished run.
        tensorboard: whether to write logs for TensorBoard, below ``folder/tensorboard``; those of
            finished runs, too, if there are none.
        progress: whether to show a bar on stderr that counts steps.
        command: what is noted as the command that made the run.
        report: called after each run with its settings, its rows and whether it was finished
            before.

    Returns:
        The rows of each run, a list of lists of dicts, as :func:`read_log` returns them.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a file is there that is not of this run, is damaged or of other settings, or
            one is missing; the folder cannot be written, or another process trains into it; or the
            data are missing or damaged.
    """
    folder = _checks.path("out", folder, meaning="that of a folder")
    every = _checks.integer("checkpoint_every", checkpoint_every, low=0)
    known_images, found = {}, []
    board = TensorBoard(folder / "tensorboard") if tensorboard else None
    with alone(folder):
        for settings in grid:
            place = Place(folder, settings)
            known = place.read_description()
            before = bool(known) and known["status"] != "running" and place.log.exists()
            if before:
                rows = place.read_finished(known)
                if board and not board.has(settings.name):
                    board.write(settings.name, rows)
            else:
                if images is None and settings.dataset not in known_images:
                    known_images[settings.dataset] = load_images(settings.dataset, data)
                training = Training(settings, images or known_images[settings.dataset])
                _train(training, place, known, every, board, progress, command)
                rows = read_log(write_log(training.rows))
            if not keep_weights:
                place.state.unlink(missing_ok=True)
            if report:
                report(settings, rows, before)
            found.append(rows)
    return found


def _train(training, place, known, every, board, progress, command):
    """Train a run to its end, from its last state if there is one."""
    s, state = training.settings, place.read_state()
    known = known or {"settings": s.to_json(), "sessions": []}
    if state:
        training.load_state(state)
    known |= {"seconds": list(state["seconds"]) if state else []}
    known |= {"status": "running", "diverged_at": None, "facts": training.facts}
    known["sessions"] = [*known["sessions"], _session(s, command)]
    place.write_description(known)
    done = len(training.rows) * training.steps + training.step
    bar = tqdm(
        total=s.epochs * training.steps,
        initial=done,
        disable=not progress,
        desc=s.name,
        unit="step",
    )
    seconds, began = known["seconds"], time.perf_counter()
    so_far = state["partial_seconds"] if state else 0.0

    def save():
        spent = so_far + time.perf_counter() - began
        state = {**training.state(), "seconds": seconds, "partial_seconds": spent}
        place.write_state(state)

    def after_step():
        bar.update()
        if every and (len(training.rows) * training.steps + training.step) % every == 0:
            save()

    writer = board.write(s.name, training.rows, more=True) if board else None
    with bar:
        while not training.finished:
            training.epoch(after_step)
            seconds.append(round(so_far + time.perf_counter() - began, 3))
            so_far, began = 0.0, time.perf_counter()
            save()
            place.write_rows(training.rows)
            bar.update()
            bar.set_postfix_str(f"loss {training.rows[-1]['train_loss']:.3g}")
            if writer:
                board.add(writer, training.rows[-1])
    if writer:
        writer.close()
    known |= {
        "log_sha256": place.write_rows(training.rows),
        "status": "finished" if training.diverged_at is None else "diverged",
        "diverged_at": training.diverged_at,
    }
    place.write_description(known)


def _session(settings, command):
    """What begins or goes on with a run: the command, the date, the versions, the device."""
    device = torch.device(settings.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    return {
        "command": command,
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "python_version": sys.version.split()[0],
        "device": name,
        **_provenance.made_by(),
    }
