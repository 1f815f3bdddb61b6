"""Before any time is taken: does every peer train the runs of eq. (3)?"""

import torch

from benchmarks import peers
from benchmarks.sizes import SIZES, draw, in_float32, rate

TOLERANCE = 1e-9
"""How far margins and weights may differ after a few epochs, in float64."""

TOLERANCE_FLOAT32 = 1e-3
"""The same in float32, by its digits."""


class DisagreementError(Exception):
    """A peer does not compute the same runs."""


def check_agreement(functions):
    """Compare the margins and weights of every peer with the reference's, on small cases.

    Args:
        functions: the peers by name.

    Returns:
        The largest deviation of each.

    Raises:
        DisagreementError: one is larger than rounding allows, or the shapes are not the same.
    """
    reference = peers.load(["reference"])[0]["reference"]
    other = {"n": 5, "n_weak": 1, "d": 7, "m": 3}
    cases = [(*draw(3, **SIZES), SIZES["lr"]), (*draw(2, **other), rate(other["m"]))]
    expected = [reference(*case, 5) for case in cases]
    deviations = {}
    for name, function in functions.items():
        single = peers.PEERS[name].single
        found = []
        for (data, weights, lr), right in zip(cases, expected, strict=True):
            given = in_float32(data, weights) if single else (data, weights)
            found.append(check_same(name, function(*given, lr, 5), right, single))
        deviations[name] = max(found)
    return deviations


def check_same(name, found, right, single=False):
    """Compare tensors with what they ought to be.

    Args:
        name: whose they are.
        found: margins and weights.
        right: the same of a reference.
        single: whether they were computed in float32.

    Returns:
        The largest deviation.

    Raises:
        DisagreementError: it is larger than rounding allows, or the shapes are not the same.
    """
    if [one.shape for one in found] != [one.shape for one in right]:
        shapes = [tuple(one.shape) for one in found]
        raise DisagreementError(f"{name} returns the shapes {shapes}")
    deviation = max(
        (one - its).abs().max().nan_to_num(torch.inf).item()
        for one, its in zip(found, right, strict=True)
    )
    limit = TOLERANCE_FLOAT32 if single else TOLERANCE
    if not deviation <= limit:
        raise DisagreementError(
            f"{name} does not train the runs that it should: margins or weights differ from the "
            f"reference's by {deviation:.1e}, more than {limit:.0e}"
        )
    return deviation
