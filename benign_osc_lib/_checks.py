"""Checks of arguments. Each message names the argument, the value and what is allowed."""

import math
import os
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def integer(name, value, *, low, high=None):
    """Return ``value`` as an int, or raise unless it is an integer in ``low..high``."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"in {low}..{high}"
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value)


def real_number(name, value):
    """Return ``value`` as a float, or raise unless it is a real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return _float(value)


def _float(value):
    """As float, an integer beyond its range as infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def positive(name, value):
    """Return ``value`` as a float, or raise unless it is a finite number above 0."""
    value, given = real_number(name, value), value
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be finite and > 0, got {given}")
    return value


def as_tensor(name, value):
    """Return a number, array or tensor as a real tensor (numbers as float64), or raise."""
    if isinstance(value, Real) and not isinstance(value, bool):
        return torch.tensor(_float(value), dtype=torch.float64, device="cpu")
    if isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
        value = value if value.dtype.kind == "f" else value.astype(float)
        value = value if value.flags.writeable else value.copy()  # or torch warns
        return torch.as_tensor(value, device="cpu")
    if isinstance(value, Tensor) and not value.is_complex() and value.dtype != torch.bool:
        return value
    raise TypeError(f"{name} must be a number, array or tensor, got {value!r}")


def all_between(name, value, low, high=math.inf, *, low_open=True, high_open=True):
    """Raise unless every element of a number, array or tensor lies between ``low`` and ``high``.

    Infinite and NaN elements are never allowed.
    """
    v = as_tensor(name, value).double()
    ok = torch.isfinite(v)
    ok &= (v > low) if low_open else (v >= low)
    ok &= (v < high) if high_open else (v <= high)
    if not bool(ok.all()):
        allowed = f"finite, {'>' if low_open else '>='} {low}"
        if math.isfinite(high):
            allowed += f" and {'<' if high_open else '<='} {high}"
        raise ValueError(f"{name} must be {allowed}, got {v[~ok].flatten()[0].item()}")


def instance(name, value, kind):
    """Raise unless ``value`` is an instance of the class ``kind``."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {type(value).__name__}")


def one_of(name, value, allowed):
    """Raise unless ``value`` is one of the strings in ``allowed``."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def floats(name, value, *, last):
    """Raise unless ``value`` is a floating tensor whose shape ends in ``last``.

    ``last`` holds one entry an axis: a number the axis must equal, or a name for "any size >= 1".
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must have a floating dtype, got {value.dtype}")
    shape, wanted = tuple(value.shape), tuple(last)
    tail = shape[len(shape) - len(wanted) :] if len(shape) >= len(wanted) else None
    if tail is None or any(
        size != want if isinstance(want, int) else size < 1
        for size, want in zip(tail, wanted, strict=True)
    ):
        axes = ", ".join(map(str, wanted))
        raise ValueError(f"{name} must have shape (..., {axes}), got {shape}")


def finite(name, value):
    """Raise unless every element of a tensor is finite."""
    in_numpy = value.device.type == "cpu" and value.dtype in (torch.float32, torch.float64)
    total = value.detach().numpy() if in_numpy else value  # which waits for no other thread
    if np.isfinite(float(total.sum())):
        return  # one look; a sum of finite numbers may overflow, so else at each of them
    wrong = value[~value.isfinite()]
    if wrong.numel():
        raise ValueError(f"{name} must be finite, got {wrong[0].item()}")


def same_kind(**tensors):
    """Raise unless all the named tensors share one dtype and one device."""
    (first, a), *others = tensors.items()
    for name, b in others:
        if a.dtype != b.dtype:
            raise TypeError(f"{name} must have the dtype of {first}, {a.dtype}, got {b.dtype}")
        if a.device != b.device:
            raise ValueError(f"{name} must be on the device of {first}, {a.device}, got {b.device}")


def broadcast(**shapes):
    """Return the common shape of the named leading axes, or raise if there is none."""
    try:
        return torch.broadcast_shapes(*shapes.values())
    except RuntimeError:
        got = ", ".join(f"{name} has {tuple(shape)}" for name, shape in shapes.items())
        raise ValueError(f"the leading axes must broadcast together, but {got}") from None


def one_data_set(name, leading):
    """Raise unless data without the named leading axes are one data set."""
    if leading:
        raise ValueError(f"{name} must be one data set, got leading axes {tuple(leading)}")


def each_label(name, value):
    """Raise unless every element of a tensor is −1 or +1."""
    wrong = value[(value != 1) & (value != -1)]
    if wrong.numel():
        raise ValueError(f"{name} must hold labels -1 and +1, got {wrong.flatten()[0].item()}")


def one_label(name, value):
    """Raise unless ``value`` is one label, −1 or +1."""
    if isinstance(value, bool) or not isinstance(value, Real) or value not in (-1, 1):
        raise ValueError(f"{name} must be -1 or +1, got {value!r}")


def tensor_or_list(name, value):
    """Return a number, array, tensor or nested list as a real tensor, or raise."""
    if _is_list(value):
        try:
            if any(isinstance(entry, bool | bytes) for entry in _entries(value)):
                raise TypeError  # torch would take them
            value = torch.as_tensor(value, dtype=torch.float64, device="cpu")
        except (TypeError, ValueError, RuntimeError, OverflowError):
            raise TypeError(f"{name} must be a nested list of numbers, got {value!r}") from None
    return as_tensor(name, value)


def _is_list(value):
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _entries(value):
    """What stands in a nested list, and in the lists in it."""
    for entry in value:
        if _is_list(entry):
            yield from _entries(entry)
        else:
            yield entry


def seeds(value):
    """Return the seeds in any iterable, array or tensor as a list of ints, or raise."""
    try:
        found = list(value.tolist() if hasattr(value, "tolist") else value)
    except TypeError:
        raise TypeError(f"seeds must be an iterable of integers, got {value!r}") from None
    return [integer("seeds", seed, low=0, high=2**63 - 1) for seed in found]


def several(name, value):
    """A list of one positive number or more."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be a sequence of numbers, got {value!r}")
    found = [positive(name, each) for each in value]
    if not found:
        raise ValueError(f"{name} must hold one number or more, got none")
    return found


def learning_rate(lr, like):
    """Return ``lr`` as a tensor (...) of positive rates, with the dtype and device of ``like``."""
    rates = tensor_or_list("lr", lr)
    all_between("lr", rates, 0)
    held = rates.to(like.dtype)
    lost = ~((held > 0) & held.isfinite())
    if bool(lost.any()):
        rate = rates.double()[lost].flatten()[0].item()
        raise ValueError(f"lr must be finite and > 0 as {like.dtype}, got {rate}")
    return held.to(like.device)


def cpu_generators(generator):
    """Return the list of generators in ``generator``, and whether it stood for a batch.

    None (torch's default generator) and a single generator are no batch; a sequence is one.
    """
    batched = isinstance(generator, Sequence)
    found = list(generator) if batched else [generator]
    if not found:
        raise ValueError("generator must hold at least one torch.Generator, got an empty sequence")
    for g in found:
        if g is None and not batched:
            continue
        if not isinstance(g, torch.Generator):
            raise TypeError(
                f"generator must be a torch.Generator, a sequence of them or None, got {g!r}"
            )
        if g.device.type != "cpu":
            raise ValueError(
                f"generator must be on the CPU, so that a seed means the same data on every "
                f"device, got one on {g.device}"
            )
    return found, batched


def device(value):
    """Raise unless ``value`` is None or names a torch device."""
    try:
        torch.device("cpu" if value is None else value)
    except (TypeError, RuntimeError):
        raise ValueError(f'device must name one, like "cpu" or "cuda", got {value!r}') from None


def device_here(value, *, with_numbers=False):
    """Raise unless ``value`` is a device of this machine; "meta" is one that holds no numbers."""
    device(value)
    try:
        probe = torch.zeros(1, device=value)
        if with_numbers:
            probe.item()
    except Exception as error:  # a build without it raises anything
        raise ValueError(f"device must be one of this machine, got {value!r}: {error}") from None


def path(name, value, kind="a path", meaning="that of a file"):
    """Return a path, a str, bytes or ``os.PathLike``, as a Path, with ~ for the home directory.

    Raise unless it is ``kind`` and, as it is neither empty nor cut by a zero byte, ``meaning``.
    """
    try:
        text = os.fsdecode(value)
    except TypeError:
        raise TypeError(f"{name} must be {kind}, got {value!r}") from None
    if not text or "\0" in text:
        raise ValueError(f"{name} must be {meaning}, got {value!r}")
    return Path(os.path.expanduser(text))


def floating_dtype(dtype):
    """Raise unless ``dtype`` is a floating torch dtype."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype must be a floating torch dtype, got {dtype!r}")
