"""Losses ℓ of one visit, as functions of the output f and the target t.

- "square": ℓ = ½ (f − t)², eq. (2);
- "logistic": ℓ = log(1 + exp(−t f)).

The target is the label ±1, or what label noise makes of it.
"""

import torch

from . import _checks

LOSSES = ("square", "logistic")
"""Their names."""


def loss(name, f, target):
    """ℓ(f, t), entry by entry.

    Args:
        name: one of :data:`LOSSES`.
        f: outputs, a tensor (...).
        target: targets t, (...).

    Returns:
        A tensor (...).

    Raises:
        ValueError: no loss has this name.
    """
    _checks.one_of("name", name, LOSSES)
    if name == "square":
        return 0.5 * (f - target).square()
    # Not softplus, which is linear beyond 20: its slope there is off by 2e-9.
    return -torch.nn.functional.logsigmoid(target * f)
