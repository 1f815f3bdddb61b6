"""Runs on pairs of digits, many seeds at a time, and what is measured of them (chapter 15)."""

import itertools
from dataclasses import dataclass

import torch

from .. import _checks
from ..metrics import correct
from ..network import init_weights, predict
from ..patch_data import PatchData
from ..run import Run
from ..seeds import generators
from ..training import train
from .pairs import SHORTCUT_NORM, pair

PAIRS = tuple(itertools.combinations(range(10), 2))
"""All 45 pairs of digits (a, b) with a < b."""

KAPPAS = (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5)
"""The rates of the stored runs."""

CALM = 0.5
"""κ of the calm end that follows a run, where one is asked for."""


@dataclass(frozen=True)
class Setting:
    """What is the same in all runs of a cell.

    Args:
        n: training points.
        image_norm: length of the images.
        shortcut: share of the training points with the shortcut.
        scaling: "each" or "common", as in :func:`~benign_osc_lib.digits.pair`.
        time: κ × epochs, the same at all rates, so that η × steps is the same too.
        scale: σ_0.
        order: "cyclic" or "shuffled".
        m: filters per sign.

    Raises:
        TypeError: ``time`` is no number.
        ValueError: ``time`` is not above 0. The other fields are checked where they are used.
    """

    n: int = 64
    image_norm: float = 0.2
    shortcut: float = 1.0
    scaling: str = "each"
    time: float = 300.0
    scale: float = 0.0625
    order: str = "cyclic"
    m: int = 8

    def __post_init__(self):
        _checks.positive("time", self.time)

    def epochs(self, kappa):
        """Passes at the rate κ > 0: time/κ, rounded, at least 1."""
        return max(1, round(self.time / _checks.positive("kappa", kappa)))

    def rate(self, kappa):
        """η = κ m/(2‖u‖²), for κ > 0."""
        return _checks.positive("kappa", kappa) * self.m / (2 * SHORTCUT_NORM**2)


@dataclass(frozen=True, eq=False)
class Trained:
    """Networks trained on one pair of digits at one rate, one for each seed.

    Args:
        train: the training points, a batch of S data sets.
        test: the test points, likewise.
        run: the Run, a batch of S.
    """

    train: PatchData
    test: PatchData
    run: Run


def trained(a, b, kappa, seeds, setting=Setting(), **options):  # noqa: B008
    """Train the paper's network on two digits, one run for each seed.

    A seed draws, one after the other, the data set, the initial filters and, if the order is
    "shuffled", the orders. So run k is the same whatever the other seeds are, and all rates see the
    same data and starts.

    Args:
        a: the digit with the label +1.
        b: the digit with the label −1.
        kappa: κ = 2η‖u‖²/m > 0.
        seeds: non-negative integers.
        setting: a Setting.
        options: of :func:`~benign_osc_lib.training.train`; start and end are recorded unless
            another is said.

    Returns:
        A Trained.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    kappa = _checks.positive("kappa", kappa)
    _checks.instance("setting", setting, Setting)
    draws = generators(seeds)
    kind = {name: getattr(setting, name) for name in ("n", "image_norm", "shortcut", "scaling")}
    data, test = pair(a, b, **kind, generator=draws)
    start = init_weights(setting.m, data.x.shape[-1], setting.scale, generator=draws)
    how = {"epochs": setting.epochs(kappa), "order": setting.order, "record_every": None}
    run = train(data, start, setting.rate(kappa), generator=draws, **{**how, **options})
    return Trained(data, test, run)


def calmed(found, epochs=1200, stop_below=1e-4):
    """Train on at κ = ``CALM`` until the mean loss of an epoch is below a bound.

    Args:
        found: a Trained.
        epochs: at most so many passes, at least 1.
        stop_below: the bound, > 0; None: all passes are made.

    Returns:
        A Trained.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    _checks.instance("found", found, Trained)
    weights = found.run.weights
    rate = Setting(m=weights.shape[-2]).rate(CALM)
    how = {"epochs": epochs, "record_every": None, "stop_below": stop_below}
    return Trained(found.train, found.test, train(found.train, weights, rate, **how))


def measure(found, directions):
    """What a set of runs has learned.

    Args:
        found: a Trained with S runs.
        directions: the preferred directions of its training points, (S, 2, d).

    Returns:
        A dict of tensors (S,): ``right``, the number of test points with the right sign;
        ``loss``, the mean loss of the last epoch that was run; ``answer``, the mean of y times what
        the image patch alone answers, over the training points; ``cosine`` and ``preferred``, the
        cosine between the image part of a filter w_{j,r} and j v, or the preferred direction of
        class j, as a mean over the filters, each with its squared length as weight; ``diverged``.

    Raises:
        TypeError: ``found`` is no Trained, or ``directions`` no floating tensor.
        ValueError: ``directions`` has another shape.
    """
    _checks.instance("found", found, Trained)
    data, run = found.train, found.run
    image = run.weights.clone()
    _checks.floats("directions", directions, last=(len(image), 2, image.shape[-1]))
    image[..., -1] = 0
    lengths = image.norm(dim=-1)
    v = data.v.expand(len(image), -1)  # of one seed it has no leading axis
    v = torch.stack([v, -v], -2)
    directions = {
        "cosine": torch.nn.functional.normalize(v, dim=-1),
        "preferred": directions,
    }
    share = lengths / lengths.square().sum((-2, -1), keepdim=True)
    alike = {
        name: (share * torch.einsum("sjrd,sjd->sjr", image, way)).sum((-2, -1))
        for name, way in directions.items()
    }
    return {
        "right": correct(run.weights, found.test).sum(-1),
        "loss": _last_loss(run),
        "answer": (data.y * predict(image, data.x)).mean(-1),
        **alike,
        "diverged": run.diverged_at >= 0,
    }


def _last_loss(run):
    """The mean loss of the last epoch before a run ended or was stopped, (S,)."""
    epochs, n = run.margins.shape[-2:]
    last = torch.where(run.stopped_at < 0, epochs, run.stopped_at // n) - 1
    last = last.clamp(min=0)[:, None, None].expand(-1, 1, n)
    return run.loss.gather(1, last).mean((-2, -1))
