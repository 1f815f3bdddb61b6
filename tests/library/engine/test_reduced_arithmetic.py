"""The reduced engine against exact arithmetic and against symmetries."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from benign_osc_lib import FeatureNoiseModel, PatchData, predict, train
from tests.library.common import MODEL, assert_close, normal, problem
from tests.library.engine.common import assert_same_run, rotation


def exact_run(x, y, w, lr, visits):
    """Eqs. (1) to (3) in rational numbers, which do not round: the weights and the margins."""
    m, margins = len(w[0]), []
    for i in visits:
        z = [[[sum(map(Fraction.__mul__, f, p)) for p in x[i]] for f in group] for group in w]
        active = [[[max(number, Fraction(0)) for number in row] for row in group] for group in z]
        plus, minus = (sum(a * a for row in group for a in row) / m for group in active)
        margins.append(y[i] * (plus - minus))
        for j, group in zip((1, -1), range(2), strict=True):
            for r in range(m):
                for p, patch in enumerate(x[i]):
                    c = -j * lr / m * (plus - minus - y[i]) * 2 * active[group][r][p]
                    w[group][r] = [a + c * b for a, b in zip(w[group][r], patch, strict=True)]
    return w, margins


def rational(tensor):
    if tensor.dim():
        return [rational(part) for part in tensor]
    return Fraction(tensor.item())


@pytest.mark.parametrize("seed", range(4))
def test_against_exact_arithmetic(seed):
    """Two points of two patches in three dimensions, one of them shared, six updates."""
    x, w = (torch.round(8 * normal(seed + k, 2, 2, 3)) / 8 for k in (1, 2))
    x[1, 0] = -x[0, 1]
    y = torch.tensor([1.0, -1.0], dtype=torch.float64)
    data = PatchData(x, y, torch.zeros(2, dtype=torch.bool), x[0, 0], x[1, 1])
    run = train(data, w / 2, 0.125, epochs=3, engine="reduced")
    weights, margins = exact_run(
        rational(x), rational(y), rational(w / 2), Fraction(1, 8), [0, 1] * 3
    )
    assert run.diverged_at == -1
    size = run.weights.abs().max().item()
    expected = torch.tensor([[list(map(float, f)) for f in g] for g in weights]).double()
    torch.testing.assert_close(run.weights, expected, rtol=0, atol=1e-6 * size)
    exact = torch.tensor(list(map(float, margins)), dtype=torch.float64)
    assert_close(run.margins.flatten(), exact, 1e-12 * max(1, exact.abs().max().item()))


@pytest.mark.parametrize("kappa", [0.3, 1.1])
def test_a_rotation_of_the_patch_space_rotates_the_weights(kappa):
    data, w = problem(n=6, m=8)
    turn = rotation(MODEL.d, 4)
    turned = replace(data, x=data.x @ turn, u=data.u @ turn, v=data.v @ turn)
    lr = kappa * 8 / (2 * MODEL.u_norm**2)
    here = train(data, w, lr, epochs=20, engine="reduced")
    there = train(turned, w @ turn, lr, epochs=20, engine="reduced")
    assert_same_run(there, replace(here, weights=here.weights @ turn))


def test_coordinates_that_no_patch_uses_change_nothing():
    """d = 64 and d = 4096: the same run, and the weights there stay to the bit."""
    model = FeatureNoiseModel(64, 2.0, 0.4, 0.8)
    data, w = problem(n=5, model=model)
    aside = normal(9, 2, 8, 4032)
    wide = torch.nn.functional.pad
    padded = replace(data, **{name: wide(getattr(data, name), (0, 4032)) for name in "xuv"})
    here = train(data, w, 0.6, epochs=20, engine="reduced")
    there = train(padded, torch.cat([w, aside], -1), 0.6, epochs=20, engine="reduced")
    assert torch.equal(there.weights[..., 64:], aside)
    assert_same_run(replace(there, weights=there.weights[..., :64]), here, 1e-12)


def test_the_margins_and_signals_are_those_of_the_weights():
    """Of a run that stops at any step: products along the way and weights agree."""
    data, w = problem(n=3, m=5)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    long = train(data, w, 0.8, epochs=9, engine="reduced")
    for epochs in range(1, 9):
        run = train(data, w, 0.8, epochs=epochs, engine="reduced")
        first = (data.y * predict(run.weights, data.x))[0]
        assert_close(long.margins[epochs, 0], first, 1e-12)
        assert_close(long.strong[3 * epochs], j * (run.weights @ data.u), 1e-12)
        assert_close(long.weak[3 * epochs], j * (run.weights @ data.v), 1e-12)
