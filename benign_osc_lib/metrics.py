"""Test accuracy, always with the number of points behind it and an interval."""

import math
from dataclasses import dataclass

import torch

from . import _checks
from .network import predict
from .patch_data import PatchData
from .signals import learned_signal as learned_signal  # its old home


@dataclass(frozen=True)
class Proportion:
    """A share of successes, with its Wilson interval.

    Args:
        successes: number of successes.
        n: number of trials. With n = 0 the rate is NaN and the interval is [0, 1].
        level: confidence level of the interval.

    Raises:
        TypeError: a count is not an integer.
        ValueError: a count is negative, successes > n, or the level is outside (0, 1).
    """

    successes: int
    n: int
    level: float = 0.95

    def __post_init__(self):
        _checks.integer("n", self.n, low=0)
        _checks.integer("successes", self.successes, low=0, high=self.n)
        _checks.real_number("level", self.level)
        _checks.all_between("level", self.level, 0, 1)

    @property
    def rate(self):
        """successes/n."""
        return self.successes / self.n if self.n else math.nan

    @property
    def interval(self):
        """(low, high), the Wilson score interval; it takes the trials as independent."""
        if self.n == 0:
            return 0.0, 1.0
        from scipy.stats import binomtest  # here, because importing it takes a second

        ci = binomtest(self.successes, self.n).proportion_ci(self.level, method="wilson")
        return float(ci.low), float(ci.high)

    def __str__(self):
        if not self.n:
            return "no trials"
        low, high = self.interval
        return f"{self.rate:.1%} ({self.successes}/{self.n}, {low:.1%} to {high:.1%})"


@dataclass(frozen=True)
class Accuracy:
    """Accuracy on all, on the strong and on the weak points, each a :class:`Proportion`.

    Args:
        all: over all points.
        strong: over the strong points.
        weak: over the weak points.
    """

    all: Proportion
    strong: Proportion
    weak: Proportion


def correct(weights, data):
    """Whether the book's network, eq. (1) with the squared ReLU, gets each point right.

    For another network give its outputs to :func:`correct_outputs`.

    Args:
        weights: (..., 2, m, d).
        data: PatchData with n points; leading axes broadcast.

    Returns:
        A bool tensor (..., n).

    Raises:
        TypeError: dtypes differ.
        ValueError: shapes or devices disagree.
    """
    _checks.instance("data", data, PatchData)
    return correct_outputs(predict(weights, data.x), data)


def correct_outputs(outputs, data):
    """Whether the outputs f(x_i) of any network have the right sign, y_i f(x_i) > 0.

    An output of exactly 0 is no prediction and counts as wrong; so does a non-finite one.

    Args:
        outputs: f(x_i), (..., n), of any floating dtype.
        data: PatchData with n points; leading axes broadcast.

    Returns:
        A bool tensor (..., n).

    Raises:
        TypeError: ``outputs`` is not a floating tensor, or ``data`` no PatchData.
        ValueError: shapes or devices disagree.
    """
    _checks.instance("data", data, PatchData)
    _checks.floats("outputs", outputs, last=(data.y.shape[-1],))
    if outputs.device != data.y.device:
        raise ValueError(
            f"outputs must be on the device of data, {data.y.device}, got {outputs.device}"
        )
    _checks.broadcast(outputs=outputs.shape[:-1], data=data.y.shape[:-1])
    margin = data.y * outputs
    return (margin > 0) & margin.isfinite()


def accuracy(weights, data, level=0.95):
    """Accuracy of the book's network over all points of all runs together.

    The network is that of eq. (1), with the squared ReLU, whatever the weights were trained with:
    for another network give its outputs to :func:`accuracy_of_outputs`.

    The Wilson interval takes the points as independent. The points of one run share a network, so
    with few runs and many points per run the interval is too narrow; give every run few test
    points, or compare with the spread between the runs (chapter 1 does).

    Args:
        weights: (..., 2, m, d).
        data: PatchData with n points; leading axes broadcast.
        level: confidence level of the intervals.

    Returns:
        An Accuracy.

    Raises:
        TypeError: dtypes differ.
        ValueError: shapes or devices disagree, or the level is outside (0, 1).
    """
    return _shares(correct(weights, data), data, level)


def accuracy_of_outputs(outputs, data, level=0.95):
    """Accuracy of any network over all points of all runs together, from its outputs.

    The interval is that of :func:`accuracy`.

    Args:
        outputs: f(x_i), (..., n), of any floating dtype.
        data: PatchData with n points; leading axes broadcast.
        level: confidence level of the intervals.

    Returns:
        An Accuracy.

    Raises:
        TypeError: ``outputs`` is not a floating tensor, or ``data`` no PatchData.
        ValueError: shapes or devices disagree, or the level is outside (0, 1).
    """
    return _shares(correct_outputs(outputs, data), data, level)


def _shares(right, data, level):
    """Accuracy from whether each point is right, (..., n)."""
    is_weak = data.is_weak.expand_as(right)

    def share(which):
        return Proportion(int((right & which).sum()), int(which.sum()), level)

    return Accuracy(share(torch.ones_like(is_weak)), share(~is_weak), share(is_weak))
