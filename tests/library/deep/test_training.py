"""A run against torch's own optimizer, and what its rows say."""

import math
from copy import deepcopy

import pytest
import torch
from torch.nn import functional as F

from benign_osc_lib import hessian
from benign_osc_lib.deep import (
    Training,
    build_network,
    losses_of_images,
    norm_of_image,
    read_log,
    sharpness_of_batches,
    sharpness_of_groups,
    with_fresh_statistics,
    with_shortcut,
    write_log,
)
from benign_osc_lib.deep.streams import stream
from tests.library.common import assert_close, seeded
from tests.library.deep.common import small, small_images

EXACT = {"precision": "float64"}


def trained(images=None, **other):
    training = Training(small(**other), images or small_images())
    while not training.finished:
        training.epoch()
    return training


def test_the_steps_are_those_of_torchs_sgd():
    """The same images in the same order, with torch.optim.SGD and plain torch."""
    settings = small(**EXACT, schedule=((1, 0.05),), weight_decay=0.01, shortcut=0.7, strength=2.0)
    training, images = (
        trained(**EXACT, schedule=((1, 0.05),), weight_decay=0.01, shortcut=0.7, strength=2.0),
        small_images(),
    )
    network = build_network(
        "resnet-narrow", width=2, generator=stream(0, "start"), dtype=torch.float64
    )
    x = images.train.double() / 255
    planted = with_shortcut(x, images.train_labels, 2.0)
    x = torch.where(training.has[:, None, None, None], planted, x)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.2, weight_decay=0.01)
    means = []
    for epoch in (1, 2):
        optimizer.param_groups[0]["lr"] = {1: 0.2, 2: 0.05}[epoch]
        order, losses = torch.randperm(40, generator=stream(0, "order", epoch)), []
        for batch in (order[:16], order[16:32]):
            optimizer.zero_grad()
            loss = F.cross_entropy(network.train()(x[batch]), images.train_labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        means.append((sum(losses) / 2, abs(losses[0] - losses[1]) / 2))
    for name, value in network.state_dict().items():
        assert_close(training.network.state_dict()[name], value)
    for row, (mean, sd) in zip(training.rows, means, strict=True):
        assert (row["train_loss"], row["train_loss_sd"]) == pytest.approx((mean, sd))
        count = int(training.has.sum())
        assert 0 < count < 40 and row["loss_shortcut"] > 0 and row["loss_rest"] > 0
    right = (network.eval()(images.test.double() / 255).argmax(-1) == images.test_labels).double()
    assert training.rows[-1]["test_removed"] == pytest.approx(float(right.mean()))
    assert settings == training.settings


def test_the_losses_of_the_groups_make_the_whole():
    """Where every image is visited: their mean, by the sizes of the groups."""
    training = trained(batch_size=20, shortcut=0.5, **EXACT)
    with_it = int(training.has.sum())
    for row in training.rows:
        both = with_it * row["loss_shortcut"] + (40 - with_it) * row["loss_rest"]
        assert row["train_loss"] == pytest.approx(both / 40)


@pytest.mark.parametrize("share, missing", [(0, "loss_shortcut"), (1, "loss_rest")])
def test_a_group_without_an_image_has_no_loss(share, missing):
    row = trained(shortcut=share, sharpness_every=2, sharpness_points=20, epochs=1).rows[0]
    assert row[missing] is None and row["sharpness" + missing[4:]] is None
    assert row["sharpness_all"] > 0


def test_the_seed_and_the_settings_make_the_run():
    assert write_log(trained().rows) == write_log(trained().rows) != write_log(trained(seed=1).rows)
    rows = trained().rows
    assert read_log(write_log(rows)) == [
        {
            key: value if value is None else pytest.approx(value, rel=1e-5, abs=0)
            for key, value in row.items()
        }
        for row in read_log(write_log(rows))
    ]


def test_the_shortcut_is_learned_and_misleads():
    """The images are noise, so nothing but the shortcut tells."""
    row = trained(small_images(160), width=4, epochs=15, shortcut=1.0, strength=3.0).rows[-1]
    assert row["test_with"] > 0.8 and row["test_wrong"] < 0.2 and row["test_removed"] < 0.5


def test_a_log_is_checked():
    text = write_log(trained().rows)
    with pytest.raises(ValueError, match="^a log must begin with the columns epoch, lr, "):
        read_log("epoch\n1\n")
    with pytest.raises(ValueError, match="^line 3 of the log is none"):
        read_log(text.replace("\n2,", "\ntwo,"))
    assert read_log(text.splitlines()[0] + "\n") == []


def test_the_curvature_is_that_of_the_loss_of_a_group():
    """Against the hessian module on a network that normalises by the batch."""
    images = small_images()
    network = build_network("resnet-narrow", width=2, generator=seeded(1), dtype=torch.float64)
    x, y = images.train.double() / 255, images.train_labels
    has = torch.arange(40) < 30
    found = sharpness_of_groups(network, x, y, has)

    before = {name: value.clone() for name, value in network.named_buffers()}
    top = hessian.of_module(network.train(), F.cross_entropy, x, y).values[0]
    assert found["all"] == pytest.approx(float(top), rel=1e-3, abs=0)
    assert found["all"] <= (30 * found["shortcut"] + 10 * found["rest"]) / 40 * 1.001
    assert found["all"] > 0
    for name, value in network.named_buffers():
        assert torch.equal(before[name], value), name  # the averages are left alone
    # A step along the steepest direction changes the gradient by λ times the step.
    pairs = hessian.of_module(
        network.train(), lambda out, t: F.cross_entropy(out[has], t[has]), x, y
    )
    step = {name: 1e-5 * value[0] for name, value in pairs.vectors.items()}
    change = 0.0
    for side in (1, -1):
        moved = deepcopy(network)
        with torch.no_grad():
            for name, weight in moved.named_parameters():
                weight += side * step[name]
        F.cross_entropy(moved(x)[has], y[has]).backward()
        for name, weight in moved.named_parameters():
            change += side * float((weight.grad * step[name]).sum()) / (2 * 1e-10)
    assert change == pytest.approx(found["shortcut"], rel=1e-3, abs=0)


def test_the_batch_sharpness_is_the_curvature_along_a_gradient():
    images = small_images()
    network = build_network("resnet-narrow", width=2, generator=seeded(1), dtype=torch.float64)
    x, y = images.train.double() / 255, images.train_labels
    wanted = []
    for part in (slice(0, 16), slice(16, 32)):
        copy, h = deepcopy(network), 1e-5
        F.cross_entropy(copy(x[part]), y[part]).backward()
        g = [weight.grad.clone() for weight in copy.parameters()]
        length = float(sum((one**2).sum() for one in g))
        losses = []
        for side in (1, 0, -1):
            moved = deepcopy(network)
            with torch.no_grad():
                for weight, one in zip(moved.parameters(), g, strict=True):
                    weight += side * h * one
                losses.append(float(F.cross_entropy(moved(x[part]), y[part])))
        wanted.append((losses[0] - 2 * losses[1] + losses[2]) / h**2 / length)
    found = sharpness_of_batches(network, x, y, 16)
    assert found == pytest.approx(sum(wanted) / 2, rel=1e-2, abs=0)


def test_the_squared_loss_is_that_of_the_paper():
    outputs = torch.tensor([[0.5, 0.0, 2.0]], dtype=torch.float64)
    (found,) = losses_of_images(outputs, torch.tensor([0]), "square")
    assert float(found) == pytest.approx((0.25 + 0 + 4) / 2)
    with pytest.raises(
        ValueError, match="^loss must be one of 'cross-entropy', 'square', got 'l1'"
    ):
        losses_of_images(outputs, torch.tensor([0]), "l1")
    row = trained(loss="square", sharpness_every=2, sharpness_points=20).rows[-1]
    assert 0.1 < row["train_loss"] < 10 and row["sharpness_all"] > 0 and row["sharpness_batch"] > 0


def test_fresh_statistics_are_the_mean_over_batches():
    network = build_network("resnet-narrow", width=2, generator=seeded(1), dtype=torch.float64)
    x = small_images().train.double() / 255
    fresh = with_fresh_statistics(network, x, 16)
    first = network.blocks[0].norm1
    seen = network.stem(x[:32])
    wanted = torch.stack([part.mean((0, 2, 3)) for part in seen.split(16)]).mean(0)
    assert_close(fresh.blocks[0].norm1.running_mean, wanted.detach())
    assert not fresh.training and torch.equal(first.running_mean, torch.zeros(2).double())


@pytest.mark.parametrize("arch, parameters", [("resnet18", 11_171_018), ("resnet-narrow", 19_714)])
def test_the_networks(arch, parameters):
    network = build_network(arch, generator=seeded(0))
    assert sum(p.numel() for p in network.parameters()) == parameters
    with torch.no_grad():
        for side in (8, 28, 32):
            assert network(torch.rand(2, 1, side, side, generator=seeded(1))).shape == (2, 10)
    weights = network.blocks[-1].conv2.weight
    wanted = math.sqrt(2 / (9 * len(weights)))
    assert float(weights.detach().std()) == pytest.approx(wanted, rel=0.05, abs=0)
    again = build_network(arch, generator=seeded(0), dtype=torch.float64)
    for one, two in zip(network.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two.float())


def test_building_leaves_torchs_generator_alone():
    before = torch.random.get_rng_state()
    build_network("resnet-narrow", generator=seeded(0))
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_length_of_an_image_is_that_without_the_mean():
    x = torch.tensor([[[[1.0, 0.0]]], [[[0.0, 0.0]]]])
    assert norm_of_image(x) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "other, last",
    [
        ({"lr": 1e3, "epochs": 2}, 4),  # a loss of 1e6 and more, and finite
        ({"lr": 1e39, "epochs": 1, "batch_size": 40}, 1),  # weights that no loss has seen yet
    ],
)
def test_what_diverged_means(other, last):
    training = Training(small(**other), small_images())
    while not training.finished:
        training.epoch()
    row = training.rows[-1]
    assert row["diverged_at"] == training.diverged_at and 1 <= training.diverged_at <= last
    assert "test_removed" not in row and all("diverged_at" not in r for r in training.rows[:-1])


def test_a_large_loss_is_no_divergence():
    training = Training(small(lr=1e3), small_images())
    training.epoch()
    assert training.diverged_at is None and 10 < training.rows[0]["train_loss"] < 1e6


def test_a_curvature_that_is_no_number_is_left_out():
    training = Training(small(), small_images())
    with torch.no_grad():
        training.network.answer.weight.fill_(torch.nan)
    first = training.inputs[:16], training.labels[:16], training.has[:16]
    found = sharpness_of_groups(training.network, *first)
    assert found == {"shortcut": None, "rest": None, "all": None}
