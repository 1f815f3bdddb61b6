"""Batches of inputs and targets, such as a ``DataLoader`` gives."""

from torch import Tensor
from torch.utils._pytree import tree_leaves


def require_again_and_again(batches):
    """Raise unless ``batches`` can be gone through more than once."""
    try:
        once = iter(batches) is iter(batches)
    except TypeError:
        once = True
    if once:
        got = type(batches).__name__
        raise TypeError(f"batches must be iterable again and again, got {got}")


def pairs(batches):
    """Inputs, targets and the number of points of each batch, or raise."""
    for batch in batches:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            length = f" of {len(batch)}" if isinstance(batch, tuple | list) else ""
            got = f"{type(batch).__name__}{length}"
            raise TypeError(f"batches must hold pairs (inputs, targets), got {got}")
        inputs, targets = batch
        yield inputs, targets, _points(targets)


def _points(targets):
    shapes = [tuple(t.shape) for t in tree_leaves(targets) if isinstance(t, Tensor)]
    if not shapes or () in shapes or len({shape[0] for shape in shapes}) > 1:
        raise ValueError(f"targets must have a first axis, that of the points, got shapes {shapes}")
    return shapes[0][0]
