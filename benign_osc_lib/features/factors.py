"""The experiments on more features, patches and classes, with what was predicted before each run.

``says`` was written, and the formulas below were chosen, before the first run of any of them.
"""

from dataclasses import dataclass

import torch

from .model import FeaturesModel
from .noiseless import flow_limit, follow

KAPPAS = (0.8, 0.9, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5)
"""The rates: κ of the longest strong feature, over the share of a batch where there is one."""

SIZES = {"n": 16, "n_weak": 2, "d": 64, "m": 8, "noise_norm": 0.8, "scale": 1 / 16, "epochs": 200}
"""What is as in §4.3 of the paper, with the book's σ_0 and number of epochs."""

CLASSES = {"classes": 4, "n": 32, "n_weak": 4}
"""The sizes of the runs with four classes, where they differ: per class 7 strong points, 1 weak."""

LEARNED = 0.05
"""The weak signal from which a weak feature counts as learned in a prediction; our choice."""

STRONG, WEAK = 2.0, 0.4


@dataclass(frozen=True)
class Factor:
    """One experiment.

    Args:
        words: what is changed.
        says: what was predicted in words before the run.
        strong_norms: lengths of the strong features.
        weak_norms: lengths of the weak features.
        noise_patches: noise patches of a strong point.
        strong_each: "all" or "one", as in :class:`~benign_osc_lib.features.FeaturesModel`.
        weak_each: the same for the weak features.
        order: of the visits.
        short: the same in a few words, for a figure.
        verdict: what was seen, in a few words, written after the runs.
        kind: "signs", the paper's network; "classes" or "batch", a network with one output a class,
            point by point or by gradient descent; "diagonal", a diagonal linear network.
    """

    words: str
    says: str
    strong_norms: tuple = (STRONG,)
    weak_norms: tuple = (WEAK,)
    noise_patches: int = 1
    strong_each: str = "all"
    weak_each: str = "all"
    order: str = "cyclic"
    kind: str = "signs"
    short: str = ""
    verdict: str = ""

    @property
    def share(self):
        """The share of a class's strong points in a batch, by which κ acts: 1 point by point."""
        return 7 / 32 if self.kind == "batch" else 1.0

    @property
    def kappas(self):
        """The rates κ of the runs."""
        return tuple(round(kappa / self.share, 4) for kappa in KAPPAS)

    def model(self):
        """The FeaturesModel of the points (of "signs")."""
        return FeaturesModel(
            *(SIZES["d"], self.strong_norms, self.weak_norms, SIZES["noise_norm"]),
            *(self.noise_patches, self.strong_each, self.weak_each),
        )


FACTORS = {
    "baseline": Factor(
        "as in §4.3",
        "Oscillation from κ = 1. Weak points are guessed below and learned above.",
        short="as in §4.3",
        verdict="Threshold 1, learned beyond.",
    ),
    "weak": Factor(
        "three weak features (0.5, 0.4, 0.3) on every point",
        "The threshold stays. While small, they grow in the ratios ν(1 − ν) = 1 : .66 : .38. "
        "The longest ends the oscillation and the others stop where they are: v_1 is learned, v_2 "
        "partly (signal about .014), v_3 hardly (about .002).",
        weak_norms=(0.5, WEAK, 0.3),
        short="three weak features",
        verdict="Only the longest is learned; it ends the oscillation.",
    ),
    "apart": Factor(
        "three weak features (0.4 each), one on each point, cyclic order",
        "The threshold stays. In a class with an even number of strong points each point is always "
        "visited on the same side of the target, so some features are learned fast and others "
        "fall: the signals of one network spread more than in shuffled order.",
        weak_norms=(WEAK,) * 3,
        weak_each="one",
        short="one of three weak ones",
        verdict="Noise wins the race: at no rate half-way learned. Predicted otherwise.",
    ),
    "apart-shuffled": Factor(
        "the same, shuffled order",
        "The threshold stays. Every feature grows a third as fast as in the baseline, so at 200 "
        "epochs they are learned at larger κ; the sum of the three Φ rises, a single one need not.",
        weak_norms=(WEAK,) * 3,
        weak_each="one",
        order="shuffled",
        short="the same, shuffled",
        verdict="As in cyclic order.",
    ),
    "strong": Factor(
        "two strong features (2, 1.8) on every strong point",
        "Oscillation from κ = 1.05, and it moves the answer from u_1 to u_2. Below κ = 1.235, "
        "where κ of u_2 is 1, it then ends and v is not learned. Above, u_2 oscillates on: v comes "
        "and u_1 is forgotten (its signal falls below .001 at κ = 1.4).",
        strong_norms=(STRONG, 1.8),
        short="two strong features",
        verdict="v comes at 1.34 in place of 1.08, and then u_1 is forgotten.",
    ),
    "either": Factor(
        "two strong features (2, 1.8), one on each strong point",
        "The points with u_1 oscillate from κ = 1, those with u_2 from 1.235. v grows in half of "
        "the visits: learned later than in the baseline.",
        strong_norms=(STRONG, 1.8),
        strong_each="one",
        short="one of two strong ones",
        verdict="Threshold 1, learned later: half of the visits count.",
    ),
    "patches": Factor(
        "seven noise patches in the place of one",
        "The threshold and the growth of v stay. Longer sums of noise cost accuracy on weak points "
        "at all rates.",
        noise_patches=7,
        short="seven noise patches",
        verdict="Threshold 1, but noise outgrows v. Predicted otherwise.",
    ),
    "classes": Factor(
        "four classes with features of their own, one output each, targets 0 and 1",
        "Each output is a network of its own, and only points of its class show it u: the "
        "threshold stays at κ = 1, whatever the number of classes.",
        kind="classes",
        short="four classes",
        verdict="As with two classes.",
    ),
    "batch": Factor(
        "the same, by gradient descent",
        "A class has 7 of 32 strong points in the batch: the threshold is κ = 32/7 = 4.57.",
        kind="batch",
        short="four classes, full batch",
        verdict="Threshold 1 over the share of the class in the batch.",
    ),
    "diagonal": Factor(
        "a diagonal linear network, coordinates (1, 0.04) and 62 of noise of length 0.4",
        "The same map of s and q with ν = 0.04, and both labels share it: threshold κ = 1, and "
        "learned from smaller κ than in the baseline, since twice as many visits count.",
        kind="diagonal",
        short="diagonal linear network",
        verdict="One point: the same map. Weak points blur the threshold.",
    ),
}
"""The experiments by name."""


def oscillates_from(factor):
    """The κ from which the end of a small rate is unstable: share · κ Σ_k ν_k s_k = 1 there.

    Args:
        factor: a :class:`Factor`.

    Returns:
        A float.

    Raises:
        TypeError: ``factor`` is no Factor.
    """
    _, ratios, start = _start(factor)
    if factor.strong_each == "one":
        ratios, start = (part[[0, -1]] for part in (ratios, start))  # the points with u_1
    signals = flow_limit(start, ratios)
    return 1 / float(ratios @ signals) / factor.share


def learned_from(factor):
    """The least κ, to 0.005, at which the noiseless signal of v ends above 0.05.

    The map is followed for the visits of one class, from the mean of the initial signals: all runs
    of "signs" and "classes" have 7 strong points a class on average, and 200 epochs.

    Args:
        factor: a :class:`Factor`. Points that carry one feature of several carry one at random.

    Returns:
        A float, or NaN if there is none up to κ = 1.6.

    Raises:
        TypeError: ``factor`` is no Factor.
    """
    strong, ratios, start = _start(factor)
    visits = 7 * SIZES["epochs"] * (2 if factor.kind == "diagonal" else 1)
    stream = torch.Generator().manual_seed(0)
    carried = torch.cat(
        [
            _carried(visits, strong, factor.strong_each, stream),
            _carried(visits, len(ratios) - strong, factor.weak_each, stream),
        ],
        1,
    )
    kappas = 1 + 0.005 * torch.arange(121, dtype=torch.float64)
    weak = follow(start, ratios, kappas, carried)[:, -1, strong:]
    seen = weak.sum(-1) if factor.weak_each == "all" else weak.mean(-1)
    found = kappas[seen > LEARNED]
    return float(found[0]) / factor.share if len(found) else float("nan")


def _start(factor):
    """How many features are strong, the ratios ν_k, and the mean of the signals at the start."""
    if not isinstance(factor, Factor):
        raise TypeError(f"factor must be a Factor, got {factor!r}")
    norms = torch.tensor(factor.strong_norms + factor.weak_norms, dtype=torch.float64)
    ratios = norms.square() / norms[0].square()
    start = SIZES["scale"] ** 2 * (ratios if factor.kind == "diagonal" else norms.square() / 2)
    return len(factor.strong_norms), ratios, start


def _carried(visits, count, each, stream):
    """Which of some features the visited points carry, (visits, count)."""
    if each == "all":
        return torch.ones(visits, count, dtype=torch.bool)
    return torch.eye(count, dtype=torch.bool)[torch.randint(count, (visits,), generator=stream)]
