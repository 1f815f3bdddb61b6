"""The data of chapter 9: one signal and noise, as in Cao et al. (2022)."""

from dataclasses import dataclass

import torch

from . import _checks
from .patch_data import PatchData


@dataclass(frozen=True, eq=False)
class SignalNoiseModel:
    """The one-signal model of Cao et al. (2022): two patches, y·μ and a noise vector ξ ⟂ μ.

    μ stands along the first axis. The noise is ξ ~ N(0, σ_p² (I − μμᵀ/‖μ‖²)) with
    σ_p = ``noise_norm``/√d.

    Args:
        d: dimension of a patch, at least 2.
        mu_norm: ‖μ‖ > 0.
        noise_norm: σ_p √d > 0, close to ‖ξ‖.

    Raises:
        TypeError: an argument is not a number, or d not an integer.
        ValueError: an argument is outside its range.
    """

    d: int
    mu_norm: float
    noise_norm: float = 1.0

    def __post_init__(self):
        _checks.integer("d", self.d, low=2)
        _checks.positive("mu_norm", self.mu_norm)
        _checks.positive("noise_norm", self.noise_norm)

    @property
    def mu(self):
        """The signal μ, (d,) float64 on the CPU."""
        vector = torch.zeros(self.d, dtype=torch.float64, device="cpu")
        vector[0] = self.mu_norm
        return vector

    @property
    def tau(self):
        """τ = ‖μ‖²/(σ_p² d), the squared signal-to-noise ratio."""
        return (self.mu_norm / self.noise_norm) ** 2

    def sample(self, n, *, orthogonal=False, generator=None):
        """Draw n points. The labels alternate, +1 first, so that the classes are balanced.

        Args:
            n: number of points, at least 1.
            orthogonal: make the noise patches mutually orthogonal, each of length ``noise_norm``;
                needs n < d.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.

        Returns:
            PatchData with x (..., n, 2, d) and u = v = μ, because there is one feature only.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: n < 1, too many orthogonal patches, or a generator not on the CPU.
        """
        _checks.integer("n", n, low=1, high=self.d - 1 if orthogonal else None)
        found, batched = _checks.cpu_generators(generator)
        kind = {"dtype": torch.float64, "device": "cpu"}
        xi = torch.stack([torch.randn(n, self.d, generator=g, **kind) for g in found])
        xi[..., 0] = 0
        if orthogonal:
            xi = self.noise_norm * torch.linalg.qr(xi.mT).Q.mT
        else:
            xi = self.noise_norm / self.d**0.5 * xi
        xi = xi if batched else xi[0]
        y = (1 - 2 * (torch.arange(n) % 2)).to(**kind).expand(xi.shape[:-1]).clone()
        x = torch.stack([y[..., None] * self.mu, xi], dim=-2)
        return PatchData(x=x, y=y, is_weak=torch.zeros_like(y).bool(), u=self.mu, v=self.mu)
