"""The feature-noise data model: patches, strong points and weak points (paper, section 2)."""

import math
from dataclasses import dataclass

import torch

from . import _checks, _points
from ._draws import draw, in_parts
from .patch_data import PatchData


@dataclass(frozen=True)
class FeatureNoiseModel:
    """The distribution of the data (paper, section 2).

    Two features u ⟂ v stand along the first two axes of R^d, u the stronger. A point has a label
    y = ±1, each with probability ½, and three patches:

    - patch 0 is y·u in a *strong* point; in a *weak* point, which comes with probability ρ, it is
      a noise vector;
    - patch 1 is y·v;
    - patch 2 is a noise vector.

    Noise is Gaussian and orthogonal to both features,
    ξ ~ N(0, σ_p² (I − uuᵀ/‖u‖² − vvᵀ/‖v‖²)) with σ_p = ``noise_norm``/√d, so that ‖ξ‖ is close
    to ``noise_norm``.

    Args:
        d: dimension of a patch, at least 3.
        u_norm: ‖u‖ > 0.
        v_norm: ‖v‖, with 0 < ‖v‖ <= ‖u‖.
        noise_norm: σ_p √d > 0.
        rho: ρ, the probability of a weak point, in [0, 0.5).

    Raises:
        TypeError: an argument is not a number, or d not an integer.
        ValueError: an argument is outside its range.
    """

    d: int
    u_norm: float
    v_norm: float
    noise_norm: float
    rho: float = 0.125

    def __post_init__(self):
        checked = {"d": _checks.integer("d", self.d, low=3)}
        for name in ("u_norm", "v_norm", "noise_norm"):
            checked[name] = _checks.positive(name, getattr(self, name))
        if self.v_norm > self.u_norm:
            raise ValueError(f"v_norm must be at most u_norm = {self.u_norm}, got {self.v_norm}")
        checked["rho"] = _checks.real_number("rho", self.rho)
        _checks.all_between("rho", self.rho, 0, 0.5, low_open=False)
        for name, value in checked.items():  # plain numbers, whatever type was given
            object.__setattr__(self, name, value)

    @property
    def u(self):
        """The strong feature, (d,) float64 on the CPU."""
        return _along_axis(self.d, 0, self.u_norm)

    @property
    def v(self):
        """The weak feature, (d,) float64 on the CPU."""
        return _along_axis(self.d, 1, self.v_norm)

    @property
    def sigma_p(self):
        """σ_p, the standard deviation of a noise patch along any direction ⟂ u, v."""
        return self.noise_norm / math.sqrt(self.d)

    @property
    def nu(self):
        """ν = ‖v‖²/‖u‖², the strength of the weak feature relative to the strong one."""
        return (self.v_norm / self.u_norm) ** 2

    def sample(self, n, *, n_weak=None, generator=None, device=None, dtype=torch.float64):
        """Draw n points.

        The draw is made on the CPU in float64 and then moved, so a seed means the same data on
        every device and, up to rounding, in every dtype.

        Args:
            n: number of points, at least 1.
            n_weak: the exact number of weak points, at random places; None leaves it to chance,
                each point being weak with probability ρ.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.
            device: where the result lives; None is the CPU.
            dtype: a floating dtype.

        Returns:
            PatchData with x (..., n, 3, d), y (..., n) and is_weak (..., n).

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: n < 1, n_weak outside 0..n, or a generator that is not on the CPU.
        """
        _checks.integer("n", n, low=1)
        if n_weak is not None:
            _checks.integer("n_weak", n_weak, low=0, high=n)
        _checks.floating_dtype(dtype)
        _checks.device(device)
        found, batched = _checks.cpu_generators(generator)

        def make(part, **points):
            chance, normal = numbers = _points.numbers(self, n, len(part))
            draw(part, *numbers)
            _points.fill_points(self, n_weak, chance[1], normal[1], **points)

        made = in_parts(found, _points.shapes(self, n), make)
        x, y, is_weak = (made[name] if batched else made[name][0] for name in ("x", "y", "is_weak"))
        kind = {"device": device, "dtype": dtype}
        return PatchData(
            x=x.to(**kind),
            y=y.to(**kind),
            is_weak=is_weak.to(device=device),
            u=self.u.to(**kind),
            v=self.v.to(**kind),
        )


def _along_axis(d, axis, norm):
    vector = torch.zeros(d, device="cpu", dtype=torch.float64)
    vector[axis] = norm
    return vector
