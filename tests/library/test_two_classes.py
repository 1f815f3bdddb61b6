"""Two classes without noise: two signed numbers against trained networks, and where they escape."""

import numpy as np
import pytest
import torch

from benign_osc_lib import noiseless_point, theory, train, two_classes
from tests.library.common import normal, seeded

U, V = torch.tensor([[2.0, 0, 0], [0, 0.4, 0]], dtype=torch.float64)


def along_u(overlaps):
    """Weights (..., 2, m, d) with these ⟨w_{j,r}, j u⟩ and no other part."""
    weights = torch.zeros(*overlaps.shape, 3, dtype=overlaps.dtype)
    weights[..., 0] = overlaps * torch.tensor([[1.0], [-1.0]]) / 2
    return weights


def labels(kind, visits, runs=1, seed=0):
    """Labels (runs, visits) of both kinds."""
    rng = np.random.default_rng(seed)
    table = {
        "alternating": np.tile([1, -1], (runs, visits // 2)),
        "independent": 2 * rng.integers(0, 2, (runs, visits)) - 1,
    }[kind]
    return table.astype(np.int8)


@pytest.mark.parametrize("kappa", [0.7, 1.2, 1.65])
def test_training_follows_the_exact_map(kappa):
    data = noiseless_point(U, V, [1, -1, -1, 1, 1])
    z = 0.25 * torch.randn(2, 4, generator=seeded(3)).double()
    run = train(data, along_u(z), kappa * 4 / (2 * 2.0**2), epochs=8)
    turned = False
    for t in range(40):
        own = 0 if data.y[t % 5] > 0 else 1
        up, down = z[own].clamp(min=0), (-z[1 - own]).clamp(min=0)
        e = 1 - up.square().mean() + down.square().mean()
        before, z = z, z.clone()
        z[own] += kappa * e * up
        z[1 - own] += kappa * e * down
        turned |= bool(((before > 0) & (z < 0)).any())
        torch.testing.assert_close(run.strong[t + 1], z, rtol=1e-8, atol=1e-8)
    assert turned == (kappa > theory.SIGN_LIMIT)
    assert not run.weak.any()


@pytest.mark.parametrize("kappa", [1.1, 1.5, 1.65, 1.7])
def test_a_network_is_two_signed_numbers(kappa):
    """After one visit to each label, for κ > 1 and a small start."""
    order = [1, -1, -1, 1, 1, -1, 1]
    data = noiseless_point(U, V, order)
    run = train(data, along_u(0.02 * normal(0, 30, 2, 8)), kappa, epochs=6)
    signed = run.strong[:, 2:].sign().mean(-1) * run.strong[:, 2:].square().mean(-1).sqrt()
    assert (run.strong[:, 2:].sign() == signed.sign()[..., None]).all()  # one sign a class
    visits = np.tile(order, 6)[2:].astype(np.int8)
    turned = False
    for t in range(1, len(visits)):
        z, escaped = two_classes.follow(signed[:, 0].numpy(), visits[:t], kappa)
        trained, inside = signed[:, t].numpy(), escaped < 0
        np.testing.assert_allclose(z[inside], trained[inside], rtol=1e-7, atol=1e-9)
        assert (abs(trained[~inside]).max(-1) > 1e3).all() and inside.sum() > 20
        turned |= bool((z < 0).any())
    assert turned == (kappa > theory.SIGN_LIMIT)


def test_with_parts_along_v_it_is_six_numbers():
    """Once no class has two signs along u, and while κν abs(e) < 1: the remark of chapter 11."""
    order, kappa = [1, -1, -1, 1, 1, -1, 1], 1.3
    start = along_u(0.02 * normal(0, 30, 2, 8))
    start[..., 1] = 0.05 * normal(1, 30, 2, 8)
    run = train(noiseless_point(U, V, order), start, kappa, epochs=9)
    strong, weak = run.strong[:, 2:], run.weak[:, 2:]

    def root(a):
        return a.square().mean(-1).sqrt()

    z = strong[:, 0].sign().mean(-1) * root(strong[:, 0])
    up, down = root(weak[:, 0].clamp(min=0)), root(weak[:, 0].clamp(max=0))
    nu, k = 0.04, kappa
    for t, y in enumerate((order * 9)[2:]):
        own = 0 if y > 0 else 1
        e = 1 - z[:, own].clamp(min=0) ** 2 - up[:, own] ** 2
        e = e + z[:, 1 - own].clamp(max=0) ** 2 + down[:, 1 - own] ** 2
        assert (k * nu * e.abs() < 1).all()
        z[:, own] += k * e * z[:, own].clamp(min=0)
        z[:, 1 - own] -= k * e * z[:, 1 - own].clamp(max=0)
        up[:, own] *= 1 + k * nu * e
        down[:, 1 - own] *= 1 - k * nu * e
        torch.testing.assert_close(z.abs(), root(strong[:, t + 1]), rtol=1e-7, atol=1e-9)
        for mine, of in ((up, weak.clamp(min=0)), (down, weak.clamp(max=0))):
            torch.testing.assert_close(mine, root(of[:, t + 1]), rtol=1e-7, atol=1e-9)


def test_every_run_has_its_order_or_all_have_one():
    start = np.random.default_rng(1).uniform(0.01, 0.05, (6, 2))
    order = labels("independent", 40, runs=6)
    together, _ = two_classes.follow(start, order, 1.4)
    for k in range(6):
        alone, _ = two_classes.follow(start[k : k + 1], order[k], 1.4)
        np.testing.assert_array_equal(alone[0], together[k])
    first, _ = two_classes.follow(start, order[0], 1.4)
    np.testing.assert_array_equal(first[0], together[0])
    middle, _ = two_classes.follow(start, order[:, :25], 1.4)
    again, _ = two_classes.follow(middle, order[:, 25:], 1.4)
    np.testing.assert_array_equal(again, together)


def test_an_escape_is_counted_from_one_and_stops_the_run():
    z, escaped = two_classes.follow(np.array([[50.0, 0.0], [0.5, 0.5]]), np.ones(9, np.int8), 1.0)
    assert escaped.tolist() == [1, -1]
    assert z[0].tolist() == [50 + 1.0 * (1 - 2500) * 50, 0.0]
    z, escaped = two_classes.follow(np.array([[50.0, 0.0]]), -np.ones(9, np.int8), 1.0)
    assert escaped.tolist() == [-1] and z.tolist() == [[50.0, 0.0]]
    _, escaped = two_classes.follow(np.array([[2.0, 0.0]]), np.ones(1, np.int8), 1.0, limit=3.0)
    assert escaped.tolist() == [1]
    beyond = np.array([[0.1, -2e3]])
    z, escaped = two_classes.follow(beyond, np.ones(9, np.int8), 1.0)
    assert escaped.tolist() == [0] and (z == beyond).all()


def test_the_escape_depends_on_the_order():
    """Within 300 000 visits the alternating order escapes at 1.675 and not at 1.67."""
    start = np.random.default_rng(2).uniform(0.01, 0.05, (30, 2))
    alternating = labels("alternating", 300_000)[0]
    for kappa, escapes in ((1.6, 0), (1.65, 0), (1.67, 0), (1.68, 30)):
        assert (two_classes.follow(start, alternating, kappa)[1] >= 0).sum() == escapes
    # With independent labels 29 of 30 or so are out at 1.66 after a million visits, 1 in 10^3 by
    # chance fewer than 20.
    start, out = start.copy(), np.zeros(30, bool)
    for seed in range(10):
        start, at = two_classes.follow(start, labels("independent", 100_000, 30, seed), 1.66)
        out |= at >= 0
    assert out.sum() >= 20
    assert (two_classes.follow(start[:0], alternating, 1.66)[1]).shape == (0,)


def test_two_classes_escape_together_and_only_beyond_the_sign_limit():
    z = 0.125 * torch.randn(60, 2, 8, generator=seeded(4)).double()
    options = {"epochs": 100, "record_every": 1}
    two, one = (noiseless_point(U, V, y) for y in ([1, -1, 1, 1, -1, -1, 1, -1], [1] * 8))
    below = train(two, along_u(z.abs()), theory.SIGN_LIMIT - 0.01, **options)
    assert (below.strong >= 0).all()
    assert (below.strong.square().mean(-1) < 1 + 1 / (theory.SIGN_LIMIT - 0.01)).all()
    assert (train(two, along_u(z), 1.65, **options).diverged_at < 0).all()
    assert (train(two, along_u(z), 1.75, **options).diverged_at >= 0).all()
    assert (train(one, along_u(z), 1.75, **options).diverged_at < 0).all()


GOOD = (np.ones((2, 2)), np.ones(3, np.int8), 1.2)


@pytest.mark.parametrize(
    "place, wrong, error, message",
    [
        (0, [[1.0, 1.0]], TypeError, "z must be an array of kind float, got list"),
        (0, np.ones((2, 2), int), TypeError, "z must be an array of kind float, got int64"),
        (0, np.ones(2), ValueError, r"z must have shape \(runs, 2\)"),
        (0, np.full((1, 2), np.nan), ValueError, "z must be finite"),
        (1, np.ones(3), TypeError, "labels must be an array of kind integer, got float64"),
        (1, np.ones((3, 4), int), ValueError, r"labels must have shape \(visits,\) or"),
        (1, np.array([1, 0]), ValueError, "labels must be -1 or 1"),
        (2, 0.0, ValueError, "kappa must be finite and > 0"),
        (2, "1", TypeError, "kappa must be a number"),
    ],
)
def test_bad_input(place, wrong, error, message):
    arguments = [*GOOD[:place], wrong, *GOOD[place + 1 :]]
    with pytest.raises(error, match=message):
        two_classes.follow(*arguments)


def test_a_bad_limit():
    with pytest.raises(ValueError, match="limit must be finite and > 0"):
        two_classes.follow(*GOOD, limit=0.0)
