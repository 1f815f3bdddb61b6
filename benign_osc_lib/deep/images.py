"""Labelled images: what a data set is to the training."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import _checks
from .streams import stream


@dataclass(frozen=True)
class Images:
    """Training and test images with their labels (chapter 16).

    Args:
        name: of the data set.
        train: (n, channels, side, side), uint8.
        train_labels: (n,), int64.
        test: (k, channels, side, side), uint8.
        test_labels: (k,), int64.
        white: the value of a white pixel; black is 0.
        classes: how many classes there are.
    """

    name: str
    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    white: int = 255
    classes: int = 10

    def subset(self, train_points=None, test_points=None, *, seed=0):
        """Fewer images: training images drawn by the seed, and the first test images.

        Args:
            train_points: how many training images, >= 1; None keeps all, in their order.
            test_points: how many test images, >= 1; None keeps all.
            seed: of the run.

        Returns:
            :class:`Images`.

        Raises:
            TypeError: an argument is not an integer.
            ValueError: there are not so many images.
        """
        train, labels, seed = self.train, self.train_labels, _checks.integer("seed", seed, low=0)
        if train_points is not None:
            n = _checks.integer("train_points", train_points, low=1, high=len(train))
            chosen = torch.randperm(len(train), generator=stream(seed, "subset"))[:n]
            train, labels = train[chosen], labels[chosen]
        k = len(self.test)
        if test_points is not None:
            k = _checks.integer("test_points", test_points, low=1, high=k)
        test, test_labels = self.test[:k], self.test_labels[:k]
        return Images(self.name, train, labels, test, test_labels, self.white, self.classes)

    def brightness(self, dtype=torch.float32):
        """Training and test images as numbers from 0 (black) to 1 (white), two tensors."""
        return self.train.to(dtype) / self.white, self.test.to(dtype) / self.white


def norm_of_image(images):
    """The mean length of an image without the mean of all images (chapter 16).

    This is the ‖v‖ of a deep network in this book: what an image has beyond the mean one.

    Args:
        images: (n, channels, side, side), floating.

    Returns:
        A float.
    """
    return float((images - images.mean(0)).flatten(1).norm(dim=1).mean())
