"""The reference engine for any rule: autograd for gradients, ``torch.optim.SGD`` for updates.

It shares nothing with the reduced engines but the network and the activation, so it checks them.
The runs of a batch are rows of a few parameters, one for each learning rate: an optimiser has one
rate for a group of parameters.
"""

import torch
from tqdm import tqdm

from .._threads import one_thread
from ..activations import find
from ..losses import loss
from ..network import output, responses
from .divergence import beyond
from .problem import Found, per_run
from .recorder import Recorder
from .reference import WORTH_THREADS


def _take(tensor, points):
    """The entries (R, B, ...) of points (R, B) along the second axis of a tensor (R, n, ...)."""
    runs = max(len(tensor), len(points))
    whole, points = tensor.expand(runs, *tensor.shape[1:]), points.expand(runs, -1)
    return whole[torch.arange(runs, device=whole.device)[:, None], points]


class _Layers:
    """What is trained: ``weights`` (R, 2, m, d) and, if the rule says so, ``second`` (R, 2, m).

    Args:
        rule: a Rule.
        lr: (R,).
        start: the layers by name.
        velocities: theirs, by name, or None.
    """

    def __init__(self, rule, lr, start, velocities):
        rates, group = lr.unique(return_inverse=True)
        rates = rates if len(rates) else lr.new_ones(1)  # an optimiser needs a parameter
        self.members = [(group == k).nonzero()[:, 0] for k in range(len(rates))]
        self.places = group.argsort(stable=True).argsort()
        factors = {"weights": 1.0, "second": rule.second_layer_rate}
        self.parts, groups = {}, []
        for name, whole in start.items():
            self.parts[name] = [part.clone().requires_grad_() for part in self.cut(whole)]
            for part, rate in zip(self.parts[name], rates.tolist(), strict=True):
                groups.append({"params": [part], "lr": factors[name] * rate})
        self.rates = [group["lr"] for group in groups]
        names = ("momentum", "nesterov", "weight_decay")
        options = {name: getattr(rule, name) for name in names}
        self.sgd = torch.optim.SGD(groups, lr=1.0, **options)
        for name, velocity in (velocities or {}).items():
            for part, own in zip(self.parts[name], self.cut(velocity), strict=True):
                self.sgd.state[part]["momentum_buffer"] = own.clone()

    def whole(self, name, parts=None):
        """A layer, or what is cut like it, of all runs in their order; None if there is none."""
        parts = (parts or self.parts).get(name)
        return torch.cat(parts)[self.places] if parts else None

    def cut(self, whole):
        """What belongs to all runs, in parts."""
        return [whole[mine] for mine in self.members]

    def put(self, name, whole):
        """Overwrite a layer."""
        for part, new in zip(self.parts[name], self.cut(whole), strict=True):
            part.copy_(new)

    def velocities(self):
        """Those of all layers, by name."""
        buffers = {
            name: [self.sgd.state[part]["momentum_buffer"] for part in parts]
            for name, parts in self.parts.items()
        }
        return {name: self.whole(name, buffers) for name in buffers}

    def step(self, gradients, factor):
        """One update along gradients, by name, with all rates multiplied by ``factor``."""
        for group, rate in zip(self.sgd.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        for name, parts in self.parts.items():
            for part, gradient in zip(parts, gradients[name], strict=True):
                part.grad = gradient
        self.sgd.step()


class _Network:
    """f of R runs, and the gradient of a batch's mean loss at any place."""

    def __init__(self, rule, layers):
        self.rule, self.layers, self.sigma = rule, layers, find(rule.activation).torch

    def outputs(self, parts, x):
        """f of points x (R, n, P, d) by layers in parts, (R, n)."""
        weights, second = (self.layers.whole(name, parts) for name in ("weights", "second"))
        second = None if second is None else second[:, None]
        return output(responses(weights[:, None], x), self.sigma, second)

    def gradient(self, parts, x, targets):
        """f (R, B) and the gradient in parts, by name."""
        with torch.enable_grad():
            f = self.outputs(parts, x)
            value = loss(self.rule.loss, f, targets).mean(-1).sum()
            found = torch.autograd.grad(value, [part for each in parts.values() for part in each])
        found = iter(found)
        return f.detach(), {name: [next(found) for _ in each] for name, each in parts.items()}

    def step_gradient(self, x, targets):
        """f where the weights are, and the gradient that the update takes."""
        f, gradient = self.gradient(self.layers.parts, x, targets)
        if self.rule.sam:
            gradient = self.gradient(self.ascended(gradient), x, targets)[1]
        return f, gradient

    def ascended(self, gradient):
        """The layers after a step of length ``sam`` along a gradient, in parts."""
        whole = {name: self.layers.whole(name, gradient) for name in gradient}
        flat = torch.cat([each.flatten(1) for each in whole.values()], 1)
        largest = flat.abs().amax(1, keepdim=True)  # divided by it, no square over- or underflows
        unit = torch.nn.functional.normalize(torch.where(largest > 0, flat / largest, 0), eps=0.5)
        sizes = [each[0].numel() for each in whole.values()]
        shifted = {}
        for (name, each), way in zip(whole.items(), unit.split(sizes, 1), strict=True):
            moved = self.layers.whole(name) + self.rule.sam * way.reshape(each.shape)
            shifted[name] = [part.requires_grad_() for part in self.layers.cut(moved)]
        return shifted


@torch.no_grad()
def train_autograd(problem, record_every, limit, progress):
    """Train the runs of a batch together; see :mod:`benign_osc_lib.engine`."""
    batch, before = problem.lr.shape, problem.before
    targets = problem.y[..., None, :] if problem.targets is None else problem.targets
    own = {"x": 3, "y": 1, "u": 1, "v": 1, "weights": 3, "visits": 2}
    own |= {"directions": 2} if problem.directions is not None else {}
    flat = problem._replace(
        **{name: per_run(getattr(problem, name), axes, batch) for name, axes in own.items()},
        targets=per_run(targets, 2, batch),
        lr=problem.lr.reshape(-1),
        before=before and before._replace(**_flat_before(before, batch)),
    )
    work = len(flat.lr) * problem.weights.shape[-3:].numel() * problem.x.shape[-2]
    with one_thread(problem.x.device.type == "cpu" and work < WORTH_THREADS):
        found = _train(flat, record_every, limit, progress)
    return Found(*(_unflatten(value, batch) for value in found))


def _flat_before(before, batch):
    """The fields of Before for R runs."""
    return {
        "diverged_at": before.diverged_at.reshape(-1),
        "stopped_at": before.stopped_at.reshape(-1),
        "state": {name: t.reshape(-1, *t.shape[len(batch) :]) for name, t in before.state.items()},
    }


def _unflatten(value, batch):
    """What belongs to R runs, with the axes of the batch."""
    if isinstance(value, dict):
        return {name: _unflatten(tensor, batch) for name, tensor in value.items()}
    return None if value is None else value.reshape((*batch, *value.shape[1:]))


def _train(problem, record_every, limit, progress):
    """The same for a batch with one axis, (R,)."""
    rule, lr, before = problem.rule, problem.lr, problem.before
    n, epochs = problem.y.shape[-1], problem.visits.shape[-2]
    weights, layers = problem.weights.expand(len(lr), -1, -1, -1), _start(problem)
    network, noted = _Network(rule, layers), Recorder(problem, record_every)
    x, y, visits = problem.x, problem.y, problem.visits.to(problem.x.device)
    if not len(lr):
        return _found(problem, noted, weights, layers)

    def wild():
        return beyond(network.outputs(layers.parts, x), limit)

    step = first = before.epochs * rule.steps(n) if before else 0
    if not first:
        noted.diverged_at = torch.where(wild(), 0, -1)
        noted.record(0, weights)
    with tqdm(total=len(lr) * epochs * n, disable=not progress, unit="step") as bar:
        for epoch in range(epochs):
            factor = rule.factor(epoch + (before.epochs if before else 0))
            for points in visits[:, epoch].split(rule.batch_size, -1):
                step += 1
                f, gradient = network.step_gradient(
                    _take(x, points),
                    _take(problem.targets[:, epoch % problem.targets.shape[1]], points),
                )
                noted.visit(points, _take(y, points) * f)
                old = {name: layers.whole(name) for name in layers.parts}
                layers.step(gradient, factor)
                weights, running = layers.whole("weights"), noted.running
                finite = torch.linalg.vector_norm(weights, dim=(1, 2, 3)).isfinite()
                found = running & (wild() | ~finite)
                noted.diverged_at = torch.where(found, step, noted.diverged_at)
                kept = running & finite
                if not bool(kept.all()):
                    for name, whole in old.items():
                        mask = kept.reshape(-1, *[1] * (whole.dim() - 1))
                        layers.put(name, torch.where(mask, layers.whole(name), whole))
                    weights = layers.whole("weights")
                noted.record(step, weights)
                bar.update(len(lr) * points.shape[-1])
            noted.end_epoch(epoch, step)
    return _found(problem, noted, weights, layers)


def _start(problem):
    """The layers at the start, or as they were when a run ended that goes on."""
    rule, state = problem.rule, problem.before.state if problem.before else {}
    start = {"weights": problem.weights.expand(len(problem.lr), -1, -1, -1).detach()}
    if rule.second_layer == "trained":
        start["second"] = state.get("second", torch.ones_like(start["weights"][..., 0]))
    velocities = {}
    if rule.momentum:  # torch begins with V = g, the same as with V = 0 before the first update
        velocities = {
            name: state.get(f"{name}_velocity", torch.zeros_like(whole))
            for name, whole in start.items()
        }
    return _Layers(rule, problem.lr, start, velocities)


def _found(problem, noted, weights, layers):
    """What the engine returns."""
    second = layers.whole("second")
    state = None
    if problem.keep_state:
        state = {} if second is None else {"second": second.clone()}
        if problem.rule.momentum:
            found = layers.velocities()
            state |= {f"{name}_velocity": velocity.clone() for name, velocity in found.items()}
    return Found(
        weights=weights.detach().clone(),
        margins=noted.margins,
        strong=noted.strong,
        weak=noted.weak,
        diverged_at=noted.diverged_at,
        stopped_at=noted.stopped_at,
        second=None if second is None else second.detach().clone(),
        overlaps=noted.overlaps,
        path=noted.path,
        state=state,
    )
