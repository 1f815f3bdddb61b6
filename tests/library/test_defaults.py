"""Every default and every constant of the public library, as a literal number.

A default without a row here fails. What the paper fixes is marked with its section; the rest is the
book's choice, which its pages and the docstrings state.
"""

import dataclasses
import inspect
import math
from fractions import Fraction

import pytest
import torch

from benign_osc_lib import Rule, digits, network, phase, theory
from benign_osc_lib.sweeps import DEFAULTS
from tests.library.interface import CALLABLES, CONSTANTS

RHO = 0.125  # §4.3: 2 weak points among 16

RATES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0)
FACTORY = dataclasses._HAS_DEFAULT_FACTORY  # a fresh dict

ARGUMENTS = {
    "activations.Activation": {"name": "custom"},
    "cubic_map.lyapunov_exponent": {"steps": 2000, "skip": 500},
    "data.FeatureNoiseModel": {"rho": RHO},
    "data.FeatureNoiseModel.sample": {
        **{"n_weak": None, "generator": None, "device": None, "dtype": torch.float64},
    },
    "digits.Setting": {
        **{"n": 64, "image_norm": 0.2, "shortcut": 1.0, "scaling": "each", "time": 300.0},
        **{"scale": 0.0625, "order": "cyclic", "m": 8},
    },
    "digits.calmed": {"epochs": 1200, "stop_below": 1e-4},
    "digits.measure_rates": {"calm": False},
    "digits.pair": {
        **{"n": 64, "image_norm": 0.2, "shortcut": 1.0, "scaling": "each", "generator": None},
    },
    "digits.preferred_directions": {"steps": 300},
    "digits.trained": {"setting": digits.Setting()},
    "deep.Images": {"white": 255, "classes": 10},
    "deep.Images.brightness": {"dtype": torch.float32},
    "deep.Images.subset": {"train_points": None, "test_points": None, "seed": 0},
    "deep.Settings": {
        **{"dataset": "digits", "arch": "resnet-narrow", "lr": 0.1, "schedule": (), "epochs": 30},
        **{"shortcut": 0.0, "strength": 1.0, "seed": 0, "batch_size": 128, "weight_decay": 5e-4},
        **{"width": None, "train_points": None, "test_points": None, "precision": "float32"},
        "loss": "cross-entropy",
        **{"sharpness_every": 0, "sharpness_points": 512, "device": "cpu", "threads": 1},
    },
    "deep.Training.epoch": {"after_step": None},
    "deep.build_network": {
        **{"channels": 1, "classes": 10, "width": None, "generator": None, "dtype": torch.float32},
    },
    "deep.load_images": {"folder": None},
    "deep.losses_of_images": {"loss": "cross-entropy"},
    "deep.pattern": {"classes": 10},
    "deep.run_in_folder": {
        **{"data": None, "images": None, "checkpoint_every": 0, "keep_weights": True},
        **{"tensorboard": False, "progress": False, "command": "", "report": None},
    },
    "deep.sharpness_of_batches": {"loss": "cross-entropy"},
    "deep.sharpness_of_groups": {"loss": "cross-entropy"},
    "deep.with_shortcut": {"strength": 1.0, "classes": 10},
    "deep.wrong_labels": {"classes": 10},
    "enclosure.certain_escape": {"radius": 0.0},
    "features.Factor": {
        **{"strong_norms": (2.0,), "weak_norms": (0.4,), "noise_patches": 1, "strong_each": "all"},
        **{"weak_each": "all", "order": "cyclic", "kind": "signs", "short": "", "verdict": ""},
    },
    "features.FeaturesModel": {"noise_patches": 1, "strong_each": "all", "weak_each": "all"},
    "features.FeaturesModel.sample": {"generator": None, "only": None},
    "features.classes.ClassModel.sample": {"generator": None},
    "features.classes.init_class_weights": {"generator": None},
    "features.classes.train_classes": {"batch": "one", "watch": None},
    "features.diagonal.SparseModel.sample": {"generator": None},
    "features.diagonal.train_diagonal": {"record": False},
    "features.measure": {"slower": 1, "record": False},
    "engine.problem.Found": {
        **dict.fromkeys(("stopped_at", "second", "overlaps", "path", "state", "engine")),
    },
    "engine.reduced.in_parts": {"together": 1},
    "engine.problem.Problem": {
        **{"rule": Rule(), "targets": None, "margins": True, "directions": None, "path": False},
        **{"stop_below": 0.0, "keep_state": False, "before": None},
    },
    "essentials.Factor": {
        **{"threshold": 1.0, "lost": None, "phi": True, "rule": Rule(), "changes": FACTORY},
        **{"loud": 1.0, "kappas": RATES, "at": None},
    },
    "essentials.broken_from": {"share": 0.5},
    "essentials.load": {"table": "cells"},
    "essentials.measure": {
        **{"kappas": None, "epochs": None, "n_test": 100, "stop_below": None},
    },
    "essentials.order_limit": {"nesterov": False},
    "essentials.ratchet": {"kappa": None, "epochs": 200},
    "essentials.reduce_runs": {"kind": "sweep", "fit_only": False},
    "essentials.threshold": {"level": 0.2, "share": 0.5},
    **dict.fromkeys(
        [f"hessian.{name}" for name in ("eigenpairs", "of_module", "of_batches")],
        {"k": 1, "which": "largest", "tolerance": 1e-6, "generator": None},
    ),
    "many_points.class_record": {"start": 0},
    "many_points.noise_allowance": {"growth": 0.0},
    "many_points.upward_noise_allowance": {"growth": 0.0, "down": 0.0},
    "many_points.weak_signal_at_rest": {"opposite": 0.0},
    "many_points.visits_needed": {"kept": 1.0, "undone": 0.0},
    "many_points.weak_signal_floor": {"kept": 1.0, "undone": 0.0},
    "metrics.Proportion": {"level": 0.95},
    "metrics.accuracy": {"level": 0.95},
    "metrics.accuracy_of_outputs": {"level": 0.95},
    "network.init_weights": {"generator": None, "device": None, "dtype": torch.float64},
    "network.output": {"sigma": network.activation, "second": None},
    "network.predict": {"activation": "relu2", "second_layer": None},
    "one_point.orbit": {"s_other": 0.0, "q_other": 0.0},
    "patch_data.PatchData": {"u": None, "v": None},
    "patch_data.PatchData.cat": {"dim": 0},
    "patch_data.noiseless_point": {"y": 1},
    "phase.horizon": {"scale": 0.0625, "u_norm": 2.0},
    "phase.noise_border": {"u_norm": 2.0},
    "phase.noise_threshold": {"u_norm": 2.0},
    "phase.nu_border": {"u_norm": 2.0},
    "phase.predicted_regimes": {
        **{"nu": 0.04000000000000001, "n_weak": 2, "noise_norm": 0.8, "escape": 2.0},
        **{"n": 16, "epochs": 200, "scale": 0.0625, "u_norm": 2.0},
    },
    "phase.regimes": {"signal": 0.0, "strong": 0.9, "weak": 0.9},
    "phase.strong_visits": {"n_weak": 2, "n": 16, "epochs": 200},
    "phase.visits_to_learn": {"scale": 0.0625, "u_norm": 2.0},
    "plotting.figure": {"rows": 1, "columns": 1, "height": 2.6},
    "plotting.loss": {"color": "black", "style": "-", "label": None},
    "plotting.margins": {"style": "-", "label": None},
    "plotting.signals": {"style": "-"},
    "plotting.to_png": {"dpi": 280},
    "rule.Rule": {
        **{"activation": "relu2", "loss": "square", "batch_size": 1, "momentum": 0.0},
        **{"nesterov": False, "weight_decay": 0.0, "label_noise": 0.0, "schedule": None},
        **{"second_layer": "fixed", "sam": 0.0, "label_flips": 0.0, "second_layer_rate": 1.0},
    },
    "run.Progress": {"directions": None, "generators": None},
    "run.Run.load": {"device": None},
    "run.Run": {
        **{"lr": None, "rule": Rule(), "seeds": None, "stopped_at": None, "second_layer": None},
        **{"overlaps": None, "path": None, "progress": None},
    },
    "signal_noise.SignalNoiseModel": {"noise_norm": 1.0},
    "signal_noise.SignalNoiseModel.sample": {"orthogonal": False, "generator": None},
    "signal_noise.orbit": {"s_other": 0.0, "q_other": 0.0},
    "statistics.mean_by_run": {"level": 0.95},
    "sweeps.sweep": {
        **{"n_test": 100, "test_points": "patches", "store": None, "executor": None},
        **{"engine": "auto", "device": None, "block_size": 1000, "progress": True},
    },
    "theory.batch_exponent": {"own": 1, "points": 2, "shuffled": False},
    "theory.batch_limit": {"own": 1, "points": 2, "shuffled": False},
    "theory.batch_limit_almost_surely": {"own": 1, "points": 2, "shuffled": False},
    "theory.kappa_limit": {"momentum": 0.0, "nesterov": False, "decay": 0.0, "share": 1.0},
    "theory.label_noise": {"q": 0.0},
    "theory.rest_limit": {"second_layer": 0.0},
    "theory.sam_cycle": {"q": 0.0},
    "theory.sharpness_limit": {"momentum": 0.0, "nesterov": False, "every": 1},
    "theory.barrier_factor": {"opposite": 0.0},
    "theory.largest_signal": {"opposite": 0.0},
    "theory.smallest_factor": {"opposite": 0.0},
    "theory.smooth_exponents": {"e_0": 1.0},
    "theory.squared_residual_budget": {"opposite": 0.0},
    "theory.stopping_margins": {"q_other": 0.0},
    "theory.strong_signal_floor": {"opposite": 0.0},
    "training.resume": {"progress": False},
    "training.train": {
        **{"rule": Rule(), "order": "cyclic", "record_every": 1, "generator": None},
        **{"engine": "auto", "progress": False, "margins": True, "overlaps": None},
        **{"record_weights": False, "stop_below": None, "resumable": False},
    },
    "trapping.trapping_region": {"order": "alternating", "depth": 9},
    "two_classes.follow": {"limit": 1000.0},
    "lab.Lab": {
        **{"kappa": 1.2, "nu": 0.04, "view": "all", "strong": 0.0078, "weak": 0.0003},
        **{"steps": 1500, "e": -0.6, "z": 0.2, "noise_norm": 0.8, "n_weak": 2, "m": 8},
        **{"scale": 0.0625, "epochs": 200, "seed": 1, "diagram": "nu"},
    },
    "lab.draws.draw": {
        **{"n": 16, "n_weak": 2, "m": 8, "d": 64, "u_norm": 2.0, "nu": 0.04},
        **{"noise_norm": 0.8, "scale": 0.0625},
    },
    "widgets.FrameSlider": {"description": "", "start": 0, "caption": "", "name": ""},
}

PAPER = {  # §4.3
    **{"d": 64, "u_norm": 2.0, "v_norm": 0.4, "noise_norm": 0.8, "n": 16, "n_weak": 2, "m": 8},
    **{"lr": 1.2, "epochs": 200},
}

KAPPAS = [
    *(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1),
    *(1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.1, 2.2),
]
NUS = [  # from 0.005 to 0.64, two a factor of 2
    *(0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    *(0.005 * math.sqrt(2) * factor for factor in (1, 2, 4, 8, 16, 32, 64)),
]
NOISES = [  # from 0.1 to 3.2, three a factor of 2
    *(0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
    *(0.1 * math.cbrt(2) * factor for factor in (1, 2, 4, 8, 16)),
    *(0.1 * math.cbrt(4) * factor for factor in (1, 2, 4, 8, 16)),
]

VALUES = {
    "digits.CALM": 0.5,
    "digits.KAPPAS": (0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.02, 1.05, 1.1, 1.2, 1.3, 1.4, 1.5),
    "digits.KINDS": {
        "3 and 8, length 0.2": ("pair", 64, 0.2, 40),
        "3 and 8, length 1": ("pair", 64, 1.0, 40),
        "ten classes, length 0.2": ("ten", 200, 0.2, 15),
        "ten classes, length 1": ("ten", 200, 1.0, 15),
    },
    "digits.NEIGHBOURS": tuple((k, (k + 1) % 10) for k in range(10)),
    "digits.ONSET": ("baseline", "images of length 0.15", "images of length 0.3"),
    "digits.ONSET_KAPPAS": (1.002, 1.005, 1.01, 1.015),
    "digits.PAIRS": tuple((a, b) for a in range(10) for b in range(a + 1, 10)),
    "digits.RATES": (0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0),
    "digits.SHORTCUT_NORM": 1.0,
    "digits.SOME_KAPPAS": (0.5, 0.9, 1.0, 1.02, 1.05, 1.1, 1.2, 1.4),
    "digits.cells.GRIDS": digits.cells.GRIDS,  # see tests/book/test_stored_digits.py
    "digits.mlp_cells.HIDDEN": 64,
    "digits.mlp_cells.SMALL": 0.02,
    "digits.mlp_cells.MLP_SEEDS": range(20),
    "deep.ARCHITECTURES": {"resnet18": (64, (2, 2, 2, 2)), "resnet-narrow": (8, (1, 1, 1))},
    "deep.DATASETS": ("digits", "fashion-mnist", "cifar10"),
    "deep.LOSSES": ("cross-entropy", "square"),
    "deep.PRECISIONS": ("float32", "float64", "bf16"),
    "deep.RECORDED": (
        *("trial", "digits", "fashion", "fashion-gpu-short", "fashion-gpu", "cifar-gpu"),
    ),
    "enclosure.DIGITS": 60,
    "engine.divergence.LIMIT": 1000000.0,
    "engine.divergence.SAFE": 0.99,
    "engine.reduced.DTYPES": (torch.float32, torch.float64),
    "engine.reduced.GLANCE": 0.1,
    "engine.reduced.LARGEST_GRAM": 16777216,
    "engine.reduced.LINE": 64,
    "engine.reduced.PARTS": 4,
    "engine.reduced.SOON": 536870912,
    "engine.reduced.SMALL_GRAM": 16384,
    "engine.reduced.TOGETHER": 2,
    "engine.reduced.REFUSED": (None, "data.x", "data.u", "data.v"),
    "essentials.SLOWER": 12,
    "features.CLASSES": {"classes": 4, "n": 32, "n_weak": 4},
    **{"features.factors.STRONG": 2.0, "features.factors.WEAK": 0.4},
    "features.KAPPAS": (0.8, 0.9, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5),
    "features.LEARNED": 0.05,
    "features.SIZES": {
        **{"n": 16, "n_weak": 2, "d": 64, "m": 8, "noise_norm": 0.8, "scale": 0.0625},
        "epochs": 200,
    },
    "hessian.DENSE": 64,
    "hessian.POWERS": 5,
    "hessian.WHICH": ("largest", "smallest", "magnitude"),
    "losses.LOSSES": ("square", "logistic"),
    "phase.KAPPAS": KAPPAS,
    "phase.KINDS": ("weak", "strong"),
    "phase.LEVELS": (0.0, 0.6, 0.7, 0.8, 0.9, 0.95),
    "phase.QUANTILES": (0.1, 0.25, 0.5, 0.75, 0.9),
    "phase.REGIMES": ("too small", "benign", "malignant", "diverged"),
    "phase.SIGNALS": (0.0, 0.001, 0.01),
    "sweeps.DEFAULTS": {**PAPER, "scale": 0.0625, "order": "cyclic"},
    "sweeps.REPLACES": {"kappa": "lr", "nu": "v_norm", "rho": "n_weak"},
    "theory.ALTERNATION_LIMIT": 1.1213203435596424,  # 3/√2 − 1
    "theory.ESCAPE": 2.0,
    "theory.MONOTONE_LIMIT": 0.8284271247461903,  # 2√2 − 2
    "theory.SIGN_LIMIT": 1.598076211353316,  # √27/2 − 1
    "theory.STABLE_CYCLE_LIMIT": 1.2360679774997898,  # √5 − 1
    "training.DIVERGED": 1000000.0,
    "trapping.LARGEST_START": 1.25,
    "trapping.PIVOT": 0.75,
    "trapping.RANGE": 1.5,
    "trapping.SLACK": 1e-10,
}

ELSEWHERE = {
    "features.FACTORS",  # see test_features.py
    "deep.COLUMNS",  # see deep/test_training.py
    "deep.GRIDS",  # see deep/test_command.py
    "phase.DIAGRAMS",  # below
    "digits.SETTINGS",  # see tests/book/test_stored_digits.py
    "activations.ACTIVATIONS",  # see test_activations.py
    "essentials.FACTORS",  # see test_essentials.py
}


@pytest.mark.parametrize("path", sorted(CALLABLES))
def test_every_default_of_an_argument(path):
    found = {
        name: parameter.default
        for name, parameter in inspect.signature(CALLABLES[path]).parameters.items()
        if parameter.default is not parameter.empty
    }
    assert found == ARGUMENTS.get(path, {})
    for name, value in found.items():
        assert type(value) is type(ARGUMENTS[path][name])


def test_no_row_without_an_argument():
    assert set(ARGUMENTS) <= set(CALLABLES)


@pytest.mark.parametrize("path", sorted(VALUES))
def test_every_constant(path):
    assert CONSTANTS[path] == VALUES[path]


def test_no_constant_without_a_row():
    """Colours and sizes of figures are left out; a constant may be imported from elsewhere."""
    known = VALUES.keys() | ELSEWHERE
    for path, value in CONSTANTS.items():
        imported = any(value is CONSTANTS[other] for other in known & CONSTANTS.keys())
        assert path in known or imported or path.startswith("plotting."), path


def test_the_limits_are_their_formulas():
    assert CONSTANTS["theory.SIGN_LIMIT"] == pytest.approx(math.sqrt(27) / 2 - 1, rel=1e-15, abs=0)
    assert CONSTANTS["theory.STABLE_CYCLE_LIMIT"] == pytest.approx(
        math.sqrt(5) - 1, rel=1e-15, abs=0
    )
    assert CONSTANTS["theory.ALTERNATION_LIMIT"] == pytest.approx(
        3 / math.sqrt(2) - 1, rel=1e-15, abs=0
    )


def test_the_defaults_of_a_sweep_are_the_paper_s():
    """§4.3: κ = 1.2 and ν = 0.04, and one point in eight is weak. σ_0 = 1/16 is our choice."""
    assert theory.kappa(DEFAULTS["lr"], DEFAULTS["u_norm"], DEFAULTS["m"]) == pytest.approx(1.2)
    assert theory.nu(DEFAULTS["u_norm"], DEFAULTS["v_norm"]) == pytest.approx(0.04)
    assert Fraction(DEFAULTS["n_weak"], DEFAULTS["n"]) == Fraction(RHO)
    assert DEFAULTS["scale"] * 16 == 1


@pytest.mark.parametrize(
    ("name", "axis", "values", "seeds"),
    [
        ("nu", "nu", NUS, 320),
        ("rho", "n_weak", [0, 1, 2, 3, 4, 5, 6, 7], 600),
        ("noise", "noise_norm", NOISES, 320),
    ],
)
def test_the_grids_of_the_stored_diagrams(name, axis, values, seeds):
    grid, number = phase.DIAGRAMS[name]
    assert list(grid) == ["kappa", axis] and number == seeds
    assert grid["kappa"] == KAPPAS
    assert grid[axis] == pytest.approx(sorted(values), rel=1e-14, abs=0)
    assert list(phase.DIAGRAMS) == ["nu", "rho", "noise"]
