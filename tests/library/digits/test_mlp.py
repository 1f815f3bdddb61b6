"""The plain MLP: against torch.nn and torch.optim, its curvature against the Hessian."""

import pytest
import torch

from benign_osc_lib import generators, hessian
from benign_osc_lib.digits import mlp, pair
from tests.library.common import normal


def examples(outputs=1, runs=2, n=6, inputs=5):
    x = normal(1, runs, n, inputs)
    t = torch.sign(normal(2, runs, n, 1))
    if outputs > 1:
        chosen = torch.arange(runs * n).reshape(runs, n) % outputs
        t = torch.nn.functional.one_hot(chosen, outputs).double()
    return mlp.Examples(x, t)


def as_module(weights, run):
    first, bias, second, last = (each[run] for each in weights)
    layers = torch.nn.Linear(first.shape[1], len(first)), torch.nn.Linear(*second.shape[::-1])
    net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1]).double()
    state = {"0.weight": first, "0.bias": bias, "2.weight": second, "2.bias": last}
    net.load_state_dict(state)
    return net


@pytest.mark.parametrize("outputs", [1, 3])
def test_against_torch(outputs):
    given = examples(outputs)
    weights = mlp.init(5, 7, outputs, generators([3, 4]))
    rates = torch.tensor([0.05, 0.2], dtype=torch.float64)
    found, jumps = mlp.descend(weights, given, rates, 3)
    for run, rate in enumerate(rates.tolist()):
        net = as_module(weights, run)
        torch.testing.assert_close(net(given.x[run]), mlp.outputs(weights, given.x)[run])
        optimiser = torch.optim.SGD(net.parameters(), lr=rate)
        for _ in range(3):
            misses = []
            for x, t in zip(given.x[run], given.t[run], strict=True):
                optimiser.zero_grad()
                miss = net(x) - t
                misses.append(miss.detach().norm())
                (miss.square().sum() / 2).backward()
                optimiser.step()
        torch.testing.assert_close(net(given.x[run]), mlp.outputs(found, given.x)[run])
        torch.testing.assert_close(torch.stack(misses).mean(), jumps[run])
        wanted = (net(given.x[run]) - given.t[run]).square().sum(-1).mean() / 2
        torch.testing.assert_close(wanted, mlp.loss(found, given)[run])


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_curvature_is_that_of_the_hessian_at_a_fit(outputs):
    given = examples(outputs)
    weights = mlp.init(5, 7, outputs, generators([3, 4]))
    fitted = mlp.Examples(given.x, mlp.outputs(weights, given.x))  # targets that it hits
    found = mlp.sharpness(weights, fitted)
    for run, point in ((0, 0), (1, 4)):
        net = as_module(weights, run)
        x, t = fitted.x[run, point], fitted.t[run, point]
        top = hessian.of_module(net, lambda f, t: (f - t).square().sum() / 2, x, t)
        assert found[run, point].item() == pytest.approx(top.values.item(), rel=1e-6, abs=0)


def test_runs_stop_and_freeze():
    given = examples()
    weights = mlp.init(5, 7, 1, generators([3, 4]))
    wild = torch.tensor([0.05, 1e6], dtype=torch.float64)
    found, _ = mlp.descend(weights, given, wild, 400, stop_below=1e-2)
    losses = mlp.loss(found, given)
    assert 1e-4 < losses[0] < 1e-2 and not losses[1] < 1e6
    alone = mlp.Examples(given.x[:1], given.t[:1])
    first, _ = mlp.descend([w[:1] for w in weights], alone, wild[:1], 400, stop_below=1e-2)
    for one, both in zip(first, found, strict=True):
        torch.testing.assert_close(one[0], both[0], rtol=1e-9, atol=1e-12)
    assert mlp.share_right(found, given)[1] == 0


def test_shares():
    weights = [torch.zeros(1, 2, 3), torch.zeros(1, 2), torch.zeros(1, 4, 2), torch.zeros(1, 4)]
    weights = [w.double() for w in weights]
    weights[3][0, 2] = 1
    t = torch.nn.functional.one_hot(torch.tensor([[2, 1, 2, 2]]), 4).double()
    assert mlp.share_right(weights, mlp.Examples(torch.zeros(1, 4, 3).double(), t)) == 0.75


def test_the_data_of_both_kinds():
    train, test = pair(3, 8, n=10, generator=generators([1]))
    both = mlp.side_by_side(train)
    assert torch.equal(both.x[0, :, 64], train.y[0]) and torch.equal(both.t[0, :, 0], train.y[0])
    assert torch.equal(mlp.side_by_side(test).x, test.x[..., 1, :])
    train, test = mlp.ten_classes(50, 0.3, generators([1, 2]))
    assert train.x.shape == (2, 50, 74) and test.x.shape == (2, 1747, 74)
    assert torch.equal(train.x[..., 64:], train.t) and not test.x[..., 64:].any()
    lengths = torch.cat([train.x, test.x], 1)[..., :64].norm(dim=-1)
    torch.testing.assert_close(lengths, torch.full_like(lengths, 0.3))
    assert (train.t.sum(-1) == 1).all() and (test.t.sum((0, 1)) > 300).all()
