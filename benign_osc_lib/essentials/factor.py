"""One thing that is changed in the setting of §4.3, and how its rates are chosen (chapter 13)."""

from dataclasses import dataclass, field

from ..rule import Rule
from ..sweeps import DEFAULTS

SLOWER = 12
"""The small rate is the large one over this, with so many times the epochs: 1.2 and 0.1 in §4.3."""

BEYOND = 1.2
"""The large rate is the predicted threshold times this, unless a factor names another."""

KAPPAS = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0)
"""The κ of a factor that is expected to leave the threshold where it is."""


@dataclass(frozen=True)
class Factor:
    """One thing that is changed in the setting of §4.3, and what was expected of it.

    Args:
        name: a slug.
        words: a few words for a figure.
        guess: the prediction in words, written before the runs.
        comes: the predicted answer to whether the weak feature is learned at the large rate: "yes",
            "no", "partly" or "at every rate".
        threshold: the predicted κ from which on the output of strong points oscillates, or None
            where no threshold is predicted.
        lost: the predicted κ from which on most runs lose a class, or None.
        phi: whether the theory says that no step without weak points lowers Φ (appendix E).
        rule: the Rule.
        changes: other parameters of a sweep than those of §4.3, by name.
        loud: by how much the noise of the first strong point is longer.
        kappas: the κ of the sweep.
        at: the κ of the large rate, or None for ``BEYOND`` times the threshold.
    """

    name: str
    words: str
    guess: str
    comes: str
    threshold: float | None = 1.0
    lost: float | None = None
    phi: bool = True
    rule: Rule = Rule()
    changes: dict = field(default_factory=dict)
    loud: float = 1.0
    kappas: tuple = KAPPAS
    at: float | None = None

    @property
    def large(self):
        """The κ at which the factor is compared with its small rate."""
        return round(BEYOND * self.threshold, 3) if self.at is None else self.at

    @property
    def parameters(self):
        """All parameters of the sweep, without the learning rate, the rule among them."""
        return {**DEFAULTS, **self.changes, "rule": self.rule}
