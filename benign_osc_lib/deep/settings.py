"""What makes one run: every choice, checked and with a name."""

import json
from dataclasses import asdict, dataclass

from .. import _checks
from .architectures import ARCHITECTURES
from .datasets import DATASETS
from .losses import LOSSES
from .schedule import check_schedule, write_schedule

PRECISIONS = ("float32", "float64", "bf16")
"""How the numbers are held; "bf16" is float32 with torch's autocast to bfloat16."""


@dataclass(frozen=True)
class Settings:
    """The choices of one run, which is the same run for the same settings (chapter 16).

    Args:
        dataset: "digits", "fashion-mnist" or "cifar10".
        arch: "resnet18" or "resnet-narrow".
        lr: the first learning rate.
        schedule: pairs (epochs, rate), increasing: after so many epochs the rate is this.
        epochs: how many epochs, >= 1.
        shortcut: the share of training images with a shortcut, from 0 to 1.
        strength: of the shortcut, >= 0; 1 is the step from black to white.
        seed: of all that is drawn.
        batch_size: images a step; an epoch leaves out those that fill no batch.
        weight_decay: >= 0, as in ``torch.optim.SGD``.
        width: channels of the first stage, up to 65536; None is that of the architecture.
        train_points: how many training images, drawn by the seed; None takes all.
        test_points: how many test images, the first ones; None takes all.
        loss: "cross-entropy" or "square", see :func:`losses_of_images`.
        precision: "float32", "float64" or "bf16".
        sharpness_every: measure the curvature after so many epochs, and at the end; 0 never does.
        sharpness_points: on how many training images, the first ones, >= 2.
        device: a torch device.
        threads: of torch on the CPU, up to 1024. Another number is another rounding, and so
            another run.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """

    dataset: str = "digits"
    arch: str = "resnet-narrow"
    lr: float = 0.1
    schedule: tuple = ()
    epochs: int = 30
    shortcut: float = 0.0
    strength: float = 1.0
    seed: int = 0
    batch_size: int = 128
    weight_decay: float = 5e-4
    width: int | None = None
    train_points: int | None = None
    test_points: int | None = None
    loss: str = "cross-entropy"
    precision: str = "float32"
    sharpness_every: int = 0
    sharpness_points: int = 512
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self):
        _checks.one_of("dataset", self.dataset, DATASETS)
        _checks.one_of("arch", self.arch, tuple(ARCHITECTURES))
        _checks.one_of("loss", self.loss, LOSSES)
        _checks.one_of("precision", self.precision, PRECISIONS)
        _checks.device(self.device)
        plain = {"lr": _checks.positive("lr", self.lr), "schedule": check_schedule(self.schedule)}
        for name, low in _INTEGERS.items():
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                plain[name] = _checks.integer(name, value, low=low, high=_HIGH.get(name))
        for name, high in (("shortcut", 1), ("strength", None), ("weight_decay", None)):
            plain[name] = _checks.real_number(name, getattr(self, name))
            ends = {"high": high, "high_open": False} if high else {}
            _checks.all_between(name, plain[name], 0, low_open=False, **ends)
        if plain["schedule"] and plain["schedule"][-1][0] >= plain["epochs"]:
            raise ValueError(
                f"schedule must change the rate within the {plain['epochs']} epochs, got a change "
                f"after {plain['schedule'][-1][0]}"
            )
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    @property
    def name(self):
        """The name of the run's files: what differs within a grid."""
        rates = f"lr{self.lr:g}" + "".join(f"-then{rate:g}at{e}" for e, rate in self.schedule)
        what = f"{self.dataset}-{self.arch}" + "-square" * (self.loss == "square")
        planted = f"shortcut{self.shortcut:g}-strength{self.strength:g}"
        return f"{what}-{planted}-{rates}-epochs{self.epochs}-seed{self.seed}"

    def to_json(self):
        """The settings as a dictionary of what JSON can hold."""
        return json.loads(json.dumps({**asdict(self), "schedule": write_schedule(self.schedule)}))


_INTEGERS = {"epochs": 1, "seed": 0, "batch_size": 2, "width": 1, "train_points": 1}
_INTEGERS |= {"test_points": 1, "sharpness_every": 0, "sharpness_points": 2, "threads": 1}
_HIGH = {"width": 2**16, "threads": 2**10}
_OPTIONAL = ("width", "train_points", "test_points")
