"""The loss of an image: cross-entropy, as in practice, or half the square, as in the paper."""

from torch.nn import functional as F

LOSSES = ("cross-entropy", "square")
"""The names of the losses."""


def losses_of_images(outputs, labels, loss="cross-entropy"):
    """The loss of each image (chapter 16).

    Args:
        outputs: of the network, (n, classes).
        labels: (n,), int64.
        loss: "cross-entropy", or "square": half the squared distance of the outputs from 1 for
            the class and 0 for the others.

    Returns:
        A tensor (n,).

    Raises:
        ValueError: there is no loss of this name.
    """
    if loss == "cross-entropy":
        return F.cross_entropy(outputs, labels, reduction="none")
    if loss == "square":
        targets = F.one_hot(labels, outputs.shape[-1]).to(outputs)
        return ((outputs - targets) ** 2).sum(-1) / 2
    raise ValueError(f"loss must be one of {', '.join(map(repr, LOSSES))}, got {loss!r}")
