"""Runs on pairs of digits: seeds, rates, the calm end, and what is measured."""

import math

import pytest
import torch

from benign_osc_lib import PatchData, generators, hessian, init_weights, predict, theory, train
from benign_osc_lib.digits import (
    CALM,
    KAPPAS,
    PAIRS,
    Setting,
    Trained,
    calmed,
    measure,
    measure_rates,
    mlp_rates,
    pair,
    preferred_directions,
    trained,
)

QUICK = Setting(n=16, time=20, image_norm=0.3)


@pytest.fixture(scope="module")
def found():
    return trained(3, 8, 0.9, [4, 5], QUICK)


def test_the_sizes():
    assert len(PAIRS) == len(set(PAIRS)) == 45 and all(a < b for a, b in PAIRS)
    assert list(KAPPAS) == sorted(KAPPAS) and min(KAPPAS) == CALM == 0.5 and max(KAPPAS) == 1.5


@pytest.mark.parametrize("kappa", [0.5, 0.9, 1.3])
def test_rates_and_epochs(kappa):
    setting = Setting()
    assert theory.kappa(setting.rate(kappa), 1.0, setting.m) == pytest.approx(kappa)
    assert setting.epochs(kappa) == round(300 / kappa)
    assert Setting(time=0.1).epochs(kappa) == 1


def test_a_run_is_what_its_seed_makes_it(found):
    """The images, then the filters, from one stream; with the library's other functions."""
    stream = generators([5])
    data, test = pair(3, 8, n=16, image_norm=0.3, generator=stream)
    start = init_weights(8, 65, 1 / 16, generator=stream)
    run = train(data, start, 3.6, epochs=22)
    torch.testing.assert_close(found.run.weights[1], run.weights[0], rtol=1e-9, atol=1e-12)
    assert torch.equal(found.train.x[1], data.x[0]) and torch.equal(found.test.x[1], test.x[0])
    assert found.run.margins.shape == (2, 22, 16)


def test_a_calm_end_ends_calm(found):
    end = calmed(found, stop_below=1e-3)
    assert (measure(end, preferred_directions(end.train)[0])["loss"] < 1e-3).all()
    assert (end.run.stopped_at % 16 == 0).all() and (end.run.lr == 2.0).all()
    short = calmed(found, epochs=1, stop_below=1e-30)
    assert short.run.margins.shape == (2, 1, 16) and (short.run.stopped_at == -1).all()


def test_what_is_measured_by_hand():
    data, test = pair(0, 1, n=8, shortcut=0.5, generator=generators([1]))
    directions, _ = preferred_directions(data)
    v = data.v / data.v.norm()
    weights = torch.zeros(1, 2, 8, 65).double()
    weights[0, 0, 0], weights[0, 1, 0] = 3 * v, -3 * v
    weights[0, 0, 1] = torch.eye(65)[64]  # a filter for the shortcut alone counts nowhere
    run = train(data, weights, 1e-12, epochs=2, record_every=None)
    seen = measure(Trained(data, test, run), directions)
    assert seen["cosine"].item() == pytest.approx(1)
    assert seen["preferred"].item() == pytest.approx(float((directions[0] @ v)[[0]]), abs=0.1)
    z = data.x[0, :, 1] @ v
    answer = data.y[0] * torch.where(z > 0, 9 / 8 * z**2, -9 / 8 * z**2)
    assert seen["answer"].item() == pytest.approx(answer.mean().item())
    z = test.x[0, :, 1] @ v
    assert seen["right"].item() == int((z * test.y[0] > 0).sum())
    strong = (~data.is_weak[0] & (data.y[0] > 0)) / 8
    wanted = (1 - answer - strong).square().mean() / 2
    assert seen["loss"].item() == pytest.approx(wanted.item(), rel=1e-6, abs=0)
    assert not seen["diverged"].any()


def test_rates_of_a_pair(found):
    cells = measure_rates(3, 8, (0.9, 9.0), [4, 5], QUICK, calm=True)
    seen = measure(found, preferred_directions(found.train)[0])
    assert cells.right.sel(kappa=0.9).values.tolist() == seen["right"].tolist()
    for name in ("loss", "answer", "cosine", "preferred"):
        assert float(cells[name][0]) == pytest.approx(seen[name].mean().item())
        assert float(cells[f"{name}_sd"][0]) == pytest.approx(seen[name].std().item())
    assert cells.diverged.values.tolist() == [0, 2] and math.isnan(cells.loss[1])
    assert int(cells.n_test) == len(found.test.y[0]) == 357 - 16
    assert 0.5 < float(cells.late) <= 1 and float(cells.gain) < float(cells.distance)
    y, image = found.train.y, found.train.x[..., 1, :]  # what is said before sees no test image
    right = (image @ found.train.v[..., None])[..., 0] * y > 0  # two opposite filters are one line
    assert float(cells.means) == pytest.approx(right.double().mean().item())
    assert float(cells.loss_calm[0]) < 1e-4


def test_bad_rates_and_seeds():
    for rates in (
        lambda r: measure_rates(3, 8, r, [0, 1], QUICK),
        lambda r: mlp_rates("3 and 8, length 1", r, [0]),
    ):
        with pytest.raises(TypeError, match="must be a sequence of numbers, got 0.9"):
            rates(0.9)
        with pytest.raises(ValueError, match="must hold one number or more"):
            rates([])
        with pytest.raises(ValueError, match="must be finite and > 0"):
            rates([-1.0])
    with pytest.raises(ValueError, match="seeds must be two or more"):
        measure_rates(3, 8, [0.9], [0], QUICK)
    for kappa in (0, -1):
        for what in (Setting().epochs, Setting().rate):
            with pytest.raises(ValueError, match="kappa must be finite and > 0"):
                what(kappa)


def test_bad_input(found):
    with pytest.raises(TypeError, match="setting must be a Setting"):
        trained(3, 8, 0.9, [0], {"n": 4})
    with pytest.raises(ValueError, match="kappa must be finite and > 0"):
        trained(3, 8, -1, [0])
    with pytest.raises(ValueError, match="b must be another digit"):
        trained(3, 3, 0.9, [0])
    with pytest.raises(ValueError, match="time must be finite and > 0"):
        Setting(time=0)
    for function in (calmed, lambda f: measure(f, found.train.v)):
        with pytest.raises(TypeError, match="found must be a Trained"):
            function(found.run)
    with pytest.raises(ValueError, match="directions must have shape"):
        measure(found, found.train.v)
    assert isinstance(found.train, PatchData)


def test_the_edge_of_a_point_with_an_image(found):
    """ηλ/2 = κ(s + s⁻ + ν N) where a point is fitted, for any length of image and shortcut."""
    data, w = found.train[0], found.run.weights[0]
    for i in (0, 7):
        x = data.x[i]
        y = predict(w, x[None])  # the target that is hit exactly

        def loss(weights, x=x, y=y):
            return (predict(weights, x[None]) - y).square().sum() / 2

        top = hessian.eigenpairs(loss, w).values.item()
        signal, image, _ = (w @ x.T).clamp(min=0).square().sum((0, 1)) / 8
        wanted = 0.9 * (signal + 0.3**2 * image)
        assert Setting().rate(0.9) * top / 2 == pytest.approx(wanted.item(), rel=1e-6, abs=0)
