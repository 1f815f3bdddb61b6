"""Two classes of noiseless points: each is a run of one point, and both leads are learned."""

import re

import numpy as np
import pytest
import torch

from benign_osc_lib import init_weights, noiseless_point, theory, train
from benign_osc_lib.noiseless_classes import noiseless_margins
from benign_osc_lib.signals import at_point, class_lead
from tests.library.common import normal, seeded

U, V = 2.0 * torch.eye(6).double()[0], 0.4 * torch.eye(6).double()[1]
M, NU = 8, 0.04
START = init_weights(M, 6, 1 / 64, generator=[seeded(k) for k in range(20)])

ORDERS = {  # labels of a first stretch and of the round that is repeated after it
    "alternating": ([1, -1], [1, -1]),
    "drawn at random": ([1, -1], np.random.default_rng(1).choice([1, -1], 40).tolist()),
    "13 to 3": ([1] * 5 + [-1], [1] * 6 + [-1] * 2 + [1] * 7 + [-1]),
    "blocks": ([1] * 8 + [-1] * 8, [1] * 8 + [-1] * 8),
    "one label long before the other": ([-1] * 500 + [1], [1, -1]),
}


def points(labels):
    return noiseless_point(U, V, y=labels)


def after(labels, weights, lr, epochs=1):
    return train(points(labels), weights, lr, epochs=epochs, record_every=None)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("lr", [1.1, 1.2, 1.4])
def test_both_leads_end_above_the_terminal_law(order, lr):
    """From a start with active filters, once both labels have been visited."""
    first, round_ = ORDERS[order]
    begun = after(first, START, lr).weights
    margins = noiseless_margins(begun, U, V, lr)
    assert (margins.turned >= 0).all() and (margins.active > 0).all()
    assert (margins.signs > 0).all() and (margins.weak > 0.9).all()
    assert (margins.start > 0).all()
    run = after(round_, begun, lr, epochs=60_000 // len(round_))
    assert float((1 - run.margins[..., -1, :]).abs().max()) < 1e-3
    law = theory.terminal_weak_signal(theory.kappa(lr, 2.0, M), NU)
    for y in (1, -1):
        assert (class_lead(run.weights, V, y) >= law - 1e-6).all()


def test_a_class_hears_its_own_visits_only():
    """Once its filters have turned: the same run with and without the visits to the other."""
    begun = after([1, -1], START, 1.2).weights
    both, alone = (after(labels, begun, 1.2, epochs=30) for labels in ([1, -1, -1], [1]))
    torch.testing.assert_close(both.margins[..., 0], alone.margins[..., 0], rtol=1e-6, atol=1e-9)


def test_a_label_that_never_comes_is_not_learned():
    """All else holds, and the other class is learned."""
    begun = after([1, -1], START, 1.2).weights
    run = after([1], begun, 1.2, epochs=20_000)
    law = theory.terminal_weak_signal(1.2, NU)
    assert (class_lead(run.weights, V, 1) >= law - 1e-6).all()
    assert class_lead(run.weights, V, -1).abs().max() < 0.01 * law


@pytest.mark.parametrize("lr", [0.9, 1.2, 1.7])
def test_the_margins_by_their_formulas(lr):
    """At random weights of several sizes, on rotated features."""
    turn = torch.linalg.qr(normal(1, 6, 6)).Q
    w = torch.tensor([0.01, 0.3, 1.0], dtype=torch.float64)[:, None, None, None] * normal(
        2, 2, M, 6
    )
    found = noiseless_margins(w @ turn, U @ turn, V @ turn, lr)
    for k, j in enumerate((1, -1)):
        s, q, _, b = at_point(w, U, V, j)
        c_0 = 1 + lr - 4 * (1 + lr) ** 3 / 27
        bound = 2 * b * torch.maximum(1 + 0 * s, 4 * (s + q) / c_0**2)
        c, top = theory.smallest_factor(lr, bound), theory.largest_signal(lr, bound)
        signs = torch.minimum(c - c_0 / 2, 0 * c + lr - 1)
        expected = (j * w[:, k] @ U).min(-1).values, signs, 1 - lr * NU * (1 + bound), top - s - q
        for got, wanted in zip(found, (*expected, torch.minimum(s, q)), strict=True):
            torch.testing.assert_close(got[:, k], wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"u": 0 * U}, ValueError, "u must be a vector other than 0"),
        ({"v": torch.stack([V, V])}, ValueError, "v must be a vector other than 0"),
        ({"v": 0.1 * U}, ValueError, "v must be orthogonal to u and shorter"),
        ({"v": 5 * V}, ValueError, "v must be orthogonal to u and shorter"),
        ({"u": U.tolist()}, TypeError, "u must be a torch.Tensor"),
        ({"lr": -1.0}, ValueError, "lr must be"),
        ({"weights": START[..., :5]}, ValueError, "u must"),
    ],
)
def test_bad_input(changed, error, says):
    with pytest.raises(error, match=re.escape(says)):
        noiseless_margins(**{"weights": START, "u": U, "v": V, "lr": 1.2, **changed})
