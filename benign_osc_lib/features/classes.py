"""More than two classes: one output a class, and the squared loss on targets 0 and 1."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .. import _checks
from ..network import activation


@dataclass(frozen=True, eq=False)
class ClassData:
    """Points with a class each.

    Args:
        x: the patches, (..., n, 3, d): u_c, or noise in a weak point; v_c; noise.
        label: the classes c = 0, …, K − 1, int64 (..., n).
        is_weak: bool (..., n).
    """

    x: Tensor
    label: Tensor
    is_weak: Tensor


@dataclass(frozen=True)
class ClassModel:
    """Section 2 of the paper with a strong and a weak feature of its own for each class.

    The 2K features are orthogonal: u_c stands along axis c of R^d, v_c along axis K + c. Noise is
    orthogonal to all of them, with standard deviation ``noise_norm``/√d along any other axis.

    Args:
        classes: K, at least 2.
        d: dimension of a patch, above 2K.
        u_norm: ‖u_c‖ > 0 of every class.
        v_norm: ‖v_c‖ > 0 of every class.
        noise_norm: σ_p √d > 0.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """

    classes: int
    d: int
    u_norm: float
    v_norm: float
    noise_norm: float

    def __post_init__(self):
        _checks.integer("classes", self.classes, low=2)
        _checks.integer("d", self.d, low=2 * self.classes + 1)
        for name in ("u_norm", "v_norm", "noise_norm"):
            _checks.positive(name, getattr(self, name))

    @property
    def u(self):
        """The strong features, (K, d) float64 on the CPU."""
        return self.u_norm * torch.eye(self.d, dtype=torch.float64)[: self.classes]

    @property
    def v(self):
        """The weak features, (K, d) float64 on the CPU."""
        return self.v_norm * torch.eye(self.d, dtype=torch.float64)[self.classes : 2 * self.classes]

    def sample(self, per_class, *, n_weak, generator=None):
        """Draw as many points of each class, in a random order.

        Args:
            per_class: points of each class, at least 1.
            n_weak: weak points of each class.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.

        Returns:
            ClassData with n = K·per_class points.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: an argument is outside its range, or a generator is not on the CPU.
        """
        _checks.integer("per_class", per_class, low=1)
        _checks.integer("n_weak", n_weak, low=0, high=per_class)
        found, batched = _checks.cpu_generators(generator)
        sets = [self._draw(per_class, n_weak, g) for g in found]
        parts = [torch.stack(part) if batched else part[0] for part in zip(*sets, strict=True)]
        return ClassData(*parts)

    def _draw(self, per_class, n_weak, generator):
        n = self.classes * per_class
        place = torch.randperm(n, generator=generator)
        x = torch.randn(n, 3, self.d, generator=generator, dtype=torch.float64)
        x *= self.noise_norm / self.d**0.5
        x[..., : 2 * self.classes] = 0
        label, is_weak = place // per_class, place % per_class < n_weak
        x[:, 0] = torch.where(is_weak[:, None], x[:, 0], self.u[label])
        x[:, 1] = self.v[label]
        return x, label, is_weak


def init_class_weights(classes, m, d, scale, *, generator=None):
    """Gaussian filters for K outputs, every entry N(0, σ_0²).

    Args:
        classes: K, at least 2.
        m: filters of each output, at least 1.
        d: dimension of a patch, at least 1.
        scale: σ_0 > 0.
        generator: a CPU ``torch.Generator``, a sequence of them for a leading axis, or None.

    Returns:
        The weights, (..., K, m, d) float64.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    for name, value, low in (("classes", classes, 2), ("m", m, 1), ("d", d, 1)):
        _checks.integer(name, value, low=low)
    _checks.positive("scale", scale)
    found, batched = _checks.cpu_generators(generator)
    kind = {"dtype": torch.float64, "device": "cpu"}
    weights = scale * torch.stack([torch.randn(classes, m, d, generator=g, **kind) for g in found])
    return weights if batched else weights[0]


def class_outputs(weights, x):
    """The outputs f_k = (1/m) Σ_r Σ_p σ(⟨w_{k,r}, x^(p)⟩), all of them >= 0; the largest is chosen.

    Args:
        weights: (..., K, m, d).
        x: the patches of n points, (..., n, P, d).

    Returns:
        (..., n, K). Leading axes broadcast.

    Raises:
        TypeError: something is not a floating tensor, or the dtypes differ.
        ValueError: shapes or devices disagree.
    """
    _checks.floats("weights", weights, last=("K", "m", "d"))
    _checks.floats("x", x, last=("n", "P", weights.shape[-1]))
    _checks.same_kind(weights=weights, x=x)
    _checks.broadcast(weights=weights.shape[:-3], x=x.shape[:-3])
    classes, m = weights.shape[-3:-1]
    z = x.flatten(-3, -2) @ weights.flatten(-3, -2).mT  # (..., n P, K m)
    answers = activation(z).unflatten(-1, (classes, m)).mean(-1)
    return answers.unflatten(-2, x.shape[-3:-1]).sum(-2)


def class_step(weights, x, label, lr):
    """One step on the mean over the points of the loss ½ Σ_k (f_k − t_k)², with t_k = 1 if k = c.

    w_{k,r} ← w_{k,r} − (η/(m B)) Σ_i (f_k(x_i) − t_k) Σ_p σ'(⟨w_{k,r}, x_i^(p)⟩) x_i^(p).
    Each output meets its own filters alone: K classes are K networks.

    Args:
        weights: (..., K, m, d).
        x: the patches of a batch of B points, (..., B, P, d).
        label: their classes, int64 (..., B).
        lr: η > 0, a number or a tensor (...).

    Returns:
        (the new weights (..., K, m, d), the outputs before the step (..., B, K)).

    Raises:
        TypeError: something is of the wrong type, or the dtypes differ.
        ValueError: shapes or devices disagree, a label is no class, or ``lr`` is not positive.
    """
    _checks.floats("weights", weights, last=("K", "m", "d"))
    _checks.floats("x", x, last=("B", "P", weights.shape[-1]))
    _checks.same_kind(weights=weights, x=x)
    _check_labels(label, x, weights)
    lr = _checks.learning_rate(lr, like=weights)
    _checks.broadcast(weights=weights.shape[:-3], x=x.shape[:-3], lr=lr.shape)
    outputs, push = _push(weights, x, label)
    change = (push.mT @ x.flatten(-3, -2)).unflatten(-2, weights.shape[-3:-1])
    return weights + lr[..., None, None, None] * change, outputs


def _check_labels(label, x, weights):
    if not isinstance(label, Tensor) or label.dtype != torch.int64:
        raise TypeError(f"label must be an int64 tensor, got {getattr(label, 'dtype', label)!r}")
    if label.shape != x.shape[:-2]:
        raise ValueError(
            f"label must have the shape of x without its last two axes, {tuple(x.shape[:-2])}, "
            f"got {tuple(label.shape)}"
        )
    if not 0 <= int(label.min()) <= int(label.max()) < weights.shape[-3]:
        raise ValueError(f"label must be in 0..{weights.shape[-3] - 1}, got {label.max().item()}")


def _push(weights, x, label):
    """The outputs (..., B, K), and how far each patch moves each filter, (..., B P, K m)."""
    classes, m = weights.shape[-3:-1]
    points, patches = x.shape[-3:-1]
    z = (x.flatten(-3, -2) @ weights.flatten(-3, -2).mT).clamp(min=0)
    z = z.unflatten(-1, (classes, m)).unflatten(-3, (points, patches))  # (..., B, P, K, m)
    outputs = z.square().sum(-3).mean(-1)
    error = (label[..., None] == torch.arange(classes)).to(outputs) - outputs  # t − f
    push = z * (2 / (m * points) * error)[..., None, :, None]
    return outputs, push.flatten(-2).flatten(-3, -2)


def train_classes(data, weights, lr, *, epochs, batch="one", watch=None):
    """Train by SGD, point after point in the order of the data, or by gradient descent.

    A run that diverges ends in numbers that are not finite, or in outputs above 10⁶.

    Args:
        data: ClassData with n points.
        weights: (..., K, m, d); left as they are. All leading axes broadcast.
        lr: η > 0, a number or a tensor (...).
        epochs: passes over the data, at least 1.
        batch: "one" point a step, or "all".
        watch: vectors (K', d), whose inner products with the filters are recorded after each step;
            or None.

    Returns:
        (weights (..., K, m, d), own (..., epochs, n), watched): ``own`` is f_c of each point's own
        class c when it is visited, before the step; ``watched`` is (..., T + 1, K, m, K'), from the
        start on, or None.

    Raises:
        TypeError: something is of the wrong type, or the dtypes differ.
        ValueError: shapes disagree, a label is no class, or a number is outside its range.
    """
    _checks.instance("data", data, ClassData)
    _checks.floats("weights", weights, last=("K", "m", data.x.shape[-1]))
    _checks.same_kind(weights=weights, **{"data.x": data.x})
    _check_labels(data.label, data.x, weights)
    epochs = _checks.integer("epochs", epochs, low=1)
    _checks.one_of("batch", batch, ("one", "all"))
    lr = _checks.learning_rate(lr, like=weights)
    n, shape = data.label.shape[-1], weights.shape
    leads = {"weights": shape[:-3], "lr": lr.shape, "data": data.label.shape[:-1]}
    leading = _checks.broadcast(**leads)
    lr = lr.expand(leading).reshape(-1, 1, 1)
    weights = weights.expand(*leading, *shape[-3:]).reshape(-1, *shape[-3:]).clone()
    x = data.x.expand(*leading, *data.x.shape[-3:]).reshape(-1, *data.x.shape[-3:])
    labels = data.label.expand(*leading, n).reshape(-1, n)
    batches = [slice(i, i + 1) for i in range(n)] if batch == "one" else [slice(0, n)]
    parts = [(labels[:, part], x[:, part], x[:, part].flatten(1, 2)) for part in batches]
    own, watched = [], [] if watch is None else [weights @ watch.mT]
    rows = weights.flatten(1, 2)  # a view: what is added to it is added to the weights
    for _ in range(epochs):
        for label, points, patches in parts:
            outputs, push = _push(weights, points, label)
            rows.baddbmm_((lr * push).mT, patches)
            own.append(outputs.gather(-1, label[..., None]).squeeze(-1))
            if watch is not None:
                watched.append(weights @ watch.mT)
    own = torch.cat(own, -1).reshape(*leading, epochs, n)
    if watch is not None:
        watched = torch.stack(watched, 1).reshape(*leading, -1, *shape[-3:-1], len(watch))
    weights = weights.reshape(*leading, *shape[-3:])
    return weights, own, None if watch is None else watched
