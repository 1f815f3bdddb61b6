"""Formulas that take numbers, NumPy arrays or tensors and return what they were given."""

import functools
import inspect
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from . import _checks


def elementwise(formula):
    """Let a formula written for tensors take numbers, arrays or tensors, which broadcast.

    The result, or each entry of a tuple of results, comes back as a tensor if an argument was one,
    else as an array if one was, else as a number.
    """
    signature = inspect.signature(formula)

    @functools.wraps(formula)
    def wrapped(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        tensors = {name: _checks.numeric(name, value) for name, value in given.items()}
        dtypes = [tensors[name].dtype for name, value in given.items() if not _is_number(value)]
        if dtypes:  # plain numbers follow the tensors and arrays beside them
            dtype = functools.reduce(torch.promote_types, dtypes)
            if dtype.is_floating_point:
                for name, value in given.items():
                    tensors[name] = tensors[name].to(dtype) if _is_number(value) else tensors[name]
        _checks.broadcast(**{name: tuple(value.shape) for name, value in tensors.items()})
        result = formula(**tensors)
        if any(isinstance(value, Tensor) for value in given.values()):
            return result
        plain = "numpy" if any(isinstance(v, np.ndarray) for v in given.values()) else "item"
        if isinstance(result, tuple):
            return tuple(getattr(part, plain)() for part in result)
        return getattr(result, plain)()

    return wrapped


def _is_number(value):
    return isinstance(value, Real)
