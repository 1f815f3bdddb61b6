"""The curvature of the loss as a step of SGD sees it, by groups, and statistics measured anew.

In a network with BatchNorm a step of training normalises by the batch it visits. So the Hessian is
that of the loss with the statistics of one batch, in which both groups are mixed as in training.
"""

from contextlib import suppress
from copy import deepcopy
from functools import partial

import torch
from scipy.sparse.linalg import ArpackError
from torch import nn

from .. import _checks, hessian
from ..batch_sharpness import along_gradients
from .losses import losses_of_images


def with_fresh_statistics(network, images, batch_size):
    """A copy of a network, with BatchNorm's averages taken anew at its weights (chapter 16).

    During training they are averages over the last ten or so batches, whose weights were others.

    Args:
        network: a module.
        images: (n, channels, side, side), with n >= batch_size.
        batch_size: images of a batch; what fills no batch is left out.

    Returns:
        A module in evaluation mode.

    Raises:
        TypeError: ``batch_size`` is not an integer.
        ValueError: it is below 1, or above the number of images.
    """
    batch_size = _checks.integer("batch_size", batch_size, low=1, high=len(images))
    copy = deepcopy(network).train()
    for layer in copy.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean
    with torch.no_grad():
        for batch in images.split(batch_size):
            if len(batch) == batch_size:
                copy(batch)
    return copy.eval()


def _loss_of_group(group, loss, outputs, targets):
    return losses_of_images(outputs[group], targets[group], loss).mean()


def sharpness_of_groups(network, images, labels, has_shortcut, *, loss="cross-entropy"):
    """Top Hessian eigenvalue of the loss of some images, and of their two groups (chapter 16).

    The loss of a group is the mean over its images; all images pass the network as
    one batch. So the Hessian of all is the sum of those of the groups, weighted by their shares.

    Args:
        network: a module.
        images: (n, channels, side, side).
        labels: (n,), int64.
        has_shortcut: which images have the shortcut, (n,), bool.
        loss: "cross-entropy" or "square".

    Returns:
        A dict: "shortcut", "rest" and "all" -> a float, or None for a group without an image, or
        where none is found: the loss is flat or no number, or Lanczos gave up.
    """
    module = deepcopy(network).train()
    everything = torch.ones_like(has_shortcut)
    groups = {"shortcut": has_shortcut, "rest": ~has_shortcut, "all": everything}
    found = {}
    for name, group in groups.items():
        found[name] = None
        if bool(group.any()):
            of_group = partial(_loss_of_group, group, loss)
            with suppress(ValueError, ArpackError):  # no reason to lose the run
                pairs = hessian.of_module(module, of_group, images, labels, tolerance=1e-3)
                found[name] = float(pairs.values[0])
    return found


def sharpness_of_batches(network, images, labels, batch_size, *, loss="cross-entropy"):
    """The batch sharpness: curvature of the loss of a batch along its own gradient (chapter 16).

    Andreyev and Beneventano (2024) find it at 2/η where SGD is at its edge. Here it is the plain
    mean over the batches of gᵀ H g / ‖g‖².

    Args:
        network: a module.
        images: (n, channels, side, side), with n >= batch_size.
        labels: (n,), int64.
        batch_size: images of a batch; what fills no batch is left out.
        loss: "cross-entropy" or "square".

    Returns:
        A float.

    Raises:
        TypeError: ``batch_size`` is not an integer.
        ValueError: it is below 1, or above the number of images.
    """
    batch_size = _checks.integer("batch_size", batch_size, low=1, high=len(images))
    module = deepcopy(network).train()
    parameters = {name: value.detach() for name, value in module.named_parameters()}

    def loss_of(x, y):
        def of_weights(chosen):
            buffers = {name: value.clone() for name, value in module.named_buffers()}
            outputs = torch.func.functional_call(module, {**buffers, **chosen}, (x,))
            return losses_of_images(outputs, y, loss).mean()

        return of_weights

    batches = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    losses = [loss_of(x, y) for x, y in batches if len(x) == batch_size]
    return along_gradients(losses, parameters).mean
