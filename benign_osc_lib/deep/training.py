"""One run: SGD on images with a shortcut, an epoch at a time, from any state of it."""

import math
from contextlib import contextmanager

import torch

from .. import _checks
from ..engine.divergence import LIMIT
from . import shortcut
from .architectures import build_network
from .curvature import sharpness_of_batches, sharpness_of_groups, with_fresh_statistics
from .images import norm_of_image
from .losses import losses_of_images
from .schedule import rate_of_epoch
from .streams import stream

FRESH = 2048
"""On how many training images, at most, BatchNorm's averages are taken anew."""

BATCHES = 8
"""Over how many batches, at most, the batch sharpness is a mean: the first ones, without order."""

_AT_ONCE = 1000  # test images


class Training:
    """A run of SGD without momentum or augmentation (chapter 16).

    A run has diverged where the mean loss of a batch exceeds the 1e6 of the book's other runs or is
    no number, or where a weight is no number at the end of an epoch. That is looked at after each
    epoch; the run then ends.

    Args:
        settings: :class:`benign_osc_lib.deep.Settings`.
        images: :class:`benign_osc_lib.deep.Images`, all of them: the settings choose from them.

    Attributes:
        network: the network as it is now.
        rows: what was measured after each finished epoch, a list of dicts; the keys are the columns
            of ``COLUMNS``.
        diverged_at: the first step, counted from 1, at which it had diverged; or None.

    Raises:
        ValueError: there are fewer images than the settings ask for, or than fill a batch; or
            there is no such device.
    """

    def __init__(self, settings, images):
        self.settings = settings
        _checks.device_here(settings.device, with_numbers=True)
        images = images.subset(settings.train_points, settings.test_points, seed=settings.seed)
        n, channels = images.train.shape[:2]
        if settings.batch_size > n:
            raise ValueError(
                f"batch_size must be at most the number of training images, {n}, got "
                f"{settings.batch_size}"
            )
        self.dtype = torch.float64 if settings.precision == "float64" else torch.float32
        train, test = images.brightness(self.dtype)
        self.has = shortcut.planted(n, settings.shortcut, settings.seed)
        planted = shortcut.with_shortcut(
            train, images.train_labels, settings.strength, images.classes
        )
        wrong = shortcut.wrong_labels(images.test_labels, settings.seed, images.classes)
        other = (settings.strength, images.classes)
        tests = {
            "test_removed": test,
            "test_with": shortcut.with_shortcut(test, images.test_labels, *other),
            "test_wrong": shortcut.with_shortcut(test, wrong, *other),
        }
        pattern = shortcut.pattern(0, train.shape[-1], images.classes)
        self.facts = {
            "training_images": n,
            "with_shortcut": int(self.has.sum()),
            "test_images": len(test),
            "length_of_shortcut": settings.strength * float(pattern.norm()) * channels**0.5,
            "length_of_image": norm_of_image(train),
        }
        self.inputs = self._moved(torch.where(self.has[:, None, None, None], planted, train))
        self.has = self.has.to(settings.device)
        self.labels = images.train_labels.to(settings.device)
        self.tests = {name: self._moved(x) for name, x in tests.items()}
        self.test_labels = images.test_labels.to(settings.device)
        self.network = self._moved(
            build_network(
                settings.arch,
                channels,
                images.classes,
                width=settings.width,
                generator=stream(settings.seed, "start"),
                dtype=self.dtype,
            )
        )
        self.steps = n // settings.batch_size
        self.record = torch.zeros(self.steps, 4, dtype=torch.float64, device=settings.device)
        self.rows, self.step, self.diverged_at = [], 0, None

    def _moved(self, thing):
        on_gpu = torch.device(self.settings.device).type == "cuda"
        layout = {"memory_format": torch.channels_last} if on_gpu else {}
        return thing.to(self.settings.device, **layout)

    @property
    def finished(self):
        """Whether no epoch is left, or the run has diverged."""
        return len(self.rows) >= self.settings.epochs or self.diverged_at is not None

    def state(self):
        """All that the rest of the run depends on, as a dict of numbers, texts and tensors."""
        return {
            "network": self.network.state_dict(),
            "record": self.record,
            "step": self.step,
            "rows": [list(row.items()) for row in self.rows],
            "diverged_at": self.diverged_at,
        }

    def load_state(self, state):
        """Go on from a state of a run with the same settings."""
        self.network.load_state_dict(state["network"])
        self.record = state["record"].to(self.settings.device)
        self.step, self.diverged_at = state["step"], state["diverged_at"]
        self.rows = [dict(row) for row in state["rows"]]

    def epoch(self, after_step=None):
        """Train to the end of the current epoch, measure, and add a row.

        Args:
            after_step: called after each step but the last, without arguments; None is nothing.
        """
        number, s = len(self.rows) + 1, self.settings
        rate = rate_of_epoch(s.lr, s.schedule, number)
        order = torch.randperm(len(self.inputs), generator=stream(s.seed, "order", number))
        order = order.to(s.device)
        self.network.train()
        with threads(s.threads):
            while self.step < self.steps:
                self._visit(order[self.step * s.batch_size : (self.step + 1) * s.batch_size], rate)
                self.step += 1
                if after_step and self.step < self.steps:
                    after_step()
            self.rows.append({"epoch": number, "lr": rate, **self._measure(number)})
        self.step = 0
        self.record.zero_()

    def _visit(self, batch, rate):
        with self._autocast():
            outputs = self.network(self.inputs[batch])
            losses = losses_of_images(outputs, self.labels[batch], self.settings.loss)
        losses.mean().backward()
        with torch.no_grad():
            for weight in self.network.parameters():
                weight -= rate * (weight.grad + self.settings.weight_decay * weight)
                weight.grad = None
        each, with_it = losses.detach().double(), self.has[batch].double()
        parts = (each.mean(), (each * with_it).sum(), with_it.sum(), each.sum())
        self.record[self.step] = torch.stack(parts)

    def _measure(self, number):
        loss, on_shortcut, count, total = self.record.cpu().T
        wrong = (~(loss.abs() <= LIMIT)).nonzero()
        if len(wrong):
            self.diverged_at = (number - 1) * self.steps + int(wrong[0]) + 1
        elif not all(bool(w.isfinite().all()) for w in self.network.parameters()):
            self.diverged_at = number * self.steps
        rest = len(loss) * self.settings.batch_size - count.sum()
        row = {
            "train_loss": float(loss.mean()),
            "train_loss_sd": float(loss.std(correction=0)),
            "loss_shortcut": float(on_shortcut.sum() / count.sum()) if count.sum() else None,
            "loss_rest": float((total - on_shortcut).sum() / rest) if rest else None,
        }
        if self.diverged_at is not None:
            return {**row, "diverged_at": self.diverged_at}
        self.network.eval()
        row |= {name: self._accuracy(self.network, x) for name, x in self.tests.items()}
        with self._autocast():
            fresh = with_fresh_statistics(
                self.network, self.inputs[:FRESH], min(self.settings.batch_size, FRESH)
            )
        row["test_fresh"] = self._accuracy(fresh, self.tests["test_removed"])
        every, last = self.settings.sharpness_every, number == self.settings.epochs
        if every and (number % every == 0 or last):
            first = slice(self.settings.sharpness_points)
            found = sharpness_of_groups(
                self.network,
                self.inputs[first],
                self.labels[first],
                self.has[first],
                loss=self.settings.loss,
            )
            row |= {f"sharpness_{name}": value for name, value in found.items()}
            first = slice(BATCHES * self.settings.batch_size)
            found = sharpness_of_batches(
                self.network,
                self.inputs[first],
                self.labels[first],
                self.settings.batch_size,
                loss=self.settings.loss,
            )
            row["sharpness_batch"] = found if math.isfinite(found) else None
        return row

    @torch.no_grad()
    def _accuracy(self, network, images):
        right = 0
        for x, y in zip(images.split(_AT_ONCE), self.test_labels.split(_AT_ONCE), strict=True):
            with self._autocast():
                right += int((network(x).argmax(-1) == y).sum())
        return right / len(images)

    def _autocast(self):
        kind = torch.device(self.settings.device).type
        return torch.autocast(kind, torch.bfloat16, enabled=self.settings.precision == "bf16")


@contextmanager
def threads(number):
    """Torch uses so many threads inside, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
