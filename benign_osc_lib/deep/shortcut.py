"""A shortcut in images: a small pattern that names the class, planted in a share of them.

The strong feature of a deep network in this book: easy to see, always right where it is, and
absent from the rest. What is left of the image is its weak feature.
"""

import torch

from .. import _checks
from .streams import stream

CELLS = 2
"""The pattern has CELLS × CELLS cells, black or white: the binary digits of the class."""


def pattern(label, side, classes=10):
    """The pattern of a class: cells of +1 and −1 in the upper left corner (chapter 16).

    Four cells hold the binary digits of the number of the class, +1 for a one and −1 for a zero.
    A cell is side // 14 pixels wide, and at least one: 1 in an 8 × 8 image, 2 in a 28 × 28 one.

    Args:
        label: number of the class, 0 ≤ label < classes.
        side: pixels of the image in each direction, >= 2.
        classes: how many classes there are, from 2 to 16.

    Returns:
        A float32 tensor (side, side), zero outside the pattern.

    Raises:
        TypeError: an argument is not an integer.
        ValueError: it is outside its range.
    """
    side = _checks.integer("side", side, low=CELLS)
    classes = _checks.integer("classes", classes, low=2, high=2 ** (CELLS * CELLS))
    label = _checks.integer("label", label, low=0, high=classes - 1)
    bits = [1.0 if label >> place & 1 else -1.0 for place in range(CELLS * CELLS)]
    cell = max(1, side // 14)
    small = torch.tensor(bits).reshape(CELLS, CELLS)
    image = torch.zeros(side, side)
    image[: CELLS * cell, : CELLS * cell] = small.repeat_interleave(cell, 0).repeat_interleave(
        cell, 1
    )
    return image


def with_shortcut(images, labels, strength=1.0, classes=10):
    """Images plus ``strength`` times the pattern of a class (chapter 16).

    Args:
        images: (n, channels, side, side), floating.
        labels: whose pattern each image gets, (n,), integers.
        strength: of a cell, in units of the brightness from black to white, >= 0.
        classes: how many classes there are.

    Returns:
        A tensor like ``images``. Pixels may leave [0, 1]: they are added, not cut.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: the shapes do not fit, or a number is outside its range.
    """
    _checks.floats("images", images, last=("n", "channels", "side", "side"))
    _checks.real_number("strength", strength)
    _checks.all_between("strength", strength, 0, low_open=False)
    if tuple(labels.shape) != tuple(images.shape[:1]) or images.ndim != 4:
        raise ValueError(
            f"labels must have shape (n,) for images (n, channels, side, side), got "
            f"{tuple(labels.shape)} for {tuple(images.shape)}"
        )
    classes = _checks.integer("classes", classes, low=2, high=2 ** (CELLS * CELLS))
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels must be in 0..{classes - 1}, got {int(labels.max())}")
    patterns = torch.stack([pattern(c, images.shape[-1], classes) for c in range(classes)])
    return images + strength * patterns.to(images)[labels][:, None]


def planted(n, share, seed):
    """Which training images get the shortcut (chapter 16).

    Each image draws a number of its own, which does not depend on the share: what has the shortcut
    at one share has it at every larger one.

    Args:
        n: number of images, >= 1.
        share: the expected share with a shortcut, from 0 to 1.
        seed: of the run.

    Returns:
        A bool tensor (n,).

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    n = _checks.integer("n", n, low=1)
    seed = _checks.integer("seed", seed, low=0)
    _checks.real_number("share", share)
    _checks.all_between("share", share, 0, 1, low_open=False, high_open=False)
    return torch.rand(n, generator=stream(seed, "planted"), dtype=torch.float64) < share


def wrong_labels(labels, seed, classes=10):
    """For each image another class than its own, whose pattern misleads (chapter 16).

    Args:
        labels: (n,), integers.
        seed: of the run.
        classes: how many classes there are, >= 2.

    Returns:
        A tensor like ``labels``.

    Raises:
        TypeError: ``seed`` or ``classes`` is not an integer.
        ValueError: it is outside its range.
    """
    classes = _checks.integer("classes", classes, low=2)
    seed = _checks.integer("seed", seed, low=0)
    further = torch.randint(1, classes, labels.shape, generator=stream(seed, "wrong"))
    return (labels + further.to(labels)) % classes
