"""Activations σ of the network, eq. (1): the paper's squared ReLU and others.

Each is three functions of one number z: σ in torch, which the reference engine differentiates by
itself, and σ and σ' as plain Python, which the reduced engine compiles. Tests hold them together.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from . import _checks


@dataclass(frozen=True)
class Activation:
    """An activation σ, such as one of your own::

        from benign_osc_lib.activations import Activation

        tanh = Activation(torch.tanh, math.tanh, lambda z: 1 - math.tanh(z) ** 2, "tanh")
        run = train(data, weights, lr=0.1, epochs=100, rule=Rule(activation=tanh))

    The first call in a process compiles it, which takes seconds. A run with it cannot be saved, for
    a file holds no functions.

    Args:
        torch: σ of a tensor, entry by entry; differentiable by autograd.
        value: σ(z) of one float, a float, in what Numba can compile: arithmetic, ``math``, ``if``;
            or a builtin, such as ``math.sin``.
        slope: σ'(z) of one float, likewise. Where σ has a kink, the slope that autograd takes.
        name: how it is called in a text.

    Raises:
        TypeError: a function is not callable, or the name no text.
    """

    torch: Callable
    value: Callable
    slope: Callable
    name: str = "custom"

    def __post_init__(self):
        for name in ("torch", "value", "slope"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} must be a function, got {getattr(self, name)!r}")
        _checks.instance("name", self.name, str)


def _gelu(z):
    return 0.5 * z * math.erfc(-z / math.sqrt(2.0))


def _gelu_slope(z):
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return 0.5 * math.erfc(-z / math.sqrt(2.0)) + z * density


ACTIVATIONS = {
    "relu": Activation(
        torch.relu,
        lambda z: max(z, 0.0),
        lambda z: 1.0 if z > 0.0 else 0.0,
        "relu",
    ),
    "relu2": Activation(
        lambda z: z.clamp(min=0).square(),
        lambda z: max(z, 0.0) ** 2,
        lambda z: 2.0 * max(z, 0.0),
        "relu2",
    ),
    "relu3": Activation(
        lambda z: z.clamp(min=0).pow(3),
        lambda z: max(z, 0.0) ** 3,
        lambda z: 3.0 * max(z, 0.0) ** 2,
        "relu3",
    ),
    "quadratic": Activation(
        torch.square,
        lambda z: z * z,
        lambda z: 2.0 * z,
        "quadratic",
    ),
    "gelu": Activation(torch.nn.functional.gelu, _gelu, _gelu_slope, "gelu"),
}
"""Those with a name: max(z, 0) with slope 0 at 0; max(z, 0)²; max(z, 0)³; z²; z Φ(z), with Φ the
normal distribution function (without the approximation by tanh)."""


def find(activation):
    """The Activation of a name, or the one that is given.

    Args:
        activation: a key of :data:`ACTIVATIONS`, or an Activation.

    Returns:
        An Activation.

    Raises:
        TypeError: it is neither a text nor an Activation.
        ValueError: no activation has this name.
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):
        raise TypeError(f"activation must be a name or an Activation, got {activation!r}")
    _checks.one_of("activation", activation, tuple(ACTIVATIONS))
    return ACTIVATIONS[activation]
