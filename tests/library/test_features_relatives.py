"""One output a class, and the diagonal linear network."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import one_point, theory
from benign_osc_lib.features.classes import (
    ClassData,
    ClassModel,
    class_outputs,
    class_step,
    init_class_weights,
    train_classes,
)
from benign_osc_lib.features.diagonal import (
    SparseModel,
    diagonal_output,
    diagonal_step,
    train_diagonal,
)
from tests.library.common import assert_close, normal, seeded


def close(now, expected, tolerance=1e-12):
    assert_close(now, torch.as_tensor(expected, dtype=torch.float64), tolerance)


MODEL = ClassModel(3, 12, 2.0, 0.4, 0.8)


def class_problem(seed=0, batch=None):
    stream = seeded(seed) if batch is None else [seeded(seed + k) for k in range(batch)]
    data = MODEL.sample(4, n_weak=1, generator=stream)
    return data, init_class_weights(3, 5, 12, 0.3, generator=stream)


def test_the_points_of_the_classes():
    data, weights = class_problem(batch=2)
    assert data.x.shape == (2, 12, 3, 12) and weights.shape == (2, 3, 5, 12)
    for x, label, is_weak in zip(data.x, data.label, data.is_weak, strict=True):
        assert label.bincount().tolist() == [4, 4, 4]
        assert label[is_weak].sort().values.tolist() == [0, 1, 2]
        close(x[:, 1], MODEL.v[label])
        close(x[~is_weak, 0], MODEL.u[label[~is_weak]])
        noise = torch.cat([x[is_weak, 0], x[:, 2]])
        assert not noise[:, :6].any() and noise[:, 6:].all()
    close(MODEL.u.norm(dim=-1), [2.0] * 3)
    close(MODEL.v.norm(dim=-1), [0.4] * 3)
    assert not (MODEL.u @ MODEL.v.mT).any()
    alone, start = class_problem(seed=1)
    close(data.x[1], alone.x)
    close(weights[1], start)


@pytest.mark.parametrize("part", [slice(2, 3), slice(0, 12)])
def test_a_step_of_the_classes_is_that_of_automatic_differentiation(part):
    data, weights = class_problem()
    moved = weights.clone().requires_grad_()
    x, label = data.x[part], data.label[part]
    f = class_outputs(moved, x)
    target = torch.nn.functional.one_hot(label, 3).double()
    ((f - target).square().sum(-1) / 2).mean().backward()
    new, seen = class_step(weights, x, label, 0.7)
    close(new, weights - 0.7 * moved.grad)
    close(seen, f.detach())


def test_the_outputs_by_loops():
    data, weights = class_problem()
    for i in (0, 7):
        for k in range(3):
            answers = [[max(float(w @ p), 0.0) ** 2 for p in data.x[i]] for w in weights[k]]
            close(class_outputs(weights, data.x)[i, k], sum(map(sum, answers)) / 5)


@pytest.mark.parametrize("batch", ["one", "all"])
def test_training_is_step_after_step(batch):
    data, weights = class_problem(batch=2)
    lr = torch.tensor([0.5, 0.8], dtype=torch.float64)
    watch = torch.cat([MODEL.u, MODEL.v])
    how = {"epochs": 2, "batch": batch, "watch": watch}
    found, own, watched = train_classes(data, weights, lr, **how)
    by_hand, seen = weights.clone(), []
    parts = [slice(i, i + 1) for i in range(12)] if batch == "one" else [slice(0, 12)]
    for part in parts * 2:
        x, label = data.x[:, part], data.label[:, part]
        by_hand, outputs = class_step(by_hand, x, label, lr)
        seen.append(outputs.gather(-1, label[..., None])[..., 0])
    close(found, by_hand)
    close(own.flatten(1), torch.cat(seen, -1))
    close(watched[:, 0], weights @ watch.mT)
    close(watched[:, -1], found @ watch.mT)
    assert watched.shape == (2, len(parts) * 2 + 1, 3, 5, 6)


def test_each_output_is_a_network_of_its_own():
    data, weights = class_problem()
    other = weights.clone()
    other[1:] = normal(9, 2, 5, 12)
    first = train_classes(data, weights, 0.6, epochs=3)[0]
    close(first[0], train_classes(data, other, 0.6, epochs=3)[0][0])


@given(st.floats(0.2, 1.5), st.integers(2, 6))
def test_a_class_is_the_one_point_whatever_their_number(kappa, classes):
    """One noiseless point a class: its own filters follow the map of s and q, with threshold 1."""
    model = ClassModel(classes, 16, 2.0, 0.4, 0.8)
    x = torch.stack([model.u, model.v], 1)
    data = ClassData(x, torch.arange(classes), torch.zeros(classes, dtype=torch.bool))
    weights = normal(classes, classes, 1, 16).abs() / 10
    own, _ = train_classes(data, weights, kappa / 8, epochs=9)[1:]
    s, q = ((weights[:, 0] @ part.mT).diagonal() ** 2 for part in (model.u, model.v))
    assert float(theory.kappa(kappa / 8, 2.0, 1)) == pytest.approx(kappa)
    for c in range(classes):
        orbit = one_point.orbit(kappa, 0.04, float(s[c]), float(q[c]), steps=8)
        close(own[:, c], orbit.s + orbit.q, 1e-9)


def test_what_the_classes_refuse():
    data, weights = class_problem()
    with pytest.raises(ValueError, match=r"d must be at least 7, got 6"):
        ClassModel(3, 6, 2.0, 0.4, 0.8)
    with pytest.raises(TypeError, match="label must be an int64 tensor"):
        class_step(weights, data.x, data.label.double(), 0.1)
    with pytest.raises(ValueError, match=r"label must be in 0\.\.2"):
        class_step(weights, data.x, data.label + 1, 0.1)
    with pytest.raises(ValueError, match="label must have the shape of x"):
        class_step(weights, data.x, data.label[:3], 0.1)
    with pytest.raises(ValueError, match="batch must be one of"):
        train_classes(data, weights, 0.1, epochs=1, batch="two")


# The diagonal linear network


def test_a_step_of_the_diagonal_network_is_that_of_automatic_differentiation():
    factors, x = normal(0, 2, 6), normal(1, 6)
    moved = factors.clone().requires_grad_()
    f = diagonal_output(moved, x[None])[0]
    close(f.detach(), ((factors[0] ** 2 - factors[1] ** 2) * x).sum())
    ((f + 1).square() / 2).backward()
    close(diagonal_step(factors, x, -1, 0.3), factors - 0.3 * moved.grad)


@given(st.floats(0.1, 1.5), st.floats(0.01, 1), st.sampled_from([-1.0, 1.0]), st.floats(0.3, 2))
def test_a_point_of_the_diagonal_network_is_the_one_point(kappa, nu, y, strong):
    """s = X_1 a_1², q = X_2 a_2² follow the same map for both labels, with the b's against them."""
    x = y * torch.tensor([strong, nu * strong], dtype=torch.float64)
    factors = torch.tensor([[0.2, 0.15], [0.1, 0.05]], dtype=torch.float64)
    (s, q), (s_other, q_other) = factors.square() * x.abs()
    for _ in range(8):
        factors = diagonal_step(factors, x, y, kappa / (2 * strong))
        e = 1 - s - q + s_other + q_other
        s, q = s * (1 + kappa * e) ** 2, q * (1 + kappa * nu * e) ** 2
        s_other, q_other = s_other * (1 - kappa * e) ** 2, q_other * (1 - kappa * nu * e) ** 2
    now = factors.square() * x.abs()
    close(now, torch.stack([torch.stack([s, q]), torch.stack([s_other, q_other])]), 1e-9)


def test_without_b_it_is_the_orbit_of_chapter_4():
    x = torch.tensor([1.0, 0.04], dtype=torch.float64)
    factors = torch.tensor([[0.1, 0.1], [0.0, 0.0]], dtype=torch.float64)
    orbit = one_point.orbit(1.2, 0.04, 0.01, 0.0004, steps=50)
    for s, q in zip(orbit.s, orbit.q, strict=True):
        close((factors.square() * x)[0], [s, q], 1e-9)
        factors = diagonal_step(factors, x, 1, 0.6)


def test_products_ab_are_the_same_network_at_half_the_rate():
    """f = Σ a_i b_i x_i with (a ± b)/2 as the factors: one step of gradient descent, exactly."""
    a, b, x = normal(0, 4), normal(1, 4), normal(2, 4)
    e = 1 - (a * b * x).sum()
    turned = torch.stack([a + b, a - b]) / 2
    moved = torch.stack([a + b + 0.3 * e * x * (a + b), a - b - 0.3 * e * x * (a - b)]) / 2
    close(diagonal_step(turned, x, 1, 0.15), moved)
    close(moved[0] + moved[1], a + 0.3 * e * x * b)
    close(moved[0] - moved[1], b + 0.3 * e * x * a)


def test_training_the_diagonal_network_is_step_after_step():
    model = SparseModel(8, 0.04, 0.4)
    data = model.sample(5, n_weak=2, generator=[seeded(0), seeded(1)])
    close(data.x[..., 0, 0], torch.where(data.is_weak, 0.0, data.y))
    close(data.x[..., 0, 1], 0.04 * data.y)
    assert data.x.shape == (2, 5, 1, 8) and data.is_weak.sum(-1).tolist() == [2, 2]
    start = normal(3, 2, 2, 8) / 4
    end, margins, path = train_diagonal(data, start, 0.5, epochs=2, record=True)
    factors = start
    for t in range(10):
        x, y = data.x[:, t % 5, 0], data.y[:, t % 5]
        f = diagonal_output(factors, x[:, None])[:, 0]
        close(margins.flatten(1)[:, t], y * f)
        factors = diagonal_step(factors, x, y, 0.5)
        close(path[:, t + 1], factors)
    close(end, factors)
    close(path[:, 0], start)
    assert train_diagonal(data, start, 0.5, epochs=1)[2] is None


def test_the_noise_of_the_sparse_points():
    x = SparseModel(18, 0.04, 0.4).sample(500, n_weak=0, generator=seeded(4)).x[:, 0, 2:]
    assert abs(x.std().item() / 0.1 - 1) < 5 / (2 * x.numel()) ** 0.5
