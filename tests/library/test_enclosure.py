"""Escapes that are certain: orbits in intervals, and why nothing comes back."""

import numpy as np
import pytest
from mpmath import iv

from benign_osc_lib import two_classes
from benign_osc_lib.enclosure import DIGITS, certain_escape
from benign_osc_lib.trapping import trapping_region

START = (0.73, 0.495)
ALTERNATING = np.tile(np.array([1, -1]), 8)


def test_a_start_that_escapes_for_certain():
    when = certain_escape(START, ALTERNATING, 1.6735, 1e-8)
    z, _ = two_classes.follow(np.array([START]), ALTERNATING[:when], 1.6735)
    own, other = (z[0, 0], z[0, 1]) if ALTERNATING[when - 1] == 1 else z[0, ::-1]
    assert own < -2 and own < other < 0
    assert two_classes.follow(z, ALTERNATING[when : when + 4], 1.6735)[1] > 0


def test_what_is_not_certain():
    assert certain_escape(START, ALTERNATING, 1.6735, 0.01) is None  # the box is too large
    assert certain_escape(START, ALTERNATING[:6], 1.6735) is None  # not yet
    assert certain_escape(START, ALTERNATING, 1.5) is None
    assert certain_escape((0.0, 0.0), ALTERNATING, 1.6735) is None
    assert certain_escape((1.0, 1.0), ALTERNATING, 1.6735) is None


def test_a_word_that_escapes_where_labels_in_turn_do_not():
    word = np.array([1 if c == "+" else -1 for c in "++--++++++++-++----+--+-"])
    start = (0.732554, 1.128571)
    assert certain_escape(start, word, 1.645, 1e-12) == len(word)
    assert trapping_region(1.645, 1.645, "alternating").closed
    _, when = two_classes.follow(np.array([start]), np.tile(ALTERNATING, 100), 1.645)
    assert when < 0
    # Nearer to the border, for one start.
    word = np.array([1 if c == "1" else -1 for c in "1011101110101011111111011000000100101001"])
    assert certain_escape((0.5260664, 0.0749537), word, 1.643) == 38


def test_the_last_visit_must_be_to_the_deeper_class():
    """Otherwise the next visit of labels in turn would turn it back."""
    visit = np.array([-1])
    assert certain_escape((-0.5, 3.0), visit, 1.5) == 1
    assert certain_escape((-2.5, 3.0), visit, 1.5) is None  # to (−9.1, −4.9)
    assert certain_escape((-0.5, 3.0), -visit, 1.5) is None
    assert certain_escape((0.5, 3.0), visit, 1.5) is None


def test_every_point_of_a_box_follows():
    rng = np.random.default_rng(0)
    when = certain_escape(START, ALTERNATING, 1.6735, 1e-8)
    for _ in range(50):
        d = rng.uniform(-1e-8, 1e-8, 3)
        start = np.array([START]) + d[:2]
        z, _ = two_classes.follow(start, ALTERNATING[:when], 1.6735 + d[2])
        assert z.min() < -2 and z.max() < 0


def test_a_turned_class_as_deep_as_2_and_the_other_grow_200_fold():
    """Lemma I.1, at random places: two visits, the class that is less deep first."""
    rng = np.random.default_rng(1)
    kappa, v = rng.uniform(1, 2, 500), 2 + rng.exponential(2, 500)
    w = v * rng.uniform(0, 1, 500)
    kappa[0], v[0], w[0] = 1, 2, 2  # the corner
    for k, deep, other in zip(kappa, v, w, strict=True):
        z, _ = two_classes.follow(np.array([[-other, -deep]]), np.array([1, -1]), k, limit=1e300)
        assert z[0, 1] < -200 * deep and z[0, 1] <= z[0, 0] < 0
    z, _ = two_classes.follow(np.array([[-0.1, -0.3]]), np.array([1, -1]), 1.5)
    assert abs(z).max() < 1  # not from anywhere


def test_the_precision_of_mpmath_is_left_as_it_was():
    before = iv.dps
    certain_escape(START, ALTERNATING, 1.6735)
    assert iv.dps == before != DIGITS


GOOD = (START, ALTERNATING, 1.6)


@pytest.mark.parametrize(
    "place, wrong, error, message",
    [
        (0, 0.5, TypeError, "z must be two numbers, got 0.5"),
        (0, (0.5,), ValueError, "z must be two numbers, got 1"),
        (0, (0.5, "1"), TypeError, "z must be a number, got '1'"),
        (0, (0.5, np.nan), ValueError, "z must be finite"),
        (1, [1, -1], TypeError, "labels must be an array of kind integer, got list"),
        (1, np.ones(3), TypeError, "labels must be an array of kind integer, got float64"),
        (1, np.array([1, 0]), ValueError, "labels must be -1 or 1"),
        (1, np.ones((2, 2), int), ValueError, "labels must be -1 or 1, one a visit"),
        (2, 1.0, ValueError, "kappa must be finite and > 1"),
        (2, "2", TypeError, "kappa must be a number"),
    ],
)
def test_bad_input(place, wrong, error, message):
    arguments = [*GOOD[:place], wrong, *GOOD[place + 1 :]]
    with pytest.raises(error, match=message):
        certain_escape(*arguments)
