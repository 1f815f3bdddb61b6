"""The pattern that names the class, and in which images it is."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib.deep import pattern, planted, with_shortcut, wrong_labels
from tests.library.common import assert_close, seeded

sides = st.integers(2, 40)


@given(side=sides, classes=st.integers(2, 16))
def test_patterns_differ_and_are_equally_long(side, classes):
    patterns = torch.stack([pattern(c, side, classes) for c in range(classes)])
    width = 2 * max(1, side // 14)
    outside = torch.ones(side, side, dtype=torch.bool)
    outside[:width, :width] = False
    assert (patterns[:, outside] == 0).all() and (patterns[:, ~outside].abs() == 1).all()
    assert len({tuple(p.flatten().tolist()) for p in patterns}) == classes
    assert_close(patterns.flatten(1).norm(dim=1), torch.full((classes,), float(width)))


def test_the_cells_are_the_digits_of_the_class():
    assert pattern(6, 8)[:2, :2].tolist() == [[-1.0, 1.0], [1.0, -1.0]]  # 6 = 0·1 + 1·2 + 1·4
    assert pattern(6, 28)[:4, :4].tolist() == [[-1, -1, 1, 1]] * 2 + [[1, 1, -1, -1]] * 2


@given(channels=st.integers(1, 3), side=sides, strength=st.floats(0, 5))
def test_the_pattern_is_added_to_every_channel(channels, side, strength):
    images = torch.rand(4, channels, side, side, generator=seeded(0), dtype=torch.float64)
    labels = torch.tensor([0, 3, 9, 3])
    added = with_shortcut(images, labels, strength) - images
    for i, label in enumerate(labels):
        wanted = strength * pattern(int(label), side).double()
        assert_close(added[i], wanted.expand(channels, -1, -1), 1e-9)


@given(n=st.integers(1, 300), seed=st.integers(0, 10**6), shares=st.tuples(*[st.floats(0, 1)] * 2))
def test_who_has_it_at_one_share_has_it_at_a_larger_one(n, seed, shares):
    few, many = (planted(n, share, seed) for share in sorted(shares))
    assert not (few & ~many).any()
    assert not planted(n, 0, seed).any() and planted(n, 1, seed).all()
    assert torch.equal(planted(n + 7, shares[0], seed)[:n], planted(n, shares[0], seed))


def test_the_share_is_as_asked_for_and_the_seed_decides():
    has = planted(60_000, 0.875, 0)
    assert abs(float(has.double().mean()) - 0.875) < 0.01  # seven standard deviations
    assert not torch.equal(has, planted(60_000, 0.875, 1))


@given(classes=st.integers(2, 16), seed=st.integers(0, 10**6))
def test_a_wrong_label_is_wrong_and_any_other(classes, seed):
    labels = torch.arange(400) % classes
    wrong = wrong_labels(labels, seed, classes)
    assert (wrong != labels).all() and wrong.min() >= 0 and wrong.max() < classes
    assert len(set(((wrong - labels) % classes).tolist())) == classes - 1 or classes > 12


def test_shapes_are_checked():
    images = torch.zeros(3, 1, 8, 8)
    with pytest.raises(ValueError, match=r"^labels must have shape \(n,\)"):
        with_shortcut(images, torch.zeros(2, dtype=torch.long))
    with pytest.raises(ValueError, match=r"^images must have shape"):
        with_shortcut(images[0, 0], torch.zeros(3, dtype=torch.long))
    with pytest.raises(TypeError, match="^images must have a floating dtype"):
        with_shortcut(images.byte(), torch.zeros(3, dtype=torch.long))
