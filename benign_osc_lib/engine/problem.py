"""What an engine is given, what it returns, and how it refuses."""

from typing import NamedTuple

from torch import Tensor


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


class Found(NamedTuple):
    """What an engine returns, for a batch with the axes of ``Problem.lr``."""

    weights: Tensor
    """The final weights, (..., 2, m, d)."""
    margins: Tensor
    """y f of each point in each epoch, before its update, (..., epochs, n)."""
    strong: Tensor
    """⟨w_{j,r}, j u⟩ at step 0 and after every ``record_every``-th update, (..., T, 2, m)."""
    weak: Tensor
    """The same with v."""
    diverged_at: Tensor
    """The update after which a run had diverged, 0 for the start, −1 for never; (...) int64."""


class OutOfRange(ValueError):
    """A product that the engine needs leaves the range of the dtype."""

    def __init__(self, name, dtype):
        super().__init__(
            f'{name} must have no vectors so long or short for engine="reduced" that a product of '
            f'two norms leaves the range of {dtype}; engine="reference" takes them'
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
