"""Two digits as a data set: which images, how centred and scaled, and who has the shortcut."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benign_osc_lib import generators
from benign_osc_lib.digits import SHORTCUT_NORM, images, pair
from tests.library.common import seeded

digit = st.integers(0, 9)
two_digits = st.tuples(digit, digit).filter(lambda two: two[0] != two[1])


def test_the_images_are_those_of_scikit_learn():
    pixels, shown = images()
    assert pixels.shape == (1797, 64) and shown.shape == (1797,)
    assert pixels.min() == 0 and pixels.max() == 16 and torch.equal(pixels, pixels.round())
    assert shown.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert pixels.sum() == 561718


def drawn(two, n, seed):
    """Pixels of the images that a seed holds for training, and of the others, digit by digit."""
    generator, (pixels, shown) = seeded(seed), images()
    sets = [pixels[shown == digit] for digit in two]
    orders = [torch.randperm(len(one), generator=generator) for one in sets]
    cuts = (n + 1) // 2, n // 2
    held = [one[order[:cut]] for one, order, cut in zip(sets, orders, cuts, strict=True)]
    rest = [one[order[cut:]] for one, order, cut in zip(sets, orders, cuts, strict=True)]
    return held, rest


def in_some_order(rows):
    """The rows sorted, so that two sets of them can be compared."""
    return torch.stack(sorted(rows, key=lambda row: row.tolist()))


@settings(max_examples=25, deadline=None)
@given(
    two=two_digits,
    n=st.integers(2, 346),
    share=st.floats(0, 1),
    length=st.floats(0.05, 3),
    scaling=st.sampled_from(["each", "common"]),
    seed=st.integers(0, 2**40),
)
def test_what_a_pair_is_made_of(two, n, share, length, scaling, seed):
    options = {"n": n, "image_norm": length, "shortcut": share, "scaling": scaling}
    train, test = pair(*two, **options, generator=seeded(seed))
    held, rest = drawn(two, n, seed)
    # The mean is that of the training images alone, and so is the factor.
    mean = torch.cat(held).mean(0)
    factor = length / (torch.cat(held) - mean).norm(dim=-1, keepdim=True)
    common = length / (torch.cat(held) - mean).norm(dim=-1).mean()
    for data, sets in ((train, held), (test, rest)):
        for y, pixels in zip((1, -1), sets, strict=True):
            wanted = pixels - mean
            factor = common if scaling == "common" else length / wanted.norm(dim=-1, keepdim=True)
            found = data.x[data.y == y, 1]
            assert len(found) == len(pixels)
            assert not found[:, 64].any()
            close = in_some_order((found[:, :64] / length * 1e6).round())
            assert (close - in_some_order((wanted * factor / length * 1e6).round())).abs().max() < 3
    # The shortcut: y·u in patch 0, on so many training points and on no test point.
    assert len(train.y) == n and (train.y > 0).sum() == math.ceil(n / 2)
    assert (~train.is_weak).sum() == round(share * n)
    assert torch.equal(train.x[:, 0], (train.y * ~train.is_weak)[:, None] * train.u)
    assert test.is_weak.all() and not test.x[:, 0].any()
    assert not train.x[:, 2].any() and not test.x[:, 2].any()
    assert train.u.norm() == SHORTCUT_NORM == 1 and not (train.x[:, 1] @ train.u).any()
    means = [train.x[train.y == y, 1].mean(0) for y in (1, -1)]
    torch.testing.assert_close(train.v, (means[0] - means[1]) / 2)
    assert torch.equal(train.v, test.v) and torch.equal(train.u, test.u)


def test_a_smaller_share_takes_the_shortcut_from_some_and_changes_nothing_else():
    sets = [pair(4, 7, shortcut=share, generator=seeded(5)) for share in (0, 0.3, 0.8, 1)]
    for (one, test), (more, same) in zip(sets, sets[1:], strict=False):
        assert not (more.is_weak & ~one.is_weak).any()
        assert torch.equal(one.x[:, 1], more.x[:, 1]) and torch.equal(one.y, more.y)
        assert torch.equal(test.x, same.x)


def test_points_without_the_shortcut_are_drawn_by_chance():
    """Over many seeds, every place in the order of visits is as likely as another."""
    train, _ = pair(1, 2, n=10, shortcut=0.5, generator=generators(range(400)))
    share = train.is_weak.double().mean(0)
    assert (share - 0.5).abs().max() < 0.125  # five standard deviations
    labels = train.y.mean(0)
    assert labels.abs().max() < 0.25


def test_a_batch_is_its_data_sets():
    train, test = pair(3, 8, n=20, generator=generators([7, 8]))
    assert train.x.shape == (2, 20, 3, 65) and train.v.shape == (2, 65) and train.u.shape == (65,)
    for k, seed in enumerate((7, 8)):
        alone = pair(3, 8, n=20, generator=seeded(seed))
        assert torch.equal(train[k].x, alone[0].x) and torch.equal(test[k].x, alone[1].x)
        assert torch.equal(train[k].v, alone[0].v)


def test_exchanged_digits_exchange_the_labels():
    train, test = pair(5, 2, n=4)
    assert train.u is not None and test.y.shape == (177 + 182 - 4,)
    assert (test.y > 0).sum() == 182 - 2


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"b": 3}, ValueError, "b must be another digit than a, got 3"),
        ({"a": 10}, ValueError, r"a must be in 0\.\.9, got 10"),
        ({"b": -1}, ValueError, r"b must be in 0\.\.9, got -1"),
        ({"a": "3"}, TypeError, "a must be an integer"),
        ({"n": 347}, ValueError, r"n must be in 2\.\.346, got 347"),
        ({"n": 1}, ValueError, r"n must be in 2\.\.346, got 1"),
        ({"shortcut": 1.01}, ValueError, "shortcut must be finite, >= 0 and <= 1, got 1.01"),
        ({"shortcut": "all"}, TypeError, "shortcut must be a number"),
        ({"image_norm": 0}, ValueError, "image_norm must be finite and > 0, got 0"),
        ({"scaling": "none"}, ValueError, "scaling must be one of 'each', 'common', got 'none'"),
        ({"generator": 3}, TypeError, "generator must be a torch.Generator"),
        ({"generator": []}, ValueError, "generator must hold at least one"),
    ],
)
def test_bad_input(given, error, words):
    with pytest.raises(error, match=words):
        pair(**{"a": 3, "b": 8, **given})
