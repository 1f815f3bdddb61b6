"""The table of ranges (``ranges.txt``), and how each row calls its function with a value."""

import importlib
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benign_osc_lib import (
    FeatureNoiseModel,
    Rule,
    deep,
    digits,
    essentials,
    init_weights,
    phase,
    train,
)
from benign_osc_lib.features import FeaturesModel
from benign_osc_lib.features.classes import ClassModel, init_class_weights
from benign_osc_lib.features.diagonal import SparseModel
from benign_osc_lib.many_points import ClassSignals, LimitMargins
from benign_osc_lib.signal_noise import SignalNoiseModel
from tests.library.common import seeded
from tests.library.deep.common import small_images

MODEL = FeatureNoiseModel(8, 2.0, 0.4, 0.8)
NOISE_MODEL = SignalNoiseModel(6, 0.5)
DATA = MODEL.sample(4, n_weak=1, generator=seeded(1))
WEIGHTS = init_weights(3, 8, 0.1, generator=seeded(2))
CLASSES, SPARSE = ClassModel(2, 16, 2.0, 0.4, 0.8), SparseModel(8, 0.04, 0.4)
OBJECTS = {  # what a method is called on
    "deep.Images": small_images(),
    "data.FeatureNoiseModel": MODEL,
    "features.FeaturesModel": FeaturesModel(8, (2.0,), (0.4, 0.3), 0.8),
    "features.classes.ClassModel": CLASSES,
    "features.diagonal.SparseModel": SPARSE,
    "patch_data.PatchData": DATA,
    "rule.Rule": Rule(),
    "signal_noise.SignalNoiseModel": NOISE_MODEL,
}
SMALL = {"d": 8, "n": 4, "n_weak": 1, "m": 2, "scale": 0.1, "epochs": 1}
SMALL_FACTOR = essentials.Factor("own", "own", "none", "yes", changes=SMALL, kappas=(1.1,))
FROM_ANOTHER = {
    **{"v_norm": "at most u_norm = 2.0", "delta": "< 1/kappa", "scale": "< √2/u_norm"},
    "n_weak": "<= n",
}
"""Upper ends that another argument sets, as messages name them; those of a laboratory are fixed."""

LAW = [0.2, 0.5, 0.3]
WHOLE = ("integer", "counts")

LABELS = ("sgd.sgd_step", "patch_data.noiseless_point")
"""What takes one label or several."""

REPLACED = {"kappa": "lr", "nu": "v_norm", "rho": "n_weak"}


def others():
    """Arguments that are no numbers, by the functions that need them."""
    run = train(DATA, WEIGHTS, 0.1, epochs=2)
    points = CLASSES.sample(2, n_weak=1, generator=seeded(4))
    start = init_class_weights(2, 3, 16, 0.1, generator=seeded(5))
    sparse, pairs = (
        SPARSE.sample(3, n_weak=1, generator=seeded(6)),
        torch.full((2, 8), 0.1).double(),
    )
    noise, strong = np.full(2, 0.1), np.array([True, False])
    state = ClassSignals(0.1, 0.1, noise, 0.0, 0.1, noise, 0.04, noise, strong)
    state, both = {"state": state}, MODEL.sample(8, n_weak=1, generator=seeded(3))
    of_state = (
        "growth_floor sharpness class_energy class_residuals energy_account weak_signal_at_rest"
    )
    of_state += " edge_determinant squared_residuals_at_a_small_rate"
    pictures = {"images": torch.ones(4, 1, 8, 8), "labels": torch.tensor([0, 1, 1, 0])}
    network = {"network": deep.build_network("resnet-narrow", width=1), **pictures}
    path = state | {"e": np.zeros((1, 2))}
    sweep_of_baseline = essentials.sweep_of(essentials.load()[0], "baseline")
    margins = LimitMargins(0.1, 0.1, 0.9, 0.5, 0.5, 0.1, 1.0, 0.3)
    layer = torch.nn.Linear(3, 1)
    learn = {"module": layer, "loss": torch.nn.functional.mse_loss}
    here = {"inputs": torch.eye(3), "targets": torch.ones(3, 1)}
    return {
        "assumptions.assumption_3": {"model": MODEL},
        "essentials.broken_from": {"cells": sweep_of_baseline},
        "essentials.measure": {"factor": SMALL_FACTOR, "seeds": [0]},
        "essentials.order_limit": {"own": [True, False]},
        "essentials.ratchet": {"factor": SMALL_FACTOR, "seeds": [0]},
        "essentials.threshold": {"cells": sweep_of_baseline},
        "digits.calmed": {"found": digits.trained(3, 5, 0.9, [0], digits.Setting(n=4, time=1))},
        "digits.preferred_directions": {"data": digits.pair(3, 5, n=4)[0]},
        "deep.build_network": {"arch": "resnet-narrow"},
        "deep.rate_of_epoch": {"schedule": ()},
        "deep.run_in_folder": {"grid": [], "folder": tempfile.mkdtemp()},
        "deep.sharpness_of_batches": network,
        "deep.with_fresh_statistics": {k: network[k] for k in ("network", "images")},
        "deep.with_shortcut": pictures,
        "deep.wrong_labels": {"labels": pictures["labels"]},
        "enclosure.certain_escape": {"z": (0.1, 0.1), "labels": np.ones(3, int)},
        **{f"many_points.{name}": state for name in of_state.split()},
        **{"many_points.class_path": path, "many_points.limit_margins": path},
        "many_points.squared_residuals_at_a_large_rate": state | {"margins": margins},
        "features.FeaturesModel": {"strong_norms": (2.0,), "weak_norms": (0.4,)},
        "features.balanced_gain": {"e": [0.1], "ratios": [1.0, 0.1], "weights": [-0.1, 1.0]},
        "features.crossing": {"kappas": [1.0, 2.0], "values": [0.1, 0.9]},
        "features.follow": {
            **{"start": [0.1, 0.1], "ratios": [1.0, 0.1]},
            "carried": torch.ones(2, 2, dtype=torch.bool),
        },
        "features.measure": {"name": "diagonal", "seeds": range(4), "kappas": []},
        "features.classes.class_step": {
            **{"weights": start, "x": points.x[:1], "label": points.label[:1]},
        },
        "features.classes.train_classes": {"data": points, "weights": start},
        "features.diagonal.diagonal_step": {"factors": pairs, "x_i": sparse.x[0, 0], "y_i": 1},
        "features.diagonal.train_diagonal": {"data": sparse, "factors": pairs},
        "hessian.eigenpairs": {"function": lambda p: p.prod(), "parameters": torch.ones(5)},
        **{
            "hessian.of_module": learn | here,
            "hessian.of_batches": learn | {"batches": [(*here.values(),)]},
        },
        "many_points.class_signals": {"weights": WEIGHTS, "data": both},
        "many_points.class_record": {"data": DATA, "run": run},
        "many_points.with_orthogonal_noise": {"data": DATA},
        "many_points.class_lead": {"weights": WEIGHTS, "v": MODEL.v},
        "many_points.error_probability": {"weights": WEIGHTS, "model": MODEL},
        "metrics.accuracy": {"weights": WEIGHTS, "data": DATA},
        "metrics.accuracy_of_outputs": {"outputs": DATA.y, "data": DATA},
        "noiseless_classes.noiseless_margins": {"weights": WEIGHTS, "u": MODEL.u, "v": MODEL.v},
        "one_point.signals": {"weights": WEIGHTS, "u": MODEL.u, "v": MODEL.v},
        "patch_data.PatchData.cat": {"sets": [DATA, DATA]},
        "patch_data.noiseless_point": {"u": MODEL.u, "v": MODEL.v},
        "phase.crossing": {"y": [1.0, 2.0, 3.0], "values": [0.0, 0.2, 1.0]},
        "phase.regimes": {"cells": phase.load("rho")},
        "sgd.sgd_step": {"weights": WEIGHTS, "x_i": DATA.x[0]},
        "statistics.law_of_sum": {"law": LAW},
        "statistics.mean_by_run": {"values": [1.0, 2.0]},
        "statistics.two_sided": {"law": LAW},
        "sweeps.sweep": {"grid": SMALL, "progress": False},
        "training.resume": {
            **{"run": train(DATA, WEIGHTS, 0.1, epochs=2, resumable=True), "data": DATA},
        },
        "theory.central_flow": {"s": 0.1, "q": 0.01, "times": [0.0, 1.0]},
        "training.train": {"data": DATA, "weights": WEIGHTS},
        "two_classes.follow": {"z": np.ones((1, 2)), "labels": np.ones(3, int)},
        "widgets.FrameSlider": {"frames": [b"a", b"b"], "labels": "ab", "alts": "ab"},
    }


@dataclass(frozen=True)
class Row:
    """One row of the table; ``low`` and ``high`` are infinite where there is no end."""

    function: str
    argument: str
    kind: str
    good: object
    low: float
    high: float
    closed: tuple
    choices: tuple
    optional: bool
    given: dict

    def __str__(self):
        return f"{self.function}-{self.argument}"

    @property
    def name(self):
        """The argument's own name."""
        return self.argument.removeprefix("grid.")

    @property
    def shown(self):
        """Its name in messages."""
        return self.name if self.name == self.argument else f"grid['{self.name}']"

    @property
    def only_one(self):
        """No array; the values of a grid may be several, an axis, and so may labels of points."""
        several = self.name != self.argument or self.function in LABELS
        return self.kind in ("number", "label", "choice") and not several

    @property
    def inside(self):
        """Values that must be accepted: closed ends, just inside of each end, a large number."""
        if self.choices:
            return list(self.choices)
        ends = [None] if self.optional else []
        for end, closed, inward in ((self.low, self.closed[0], 1), (self.high, self.closed[1], -1)):
            if closed:
                ends += [end, self.beside(end, inward)]
            elif self.kind not in WHOLE and math.isfinite(end):
                ends.append(self.beside(end, inward))
            elif self.kind not in WHOLE:
                ends.append(1e100 * -inward)
        return ends

    @property
    def outside(self):
        """Finite values that must be refused: the open ends, and just outside of the closed."""
        if self.choices:
            return [0.5, 2, *(self.beside(x, way) for x in self.choices for way in (1, -1))]
        ends = []
        for end, closed, out in ((self.low, self.closed[0], -1), (self.high, self.closed[1], 1)):
            if math.isfinite(end):
                ends += [self.beside(end, out)] + [end] * (not closed)
        return ends

    def allowed(self, value):
        """What the message for a value outside says is allowed."""
        if self.kind == "label":
            return "+1"
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        if self.kind == "integer":
            one_end = math.isinf(self.high) or value < self.low and self.name != self.argument
            return f"at least {self.low}" if one_end else f"in {self.low}..{self.high}"
        if value < self.low or value == self.low and not self.closed[0]:
            return f"{'>=' if self.closed[0] else '>'} {self.low}"
        if self.name in FROM_ANOTHER and self.function != "lab.Lab":
            return FROM_ANOTHER[self.name]
        return f"{'<=' if self.closed[1] else '<'} {self.high}"

    @property
    def beyond(self):
        """Integers too large for a float, which only a real number without end could be."""
        return [10**400, -(10**400)] if self.kind in ("number", "elements") else []

    @property
    def good_number(self):
        return self.good[0] if self.kind == "vector" else self.good

    def beside(self, end, way):
        """The number next to an end."""
        return end + way if self.kind in WHOLE else math.nextafter(end, math.inf * way)

    def several(self, value, kind=np.array):
        """An array or a tensor of a good element and another one."""
        pair = np.array([self.good_number, value], dtype=float)
        return pair if kind is np.array else kind(pair)


def number(text):
    return float(text) if any(c in text for c in ".einf") else int(text)


def parse(line):
    function, argument, kind, span, good, *given = (part.strip() for part in line.split("|"))
    kind, _, optional = kind.partition(" or ")
    low, high, closed, choices = -math.inf, math.inf, (False, False), ()
    if kind in ("label", "choice"):
        choices = (-1, 1) if kind == "label" else tuple(number(x) for x in span.split(", "))
    elif span != "any":
        low, high = (number(x) for x in span[1:-1].split(", "))
        closed = (span[0] == "[", span[-1] == "]")
    value = np.array([number(x) for x in good[1:-1].split(", ")]) if kind == "vector" else None
    more = dict(pair.split("=") for pair in given)
    more = {name: True if text == "True" else number(text) for name, text in more.items()}
    good = number(good) if value is None else value
    return Row(function, argument, kind, good, low, high, closed, choices, bool(optional), more)


ROWS = [
    parse(line)
    for line in Path(__file__).with_name("ranges.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def public(path):
    """What stands at ``module.name`` or ``module.Class.method``."""
    owner, _, name = path.rpartition(".")
    if owner in OBJECTS:
        return getattr(OBJECTS[owner], name)
    return getattr(importlib.import_module(f"benign_osc_lib.{owner}"), name)


class Calls:
    """Calls functions with the good values of all rows but one."""

    def __init__(self):
        self.others = others()

    def __call__(self, row, value):
        given = {r.argument: r.good for r in ROWS if r.function == row.function}
        given = {**given, **row.given, row.argument: value}
        given = {**self.others.get(row.function, {}), **given}
        if row.function == "sweeps.sweep":
            given = self.sweep(row, given)
        elif row.function == "seeds.generators":
            given["seeds"] = [value]
        return public(row.function)(**given)

    @staticmethod
    def sweep(row, given):
        """The row's own parameter in the grid, and those that it needs there."""
        chosen = {name for name in given if name in row.given or name == row.argument}
        own = {name[5:]: given[name] for name in chosen if name.startswith("grid.")}
        left_out = {REPLACED[name] for name in own if name in REPLACED}
        grid = {k: v for k, v in given["grid"].items() if k not in left_out}
        plain = {k: v for k, v in given.items() if not k.startswith("grid.")}
        return {**plain, "grid": {**grid, **own}, "seeds": [given["seeds"]]}


def wrong_types(row):
    """Values of types that are never a number, whatever the range."""
    good = row.good_number
    wrong = [] if row.optional else [None]
    wrong += [str(good), 1j, object(), b"1", {"a": 1}]
    if row.kind != "label":
        wrong.append(True)
    if row.kind == "integer":
        wrong += [float(good), np.array([good]), [good], math.nan, math.inf]
    elif row.kind == "number":
        wrong.append([good])
    elif row.kind in ("elements", "vector"):
        wrong.append([good])
    if row.kind in ("elements", "vector", "nested", "counts"):
        wrong += [np.array([True]), np.array([1j]), np.array(["1"]), np.array([None])]
        wrong += [torch.tensor([True]), torch.tensor([1j])]
    if row.argument.startswith("grid."):  # a sequence is an axis of the grid
        wrong = [value for value in wrong if np.ndim(value) == 0 and not isinstance(value, dict)]
    return wrong
