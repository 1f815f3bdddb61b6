"""What training returns, and how it is kept in a file."""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from . import _checks
from ._archive import pack, unpack
from ._files import replace as replace_file
from .losses import loss
from .rule import Rule


@dataclass(frozen=True, eq=False)
class Progress:
    """How a run was made, and all that is needed to go on with it.

    Args:
        engine: its name in ``engine.ENGINES``.
        order: "cyclic" or "shuffled".
        record_every: a number of steps, or None.
        stop_below: the loss below which runs stop, or None.
        batched: whether the generators are a leading axis of the batch.
        n: points of the data.
        patches: P, patches of a point.
        epochs: passes that were made.
        state: tensors of the engine, with the leading axes of the batch, by name.
        directions: vectors whose overlaps are recorded, (..., K, d), or None.
        generators: the states of the generators afterwards, (S, bytes), or None if none was used.
    """

    engine: str
    order: str
    record_every: int | None
    stop_below: float | None
    batched: bool
    n: int
    patches: int
    epochs: int
    state: dict
    directions: Tensor | None = None
    generators: Tensor | None = None


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
        places = torch.arange(batch.numel(), device=self.weights.device).reshape(batch)[index]
        tensors = _tensors(self)
        if "seeds" in tensors:
            tensors["seeds"] = tensors["seeds"].expand(batch)
        chosen = {  # by places: "..." in an index would reach the other axes
            name: tensor.reshape(batch.numel(), *tensor.shape[len(batch) :])[
                places.to(tensor.device)
            ]
            for name, tensor in tensors.items()
            if name != "steps"
        }
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
            ValueError: it can name no file, or the activation is not one with a name.
            OSError: the file cannot be written.
        """
        past, about = self.progress, {"format": _FORMAT, "rule": self.rule.to_json()}
        about["progress"] = past and {name: getattr(past, name) for name in _PLAIN}
        parts = {"run": _tensors(self)}
        if past is not None:
            parts |= {"progress": _tensors(past), "state": past.state}
        tensors = {f"{part}.{name}": t for part, own in parts.items() for name, t in own.items()}
        replace_file(_checks.path("path", path), pack(about, tensors))

    @staticmethod
    def load(path, *, device=None):
        """A run that was written by :meth:`save`.

        Args:
            path: the file, as a str, bytes or ``os.PathLike``; ~ is the home directory.
            device: where its tensors live; None is the CPU.

        Returns:
            A Run, in every field as it was.

        Raises:
            TypeError: ``path`` is no path.
            OSError: the file cannot be read.
            ValueError: ``path`` can name no file, the file does not hold a run or is damaged in any
                place, or ``device`` is none.
        """
        _checks.device(device)
        file = _checks.path("path", path)
        content = file.read_bytes()
        try:
            run = _from_archive(*unpack(content))
        except Exception as error:  # whatever a foreign archive makes of itself
            raise ValueError(f"path must be a file with a run, got {file}: {error!r}") from error
        return run if device is None else _moved(run, device)


_FORMAT = 1  # of a file
_PLAIN = ("engine", "order", "record_every", "stop_below", "batched", "n", "patches", "epochs")
_STAY = ("steps", "seeds", "generators")  # on the CPU


def _tensors(thing):
    """The fields of a dataclass that are tensors, by name."""
    named = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return {name: value for name, value in named.items() if isinstance(value, Tensor)}


def _from_archive(about, tensors):
    """The Run of what :meth:`Run.save` packed."""
    if about["format"] != _FORMAT:
        raise ValueError(f"its format is {about['format']}, not {_FORMAT}")
    past, parts = about["progress"], {"run": {}, "progress": {}, "state": {}}
    for name, tensor in tensors.items():
        part, _, own = name.partition(".")
        parts[part][own] = tensor
    if past is not None:
        past = Progress(**past, **parts["progress"], state=parts["state"])
    parts["run"].setdefault("margins", None)
    return Run(**parts["run"], rule=Rule.from_json(about["rule"]), progress=past)


def _moved(run, device):
    """The same Run on a device."""

    def there(tensors):
        return {name: t.to(device) for name, t in tensors.items() if name not in _STAY}

    past = run.progress
    if past is not None:
        past = replace(past, **there(_tensors(past)), state=there(past.state))
    return replace(run, **there(_tensors(run)), progress=past)
