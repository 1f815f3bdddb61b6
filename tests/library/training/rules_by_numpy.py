"""SGD of any Rule, number by number in NumPy from the formulas in its docstring.

It shares no code with the library, so every engine is held against it. :data:`RULES` draws rules.
"""

import dataclasses
import math

import numpy as np
from hypothesis import strategies as st
from scipy.special import erf, expit

from benign_osc_lib import Rule


def _normal_cdf(z):
    return 0.5 * (1 + erf(z / math.sqrt(2)))


SIGMAS = {  # σ and σ'
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
    "relu2": (lambda z: np.maximum(z, 0) ** 2, lambda z: 2 * np.maximum(z, 0)),
    "relu3": (lambda z: np.maximum(z, 0) ** 3, lambda z: 3 * np.maximum(z, 0) ** 2),
    "quadratic": (lambda z: z**2, lambda z: 2 * z),
    "gelu": (
        lambda z: z * _normal_cdf(z),
        lambda z: _normal_cdf(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    ),
}
J = np.array([1.0, -1.0])[:, None]


@dataclasses.dataclass
class ByNumPy:
    """One run: what it ends with, and the weights after each update, the start first."""

    weights: np.ndarray
    second: np.ndarray
    margins: np.ndarray
    path: list
    diverged_at: int
    stopped_at: int


def sigmas(activation):
    """σ and σ' of an activation, the scalar functions of one that has no name."""
    if isinstance(activation, str):
        return SIGMAS[activation]
    return np.vectorize(activation.value), np.vectorize(activation.slope)


def output(weights, second, x_i, activation):
    """f of one point: Σ_j (j/m) Σ_r a_{j,r} Σ_p σ(⟨w_{j,r}, x^(p)⟩)."""
    value, _ = sigmas(activation)
    return float((J * second * value(weights @ x_i.T).sum(-1)).sum() / weights.shape[1])


def loss(name, f, t):
    return 0.5 * (f - t) ** 2 if name == "square" else np.logaddexp(0.0, -t * f)


def loss_slope(name, f, t):
    """∂ℓ/∂f."""
    return f - t if name == "square" else -t * expit(-t * f)


def gradient(rule, weights, second, xs, ts):
    """∂/∂w and ∂/∂a of the mean loss of a batch, and f of its points."""
    value, slope = sigmas(rule.activation)
    m, by_w, by_a, outputs = weights.shape[1], np.zeros_like(weights), np.zeros_like(second), []
    for x_i, t in zip(xs, ts, strict=True):
        z = weights @ x_i.T  # (2, m, P)
        outputs.append(output(weights, second, x_i, rule.activation))
        c = loss_slope(rule.loss, outputs[-1], t) / len(xs)
        by_w += c * (J * second / m)[..., None] * (slope(z) @ x_i)
        by_a += c * J / m * value(z).sum(-1)
    return by_w, by_a if rule.second_layer == "trained" else 0 * by_a, outputs


def train_by_numpy(x, y, weights, lr, visits, rule, *, targets=None, stop_below=0.0):
    """One run.

    Args:
        x: the patches, (n, P, d).
        y: the labels, (n,).
        weights: (2, m, d).
        lr: η.
        visits: the points of each epoch, (epochs, n) integers.
        rule: a Rule.
        targets: (epochs, n), or None for the labels.
        stop_below: as for ``train``; 0 for never.
    """
    layers = [np.array(weights, float), np.ones(weights.shape[:2])]
    velocities = [np.zeros_like(layer) for layer in layers]
    rates = (lr, rule.second_layer_rate * lr if rule.second_layer == "trained" else 0.0)
    margins = np.full(np.shape(visits), np.nan)

    def wild():
        outputs = [output(*layers, x_i, rule.activation) for x_i in x]
        return not all(abs(f) <= 1e6 for f in outputs)

    path, updates, stopped_at = [layers[0].copy()], 0, -1
    diverged_at = 0 if wild() else -1
    with np.errstate(all="ignore"):
        for epoch, order in enumerate(visits):
            factor = 1.0
            if rule.schedule is not None:
                factor = rule.schedule[min(epoch, len(rule.schedule) - 1)]
            for begin in range(0, len(order), rule.batch_size):
                batch = list(order[begin : begin + rule.batch_size])
                shown = y if targets is None else targets[epoch]
                *slopes, outputs = gradient(rule, *layers, x[batch], shown[batch])
                margins[epoch, batch] = y[batch] * outputs
                if rule.sam:
                    size = math.sqrt(sum((g**2).sum() for g in slopes))
                    if size > 0:
                        shifted = [
                            w + rule.sam / size * g for w, g in zip(layers, slopes, strict=True)
                        ]
                        *slopes, _ = gradient(rule, *shifted, x[batch], shown[batch])
                updates += 1
                if diverged_at < 0 and stopped_at < 0:
                    old = layers
                    layers, velocities = _updated(rule, layers, velocities, slopes, rates, factor)
                    lost = not np.isfinite((layers[0] ** 2).sum())
                    if wild() or lost:
                        diverged_at = updates
                    if lost:
                        layers = old
                path.append(layers[0].copy())
            mean = np.mean(loss(rule.loss, margins[epoch], 1.0))
            if diverged_at < 0 and stopped_at < 0 and mean < stop_below:
                stopped_at = updates
    return ByNumPy(*layers, margins, path, diverged_at, stopped_at)


def _updated(rule, layers, velocities, slopes, rates, factor):
    """The layers and their velocities after one update."""
    new, moving = [], []
    for w, v, slope, rate in zip(layers, velocities, slopes, rates, strict=True):
        g = slope + rule.weight_decay * w
        v = rule.momentum * v + g
        step = g + rule.momentum * v if rule.nesterov else v
        new.append(w - rate * factor * step)
        moving.append(v)
    return new, moving


@st.composite
def _rules(draw):
    momentum = draw(st.sampled_from([0.0, 0.3, 0.9]))
    return Rule(
        activation=draw(st.sampled_from(sorted(SIGMAS))),
        loss=draw(st.sampled_from(["square", "logistic"])),
        batch_size=draw(st.sampled_from([1, 2, 3, 5, 100])),
        momentum=momentum,
        nesterov=momentum > 0 and draw(st.booleans()),
        weight_decay=draw(st.sampled_from([0.0, 0.01, 0.3])),
        label_noise=draw(st.sampled_from([0.0, 0.5])),
        schedule=draw(st.sampled_from([None, (1.0, 0.5), (0.0, 1.0, 0.25)])),
        second_layer=draw(st.sampled_from(["fixed", "trained"])),
        sam=draw(st.sampled_from([0.0, 0.0, 0.05, 0.5])),
        label_flips=draw(st.sampled_from([0.0, 0.25])),
        second_layer_rate=draw(st.sampled_from([1.0, 0.0, 9.0])),
    )


RULES = _rules()
"""Rules of every kind, each of its arguments often as in the plain rule."""
