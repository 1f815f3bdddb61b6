"""The batch sharpness: curvature of batches along their own gradients (chapter 14)."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ._hessian_product import Flat, Product, require_square

_NO_FUNCTIONS = "functions must be an iterable of functions, got "


@dataclass(frozen=True)
class Curvature:
    """Curvature of losses, each along its own gradient g; its mean is the batch sharpness.

    Args:
        along: gᵀ H g / ‖g‖² of each loss, (number of losses,), float64; NaN where g is 0.
        weights: ‖g‖² of each loss, likewise.
    """

    along: Tensor
    weights: Tensor

    @property
    def mean(self):
        """E[gᵀ H g / ‖g‖²], over the losses whose gradient is not 0."""
        return float(self.along[self.weights > 0].mean())

    @property
    def weighted(self):
        """E[gᵀ H g] / E[‖g‖²]: the losses with long gradients count more."""
        moving = self.weights > 0
        return float(self.along[moving] @ self.weights[moving] / self.weights.sum())


def along_gradients(functions, parameters):
    """Curvature of each loss along its own gradient, gᵀ H g / ‖g‖².

    With the losses of the batches of SGD, the mean is the batch sharpness of Andreyev and
    Beneventano (2024): "the expected directional curvature of mini-batch Hessians along their
    corresponding stochastic gradients". Their code has the mean of the ratios and, as an
    option, the ratio of the means; here are both.

    Args:
        functions: an iterable of functions as in
            :func:`~benign_osc_lib.hessian.eigenpairs`.
        parameters: as there.

    Returns:
        A Curvature.

    Raises:
        TypeError: as there, or ``functions`` is no iterable of functions.
        ValueError: as there, but a zero Hessian is no error; or there is no function, or every
            gradient is zero (all are fitted, or do not use the parameters they are given).
    """
    flat, found = Flat(parameters), []
    if not isinstance(functions, Iterable):
        raise TypeError(_NO_FUNCTIONS + type(functions).__name__)
    for function in functions:
        if not callable(function):
            raise TypeError(f"{_NO_FUNCTIONS}one that holds a {type(function).__name__}")
        product = Product(function, parameters, flat)
        g = product.gradient
        require_square("gradient", g)
        found.append((float(g @ product(g)), float(g @ g)))
    if not found:
        raise ValueError("functions must hold at least one function, got none")
    curvature, weights = torch.tensor(found, dtype=torch.float64).unbind(1)
    if not weights.any():
        raise ValueError(
            "the gradient of every function is zero: all are fitted, or they do not use the "
            "parameters they are given"
        )
    return Curvature(curvature / weights, weights)
