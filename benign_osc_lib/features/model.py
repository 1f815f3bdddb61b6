"""Points with several strong and several weak features, and any number of noise patches."""

from dataclasses import dataclass

import torch

from .. import _checks
from ..patch_data import PatchData

EACH = ("all", "one")
"""How many features of a kind a point carries: all of them, or one at random."""


@dataclass(frozen=True)
class FeaturesModel:
    """The data of section 2 of the paper with more features and more patches (chapter 13).

    All features are orthogonal: they stand along the first axes of R^d, the strong ones first. A
    point has a label y = ±1, each with probability ½, and these patches, in this order:

    - y·u_k for each strong feature that a strong point carries; noise in their place in a weak one;
    - y·v_l for each weak feature that it carries;
    - ``noise_patches`` noise patches.

    Noise is Gaussian and orthogonal to every feature, with standard deviation
    ``noise_norm``/√d along any other axis. With one feature of each kind and one noise patch this
    is the law of :class:`~benign_osc_lib.data.FeatureNoiseModel`.

    Args:
        d: dimension of a patch, above the number of features.
        strong_norms: ‖u_1‖, ‖u_2‖, …, a tuple of numbers > 0, falling.
        weak_norms: ‖v_1‖, ‖v_2‖, …, a tuple of numbers > 0, falling, none above the strong ones.
        noise_norm: σ_p √d > 0.
        noise_patches: noise patches of a strong point, at least 1.
        strong_each: "all", a strong point carries all strong features, each in a patch of its own;
            "one", it carries one, each equally likely.
        weak_each: the same for the weak features, of every point.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """

    d: int
    strong_norms: tuple
    weak_norms: tuple
    noise_norm: float
    noise_patches: int = 1
    strong_each: str = "all"
    weak_each: str = "all"

    def __post_init__(self):
        for name in ("strong_norms", "weak_norms"):
            norms = _checks.tensor_or_list(name, getattr(self, name))
            if norms.dim() != 1 or not len(norms):
                raise ValueError(f"{name} must be one length or more, got {getattr(self, name)}")
            _checks.all_between(name, norms, 0)
            object.__setattr__(self, name, tuple(norms.double().tolist()))
        if list(self.norms) != sorted(self.norms, reverse=True):
            raise ValueError(f"strong_norms, weak_norms must be falling, got {self.norms}")
        _checks.integer("d", self.d, low=len(self.norms) + 1)
        _checks.positive("noise_norm", self.noise_norm)
        _checks.integer("noise_patches", self.noise_patches, low=1)
        _checks.one_of("strong_each", self.strong_each, EACH)
        _checks.one_of("weak_each", self.weak_each, EACH)

    @property
    def norms(self):
        """The lengths of all features, the strong ones first."""
        return self.strong_norms + self.weak_norms

    @property
    def features(self):
        """All features as rows, the strong ones first, (K, d) float64 on the CPU."""
        rows = torch.zeros(len(self.norms), self.d, dtype=torch.float64, device="cpu")
        rows.diagonal().copy_(torch.tensor(self.norms, dtype=torch.float64))
        return rows

    @property
    def ratios(self):
        """‖feature‖²/‖u_1‖² of every feature, (K,): 1 for the first, ν for the weak ones."""
        squares = torch.tensor(self.norms, dtype=torch.float64, device="cpu").square()
        return squares / squares[0]

    def sample(self, n, *, n_weak, generator=None, only=None):
        """Draw n points.

        Args:
            n: number of points, at least 1.
            n_weak: the number of weak points, at random places.
            generator: a CPU ``torch.Generator``; or a sequence of them, for a leading axis with
                one independent data set per generator; or None for torch's default generator.
            only: the number l of a weak feature, from 0: the points carry v_l alone of the weak
                ones, with noise in the place of the others; None: as ``weak_each`` says.

        Returns:
            PatchData with x (..., n, P, d), u = u_1 and v = v_1.

        Raises:
            TypeError: an argument is of the wrong type.
            ValueError: an argument is outside its range, or a generator is not on the CPU.
        """
        _checks.integer("n", n, low=1)
        _checks.integer("n_weak", n_weak, low=0, high=n)
        if only is not None:
            _checks.integer("only", only, low=0, high=len(self.weak_norms) - 1)
        found, batched = _checks.cpu_generators(generator)
        sets = [self._draw(n, n_weak, g, only) for g in found]
        return PatchData.stack(sets) if batched else sets[0]

    def carries(self, data):
        """Which features each point carries: where one of its patches is y times the feature.

        Args:
            data: PatchData of this model, (..., n, P, d).

        Returns:
            A bool tensor (..., n, K), the strong features first.

        Raises:
            TypeError: ``data`` is no PatchData.
            ValueError: its patches have another dimension.
        """
        _checks.instance("data", data, PatchData)
        _checks.floats("data.x", data.x, last=("n", "P", self.d))
        return (data.x @ self.features.to(data.x).mT).ne(0).any(-2)

    def _draw(self, n, n_weak, generator, only):
        kind = {"dtype": torch.float64, "device": "cpu", "generator": generator}
        chance = torch.rand(4, n, **kind)
        strong_slots = len(self.strong_norms) if self.strong_each == "all" else 1
        weak_slots = len(self.weak_norms) if self.weak_each == "all" else 1
        x = torch.randn(n, strong_slots + weak_slots + self.noise_patches, self.d, **kind)
        x *= self.noise_norm / self.d**0.5
        x[..., : len(self.norms)] = 0  # the axes of the features
        y = torch.where(chance[0] < 0.5, 1.0, -1.0).double()
        is_weak = torch.zeros(n, dtype=torch.bool)
        is_weak[chance[1].argsort()[:n_weak]] = True
        signed = y[:, None, None] * self.features
        strong, weak = signed.split([len(self.strong_norms), len(self.weak_norms)], 1)
        strong = _chosen(strong, self.strong_each, chance[2])
        x[:, :strong_slots] = torch.where(is_weak[:, None, None], x[:, :strong_slots], strong)
        if only is None:
            x[:, strong_slots : strong_slots + weak_slots] = _chosen(
                weak, self.weak_each, chance[3]
            )
        else:
            x[:, strong_slots + (only if weak_slots > 1 else 0)] = weak[:, only]
        u, v = self.features[0], self.features[len(self.strong_norms)]
        return PatchData(x=x, y=y, is_weak=is_weak, u=u, v=v)


def _chosen(signed, each, chance):
    """All features of a kind, (n, K, d), or of each point the one that chance picks, (n, 1, d)."""
    if each == "all":
        return signed
    which = (chance * signed.shape[1]).long()
    return signed[torch.arange(len(which)), which][:, None]
