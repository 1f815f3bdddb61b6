"""What training returns, and how it is kept in a file."""

import io
import json
import os
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .losses import loss
from .rule import Rule

FORMAT = 1
"""The number of the format of :meth:`Run.save`."""


@dataclass(frozen=True, eq=False)
class Progress:
    """How a run was made, and all that is needed to go on with it.

    Args:
        engine: its name in ``engine.ENGINES``.
        order: "cyclic" or "shuffled".
        record_every: a number of steps, or None.
        epochs: passes that were made.
        stop_below: the loss below which runs stop, or None.
        state: tensors of the engine, with the leading axes of the batch.
        directions: vectors whose overlaps are recorded, (..., K, d), or None.
        generators: the states of the generators afterwards, (S, bytes), or None if none was used.
        batched: whether S is a leading axis of the batch.
    """

    engine: str
    order: str
    record_every: int | None
    epochs: int
    stop_below: float | None
    state: dict
    directions: Tensor | None = None
    generators: Tensor | None = None
    batched: bool = False


@dataclass(frozen=True, eq=False)
class Run:
    """What :func:`~benign_osc_lib.training.train` returns: one run, or a batch of runs along the
    leading axes ``...``.

    Args:
        weights: the final weights, (..., 2, m, d).
        margins: (..., epochs, n); ``margins[..., e, i]`` is y_i f(x_i) when point i is visited in
            epoch e, before the update; None if they were not wanted.
        strong: ⟨w_{j,r}, j u⟩ at each recorded step, (..., T, 2, m).
        weak: ⟨w_{j,r}, j v⟩ at each recorded step, (..., T, 2, m).
        steps: the recorded steps, (T,) integers on the CPU; step s is the state after s updates,
            step 0 the start.
        diverged_at: (...) integers: the number of the update after which the run had diverged;
            0 if it had from the start, −1 if it did not. From there on it is frozen.
        lr: the learning rates η, (...).
        rule: which SGD it was.
        seeds: the initial seeds of the generators that were given, (...) int64 or, for one
            generator, (); None if none was given or nothing was drawn.
        stopped_at: (...) integers: the number of the update after which the run was stopped
            because its loss was low, −1 if it was not. From there on it is frozen.
        second_layer: the final factors a_{j,r} of a trained second layer, (..., 2, m), or None.
        overlaps: ⟨w_{j,r}, x⟩ of the wanted vectors at each recorded step, (..., T, 2, m, K), or
            None.
        path: the weights at each recorded step, (..., T, 2, m, d), or None.
        progress: what :func:`~benign_osc_lib.training.resume` needs, or None.
    """

    weights: Tensor
    margins: Tensor | None
    strong: Tensor
    weak: Tensor
    steps: Tensor
    diverged_at: Tensor
    lr: Tensor | None = None
    rule: Rule = Rule()
    seeds: Tensor | None = None
    stopped_at: Tensor | None = None
    second_layer: Tensor | None = None
    overlaps: Tensor | None = None
    path: Tensor | None = None
    progress: Progress | None = None

    def __getitem__(self, index):
        """One run, or some, of a batch: ``run[3]`` has the fields of run 3 alone.

        Args:
            index: of the leading axes, as for a tensor ``diverged_at``.

        Returns:
            A Run, without what is needed to go on with it.

        Raises:
            IndexError: there is no such run.
        """
        batch = self.diverged_at.shape
        chosen = {"diverged_at": self.diverged_at[index]}  # a bad index cannot reach other axes
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "seeds" and value is not None and batch:
                chosen["seeds"] = value.expand(batch)[index]
            elif isinstance(value, Tensor) and field.name not in ("steps", "diverged_at", "seeds"):
                chosen[field.name] = value[index]
        return replace(self, **chosen, progress=None)

    @property
    def loss(self):
        """ℓ of the true labels at each visit, before the update, (..., epochs, n).

        For the square loss ½ (f(x_i) − y_i)².

        Raises:
            ValueError: the margins were not kept.
        """
        if self.margins is None:
            raise ValueError("margins must have been kept for the loss: train with margins=True")
        return loss(self.rule.loss, self.margins, torch.ones_like(self.margins))

    def save(self, path):
        """Write the run to a file, in one step: an archive of NumPy arrays (npz), without pickle.

        Args:
            path: the file, as a str, bytes or ``os.PathLike``; ~ is the home directory. What was
                there is replaced.

        Raises:
            TypeError: ``path`` is no path.
            ValueError: the activation is not one with a name.
            OSError: the file cannot be written.
        """
        from .sweeps.files import replace as replace_file

        about, arrays = {"format": FORMAT, "rule": self.rule.to_json(), "dtypes": {}}, {}

        def keep(name, tensor):
            if tensor is not None:
                about["dtypes"][name] = str(tensor.dtype).removeprefix("torch.")
                tensor = tensor.detach().cpu()
                half = tensor.dtype == torch.bfloat16  # NumPy has none
                arrays[name] = (tensor.view(torch.int16) if half else tensor).numpy()

        for field in fields(self):
            if field.name not in ("rule", "progress"):
                keep(field.name, getattr(self, field.name))
        if self.progress is not None:
            about["progress"] = {
                field.name: getattr(self.progress, field.name)
                for field in fields(self.progress)
                if field.name not in _TENSORS
            }
            for name in ("directions", "generators"):
                keep(f"progress.{name}", getattr(self.progress, name))
            for name, tensor in self.progress.state.items():
                keep(f"state.{name}", tensor)
        content = io.BytesIO()
        np.savez(content, about=np.array(json.dumps(about)), **arrays)
        replace_file(_path(path), content.getbuffer())

    @staticmethod
    def load(path):
        """A run that was written by :meth:`save`, on the CPU.

        Args:
            path: the file, as a str, bytes or ``os.PathLike``; ~ is the home directory.

        Returns:
            A Run.

        Raises:
            TypeError: ``path`` is no path.
            OSError: the file cannot be read.
            ValueError: the file does not hold a run, or is damaged.
        """
        file = _path(path)
        content = file.read_bytes()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as found:
                about = json.loads(str(found["about"]))
                if about["format"] != FORMAT:
                    raise ValueError(f"its format is {about['format']}, not {FORMAT}")
                tensors = {
                    name: torch.from_numpy(found[name]).view(getattr(torch, dtype))
                    for name, dtype in about["dtypes"].items()
                }
            progress = about.get("progress")
            if progress is not None:
                state = {n[6:]: tensors.pop(n) for n in list(tensors) if n.startswith("state.")}
                more = {name: tensors.pop(f"progress.{name}", None) for name in _TENSORS[1:]}
                progress = Progress(**progress, **more, state=state)
            rule = Rule.from_json(about["rule"])
            tensors.setdefault("margins", None)
            return Run(**tensors, rule=rule, progress=progress)
        except Exception as error:  # whatever a damaged archive makes of itself
            raise ValueError(f"path must be a file with a run, got {file}: {error!r}") from error


_TENSORS = ("state", "directions", "generators")


def _path(path):
    try:
        return Path(os.path.expanduser(os.fsdecode(path)))
    except TypeError:
        raise TypeError(f"path must be a path, got {path!r}") from None
