"""The thresholds of other rules, found by ``train(..., rule=...)`` on noiseless points.

Each call trains two runs from a miss of 1e-7, 2 % below and 2 % above the threshold.
"""

import numpy as np
import pytest
import torch

from benign_osc_lib import PatchData, Rule, noiseless_point, theory, train

U, M = 2.0, 4
u = U * torch.eye(3).double()[0]
v = 0.4 * torch.eye(3).double()[1]
SIDES = torch.tensor([0.98, 1.02]).double()
SPREAD = torch.linspace(0.8, 1.2, M).double()


def points(each):
    """Points of each class in turn."""
    pair = [noiseless_point(u, v, y) for y in (1, -1)]
    return PatchData.cat(pair * each)


def at_rest(power=2, level=1.0, away=1e-7):
    """Filters along yu, each answering its class alone, with that margin up to the miss."""
    z = SPREAD * (level / (SPREAD**power).mean()) ** (1 / power) * (1 + away)
    return torch.stack([z, -z])[..., None] * u / U**2


def misses(kappas, rule, data, *, epochs=60, level=1.0, weights=None, **kind):
    """|level − y f| at each visit, (runs, epochs, n)."""
    weights = at_rest(level=level) if weights is None else weights
    run = train(data, weights, kappas * M / (2 * U**2), epochs=epochs, rule=rule, **kind)
    return (run.margins - level).abs().numpy()


def turns(e):
    """Whether the first run settles and the second does not."""
    first, last = e[:, 0, 0], e[:, -4:, 0].max(-1)
    return last[0] < first[0] / 2 and last[1] > 2 * first[1]


@pytest.mark.parametrize(("b", "nesterov"), [(0.0, False), (0.5, False), (0.5, True), (0.9, True)])
@pytest.mark.parametrize("each", [0, 2])
def test_momentum_with_one_point_and_with_the_full_batch(b, nesterov, each):
    """Of one point, and of two balanced classes, whose threshold is twice as high."""
    data = points(each) if each else noiseless_point(u, v)
    share = 0.5 if each else 1.0
    rule = Rule(momentum=b, nesterov=nesterov, batch_size=10)
    assert turns(misses(SIDES * theory.kappa_limit(b, nesterov, share=share), rule, data))


@pytest.mark.parametrize(("b", "nesterov"), [(0.5, False), (0.9, False), (0.9, True)])
def test_momentum_with_two_classes_in_turn(b, nesterov):
    """Batches of one point: the momentum of a class goes on while the other is visited."""
    kappas = SIDES * theory.sharpness_limit(b, nesterov, every=2) / 2
    rule = Rule(momentum=b, nesterov=nesterov)
    assert turns(misses(kappas, rule, points(1), epochs=120))


def test_weight_decay():
    d = 0.1
    for k, kappa in enumerate(SIDES * theory.kappa_limit(decay=d)):
        strong = theory.rest_with_decay(kappa.item(), 0.04, d)[1]
        rule = Rule(weight_decay=d / (kappa.item() * M / (2 * U**2)))
        e = misses(kappa, rule, noiseless_point(u, v), level=strong)
        assert (e[-1, 0] < e[0, 0] / 2, e[-1, 0] > 2 * e[0, 0])[k]


@pytest.mark.parametrize(
    ("name", "power"), [("relu", 1), ("relu2", 2), ("relu3", 3), ("quadratic", 2)]
)
def test_activations(name, power):
    w = at_rest(power)
    w[1] = 0  # the square of its overlaps would answer too
    z = (w[0] @ u).numpy()
    limit = theory.rest_limit((power**2 * z ** (2 * power - 2)).mean().item())
    data = noiseless_point(u, v)
    assert turns(misses(SIDES * 2 * limit, Rule(activation=name), data, weights=w))


@pytest.mark.parametrize("ratio", [1.0, M**2])
def test_a_trained_second_layer(ratio):
    z = (at_rest()[0] @ u).numpy()
    limit = theory.rest_limit(4.0, ratio * (z**4).mean().item() / U**2)
    rule = Rule(second_layer="trained", second_layer_rate=ratio)
    assert turns(misses(SIDES * 2 * limit, rule, noiseless_point(u, v)))


@pytest.mark.parametrize("size", [2, 4])
def test_random_batches(size):
    """400 runs in shuffled epochs, the same draws on both sides, 4 % away."""
    n, runs = 16, 400
    limit = theory.batch_limit_almost_surely(size, n // 2, n, shuffled=True)
    data, rule = points(n // 2), Rule(batch_size=size)
    for factor in (0.96, 1.04):
        lr = torch.full((runs,), factor * limit * M / (2 * U**2)).double()
        dice = [torch.Generator().manual_seed(k) for k in range(runs)]
        run = train(data, at_rest(), lr, epochs=size, rule=rule, order="shuffled", generator=dice)
        end = 1 - (run.strong[:, -1, 0].clamp(min=0) ** 2).mean(-1)
        start = 1 - (run.strong[:, 0, 0].clamp(min=0) ** 2).mean(-1)
        growth = np.log(np.maximum((end / start).abs().numpy(), 1e-9)).mean()
        assert (growth > 0) == (factor > 1)


def test_sharpness_aware_steps():
    radius, kappa = 1e-3, torch.tensor([0.1, 0.5, 0.8]).double()
    e = misses(kappa, Rule(sam=radius), noiseless_point(u, v), epochs=200)
    amplitude = theory.sam_cycle(radius, kappa.numpy(), 0.04, U, M)[0]
    np.testing.assert_allclose(e[:, -20:, 0], np.tile(amplitude[:, None], 20), rtol=0.02)


def test_label_noise():
    size, kappa = 1e-3, 0.5
    lr = torch.full((400,), kappa * M / (2 * U**2)).double()
    dice = [torch.Generator().manual_seed(k) for k in range(400)]
    run = train(
        noiseless_point(u, v),
        at_rest(),
        lr,
        epochs=200,
        rule=Rule(label_noise=size),
        generator=dice,
    )
    square = ((run.margins[:, 50:] - 1) ** 2).mean().item()
    assert square == pytest.approx(theory.label_noise(size, kappa, 0.04)[0], rel=0.03, abs=0)


def test_wrong_labels_in_a_full_batch():
    """Ten points of one class, two of them wrong."""
    margin, limit = theory.wrong_labels(0.2)
    one = noiseless_point(u, v)
    data = PatchData.cat([one] * 10)
    data = PatchData(data.x, data.y * torch.tensor([-1.0] * 2 + [1.0] * 8), data.is_weak, u, v)
    rule, lr = Rule(loss="logistic", batch_size=10), SIDES * limit * M / (2 * U**2)
    run = train(data, at_rest(level=margin), lr, epochs=60, rule=rule)
    e = (run.margins[..., -1:] - margin).abs().numpy()
    assert turns(e)
