"""Seeds: whatever holds integers is taken alike, and nothing else."""

import math

import numpy as np
import pytest
import torch

from benign_osc_lib import _checks, generators, sweep

SAME = [
    [0, 1, 2],
    (0, 1, 2),
    range(3),
    np.arange(3),
    np.arange(3, dtype=np.uint64),
    torch.arange(3),
    torch.arange(3, dtype=torch.uint8),
    [np.int64(0), np.uint8(1), 2],
    {0: "a", 1: "b", 2: "c"},
]
BAD = [
    (5, TypeError, "an iterable of integers, got 5"),
    (None, TypeError, "an iterable of integers, got None"),
    (torch.tensor(5), TypeError, "an iterable of integers, got "),
    (np.int64(5), TypeError, "an iterable of integers, got "),
    ([0, 1.5], TypeError, "an integer, got 1.5"),
    ("12", TypeError, "an integer, got '1'"),
    ([True], TypeError, "an integer, got True"),
    (torch.tensor([True]), TypeError, "an integer, got True"),
    (torch.tensor([0.0]), TypeError, "an integer, got 0.0"),
    (torch.zeros(2, 2).long(), TypeError, "an integer, got "),
    (np.array([math.nan]), TypeError, "an integer, got nan"),
    ([-1], ValueError, "in 0..9223372036854775807, got -1"),
    ([2**63], ValueError, f"in 0..9223372036854775807, got {2**63}"),
    (np.array([2**63], dtype=np.uint64), ValueError, f"got {2**63}"),
]


@pytest.mark.parametrize("seeds", SAME, ids=lambda seeds: type(seeds).__name__)
def test_seeds_of_any_kind(seeds):
    assert _checks.seeds(seeds) == [0, 1, 2]
    assert all(type(seed) is int for seed in _checks.seeds(seeds))
    drawn = [torch.rand(1, generator=g).item() for g in generators(seeds)]
    assert drawn == [torch.rand(1, generator=g).item() for g in generators(range(3))]


def test_seeds_from_an_iterator():
    assert [g.initial_seed() for g in generators(k for k in (7, 7, 2**63 - 1))] == [7, 7, 2**63 - 1]


@pytest.mark.parametrize(("seeds", "error", "says"), BAD)
@pytest.mark.parametrize("function", [generators, _checks.seeds, lambda seeds: sweep({}, seeds)])
def test_what_holds_no_seeds(function, seeds, error, says):
    with pytest.raises(error, match="^seeds must be ") as caught:
        function(seeds)
    assert says in str(caught.value)
