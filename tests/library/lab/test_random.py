"""The laboratory's random numbers: their moments, their law, their seeds."""

import numpy as np
import pytest

from tests.library.lab.common import floats

COUNT = 100_000
Z = 5  # standard errors: a false alarm in 10^6


def test_moments(node):
    found = node("numbers", 1, COUNT)
    uniform, normal = floats(found["uniform"]), floats(found["normal"])
    assert 0 <= uniform.min() and uniform.max() < 1
    for values, moments in (
        (uniform, [(1, 1 / 2), (2, 1 / 3), (3, 1 / 4), (4, 1 / 5)]),
        (normal, [(1, 0), (2, 1), (3, 0), (4, 3), (6, 15)]),
    ):
        for power, expected in moments:
            powers = values**power
            assert abs(powers.mean() - expected) < Z * powers.std() / COUNT**0.5
    for values in (uniform - 0.5, normal):  # neighbours, and the two of a pair
        products = values[1:] * values[:-1]
        assert abs(products.mean()) < Z * products.std() / COUNT**0.5


def test_bits(node):
    words = np.array(node("numbers", 2, COUNT)["bits"], dtype=np.uint32)
    set_bits = np.unpackbits(words.view(np.uint8).reshape(COUNT, 4), axis=1).mean(0)
    assert abs(set_bits - 0.5).max() < Z / (2 * COUNT**0.5)
    assert len(np.unique(words)) > COUNT - 20  # birthdays: about 1 expected


def test_uniform_numbers_have_53_bits(node):
    values = floats(node("numbers", 3, 1000)["uniform"])
    scaled = values * 2.0**53
    assert (scaled == np.round(scaled)).all() and (scaled % 2 == 1).any()


def test_permutations_are_equally_likely(node):
    found = np.array(node("permutations", 4, 3, 12_000))
    assert (np.sort(found) == np.arange(3)).all()
    _, counts = np.unique(found, axis=0, return_counts=True)
    assert len(counts) == 6
    assert abs(counts - 2000).max() < Z * (12_000 * 5 / 36) ** 0.5


@pytest.mark.parametrize("seed", [0, 1, 2, 2**31, 2**32, 2**32 + 1, 9_007_199_254_740_991])
def test_a_seed_fixes_the_numbers(node, seed):
    first, again = (node("numbers", seed, 50) for _ in range(2))
    assert first == again
    others = [node("numbers", other, 50)["bits"] for other in range(10, 14)]
    assert all(np.not_equal(first["bits"], other).sum() > 45 for other in others)
