"""Thresholds of other rules, found in runs: torch's own derivatives and optimiser, near rest.

A run starts a tiny miss away from rest. Just below a threshold the miss dies out, just above it
grows, and the factor of a step is the one of the linear map.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import theory

U, V, M = 2.0, 0.4, 6
NU = theory.nu(U, V)
PATCHES = torch.tensor([[U, 0.0], [0.0, V]]).double()
EDGES = pytest.mark.parametrize("factor", [0.98, 1.02])
ACTIVATIONS = {
    "relu": torch.relu,
    "relu2": lambda z: torch.relu(z) ** 2,
    "relu3": lambda z: torch.relu(z) ** 3,
    "quadratic": lambda z: z**2,
    "gelu": torch.nn.functional.gelu,
}


def output(w, a=1.0, activation="relu2"):
    """Margin of one point with the patches u and v, from the filters of its class, (m, 2)."""
    return (a * ACTIVATIONS[activation](w @ PATCHES.T).sum(-1)).mean()


def at_rest(activation="relu2", seed=0, q=0.0, a=1.0, label=1.0):
    """Filters with that margin, of which the share q comes from v."""
    z = torch.rand((2, M), generator=torch.Generator().manual_seed(seed)).double() + 0.2
    if activation in ("relu", "quadratic"):
        z[0, 0] = -z[0, 0]  # silent, or active the other way
    share = (1 - q, q)
    for k in range(2):
        low, high = 0.0, 100.0
        for _ in range(200):  # bisection on the size of the overlaps
            size = (low + high) / 2
            answer = (a * ACTIVATIONS[activation](size * z[k])).mean()
            low, high = (size, high) if answer < share[k] * label else (low, size)
        z[k] *= low
    return (z / torch.tensor([U, V]).double()[:, None]).T.contiguous()


def square(f):
    return (f - 1) ** 2 / 2


def misses(w, optimiser, steps=60, loss=square, rest=1.0, away=1e-7, a=None, activation="relu2"):
    """rest − f before each step of a torch optimiser, from filters scaled by 1 + away."""
    w = (w * (1 + away)).requires_grad_()
    second = a.clone().requires_grad_() if a is not None else None
    steady = optimiser([w] if a is None else [w, second])
    found = []
    for _ in range(steps):
        steady.zero_grad()
        f = output(w, 1.0 if a is None else second, activation)
        found.append(rest - f.item())
        loss(f).backward()
        steady.step()
    return np.array(found)


def factor_of_a_step(e, last=20):
    """Mean factor of the miss over the last steps."""
    return abs(e[-1] / e[-1 - last]) ** (1 / last)


def root(h, b, nesterov):
    """Spectral radius of the recursion of the residual, as a matrix."""
    kept = (1 - h) * np.array([1 + b, -b]) if nesterov else np.array([1 + b - h, -b])
    return np.abs(np.linalg.eigvals(np.array([kept, [1, 0]]))).max()


# --- Momentum ------------------------------------------------------------------------------------


@given(
    b=st.floats(0, 0.99),
    nesterov=st.booleans(),
    share=st.floats(0.01, 1.99).filter(lambda x: x != 1),
)
def test_the_matrix_shrinks_exactly_below_the_limit(b, nesterov, share):
    h = share * theory.sharpness_limit(b, nesterov)
    assert (root(h, b, nesterov) < 1) == (share < 1) or abs(share - 1) < 1e-9


@given(b=st.floats(0, 0.99), nesterov=st.booleans())
def test_at_the_limit_the_residual_alternates(b, nesterov):
    h = theory.sharpness_limit(b, nesterov)
    assert root(h, b, nesterov) == pytest.approx(1, abs=1e-6)
    c = 1 - h if nesterov else 1
    trace, det = (c * (1 + b), c * b) if nesterov else (1 + b - h, b)
    assert 1 + trace + det == pytest.approx(0, abs=1e-12)


@given(
    b=st.floats(0, 0.99),
    nesterov=st.booleans(),
    every=st.integers(1, 12),
    share=st.floats(0.01, 1.99).filter(lambda x: abs(x - 1) > 1e-6),
)
def test_visits_in_between(b, nesterov, every, share):
    """A visit and every − 1 steps on which momentum alone goes on, as matrices of (e, velocity)."""
    h = share * theory.sharpness_limit(b, nesterov, every)
    visit = np.array([[1 - h * (1 + b), b * b] if nesterov else [1 - h, b], [-h, b]])
    free = np.array([[1, b * b if nesterov else b], [0, b]])
    step = np.linalg.matrix_power(free, every - 1) @ visit
    assert (np.abs(np.linalg.eigvals(step)).max() < 1) == (share < 1)


def test_the_order_of_the_limits():
    b = np.linspace(0.01, 0.99, 99)
    heavy, ahead = theory.sharpness_limit(b), theory.sharpness_limit(b, nesterov=True)
    assert (heavy > 2).all() and (ahead < 2).all() and (ahead > 4 / 3).all()
    assert theory.sharpness_limit() == theory.sharpness_limit(nesterov=True) == 2


@EDGES
@pytest.mark.parametrize("q", [0.0, 0.3])
@pytest.mark.parametrize(
    ("b", "nesterov"), [(0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True)]
)
def test_momentum_in_runs(b, nesterov, q, factor):
    r = 1 - (1 - NU) * q
    kappa = factor * theory.kappa_limit(b, nesterov) / r
    lr = kappa * M / (2 * U**2)

    def sgd(params):
        return torch.optim.SGD(params, lr, momentum=b, nesterov=nesterov)

    e, h = misses(at_rest(q=q), sgd, steps=60, away=1e-9), 2 * kappa * r
    before, now, path = (e[0] / (1 - h) if nesterov else e[0]), e[0], []
    for _ in range(60):
        path.append(now)
        kept = (
            (1 - h) * ((1 + b) * now - b * before)
            if nesterov
            else now + b * (now - before) - h * now
        )
        before, now = now, kept
    np.testing.assert_allclose(e, path, rtol=2e-2, atol=1e-3 * abs(e[0]))
    assert (abs(e[-5:]).max() > 2 * abs(e[0])) == (factor > 1) == (root(h, b, nesterov) > 1)
    assert (abs(e[-5:]).max() < abs(e[0]) / 2) == (factor < 1)


def test_a_heavy_ball_from_a_small_start_loses_its_filters_below_the_limit():
    """1 + b is what rest needs; at b = 0.9 a start of 0.1 is lost at half of it."""

    def strong(kappa, b=0.9, s=0.1):
        old = now = math.sqrt(s)
        for _ in range(500):
            e = 1 - max(now, 0) ** 2
            old, now = now, now + b * (now - old) + kappa * e * max(now, 0)
        return max(now, 0) ** 2

    assert theory.kappa_limit(0.9) == pytest.approx(1.9)
    assert strong(0.7) == pytest.approx(1, abs=1e-6)
    assert strong(1.0) == 0


# --- Weight decay --------------------------------------------------------------------------------


def decayed(kappa, d, b=0.0, s=0.01, q=0.01, steps=1500):
    """Signals of a real run with weight decay, and the last factor of the weak overlaps."""
    w = at_rest(q=0.5)
    w = (w * torch.tensor([math.sqrt(2 * s), math.sqrt(2 * q)])).requires_grad_()
    lr = kappa * M / (2 * U**2)
    steady = torch.optim.SGD([w], lr, momentum=b, weight_decay=d / lr)
    for _ in range(steps):
        before = w.detach().clone()
        steady.zero_grad()
        square(output(w)).backward()
        steady.step()
    now = w.detach()
    signals = (torch.relu(now * PATCHES.diagonal()) ** 2).mean(0)
    return *signals.tolist(), (now[0, 1] / before[0, 1]).item()


@pytest.mark.parametrize(("kappa", "d"), [(0.5, 0.02), (0.9, 0.1), (1.02, 0.05)])
def test_weight_decay_keeps_the_strong_signal_and_kills_the_weak_one(kappa, d):
    residual, strong, weak_factor = theory.rest_with_decay(kappa, NU, d)
    s, q, found = decayed(kappa, d)
    assert s == pytest.approx(strong, abs=1e-9) and 1 - s == pytest.approx(residual, abs=1e-9)
    assert q < 1e-12
    assert found == pytest.approx(weak_factor, abs=1e-9)
    assert weak_factor == pytest.approx(1 - (1 - NU) * d, rel=1e-14, abs=0)


def test_the_weak_signal_alone_is_no_place_to_stay():
    """Where only v answers, the strong overlap grows by the factor 1 + d (1/ν − 1)."""
    kappa, d = 0.9, 0.01
    q_rest = 1 - d / (kappa * NU)
    s, q, _ = decayed(kappa, d, s=1e-12, q=q_rest, steps=1)
    assert s == pytest.approx(1e-12 * (1 + d * (1 / NU - 1)) ** 2, rel=1e-6, abs=0)
    assert q == pytest.approx(q_rest, rel=1e-6, abs=0)


@EDGES
def test_the_weight_decay_that_kills_all(factor):
    """d = κ is λ_wd = 2 ‖u‖²/m, whatever the rate."""
    for kappa in (0.3, 0.9):
        s, q, _ = decayed(kappa, factor * kappa)
        assert theory.rest_with_decay(kappa, NU, factor * kappa)[1] == pytest.approx(
            max(1 - factor, 0), abs=1e-12
        )
        assert s + q == pytest.approx(max(1 - factor, 0), abs=1e-4)


@EDGES
@pytest.mark.parametrize(("b", "d"), [(0.0, 0.1), (0.5, 0.05), (0.0, 0.3)])
def test_weight_decay_raises_the_threshold(b, d, factor):
    kappa = factor * theory.kappa_limit(b, decay=d)
    lr = kappa * M / (2 * U**2)
    strong = theory.rest_with_decay(kappa, NU, d)[1]

    def sgd(params):
        return torch.optim.SGD(params, lr, momentum=b, weight_decay=d / lr)

    e = misses(at_rest() * math.sqrt(strong), sgd, rest=strong, away=1e-8)
    assert factor_of_a_step(e) == pytest.approx(root(2 * (kappa - d), b, False), rel=2e-3, abs=0)
    assert (abs(e[-1]) > abs(e[-21])) == (factor > 1)


# --- Activations and a trained second layer -------------------------------------------------------


def slope_square(w, a, activation):
    z = (w * PATCHES.diagonal()).detach().clone().requires_grad_()
    ACTIVATIONS[activation](z).sum().backward()
    return ((a[:, None] * z.grad) ** 2).mean(0)


@EDGES
@pytest.mark.parametrize("q", [0.0, 0.3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_in_runs(activation, q, factor):
    w = at_rest(activation, q=q)
    along_u, along_v = slope_square(w, torch.ones(M), activation)
    limit = theory.rest_limit((along_u + NU * along_v).item())
    lr = factor * limit * M / U**2
    e = misses(w, lambda params: torch.optim.SGD(params, lr), activation=activation, steps=40)
    assert factor_of_a_step(e) == pytest.approx(2 * factor - 1, rel=1e-3, abs=0)


@EDGES
@pytest.mark.parametrize("ratio", [0.5, M, M**2])
@pytest.mark.parametrize("activation", ["relu2", "gelu"])
def test_a_trained_second_layer_in_runs(activation, ratio, factor):
    a = torch.linspace(0.5, 1.5, M).double()
    w = at_rest(activation, a=a)
    values = ACTIVATIONS[activation](w * PATCHES.diagonal()).sum(1)
    slopes = slope_square(w, a, activation)
    slope = (slopes[0] + NU * slopes[1]).item()
    limit = theory.rest_limit(slope, ratio * values.square().mean().item() / U**2)
    assert limit < theory.rest_limit(slope)
    lr = factor * limit * M / U**2

    def sgd(params):
        return torch.optim.SGD(
            [{"params": params[:1]}, {"params": params[1:], "lr": ratio * lr}], lr
        )

    e = misses(w, sgd, a=a, activation=activation, steps=40)
    assert factor_of_a_step(e) == pytest.approx(2 * factor - 1, rel=1e-3, abs=0)


@given(
    z=st.lists(st.floats(0.01, 3), min_size=1, max_size=20),
    degree=st.floats(2, 6),
)
def test_powers_lie_between_their_limits(z, degree):
    z = np.array(z)
    z = z / (z**degree).mean() ** (1 / degree)
    limit = theory.rest_limit((degree**2 * z ** (2 * degree - 2)).mean().item())
    least, largest = theory.power_limits(degree, len(z))
    assert least * (1 - 1e-9) <= limit <= largest * (1 + 1e-9)


def test_the_limits_of_powers_are_reached():
    for degree, m in ((2, 8), (3, 16), (4, 5)):
        least, largest = theory.power_limits(degree, m)
        equal, single = np.ones(m), np.eye(m)[0] * m ** (1 / degree)
        for z, limit in ((equal, largest), (single, least)):
            assert (z**degree).mean() == pytest.approx(1)
            assert theory.rest_limit(
                (degree**2 * z ** (2 * degree - 2)).mean().item()
            ) == pytest.approx(limit, rel=1e-12, abs=0)
    assert theory.power_limits(2, 100) == (0.5, 0.5)


def test_relu_from_a_small_start_rests_below_two_and_dies_above():
    """All m filters active: exactly linear, until a filter dies."""

    def end(rate):
        z = np.linspace(0.01, 0.02, 8)
        for _ in range(2000):
            z = z + rate * (1 - np.maximum(z, 0).mean()) * (z > 0)
        return np.maximum(z, 0).mean()

    assert end(0.98 * theory.rest_limit(1.0)) == pytest.approx(1, abs=1e-6)
    assert end(1.02 * theory.rest_limit(1.0)) == 0


# --- Wrong labels and the logistic loss -----------------------------------------------------------


@EDGES
@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
def test_wrong_labels_in_runs(share, factor):
    margin, limit = theory.wrong_labels(share)

    def loss(f):
        return (1 - share) * torch.log1p((-f).exp()) + share * torch.log1p(f.exp())

    lr = factor * limit * M / (2 * U**2)
    e = misses(
        at_rest(label=margin), lambda p: torch.optim.SGD(p, lr), loss=loss, rest=margin, steps=40
    )
    assert factor_of_a_step(e) == pytest.approx(2 * factor - 1, rel=1e-3, abs=0)


def test_no_share_of_wrong_labels_lowers_the_limit_below_its_least():
    share = np.linspace(0.001, 0.499, 4000)
    limits = theory.wrong_labels(share)[1]
    assert limits.min() == pytest.approx(4.4666, abs=1e-3)
    assert limits[0] > 100 and limits[-1] > 100


@pytest.mark.parametrize("kappa", [0.5, 5.0, 50.0])
def test_right_labels_and_the_logistic_loss_never_lower_the_margin(kappa):
    lr = kappa * M / (2 * U**2)
    e = misses(
        0.1 * at_rest(q=0.1),
        lambda p: torch.optim.SGD(p, lr),
        rest=0.0,
        steps=200,
        loss=lambda f: torch.log1p((-f).exp()),
    )
    assert (np.diff(e) < 0).all()


# --- Sharpness-aware steps ------------------------------------------------------------------------


def sam_path(kappa, radius, q=0.0, steps=400):
    """The misses of sharpness-aware steps with torch's derivatives, Φ, and q at the end."""
    w = at_rest(q=max(q, 1e-6)) * 1.01
    lr, misses, phi = kappa * M / (2 * U**2), [], []
    for _ in range(steps):
        misses.append(1 - output(w).item())
        phi.append((w[0, 1].log() - NU * w[0, 0].log()).item())
        here = w.clone().requires_grad_()
        (g,) = torch.autograd.grad(square(output(here)), here)
        up = (w + radius * g / g.norm()).requires_grad_()
        (g,) = torch.autograd.grad(square(output(up)), up)
        w = w - lr * g
    return np.array(misses), np.array(phi), (V * w[:, 1]).square().mean().item()


@pytest.mark.parametrize(("kappa", "q"), [(0.1, 0.0), (0.5, 0.0), (0.5, 0.4), (0.8, 0.0)])
def test_sharpness_aware_steps_end_in_the_two_cycle(kappa, q):
    radius = 1e-4
    e, phi, q = sam_path(kappa, radius, q)
    amplitude, drift = theory.sam_cycle(radius, kappa, NU, U, M, q)
    assert (np.sign(e[-100:-1]) == -np.sign(e[-99:])).all()
    np.testing.assert_allclose(np.abs(e[-100:]), amplitude, rtol=5e-3)
    assert (phi[-1] - phi[-101]) / 100 == pytest.approx(drift, rel=5e-3, abs=0)


@EDGES
def test_steps_uphill_by_a_multiple_of_the_gradient_lower_the_threshold(factor):
    """Not normalised, the gradient taken at w + r g: κ (1 + 2 b) < 1 with b = 2 r ‖u‖²/m."""
    lift = 0.1
    kappa = factor / (1 + 2 * lift)
    s, e = (1 - 1e-7) ** 2, []
    for _ in range(40):
        e.append(1 - s)
        z = 1 - lift * e[-1]
        s = s * (1 + kappa * (1 - s * z**2) * z) ** 2
    assert factor_of_a_step(np.array(e)) == pytest.approx(2 * factor - 1, rel=1e-3, abs=0)
