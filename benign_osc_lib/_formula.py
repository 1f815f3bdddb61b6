"""Formulas of numbers, arrays or tensors, with the range of each argument declared once.

    @formula(kappa=at_least(1), nu=between(0, 1, "[]"))
    def growth_rate(kappa, nu): ...

The declaration is the check, and it writes the "Raises" part of the docstring. That the "Args"
part states the same ranges is tested.
"""

import functools
import inspect
import math
import textwrap
from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch
from torch import Tensor

from . import _checks


@dataclass(frozen=True)
class Range:
    """What every element of an argument may be.

    Args:
        low: the lower end.
        high: the upper end.
        ends: the brackets of the interval; "(" and ")" leave out their end.
        whole: the argument is one integer, not an array or tensor.
        text: the range in words, where the ends are not plain numbers or more is asked.
    """

    low: float = -math.inf
    high: float = math.inf
    ends: str = "()"
    whole: bool = False
    text: str = ""

    def __str__(self):
        if self.text or self == ANY:
            return self.text
        if self.whole:
            return f"at least {self.low}"
        if self.high == math.inf:
            return f"{'>' if self.ends[0] == '(' else '>='} {self.low}"
        return f"in {self.ends[0]}{self.low}, {self.high}{self.ends[1]}".replace("-", "−")

    def check(self, name, value):
        """Raise unless the value of the argument ``name`` is in the range."""
        if self.whole:
            _checks.integer(name, value, low=self.low)
        elif self != ANY:
            low_open, high_open = self.ends[0] == "(", self.ends[1] == ")"
            _checks.all_between(
                name, value, self.low, self.high, low_open=low_open, high_open=high_open
            )


ANY = Range()
"""Any real number, infinities and NaN too."""


def above(low):
    """Finite numbers above ``low``."""
    return Range(low)


def at_least(low, text=""):
    """Finite numbers from ``low`` on; ``text`` tells of an upper end that the formula checks."""
    return Range(low, ends="[)", text=text)


def between(low, high, ends="()", text=""):
    """The numbers of an interval."""
    return Range(low, high, ends, text=text)


def whole(low):
    """One integer from ``low`` on."""
    return Range(low, whole=True)


def formula(**ranges):
    """Let a function of tensors take numbers, arrays or tensors, which broadcast.

    The result, or each entry of a tuple of results, comes back as a tensor if an argument was one,
    else as an array if one was, else as a number. Every argument needs a :class:`Range`.
    """

    def decorate(function):
        signature = inspect.signature(function)
        if list(ranges) != list(signature.parameters):
            raise TypeError(
                f"{function.__name__} must have a range for each of its arguments, "
                f"{', '.join(signature.parameters)}, got {', '.join(ranges)}"
            )

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments
            for name, allowed in ranges.items():
                if allowed.whole:
                    allowed.check(name, given[name])
            tensors = _tensors(given)
            _checks.broadcast(**{name: tuple(value.shape) for name, value in tensors.items()})
            for name, allowed in ranges.items():
                if not allowed.whole:
                    allowed.check(name, tensors[name])
            return _as_given(function(**tensors), given.values())

        checked.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\n{_raises(ranges)}"
        checked.ranges = ranges
        return checked

    return decorate


def _tensors(given):
    """The arguments as tensors; plain numbers follow the tensors and arrays beside them."""
    tensors = {name: _checks.as_tensor(name, value) for name, value in given.items()}
    plain = [name for name, value in given.items() if isinstance(value, Real)]
    dtypes = [tensors[name].dtype for name in given if name not in plain]
    if dtypes:
        dtype = functools.reduce(torch.promote_types, dtypes)
        if dtype.is_floating_point:
            tensors.update({name: tensors[name].to(dtype) for name in plain})
    return tensors


def _as_given(result, given):
    """The result as the arguments were: tensors, arrays or numbers."""
    if any(isinstance(value, Tensor) for value in given):
        return result
    plain = "numpy" if any(isinstance(value, np.ndarray) for value in given) else "item"
    if isinstance(result, tuple):
        return tuple(getattr(part, plain)() for part in result)
    return getattr(result, plain)()


def _raises(ranges):
    """The last part of a formula's docstring, from the ranges of its arguments."""
    integers = "".join(f", or {name} no integer" for name in ranges if ranges[name].whole)
    asked = [f"{name} {allowed}" for name, allowed in ranges.items() if str(allowed)]
    wanted = ", ".join([*asked, "all finite" if len(asked) > 1 else "finite"])
    if len(ranges) > 1:
        wanted += ", and the shapes broadcast together"
    errors = (
        f"TypeError: an argument is not a number, array or tensor{integers}.",
        f"ValueError: unless {wanted}.",
    )
    indent = {"initial_indent": "    ", "subsequent_indent": "        "}
    return "\n".join(["Raises:", *(textwrap.fill(error, 98, **indent) for error in errors)])
