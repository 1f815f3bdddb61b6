"""What an engine is given, what it returns, and how it refuses."""

from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..rule import Rule


class Before(NamedTuple):
    """What a run that goes on has behind it."""

    epochs: int
    """Epochs made; the schedule, the record and the numbers of the steps go on from there."""
    diverged_at: Tensor
    """As in Found, (...)."""
    stopped_at: Tensor
    """As in Found, (...)."""
    state: dict
    """As in Found. ``Problem.weights`` are those of the moment."""


class Problem(NamedTuple):
    """The runs that an engine is to train; leading axes broadcast to those of ``lr``."""

    x: Tensor
    """The patches, (..., n, P, d)."""
    y: Tensor
    """The labels ±1, (..., n)."""
    u: Tensor
    """The strong feature, (..., d), finite; only the record needs it."""
    v: Tensor
    """The weak feature, (..., d), likewise."""
    weights: Tensor
    """The initial weights, (..., 2, m, d). An engine leaves them as they are."""
    lr: Tensor
    """The learning rates η, (...): their shape is that of the batch."""
    visits: Tensor
    """The point of each visit, (..., epochs, n) integers on the CPU."""
    rule: Rule = Rule()
    """Which SGD."""
    targets: Tensor | None = None
    """What the loss takes for the label of each point in each epoch, (..., epochs, n); None: y."""
    margins: bool = True
    """Whether margins are wanted."""
    directions: Tensor | None = None
    """Vectors (..., K, d) whose overlaps with the filters are wanted at each recorded step."""
    path: bool = False
    """Whether the weights are wanted at each recorded step."""
    stop_below: float = 0.0
    """A run stops after an epoch in which the mean loss of its visits, with the labels y, was below
    this; from there on it is frozen, as one that has diverged."""
    keep_state: bool = False
    """Whether the state is wanted from which the run can go on."""
    before: Before | None = None
    """What came before, for a run that goes on."""


class Found(NamedTuple):
    """What an engine returns, for a batch with the axes of ``Problem.lr``."""

    weights: Tensor
    """The final weights, (..., 2, m, d)."""
    margins: Tensor | None
    """y f of each point in each epoch, before its update, (..., epochs, n); None: not wanted."""
    strong: Tensor
    """⟨w_{j,r}, j u⟩ at step 0 and after every ``record_every``-th update, (..., T, 2, m). A run
    that goes on has the same steps, without those that came before."""
    weak: Tensor
    """The same with v."""
    diverged_at: Tensor
    """The update after which a run had diverged, 0 for the start, −1 for never; (...) int64."""
    stopped_at: Tensor | None = None
    """The update after which a run was stopped, −1 for never, (...) int64; None: none was."""
    second: Tensor | None = None
    """The final factors a_{j,r} of a trained second layer, (..., 2, m)."""
    overlaps: Tensor | None = None
    """⟨w_{j,r}, x⟩ of the directions at each recorded step, (..., T, 2, m, K)."""
    path: Tensor | None = None
    """The weights at each recorded step, (..., T, 2, m, d)."""
    state: dict | None = None
    """Tensors with the leading axes of the batch, by names that are the engine's own."""
    engine: str | None = None
    """The key of the engine in the table."""


class OutOfRange(ValueError):
    """A product that the engine needs leaves the range of the dtype."""

    def __init__(self, name, dtype):
        super().__init__(
            f'{name} must have no vectors so long or short for engine="reduced" that a product of '
            f'two norms leaves the range of {dtype}; engine="reference" takes them'
        )


class NotForRule(ValueError):
    """The reduced engine does not have a rule, or something that is wanted, on a device."""

    def __init__(self, rule):
        super().__init__(
            f'engine="reduced" cannot give what is asked of {rule} on this device; '
            'engine="reference" can'
        )


class NotCompilable(ValueError):
    """Numba cannot compile a function of an activation of one's own."""

    def __init__(self, name, activation, error):
        super().__init__(
            f"activation must have a {name} that Numba can compile for "
            f'engine="reduced", got {activation.name}: {error}'
        )


class NotCompiled(RuntimeError):
    """The engine runs only compiled, and Numba has been told not to compile."""

    def __init__(self):
        super().__init__(
            'engine="reduced" runs only compiled on the CPU, and NUMBA_DISABLE_JIT is set: '
            'unset it, or take engine="reference"'
        )


def without_repetitions(tensor, own):
    """Leading axes along which a tensor only repeats become 1; ``own`` axes belong to one run."""
    for axis in range(tensor.dim() - own):
        if tensor.stride(axis) == 0:
            tensor = tensor.narrow(axis, 0, min(1, tensor.shape[axis]))
    return tensor


def per_run(tensor, own, batch):
    """A tensor with one leading axis: (R, …) for the R runs of a batch, (1, …) if they share it.

    ``own`` is the number of trailing axes that belong to one run.
    """
    tensor = without_repetitions(tensor, own)
    lead, last = tensor.shape[: tensor.dim() - own], tensor.shape[tensor.dim() - own :]
    if lead.numel() == 1:
        return tensor.reshape(1, *last)
    return tensor.expand(*batch, *last).reshape(batch.numel(), *last)


def flat(tensor, own, batch):
    """An array with one leading axis and without repetitions, and the place of each run in it.

    ``own`` is the number of trailing axes that belong to one run.
    """
    tensor = without_repetitions(tensor, own)
    lead, last = tensor.shape[: tensor.dim() - own], tensor.shape[tensor.dim() - own :]
    places = np.broadcast_to(np.arange(lead.numel()).reshape(lead), batch)
    array = tensor.detach().reshape(-1, *last).contiguous().numpy()
    return array, places.flatten()  # a copy: for a read-only view Numba would compile anew
