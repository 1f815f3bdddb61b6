"""A few runs of one factor at one rate, and what is seen of each (chapter 13)."""

from typing import NamedTuple

import numpy as np
import torch

from .. import metrics
from ..network import activation, init_weights
from ..seeds import generators
from ..training import DIVERGED, train
from ..visits import visiting_orders
from .classes import ClassModel, class_outputs, init_class_weights, train_classes
from .diagonal import SparseModel, diagonal_output, train_diagonal
from .factors import CLASSES, SIZES, STRONG, WEAK

TESTS = 40
"""Fresh points of each kind a run is tested on."""

WINDOW = slice(20, 60)
"""The share of the visits, in epochs of 200, in which an oscillation is looked for."""


class Trials(NamedTuple):
    """What is seen of R runs with K features.

    Args:
        weak: accuracy on fresh weak points, (R,); 0 if the run diverged, as for the others.
        strong: accuracy on fresh strong points, (R,).
        alone: accuracy on weak points that carry one weak feature alone, (R, L).
        signals: s_k of every feature at the end, the mean over the classes, (R, K).
        change: mean change of y f from a strong visit to the next of its class, (R,); in gradient
            descent, of a strong point from step to step.
        diverged: bool (R,).
        fall: by how much Φ of a strong and a weak feature fell at most in one visit to a point
            that carries both, (R,); NaN if that was not recorded.
    """

    weak: np.ndarray
    strong: np.ndarray
    alone: np.ndarray
    signals: np.ndarray
    change: np.ndarray
    diverged: np.ndarray
    fall: np.ndarray


def trials(factor, kappa, seeds, slower=1, record=False):
    """Train and test one run for each seed.

    Args:
        factor: a :class:`~benign_osc_lib.features.Factor`.
        kappa: κ of the longest strong feature.
        seeds: non-negative integers.
        slower: divide the rate by this and make so many times the epochs; an integer.
        record: follow Φ from visit to visit, which takes memory.

    Returns:
        :class:`Trials`.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: a seed is negative, or the rate not positive.
    """
    streams = generators(seeds)
    run = {"signs": _signs, "diagonal": _diagonal}.get(factor.kind, _classes)
    with torch.no_grad():
        return run(factor, kappa / slower, streams, SIZES["epochs"] * slower, record)


def _signs(factor, kappa, streams, epochs, record):
    model, m = factor.model(), SIZES["m"]
    data = model.sample(SIZES["n"], n_weak=SIZES["n_weak"], generator=streams)
    start = init_weights(m, model.d, SIZES["scale"], generator=streams)
    copies = [torch.Generator().set_state(g.get_state()) for g in streams]
    visits = visiting_orders(epochs, SIZES["n"], factor.order, copies, True)
    features = model.features
    how = {"record_every": 1, "overlaps": features} if record else {"record_every": None}
    lr = kappa * m / (2 * factor.strong_norms[0] ** 2)
    run = train(data, start, lr, epochs=epochs, order=factor.order, generator=streams, **how)
    diverged = (run.diverged_at >= 0).numpy()
    fall = np.full(len(streams), np.nan)
    if record:
        order = visits.expand(len(streams), epochs, SIZES["n"]).flatten(1)
        carried = model.carries(data).take_along_dim(order[..., None], 1)
        label = (data.y < 0).long().take_along_dim(order, 1)
        fall = largest_fall(run.overlaps, label, carried, model.ratios, len(model.strong_norms))
    signed = run.weights * torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None, None]
    kinds = [model.sample(TESTS, n_weak=count, generator=streams) for count in (TESTS, 0)]
    several = len(model.weak_norms) > 1
    for k in range(len(model.weak_norms) if several else 0):
        kinds.append(model.sample(TESTS, n_weak=TESTS, generator=streams, only=k))
    right = [_share(metrics.correct(run.weights, points), diverged) for points in kinds]
    return Trials(
        right[0],
        right[1],
        np.stack(right[2:] if several else right[:1], -1),
        activation(signed @ features.mT).mean((-3, -2)).numpy(),
        _change(run.margins, visits, data.y, ~data.is_weak),
        diverged,
        fall,
    )


def _classes(factor, kappa, streams, epochs, record):
    count, m = CLASSES["classes"], SIZES["m"]
    model = ClassModel(count, SIZES["d"], STRONG, WEAK, SIZES["noise_norm"])
    per_class, weak_each = CLASSES["n"] // count, CLASSES["n_weak"] // count
    data = model.sample(per_class, n_weak=weak_each, generator=streams)
    start = init_class_weights(count, m, model.d, SIZES["scale"], generator=streams)
    batch = "all" if factor.kind == "batch" else "one"
    epochs = epochs * (per_class - weak_each if batch == "all" else 1)
    watch = torch.cat([model.u, model.v]) if record else None
    lr = kappa * m / (2 * STRONG**2)
    found = train_classes(data, start, lr, epochs=epochs, batch=batch, watch=watch)
    weights, margins, watched = found
    diverged = ~(margins.abs() <= DIVERGED).flatten(1).all(1).numpy()
    fall = np.full(len(streams), np.nan)
    if record:
        own = torch.stack([watched[..., c, :, [c, count + c]] for c in range(count)], -3)
        fall = _class_fall(own, data, batch == "all", (WEAK / STRONG) ** 2)
    kinds = [
        model.sample(TESTS // count, n_weak=TESTS // count, generator=streams),
        model.sample(TESTS // count, n_weak=0, generator=streams),
    ]
    right = []
    for points in kinds:
        outputs = class_outputs(weights, points.x)
        right.append(_share((outputs.argmax(-1) == points.label), diverged))
    drawn = [
        activation(torch.einsum("...kmd,kd->...km", weights, features)).mean((-2, -1))
        for features in (model.u, model.v)
    ]
    visits = torch.arange(CLASSES["n"]).expand(epochs, -1)
    group = data.label  # in a whole batch each point is compared with itself, a step before
    group = visits[0].expand_as(group) if batch == "all" else group
    return Trials(
        *right,
        right[0][:, None],
        torch.stack(drawn, -1).numpy(),
        _change(margins, visits, group, ~data.is_weak),
        diverged,
        fall,
    )


def _diagonal(factor, kappa, streams, epochs, record):
    model = SparseModel(SIZES["d"], (WEAK / STRONG) ** 2, SIZES["noise_norm"] / STRONG)
    data = model.sample(SIZES["n"], n_weak=SIZES["n_weak"], generator=streams)
    start = torch.full((len(streams), 2, model.d), SIZES["scale"], dtype=torch.float64)
    end, margins, path = train_diagonal(data, start, kappa / 2, epochs=epochs, record=record)
    diverged = ~(margins.abs() <= DIVERGED).flatten(1).all(1).numpy()
    fall = np.full(len(streams), np.nan)
    if record:
        order = torch.arange(SIZES["n"]).repeat(epochs)
        carried = torch.stack([~data.is_weak, torch.ones_like(data.is_weak)], -1)[:, order]
        label = torch.zeros(len(streams), len(order), dtype=torch.long)
        of_a = path[..., None, :1, :2].abs()  # one filter of one sign
        ratios = torch.tensor([1.0, model.nu], dtype=torch.float64)
        fall = largest_fall(of_a, label, carried, ratios, 1)
    right = []
    for n_weak in (TESTS, 0):
        points = model.sample(TESTS, n_weak=n_weak, generator=streams)
        right.append(_share(points.y * diagonal_output(end, points.x[..., 0, :]) > 0, diverged))
    squares = end[:, 0, :2].square() * torch.tensor([1.0, model.nu], dtype=torch.float64)
    visits = torch.arange(SIZES["n"]).expand(epochs, -1)
    same = torch.zeros_like(data.y)  # both labels share the coordinates
    change = _change(margins, visits, same, ~data.is_weak)
    return Trials(*right, right[0][:, None], squares.numpy(), change, diverged, fall)


def largest_fall(overlaps, label, carried, ratios, strong):
    """By how much Φ of a strong and a weak feature fell at most in a visit to a point with both.

    Φ = log⟨w, y v_l⟩ − (ν_l/ν_k) log⟨w', y u_k⟩ for the filters of the class of the point that are
    active before and after.

    Args:
        overlaps: ⟨w_{j,r}, feature⟩ before the first visit and after each, (R, T + 1, J, m, K).
        label: index j of the class that is visited, (R, T); the sign of class 1 is −1.
        carried: which features the point carries, bool (R, T, K).
        ratios: ν_k, (K,).
        strong: how many of the features, the first ones, are strong.

    Returns:
        An array (R,), 0 where Φ never fell.
    """
    sign = torch.tensor([1.0, -1.0], dtype=overlaps.dtype)[: overlaps.shape[2]]
    logs = (overlaps * sign[:, None, None]).clamp(min=0).log()
    own = label[:, :, None, None, None]
    before, after = (part.take_along_dim(own, 2)[:, :, 0] for part in (logs[:, :-1], logs[:, 1:]))
    gain = after - before  # (R, T, m, K), NaN or infinite where a filter is or falls silent
    seen = gain.isfinite() & carried[:, :, None]
    least = torch.where(seen, gain, torch.inf).amin(2)
    most = torch.where(seen, gain, -torch.inf).amax(2)
    worst = np.zeros(len(overlaps))
    for k in range(strong):
        for weak in range(strong, len(ratios)):
            rise = least[..., weak] - ratios[weak] / ratios[k] * most[..., k]
            rise = torch.where(rise.isfinite(), rise, 0.0)
            worst = np.maximum(worst, -rise.amin(1).numpy())
    return worst


def _class_fall(own, data, whole, nu):
    """The same for one output a class: own is (R, T + 1, C, m, 2), of u_c and v_c."""
    runs, steps, count = own.shape[0], own.shape[1] - 1, own.shape[2]
    if whole:
        raise ValueError("a batch holds weak points too: Φ may fall")
    order = torch.arange(data.label.shape[-1]).repeat(steps // data.label.shape[-1])
    label, strong = data.label[:, order], ~data.is_weak[:, order]
    carried = torch.stack([strong, torch.ones_like(strong)], -1)
    ratios = torch.tensor([1.0, nu], dtype=torch.float64)
    worst = np.zeros(runs)
    for c in range(count):
        here = carried & (label == c)[..., None]
        part = largest_fall(own[:, :, [c]], torch.zeros_like(label), here, ratios, 1)
        worst = np.maximum(worst, part)
    return worst


def _share(right, diverged):
    return np.where(diverged, 0.0, right.double().mean(-1).numpy())


def _change(margins, visits, group, counts):
    """Mean change of y f from one counted visit to the next of its group, in the window, (R,)."""
    runs, epochs, n = margins.shape
    part = slice(WINDOW.start * epochs // SIZES["epochs"], WINDOW.stop * epochs // SIZES["epochs"])
    order = visits.expand(runs, epochs, n)[:, part]
    values = margins[:, part].take_along_dim(order, 2).flatten(1).numpy()
    of, counted = (
        part_of[:, None].expand(order.shape).take_along_dim(order, 2).flatten(1).numpy()
        for part_of in (group, counts)
    )
    change = np.full(runs, np.nan)
    for k in range(runs):
        parts = (values[k, counted[k] & (of[k] == g)] for g in np.unique(of[k]))
        steps = np.concatenate([np.abs(np.diff(part)) for part in parts])
        change[k] = steps.mean() if len(steps) else np.nan
    return change
