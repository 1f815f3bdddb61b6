"""Trapping regions: closed under the map, against orbits, and in intervals of mpmath."""

import numpy as np
import pytest
from mpmath import iv

from benign_osc_lib import theory, trapping, two_classes
from benign_osc_lib.trapping import PIVOT, RANGE, SLACK, trapping_region


def visit(own, other, kappa):
    """The map as the chapter states it."""
    e = 1 - own.clip(0) ** 2 + other.clip(None, 0) ** 2
    return own + kappa * e * own.clip(0), other - kappa * e * other.clip(None, 0)


def kind_and_place(first, second):
    """Which kind of state, and its two coordinates; a visit to a turned class is left out."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    both_up, both_down = low >= 0, high <= 0
    kind = np.where(both_up, 0, np.where(both_down, 2, 1))
    a = np.where(kind == 1, high, abs(first))
    b = np.where(kind == 1, -low * np.maximum(high, PIVOT), abs(second))
    return kind, a, b


def inside(region, first, second):
    """Whether each state lies in a marked square, or on the edge of one; 0 has either sign."""
    found = np.zeros(len(first), bool)
    for d in (-1e-12, 1e-12):
        for e in (-1e-12, 1e-12):
            kind, a, b = kind_and_place(first + d, second + e)
            i, j = ((x / region.side).clip(0).astype(int) for x in (a, b))
            ok = (i < region.marked.shape[1]) & (j < region.marked.shape[2])
            found[ok] |= region.marked[kind[ok], i[ok], j[ok]]
    return found


def states(region, rng, number):
    """Random points of random marked squares, some of them corners: (first, second)."""
    squares = np.argwhere(region.marked)
    kind, i, j = squares[rng.integers(0, len(squares), number)].T
    turned = rng.permutation(np.flatnonzero(kind != 0))
    kind, i, j = (np.concatenate([x, np.repeat(x[turned], 3)]) for x in (kind, i, j))
    at = rng.uniform(0, 1, (2, len(i)))
    at = np.where(rng.uniform(size=at.shape) < 0.2, at.round(), at)
    a, b = (i + at[0]) * region.side, (j + at[1]) * region.side
    first = np.where(kind == 2, -a, a)
    second = np.where(kind == 0, b, np.where(kind == 1, -b / np.maximum(a, PIVOT), -b))
    return first, second


CLOSED = [
    *[(1.2, 1.2, "any", 6), (1.598, 1.614, "any", 8), (1.636, 1.6365, "any", 9)],
    *[(1.614, 1.638, "alternating", 8), (1.66, 1.662, "alternating", 9)],
]


@pytest.mark.parametrize("low, high, order, depth", CLOSED)
def test_a_region_is_closed_under_the_map(low, high, order, depth):
    """From any point of any marked square, for any κ of the interval, at any visit."""
    region, rng = trapping_region(low, high, order, depth), np.random.default_rng(0)
    assert region.closed and inside(region, *states(region, rng, 1000)).all()
    first, second = states(region, rng, 200_000)
    kappa = np.where(rng.uniform(size=len(first)) < 0.5, rng.uniform(low, high, len(first)), high)
    own, other = visit(first, second, kappa)
    same_order = inside(region, other, own)
    assert (same_order if order == "alternating" else same_order | inside(region, own, other)).all()
    assert min(own.min(), other.min()) >= region.deepest()
    assert max(own.max(), other.max()) <= region.largest() <= RANGE
    if order == "any":  # the same label once more, or the other one: a state has no order
        assert (inside(region, own, other) | inside(region, other, own)).all()
        own, other = visit(second, first, kappa)
        assert (inside(region, own, other) | inside(region, other, own)).all()


def test_it_is_the_small_change_of_a_region_that_no_longer_holds():
    """The test above sees a region from which one row of squares is missing."""
    region, rng = trapping_region(1.614, 1.638, "alternating", 8), np.random.default_rng(0)
    i, j = np.nonzero(region.marked[1])
    region.marked[1][:, j.max()] = False
    first, second = states(region, rng, 200_000)
    own, other = visit(first, second, np.full(len(first), 1.638))
    assert not inside(region, other, own).all()


@pytest.mark.parametrize("order", ["alternating", "any"])
def test_orbits_stay(order):
    kappa = {"alternating": 1.665, "any": 1.636}[order]
    region, rng = trapping_region(kappa, kappa, order, 10), np.random.default_rng(3)
    z = rng.uniform(0, 1.25, (400, 2))
    labels = np.tile(np.array([1, -1]), 5000)
    if order == "any":
        labels = 2 * rng.integers(0, 2, (400, 10_000)) - 1
    lowest, before = 0.0, 0
    for until in range(1, 10_000, 97):
        z, _ = two_classes.follow(z, labels[..., before:until], kappa)
        before, lowest = until, min(lowest, z.min())
        last = np.broadcast_to(labels[..., until - 1], 400)
        next_first = np.where(last == 1, z[:, 1], z[:, 0]), np.where(last == 1, z[:, 0], z[:, 1])
        assert inside(region, *next_first).all()
    assert region.deepest() <= lowest < 0.4 * region.deepest()  # and it is no idle bound


def test_what_closes_and_what_does_not():
    cases = [(1, 1.598, "any", 6), (1.598, 1.614, "any", 7), (1.638, 1.656, "alternating", 8)]
    for low, high, order, depth in cases:
        region = trapping_region(low, high, order, depth)
        assert region.closed and region.side == 2.0**-depth
    # Below the sign limit nothing is turned.
    assert trapping_region(1.5, 1.55, "any", 8).deepest() == 0
    for low, high, order, depth in [(1.68, 1.68, "alternating", 10), (1.65, 1.65, "any", 10)]:
        assert not trapping_region(low, high, order, depth).closed


def test_the_border_of_labels_in_turn_on_the_finest_squares():
    """No start escapes at 1.672; at 1.6735 one does (test_enclosure.py)."""
    assert trapping_region(1.672, 1.672, depth=11).closed
    assert not trapping_region(1.6735, 1.6735, depth=11).closed


def test_beyond_the_level_of_turning_and_yet_trapped():
    """At 1.668 classes are turned deeper than √(2/κ − 1), and no start escapes."""
    assert trapping_region(1.668, 1.668, depth=10).closed
    start = np.random.default_rng(5).uniform(0.01, 0.05, (50, 2))
    labels, lowest = np.tile(np.array([1, -1]), 5), 0.0
    for _ in range(3000):
        start, when = two_classes.follow(start, labels, 1.668)
        lowest = min(lowest, start.min())
    assert (when < 0).all() and lowest < -theory.turning_level(1.668)


def test_the_ranges_in_intervals():
    """Ranges of x (1 + κe) and n (1 − κe) hold what mpmath finds, and rounding is < 1e-12."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        k = np.sort(rng.uniform(1, 2, 2))
        x, n = np.sort(rng.uniform(0, 1.5, (2, 2)))
        n = n if rng.uniform() < 0.7 else np.zeros(2)
        up, down = (f(tuple(k), *x, *n) for f in (trapping._visited, trapping._pushed))
        for _ in range(40):
            kappa, a, b = (iv.mpf(float(rng.uniform(*ends))) for ends in (k, x, n))
            e = 1 - a**2 + b**2
            for value, (low, high) in ((a * (1 + kappa * e), up), (b * (1 - kappa * e), down)):
                assert low - 1e-12 <= value.a and value.b <= high + 1e-12
        corners = [(iv.mpf(q), iv.mpf(a), iv.mpf(b)) for q in k for a in x for b in n]
        ends = [float((a * (1 + q * (1 - a**2 + b**2))).mid) for q, a, b in corners]
        assert up[0] == pytest.approx(min(ends), abs=1e-12)
    assert 1e-12 < SLACK < 1e-6 * 2.0**-11


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        ({"kappa_low": 1.7}, ValueError, "kappa_low must be finite, >= 1 and <= 1.65"),
        ({"kappa_high": 2.1}, ValueError, "kappa_high must be finite, >= 1 and <= 2"),
        ({"order": "random"}, ValueError, "order must be one of 'alternating', 'any'"),
        ({"depth": 12}, ValueError, "depth must be in 4..11"),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        trapping_region(**{"kappa_low": 1.6, "kappa_high": 1.65, **wrong})
