"""A plain two-layer ReLU network with all weights trained, for comparison (chapter 15).

f = A max(W x + b, 0) + c, with the loss ½‖f − t‖² of one point a step. Many runs go side by side:
all tensors have a leading axis R.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import _checks
from ..patch_data import PatchData
from .pairs import SHORTCUT_NORM
from .source import images


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs and targets of R data sets.

    Args:
        x: inputs, (R, n, D), float64.
        t: targets, (R, n, C): the label ±1 for C = 1, else one 1 and zeros.
    """

    x: Tensor
    t: Tensor


def side_by_side(data):
    """All patches of every point in one input: image and shortcut have axes of their own.

    Args:
        data: PatchData of :func:`~benign_osc_lib.digits.pair`, a batch of R data sets.

    Returns:
        Examples with C = 1.

    Raises:
        TypeError: ``data`` is no PatchData.
    """
    _checks.instance("data", data, PatchData)
    return Examples(data.x.sum(-2), data.y[..., None])


def ten_classes(n, image_norm, generator):
    """All ten digits: 64 pixels, and ten axes of which a training point has its own at 1.

    The images are less the mean of the training images and scaled to one length. n of all 1797 are
    drawn for training; the others are test points, without the shortcut.

    Args:
        n: training points, 10 to 1700.
        image_norm: length of the images, > 0.
        generator: a sequence of R CPU generators.

    Returns:
        (train, test), two Examples with D = 74 and C = 10.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    n = _checks.integer("n", n, low=10, high=1700)
    image_norm = _checks.positive("image_norm", image_norm)
    found, _ = _checks.cpu_generators(generator)
    pixels, shown = images()
    orders = torch.stack([torch.randperm(len(pixels), generator=each) for each in found])
    x, t = pixels[orders], torch.nn.functional.one_hot(shown[orders], 10).double()
    x = x - x[:, :n].mean(1, keepdim=True)
    x = image_norm * torch.nn.functional.normalize(x, dim=-1)
    shortcut = SHORTCUT_NORM * t
    shortcut[:, n:] = 0
    x = torch.cat([x, shortcut], -1)
    return Examples(x[:, :n], t[:, :n]), Examples(x[:, n:], t[:, n:])


def init(inputs, hidden, outputs, generator):
    """Initial weights: W ~ N(0, 2/D), A ~ N(0, 1/hidden), no biases.

    Args:
        inputs: D, at least 1.
        hidden: hidden units, at least 1.
        outputs: C, at least 1.
        generator: a sequence of R CPU generators.

    Returns:
        (W, b, A, c): (R, hidden, D), (R, hidden), (R, C, hidden), (R, C).

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    for name, value in (("inputs", inputs), ("hidden", hidden), ("outputs", outputs)):
        _checks.integer(name, value, low=1)
    found, _ = _checks.cpu_generators(generator)
    kind = {"dtype": torch.float64}
    first = torch.stack([torch.randn(hidden, inputs, generator=g, **kind) for g in found])
    second = torch.stack([torch.randn(outputs, hidden, generator=g, **kind) for g in found])
    runs = len(found)
    return (
        first * (2 / inputs) ** 0.5,
        torch.zeros(runs, hidden, **kind),
        second * (1 / hidden) ** 0.5,
        torch.zeros(runs, outputs, **kind),
    )


def outputs(weights, x):
    """f(x) of all runs, (R, n, C).

    Args:
        weights: (W, b, A, c), as from :func:`init`.
        x: inputs, (R, n, D).
    """
    first, bias, second, last = weights
    hidden = (x @ first.mT + bias[:, None]).clamp(min=0)
    return hidden @ second.mT + last[:, None]


def share_right(weights, examples):
    """Share of the points whose output has the right sign, or its largest entry at the target.

    Args:
        weights: (W, b, A, c) of R networks.
        examples: Examples.

    Returns:
        (R,). An output that is not finite is wrong.
    """
    f = outputs(weights, examples.x)
    if f.shape[-1] == 1:
        right = (f * examples.t > 0)[..., 0]
    else:
        right = f.argmax(-1) == examples.t.argmax(-1)
    return (right & f.isfinite().all(-1)).double().mean(-1)


def loss(weights, examples):
    """The mean of ½‖f − t‖² over the points, (R,).

    Args:
        weights: (W, b, A, c) of R networks.
        examples: Examples.
    """
    return (outputs(weights, examples.x) - examples.t).square().sum(-1).mean(-1) / 2


def sharpness(weights, examples):
    """The top eigenvalue of the Hessian of the loss of each point where it is fitted, (R, n).

    At a fit the Hessian is JᵀJ, with J the derivative of f(x) by all weights; its top eigenvalue is
    that of the small matrix JJᵀ = (1 + ‖h‖²) I + (1 + ‖x‖²) A D Aᵀ, with h the hidden activations
    and D the diagonal matrix of those that are on.

    Args:
        weights: (W, b, A, c) of R networks.
        examples: Examples.
    """
    first, bias, second, _ = weights
    x = examples.x
    hidden = (x @ first.mT + bias[:, None]).clamp(min=0)
    on = second[:, None] * (hidden > 0)[:, :, None].to(second.dtype)
    top = torch.linalg.eigvalsh(on @ on.mT)[..., -1]
    return 1 + hidden.square().sum(-1) + (1 + x.square().sum(-1)) * top


def descend(weights, examples, lr, epochs, *, stop_below=0.0):
    """SGD, one point a step in a fixed order.

    A run whose loss is no number is frozen: its outputs stay what they are.

    Args:
        weights: (W, b, A, c) of R networks; left as they are.
        examples: Examples, R data sets.
        lr: rates η > 0, (R,).
        epochs: passes, at least 1.
        stop_below: a run whose loss after an epoch is below it is left as it is from there on.

    Returns:
        (weights, jumps): those after training, and (R,), the mean of ‖f − t‖ over the visits of the
        last epoch in which the run was trained.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    _checks.floats("lr", lr, last=(examples.x.shape[0],))
    _checks.all_between("lr", lr, 0)
    epochs = _checks.integer("epochs", epochs, low=1)
    first, bias, second, last = (each.clone() for each in weights)
    rate, jumps = lr.clone()[:, None], torch.zeros_like(lr)
    for _ in range(epochs):
        total = torch.zeros_like(lr)
        for k in range(examples.x.shape[1]):
            x = examples.x[:, k]
            before = torch.einsum("rhd,rd->rh", first, x) + bias
            hidden = before.clamp(min=0)
            miss = torch.einsum("rch,rh->rc", second, hidden) + last - examples.t[:, k]
            total += miss.norm(dim=-1)
            back = torch.einsum("rch,rc->rh", second, miss) * (before > 0)
            step = rate * miss
            second -= step[:, :, None] * hidden[:, None]
            last -= step
            first -= (rate * back)[:, :, None] * x[:, None]
            bias -= rate * back
        alive = rate[:, 0] > 0
        jumps = torch.where(alive, total / examples.x.shape[1], jumps)
        now = loss((first, bias, second, last), examples)
        rate[(now < stop_below) | ~now.isfinite()] = 0
        if not bool((rate > 0).any()):
            break
    return (first, bias, second, last), jumps
