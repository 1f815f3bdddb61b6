"""The diagonal linear network f(x) = Σ_i (a_i² − b_i²) x_i, the simplest relative (chapter 13)."""

from dataclasses import dataclass

import torch

from .. import _checks
from ..patch_data import PatchData


@dataclass(frozen=True)
class SparseModel:
    """Points of a sparse regression: one strong, one weak coordinate, noise in the others.

    A point of the label y = ±1 is (y, y ν, ζ), a weak one (0, y ν, ζ), with Gaussian noise ζ of
    standard deviation ``noise_norm``/√(d − 2) a coordinate.

    Args:
        d: coordinates, at least 3.
        nu: ν in (0, 1], the weak coordinate over the strong one.
        noise_norm: length of the noise, nearly; > 0.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """

    d: int
    nu: float
    noise_norm: float

    def __post_init__(self):
        _checks.integer("d", self.d, low=3)
        _checks.real_number("nu", self.nu)
        _checks.all_between("nu", self.nu, 0, 1, high_open=False)
        _checks.positive("noise_norm", self.noise_norm)

    def sample(self, n, *, n_weak, generator=None):
        """Draw n points.

        Args:
            n: points, at least 1.
            n_weak: how many of them are weak, at random places.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.

        Returns:
            PatchData with one patch a point, x (..., n, 1, d).

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: an argument is outside its range, or a generator is not on the CPU.
        """
        _checks.integer("n", n, low=1)
        _checks.integer("n_weak", n_weak, low=0, high=n)
        found, batched = _checks.cpu_generators(generator)
        sets = [self._draw(n, n_weak, g) for g in found]
        return PatchData.stack(sets) if batched else sets[0]

    def _draw(self, n, n_weak, generator):
        kind = {"dtype": torch.float64, "device": "cpu", "generator": generator}
        chance = torch.rand(2, n, **kind)
        x = self.noise_norm / (self.d - 2) ** 0.5 * torch.randn(n, 1, self.d, **kind)
        y = torch.where(chance[0] < 0.5, 1.0, -1.0).double()
        is_weak = torch.zeros(n, dtype=torch.bool)
        is_weak[chance[1].argsort()[:n_weak]] = True
        x[:, 0, 0] = torch.where(is_weak, 0.0, y)
        x[:, 0, 1] = self.nu * y
        u = torch.eye(self.d, dtype=torch.float64)[0]
        v = self.nu * torch.eye(self.d, dtype=torch.float64)[1]
        return PatchData(x=x, y=y, is_weak=is_weak, u=u, v=v)


def diagonal_output(factors, x):
    """f(x) = Σ_i (a_i² − b_i²) x_i.

    Args:
        factors: a and b, (..., 2, d).
        x: points, (..., n, d).

    Returns:
        (..., n). Leading axes broadcast.

    Raises:
        TypeError: something is not a floating tensor, or the dtypes differ.
        ValueError: shapes or devices disagree.
    """
    _checks.floats("factors", factors, last=(2, "d"))
    _checks.floats("x", x, last=("n", factors.shape[-1]))
    _checks.same_kind(factors=factors, x=x)
    _checks.broadcast(factors=factors.shape[:-2], x=x.shape[:-2])
    squares = factors.square()
    return (x @ (squares[..., 0, :] - squares[..., 1, :])[..., None]).squeeze(-1)


def diagonal_step(factors, x_i, y_i, lr):
    """One step of SGD on the loss ½ (f(x_i) − y_i)².

    a_i ← a_i (1 + 2η (y − f) x_i), b_i ← b_i (1 − 2η (y − f) x_i): with x_i = y X_i and
    e = 1 − y f these are 1 ± κ_i e, κ_i = 2η X_i. So the signals s = X_1 a_1² and q = X_2 a_2² of
    a strong and a weak coordinate follow the map of one point (chapter 4) with ν = X_2/X_1.

    Args:
        factors: a and b, (..., 2, d).
        x_i: a point, (..., d).
        y_i: its target, a number or (...).
        lr: η > 0, a number or (...).

    Returns:
        The new factors, (..., 2, d).

    Raises:
        TypeError: something is of the wrong type, or the dtypes differ.
        ValueError: shapes or devices disagree, or ``lr`` is not positive.
    """
    _checks.floats("x_i", x_i, last=("d",))
    f = diagonal_output(factors, x_i.unsqueeze(-2)).squeeze(-1)
    y_i = _checks.tensor_or_list("y_i", y_i).to(factors)
    lr = _checks.learning_rate(lr, like=factors)
    push = (2 * lr * (y_i - f))[..., None] * x_i
    return factors * torch.stack([1 + push, 1 - push], -2)


def train_diagonal(data, factors, lr, *, epochs, record=False):
    """Train a diagonal linear network by SGD, point after point in the order of the data.

    Args:
        data: PatchData with one patch a point.
        factors: a and b at the start, (..., 2, d). All leading axes broadcast.
        lr: η > 0, a number or a tensor (...).
        epochs: passes, at least 1.
        record: keep the factors after each step.

    Returns:
        (factors (..., 2, d), margins (..., epochs, n), path): ``margins`` is y f when a point is
        visited, before the step; ``path`` is (..., T + 1, 2, d), from the start on, or None.

    Raises:
        TypeError: something is of the wrong type, or the dtypes differ.
        ValueError: shapes disagree, or a number is outside its range.
    """
    _checks.instance("data", data, PatchData)
    _checks.floats("factors", factors, last=(2, "d"))
    _checks.floats("data.x", data.x, last=("n", 1, factors.shape[-1]))
    _checks.same_kind(factors=factors, **{"data.x": data.x})
    epochs = _checks.integer("epochs", epochs, low=1)
    _checks.instance("record", record, bool)
    lr = _checks.learning_rate(lr, like=factors)
    leads = {"factors": factors.shape[:-2], "lr": lr.shape, "data": data.y.shape[:-1]}
    factors = factors.expand(*_checks.broadcast(**leads), *factors.shape[-2:])
    n, margins, path = data.y.shape[-1], [], [factors]
    for visit in range(epochs * n):
        x, y = data.x[..., visit % n, 0, :], data.y[..., visit % n]
        squares = factors.square()
        f = (x * (squares[..., 0, :] - squares[..., 1, :])).sum(-1)
        margins.append(y * f)
        push = (2 * lr * (y - f))[..., None] * x
        factors = factors * torch.stack([1 + push, 1 - push], -2)
        if record:
            path.append(factors)
    margins = torch.stack(margins, -1).unflatten(-1, (epochs, n))
    return factors, margins, torch.stack(path, -3) if record else None
