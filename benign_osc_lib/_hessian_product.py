"""Products with the Hessian of a function of tensors, and its parameters as one vector."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_flatten, tree_unflatten

from . import _checks


class Flat:
    """Writes a structure of tensors as one float64 vector on the CPU.

    Raises TypeError unless ``parameters`` is a real floating tensor or a dict, tuple or list of
    them, ValueError unless it has entries and all are finite.
    """

    def __init__(self, parameters):
        leaves, self.structure = tree_flatten(parameters)
        for leaf in leaves:
            _checks.floats("parameters", leaf, last=())
            _checks.finite("parameters", leaf)
        self.like = [leaf.detach() for leaf in leaves]
        self.size = sum(leaf.numel() for leaf in leaves)
        if not self.size:
            raise ValueError("parameters must hold at least one entry, got none")

    def flatten(self, structure):
        """The entries of all tensors, (size,)."""
        leaves, _ = tree_flatten(structure)
        return torch.cat([leaf.detach().double().cpu().reshape(-1) for leaf in leaves])

    def restore(self, vectors):
        """(..., size) in the structure, dtypes and devices of the parameters."""
        parts = vectors.split([leaf.numel() for leaf in self.like], -1)
        leaves = [
            part.reshape(vectors.shape[:-1] + leaf.shape).to(leaf)
            for part, leaf in zip(parts, self.like, strict=True)
        ]
        return tree_unflatten(leaves, self.structure)


class Product:
    """A function's Hessian at the parameters, to be applied to vectors; also its gradient."""

    def __init__(self, function, parameters, flat):
        _checks.instance("function", function, Callable)

        def one_number(p):
            value = function(p)
            if not isinstance(value, Tensor) or value.numel() != 1:
                got = tuple(value.shape) if isinstance(value, Tensor) else repr(value)
                raise ValueError(f"function must return one number, a tensor, got {got}")
            return value.reshape(())

        at = flat.restore(flat.flatten(parameters))
        with sdpa_kernel(SDPBackend.MATH):  # fast attention has no second derivative
            gradient, self.pull = torch.func.vjp(torch.func.grad(one_number), at)
        self.flat, self.gradient = flat, _finite("gradient", flat.flatten(gradient))

    def __call__(self, vector):
        (product,) = self.pull(self.flat.restore(vector))
        return _finite("product with the Hessian", self.flat.flatten(product))


def _finite(what, vector):
    if not vector.isfinite().all():
        raise ValueError(f"the {what} of the function must be finite at the parameters")
    return vector


def require_square(what, vector):
    """Raise unless the squared length of a vector is a float; that of zero is 0."""
    largest = float(vector.abs().max())
    if largest and not 1e-150 < largest < 1e150:
        size = "large" if largest > 1 else "small"
        raise ValueError(f"the {what} is too {size} for float64: about {largest:.0e}")
