"""Which SGD: the paper's plain rule, eq. (3), and its relatives."""

import json
import math
from dataclasses import asdict, dataclass, fields

from . import _checks
from .activations import ACTIVATIONS, Activation, find
from .losses import LOSSES


@dataclass(frozen=True, repr=False)
class Rule:
    """Everything that may differ from the paper's SGD; ``Rule()`` is the paper's, eqs. (1) to (3).

    Let w be all trained weights, β the momentum and λ the weight decay. One update on a batch 𝓑 of
    points with targets t_i, in epoch e, is that of ``torch.optim.SGD``:

    - g = (1/abs(𝓑)) Σ_{i ∈ 𝓑} ∇ℓ(f(x_i; ŵ), t_i) + λ w, with ŵ = w unless ``sam`` is set;
    - V ← β V + g, from V = 0;
    - w ← w − η s_e V, or w − η s_e (g + β V) with ``nesterov``; s_e is the factor of the schedule.

    Whatever the rule, each update lies in the span of the patches and of w itself (chapter 3).

    Left out: more than two classes. The record, the margins y f and the theory are for labels ±1.
    Further features and noise patches need no rule: see ``overlaps`` of
    :func:`~benign_osc_lib.training.train`. Left out, too, are rules whose step is no combination of
    gradients, such as Adam: it divides each coordinate by a number of its own, and so leaves the
    span.

    Args:
        activation: σ of eq. (1): "relu2", the paper's max(z, 0)²; "relu", "relu3", "quadratic",
            "gelu"; or an :class:`~benign_osc_lib.activations.Activation` of your own.
        loss: "square", ½ (f − t)²; or "logistic", log(1 + exp(−t f)).
        batch_size: points an update, at least 1. The order of an epoch is cut into batches of
            consecutive visits; the last may be shorter. From n on it is gradient descent.
        momentum: β in [0, 1).
        nesterov: Nesterov's form; needs momentum.
        weight_decay: λ >= 0, part of the gradient before the momentum.
        label_noise: the standard deviation of a fresh Gaussian added to the target at each visit.
        schedule: None, or the factors s_0, s_1, … of the learning rate, >= 0, one an epoch. The
            last one stays.
        second_layer: "fixed", eq. (1); or "trained": each filter has a factor a_{j,r} that starts
            at 1 and is trained too, f = Σ_j (j/m) Σ_r a_{j,r} Σ_p σ(⟨w_{j,r}, x^(p)⟩).
        sam: sharpness-aware steps of radius ρ >= 0: ŵ = w + ρ G/‖G‖, with G the gradient of the
            batch's loss at w without weight decay (Foret et al., 2021); ŵ = w where G = 0.
        label_flips: the probability, in [0, 1], that a visit sees −y in place of y.
        second_layer_rate: the learning rate of the second layer over that of the first. With m²,
            and neither weight decay nor ``sam``, it is the parametrisation whose second layer is
            the numbers j a_{j,r}/m themselves.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range, a word is not one of those above, or
            ``nesterov`` is set without momentum.
    """

    activation: str | Activation = "relu2"
    loss: str = "square"
    batch_size: int = 1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    label_noise: float = 0.0
    schedule: tuple | None = None
    second_layer: str = "fixed"
    sam: float = 0.0
    label_flips: float = 0.0
    second_layer_rate: float = 1.0

    def __post_init__(self):
        sigma = find(self.activation)
        _checks.one_of("loss", self.loss, LOSSES)
        _checks.one_of("second_layer", self.second_layer, ("fixed", "trained"))
        plain = {
            "activation": sigma.name if ACTIVATIONS.get(sigma.name) is sigma else sigma,
            "batch_size": _checks.integer("batch_size", self.batch_size, low=1),
            "schedule": _factors(self.schedule),
        }
        for name, high in (
            ("momentum", 1),
            ("weight_decay", math.inf),
            ("label_noise", math.inf),
            ("sam", math.inf),
            ("label_flips", 1),
            ("second_layer_rate", math.inf),
        ):
            plain[name] = _checks.real_number(name, getattr(self, name))
            closed = name == "label_flips"
            _checks.all_between(name, plain[name], 0, high, low_open=False, high_open=not closed)
        if not isinstance(self.nesterov, bool):
            raise TypeError(f"nesterov must be True or False, got {self.nesterov!r}")
        if self.nesterov and not plain["momentum"]:
            raise ValueError("momentum must be > 0 with nesterov=True, got 0")
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def __repr__(self):
        """The arguments that are not those of the plain rule."""
        changed = (
            (field.name, getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )
        shown = (
            f"{name}={value.name if isinstance(value, Activation) else repr(value)}"
            for name, value in changed
        )
        return f"Rule({', '.join(shown)})"

    @property
    def is_plain(self):
        """Whether a step is that of eq. (3)."""
        return all(getattr(self, name) == value for name, value in _PLAIN.items())

    @property
    def draws(self):
        """Whether targets are drawn: label noise or flips."""
        return self.label_noise > 0 or self.label_flips > 0

    def factor(self, epoch):
        """s_e, by which the learning rate of an epoch is multiplied.

        Args:
            epoch: e >= 0.

        Returns:
            A float.

        Raises:
            TypeError: ``epoch`` is no integer.
            ValueError: it is negative.
        """
        _checks.integer("epoch", epoch, low=0)
        return self.schedule[min(epoch, len(self.schedule) - 1)] if self.schedule else 1.0

    def steps(self, n):
        """Updates in an epoch of n points, ⌈n/batch_size⌉.

        Args:
            n: points, at least 1.

        Returns:
            An integer.

        Raises:
            TypeError: ``n`` is no integer.
            ValueError: it is below 1.
        """
        return -(-_checks.integer("n", n, low=1) // self.batch_size)

    def to_json(self):
        """The rule as a JSON text, from which :meth:`from_json` makes it again.

        Raises:
            ValueError: the activation is not one with a name.
        """
        if isinstance(self.activation, Activation):
            raise ValueError(
                f"activation must be one with a name to be written down, got {self.activation.name}"
            )
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text):
        """The Rule of a JSON text.

        Args:
            text: as from :meth:`to_json`. What is not named is as in the plain rule.

        Raises:
            TypeError: ``text`` is no text, or a value is of the wrong type.
            ValueError: it is not the JSON of an object, names what no Rule has, or a value is
                outside its range.
        """
        _checks.instance("text", text, str)
        try:
            given = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"text must be JSON, got {text!r}: {error}") from None
        if not isinstance(given, dict) or not set(given) <= {field.name for field in fields(Rule)}:
            raise ValueError(f"text must be a JSON object of arguments of Rule, got {text}")
        return Rule(**given)


_PLAIN = {field.name: field.default for field in fields(Rule) if field.name != "second_layer_rate"}


def _factors(schedule):
    """The factors of a schedule as a tuple of floats, or None."""
    if schedule is None:
        return None
    try:
        factors = _checks.tensor_or_list("schedule", schedule)
    except TypeError:
        raise TypeError(f"schedule must be None or a list of factors, got {schedule!r}") from None
    if factors.dim() != 1 or not len(factors):
        raise ValueError(f"schedule must be None or a list of one factor or more, got {schedule!r}")
    _checks.all_between("schedule", factors, 0, low_open=False)
    return tuple(factors.double().tolist())
