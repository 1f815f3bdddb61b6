"""Two digits as a data set of patches: a planted shortcut, and the image."""

import torch

from .. import _checks
from ..patch_data import PatchData
from .source import images

SHORTCUT_NORM = 1.0
"""‖u‖, the length of the planted patch."""


def pair(a, b, *, n=64, image_norm=0.2, shortcut=1.0, scaling="each", generator=None):
    """Training and test points of two digits, with a shortcut planted in the training points.

    A point has the paper's three patches, here in R^65, the 64 pixels and one axis for u:

    - patch 0 is y·u with ‖u‖ = 1, orthogonal to every image, in a training point that has the
      shortcut; it is zero in the others and in every test point;
    - patch 1 is the image, less the mean of all n training images, scaled;
    - patch 2, the paper's noise, is zero: an image brings its own.

    The label is +1 for the digit ``a`` and −1 for ``b``. The training set holds ⌈n/2⌉ images of
    ``a`` and ⌊n/2⌋ of ``b``, drawn without replacement and put in a random order; all other images
    of the two digits are test points. Mean and scale come from the training images alone. For one
    generator the images and their order do not depend on ``shortcut``, and a smaller share takes
    the shortcut away from some points and gives it to none. ``metrics.accuracy(weights, test)`` is
    the accuracy without the shortcut.

    Args:
        a: the digit with the label +1, 0 to 9.
        b: the digit with the label −1, another one.
        n: training points, from 2 to twice the number of images of the rarer digit less 2.
        image_norm: length of the images in patch 1, > 0, beside ‖u‖ = 1.
        shortcut: share of the training points with the shortcut, from 0 to 1; their number is
            ``shortcut``·n, rounded.
        scaling: "each" scales every image to the length ``image_norm``; "common" multiplies all
            by one factor, with which the training images have that length on average.
        generator: a CPU ``torch.Generator``; a sequence of them for a leading axis of independent
            data sets; or None for torch's default generator.

    Returns:
        (train, test), each a PatchData in float64 on the CPU. ``is_weak`` marks the points without
        the shortcut, so all test points. v is half the difference of the mean patch of ``a`` and
        that of ``b``, in the training set.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range, or the two digits are the same.
    """
    digits = [_checks.integer(name, k, low=0, high=9) for name, k in (("a", a), ("b", b))]
    if digits[0] == digits[1]:
        raise ValueError(f"b must be another digit than a, got {digits[1]} for both")
    pixels, shown = images()
    both = [pixels[shown == digit] for digit in digits]
    n = _checks.integer("n", n, low=2, high=2 * min(map(len, both)) - 2)
    image_norm = _checks.positive("image_norm", image_norm)
    shortcut = _checks.real_number("shortcut", shortcut)
    _checks.all_between("shortcut", shortcut, 0, 1, low_open=False, high_open=False)
    _checks.one_of("scaling", scaling, ("each", "common"))
    found, batched = _checks.cpu_generators(generator)
    with_shortcut = round(shortcut * n)
    sets = [_split(both, n, image_norm, with_shortcut, scaling, each) for each in found]
    if batched:
        return tuple(PatchData.stack(some) for some in zip(*sets, strict=True))
    return sets[0]


def _split(both, n, image_norm, with_shortcut, scaling, generator):
    """One (train, test)."""
    held, rest = [], []
    for images_of_one, count in zip(both, ((n + 1) // 2, n // 2), strict=True):
        order = torch.randperm(len(images_of_one), generator=generator)
        held.append(images_of_one[order[:count]])
        rest.append(images_of_one[order[count:]])
    order = torch.randperm(n, generator=generator)
    weak = torch.zeros(n, dtype=torch.bool)
    weak[torch.randperm(n, generator=generator)[with_shortcut:]] = True
    train, y = torch.cat(held)[order], _labels(held)[order]
    test, y_test = torch.cat(rest), _labels(rest)
    mean = train.mean(0)
    train, test = train - mean, test - mean
    if scaling == "common":
        lengths = train.norm(dim=-1).mean()
        train, test = (x * image_norm / lengths for x in (train, test))
    else:
        train, test = (image_norm * torch.nn.functional.normalize(x, dim=-1) for x in (train, test))
    u = torch.zeros(train.shape[-1] + 1, dtype=train.dtype)
    u[-1] = SHORTCUT_NORM
    x, x_test = _patches(train, y, ~weak, u), _patches(test, y_test, torch.zeros(len(test)), u)
    v = (x[y > 0, 1].mean(0) - x[y < 0, 1].mean(0)) / 2
    return (
        PatchData(x, y, weak, u, v),
        PatchData(x_test, y_test, torch.ones(len(test), dtype=torch.bool), u, v),
    )


def _labels(sets):
    """+1 for every image of the first set, −1 for those of the second."""
    plus, minus = (torch.ones(len(each), dtype=each.dtype) for each in sets)
    return torch.cat([plus, -minus])


def _patches(flat, y, has_shortcut, u):
    """The patches (n, 3, 65) of images (n, 64)."""
    planted = (y * has_shortcut)[:, None] * u
    return torch.stack([planted, torch.nn.functional.pad(flat, (0, 1)), 0 * planted], -2)
