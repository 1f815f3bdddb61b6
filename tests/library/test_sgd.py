"""One SGD step against autograd and against a step worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from benign_osc_lib import sgd_step
from tests.library.common import normal


def loss(w, x_i, y_i):
    """Eqs. (1) and (2) for one point, term by term: w (2, m, d), x_i (P, d), y_i a number."""
    m = len(w[0])
    f = 0
    for filters, j in zip(w, (+1, -1), strict=True):
        for w_jr in filters:
            for patch in x_i:
                f = f + j / m * torch.relu(torch.dot(w_jr, patch)) ** 2
    return (f - y_i) ** 2 / 2


def step_by_autograd(w, x_i, y_i, lr):
    w = w.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(w, x_i, y_i), w)
    return w.detach() - lr * gradient


@given(
    m=st.integers(1, 3),
    d=st.integers(1, 5),
    patches=st.integers(1, 4),
    y_i=st.sampled_from([-1, +1]),
    seed=st.integers(0, 10**6),
)
def test_the_gradient_is_that_of_half_the_square(m, d, patches, y_i, seed):
    """With η = 1 a step changes the weights by minus the gradient."""
    w, x_i = normal(seed, 2, m, d) / 2, normal(seed + 1, patches, d)
    expected = step_by_autograd(w, x_i, y_i, 1)
    torch.testing.assert_close(sgd_step(w, x_i, y_i, 1), expected, rtol=1e-12, atol=1e-12)


@given(
    shapes=mutually_broadcastable_shapes(num_shapes=4, max_dims=2, max_side=3),
    m=st.integers(1, 2),
    d=st.integers(1, 3),
    patches=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_batch_axes_broadcast(shapes, m, d, patches, seed):
    """Weights, point, label and rate may each have their own batch axes."""
    w_axes, x_axes, y_axes, lr_axes = shapes.input_shapes
    w, x_i = normal(seed, *w_axes, 2, m, d) / 2, normal(seed + 1, *x_axes, patches, d)
    y_i, lr = normal(seed + 2, *y_axes).sign(), normal(seed + 3, *lr_axes).abs() + 0.01

    new = sgd_step(w, x_i, y_i, lr)

    batch = shapes.result_shape
    assert new.shape == (*batch, 2, m, d)
    w, x_i = w.expand(*batch, 2, m, d), x_i.expand(*batch, patches, d)
    y_i, lr = y_i.expand(batch), lr.expand(batch)
    for k in np.ndindex(batch):
        expected = step_by_autograd(w[k], x_i[k], y_i[k], lr[k])
        torch.testing.assert_close(new[k], expected, rtol=1e-12, atol=1e-12)


# Two filters per sign and two patches, x1 = (1, 0) and x2 = (-1, 1). Inner products with (x1, x2):
#     w_{+,1} = ( 1,  2):  ( 1,  1)
#     w_{+,2} = (-1, -1):  (-1,  0)   inactive on both
#     w_{-,1} = ( 3, -1):  ( 3, -4)   active on x1
#     w_{-,2} = ( 1,  1):  ( 1,  0)   active on x1
# F_+ = (1² + 1²)/2 = 1 and F_- = (3² + 1²)/2 = 5, so f = -4.
# With η = 2 the factor -(jη/m)(f - y) is -j (f - y): 5j for y = +1 and 3j for y = -1.
# It multiplies Σ_p 2 max(z, 0) x_p:
#     w_{+,1}: 2·1·(1, 0) + 2·1·(-1, 1) = (0, 2)
#     w_{+,2}: (0, 0)
#     w_{-,1}: 2·3·(1, 0) = (6, 0)
#     w_{-,2}: 2·1·(1, 0) = (2, 0)
@pytest.mark.parametrize(
    ("y_i", "expected"),
    [
        (+1, [[[1, 12], [-1, -1]], [[-27, -1], [-9, 1]]]),
        (-1, [[[1, 8], [-1, -1]], [[-15, -1], [-5, 1]]]),
    ],
)
def test_a_step_worked_out_by_hand(y_i, expected):
    w = torch.tensor([[[1, 2], [-1, -1]], [[3, -1], [1, 1]]], dtype=torch.float64)
    x_i = torch.tensor([[1, 0], [-1, 1]], dtype=torch.float64)
    assert sgd_step(w, x_i, y_i, 2).tolist() == expected


def test_the_arguments_are_left_as_they_are():
    arguments = [normal(1, 2, 3, 4), normal(2, 3, 4), torch.ones(()), torch.tensor([0.1, 0.2])]
    before = [a.clone() for a in arguments]
    new = sgd_step(*arguments)
    assert not torch.equal(new[0], before[0])
    for now, then in zip(arguments, before, strict=True):
        assert torch.equal(now, then)


def test_one_rate_per_run():
    w, x_i = normal(1, 2, 3, 4), normal(2, 3, 4)
    rates = [0.01, 0.1, 1.0]
    together = sgd_step(w, x_i, -1, torch.tensor(rates, dtype=torch.float64))
    alone = torch.stack([sgd_step(w, x_i, -1, rate) for rate in rates])
    torch.testing.assert_close(together, alone, rtol=1e-14, atol=0)


def test_float32_stays_float32():
    w, x_i = normal(1, 2, 3, 4), normal(2, 3, 4)
    single = sgd_step(w.float(), x_i.float(), 1, 0.1)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), sgd_step(w, x_i, 1, 0.1), rtol=1e-4, atol=1e-5)
