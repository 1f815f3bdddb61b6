"""Every range of every public function: at both ends, just inside and just outside.

The ranges stand in ``ranges.txt``; a function or an argument without a row there fails here.
"""

import inspect
import math
import warnings

import numpy as np
import pytest
import torch

from tests.library.interface import CALLABLES
from tests.library.ranges import ROWS, Calls, public, wrong_types

ARRAYS = ("elements", "vector", "nested", "counts")

NO_NUMBERS = {
    *(
        "weights",
        "data",
        "x",
        "x_i",
        "u",
        "v",
        "run",
        "products",
        "outputs",
        "model",
    ),  # see test_bad_input.py
    *(
        "device",
        "dtype",
        "generator",
        "engine",
        "order",
        "test_points",
        "kind",
        "error",
    ),  # the same
    *("name", "is_weak", "orthogonal", "progress", "record_weights", "resumable", "shuffled"),
    *("rule", "activation", "loss", "second_layer", "nesterov"),  # see test_rule.py
    *("overlaps", "path"),  # see training/test_rules.py and test_resume.py
    *("state", "margins"),  # see theory/test_class_map.py and test_class_limit.py
    *("grid", "store", "executor"),  # see test_sweeps.py; the grid's parameters have rows
    *("runs", "cells", "first", "second"),  # see test_phase.py
    *("function", "functions", "parameters", "which"),  # see test_hessian.py
    *("module", "inputs", "targets", "batches"),  # the same
    *("arch", "dataset", "precision", "settings", "images", "labels", "network"),  # see deep/
    *("has_shortcut", "rows", "folder", "command", "keep_weights", "tensorboard"),  # the same
    *("report", "what", "after_step", "column"),  # the same
    *("view", "diagram"),  # see lab/test_lab.py
    *("sets", "frames", "labels", "alts", "description", "caption"),  # see test_widgets.py
}
"""Arguments that hold no number, or many: tensors, objects, choices among words, flags."""

MANY_NUMBERS = {
    "activations.Activation": {"torch", "value", "slope"},  # see test_activations.py
    "digits.pair": {"scaling"},  # see digits/test_pairs.py
    **{"digits.calmed": {"found"}, "digits.measure": {"found", "directions"}},
    "deep.at_training_loss": {"levels"},  # see deep/test_comparison.py
    "deep.Settings": {"schedule"},  # see deep/test_schedule.py
    "deep.parse_schedule": {"text"},
    "deep.rate_of_epoch": {"schedule"},
    "deep.read_log": {"text"},  # see deep/test_training.py
    "deep.run_in_folder": {"data"},
    "enclosure.certain_escape": {"z"},  # see test_enclosure.py
    "exercises.check": {"exercise", "answer"},  # see exercises/test_check.py
    "essentials.best": set(),  # see test_essentials.py
    "essentials.load": {"table"},
    "essentials.measure": {"factor", "seeds", "kappas"},
    "essentials.order_limit": {"own"},
    "essentials.ratchet": {"factor", "seeds", "kappa"},
    "essentials.reduce_runs": {"fit_only"},
    "essentials.slower": {"factor"},
    "essentials.summary": {"ratchets"},
    "essentials.sweep_of": {"factor"},
    "features.FeaturesModel": {  # these: see test_features.py and test_features_relatives.py
        *("strong_norms", "weak_norms", "strong_each", "weak_each"),
    },
    "features.balanced_gain": {"e", "ratios", "weights"},
    "features.crossing": {"kappas", "values"},
    "features.flow_limit": {"start", "ratios"},
    "features.follow": {"start", "ratios", "carried"},
    **{f"features.{name}": {"factor"} for name in ("learned_from", "oscillates_from")},
    "features.measure": {"seeds", "kappas", "record"},
    "features.sweep_rows": {"rows"},
    "features.classes.class_step": {"label"},
    "features.classes.train_classes": {"batch", "watch"},
    "features.diagonal.diagonal_output": {"factors"},
    "features.diagonal.diagonal_step": {"factors", "y_i"},
    "features.diagonal.train_diagonal": {"factors", "record"},
    "losses.loss": {"f", "target"},
    "many_points.class_path": {"e"},  # see theory/test_class_map.py
    "many_points.limit_margins": {"e"},
    "phase.crossing": {"y", "values"},  # see test_phase_prediction.py
    "rule.Rule": {"schedule"},
    "rule.Rule.from_json": {"text"},
    "theory.central_flow": {"s", "q", "times"},  # see theory/test_edge.py
    "statistics.mean_by_run": {"values"},  # see test_statistics.py
    "statistics.law_of_sum": {"law"},
    "statistics.two_sided": {"law"},
    "two_classes.follow": {"z"},  # see test_two_classes.py
}
"""Arguments of single functions that hold no number, or many with a rule for all together."""

UNCHECKED = {
    "essentials.Cell": "a row, made by reduce_runs",
    "essentials.Summary": "a row, made by summary",
    "essentials.Factor": "a row of a table; measure checks; see test_essentials.py",
    "features.Factor": "a row of a table; what it makes checks",
    "features.classes.ClassData": "made by ClassModel.sample; train_classes checks",
    "digits.Setting": "trained checks, and digits/test_runs.py",
    "digits.Setting.epochs": "a step of trained, which checks",
    "digits.Setting.rate": "a step of trained, which checks",
    "digits.trained": "pair and train check; see digits/test_runs.py",
    "digits.measure_rates": "trained checks",
    "digits.mlp_rates": "generators and mlp.descend check",
    "digits.mlp_start": "generators check",
    "deep.Images": "holds tensors; see deep/test_datasets.py",
    "deep.Recorded.at": "an epoch may be missing; see deep/test_collection.py",
    "many_points.ClassSignals": "holds arrays; see theory/test_class_map.py",
    "many_points.ClassSignals.with_signals": "ClassSignals checks",
    "many_points.ClassSignals.at": "a step along an axis, which NumPy checks",
    "patch_data.PatchData": "holds tensors; see test_bad_input.py",
    "network.activation": "a step of predict, which checks",
    "network.activation_slope": "a step of sgd_step, which checks",
    "network.responses": "a step of predict, which checks",
    "network.output": "a step of predict, which checks",
    "sgd.signs_j": "a step of sgd_step, which checks",
    "sgd.gradient": "a step of sgd_step, which checks",
    "sgd.along_patches": "a step of sgd_step, which checks",
    "visits.visiting_orders": "a step of train, which checks",
    "visits.draw_visits": "a step of train, which checks",
    "engine.problem.Problem": "made by train, which checks",
    "engine.problem.Before": "made by resume, which checks",
    "engine.problem.Found": "made by an engine",
    "engine.problem.NotForRule": "raised by an engine",
    "engine.problem.OutOfRange": "raised by an engine",
    "engine.problem.without_repetitions": "a step of train, which checks",
    "engine.problem.per_run": "a step of train, which checks",
    "engine.reduced.most_work": "a step of train, which checks",
    "engine.reduced.in_parts": "a step of train, which checks",
    "engine.problem.flat": "a step of train, which checks",
    "engine.reduced.aligned": "a step of train, which checks",
    "engine.reduced.suits": "a step of train, which checks",
    "engine.reduced.train_compiled": "a step of train, which checks",
    "engine.divergence.largest_square_norm": "a step of train, which checks",
    "engine.divergence.beyond": "a step of train, which checks",
}
"""Functions that check no number, and why."""

RECORDS = {
    "exercises.Verdict",
    *("hessian.Eigenpairs", "batch_sharpness.Curvature", "point_curvature.PointHessians"),
    "deep.Recorded",
    *("assumptions.Condition", "many_points.ClassRecord", "metrics.Accuracy", "one_point.Orbit"),
    "many_points.LimitMargins",
    "digits.Trained",
    "noiseless_classes.NoiselessMargins",
    *("signal_noise.Orbit", "signal_noise.Signals", "theory.Constant", "run.Run"),
    "run.Progress",
    "trapping.TrappingRegion",
}
"""What functions return: nobody makes one by hand, and nothing is checked."""

WANTED = {  # what the message for a wrong type says
    **{"integer": "an integer", "number": "a number", "label": "", "choice": "one of"},
    **dict.fromkeys(ARRAYS, "a number, array or tensor"),
    "counts": "an array of numbers",
}

every_row = pytest.mark.parametrize("row", ROWS, ids=str)
every_array = pytest.mark.parametrize("row", [r for r in ROWS if r.kind in ARRAYS], ids=str)


@pytest.fixture(scope="module")
def call():
    return Calls()


def refused(call, row, value, error, shown, allowed=""):
    """The call raises ``error``, which names the argument, what is allowed, and the value."""
    try:
        call(row, value)
    except error as caught:
        message = str(caught)
    else:
        pytest.fail(f"{row} accepts {value!r}")
    assert message.startswith((f"{row.shown} must ", f"{row.name} must ")), message
    assert any(f"got {text}" in message for text in shown), message
    assert allowed in message, message


def as_shown(value):
    return str(value), repr(value), str(float(value))


@every_row
def test_inside(row, call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at an end a formula may overflow
        for value in [row.good_number, *row.inside]:
            call(row, np.full_like(row.good, value) if row.kind == "vector" else value)
            if row.kind in ("nested", "counts"):
                call(row, [[row.good], [value]])


@every_row
def test_outside(row, call):
    for value in row.outside:
        given = row.several(value) if row.kind == "vector" else value
        refused(call, row, given, ValueError, as_shown(value), row.allowed(value))


@pytest.mark.parametrize(
    "row", [r for r in ROWS if r.kind != "integer" and (r.choices or r.low >= -1)], ids=str
)
def test_not_finite(row, call):
    for value in (math.inf, -math.inf, math.nan):
        given = row.several(value) if row.kind == "vector" else value
        allowed = row.allowed(value) if row.choices else "finite"
        refused(call, row, given, ValueError, as_shown(value), allowed)
    for value in row.beyond:
        refused(call, row, value, ValueError, ("inf", "-inf", str(value)), "finite")


@every_row
def test_wrong_type(row, call):
    for value in wrong_types(row):
        error = (TypeError, ValueError) if row.choices else TypeError
        refused(call, row, value, error, (repr(value), type(value).__name__), WANTED[row.kind])


@pytest.mark.parametrize("row", [r for r in ROWS if r.only_one], ids=str)
def test_one_number_is_not_several(row, call):
    """Neither an array nor a tensor."""
    for kind in (np.array, torch.tensor):
        with pytest.raises((TypeError, ValueError), match=f"^{row.argument} must "):
            call(row, row.several(row.good, kind))


@every_row
def test_numbers_of_numpy(row, call):
    """A NumPy number is a number."""
    kind = np.int64 if row.kind == "integer" else np.float64
    call(row, row.good if row.kind == "vector" else kind(row.good))


@every_array
def test_arrays_and_tensors(row, call):
    """One bad element among good ones is found, and shown."""
    for kind in (np.array, torch.tensor):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            call(row, row.several(row.good_number, kind))
        for value in [*row.outside, *(math.inf, math.nan) * (len(row.outside) > 0)]:
            refused(call, row, row.several(value, kind), ValueError, as_shown(value))


# --- Nothing is left out -----------------------------------------------------------------------


SHOW = ("plotting", "tables")


@pytest.mark.parametrize("path", [p for p in CALLABLES if p.split(".")[0] not in SHOW])
def test_every_argument_has_a_row(path):
    """Figures and tables are left out: they show any number that they are given."""
    if path in UNCHECKED or path in RECORDS:
        return
    rows = {row.argument for row in ROWS if row.function == path}
    arguments = set(inspect.signature(CALLABLES[path]).parameters) - {"self"}
    assert arguments - rows <= NO_NUMBERS | MANY_NUMBERS.get(path, set()), (
        f"{path}: no row in ranges.txt"
    )
    assert {row for row in rows if not row.startswith("grid.")} <= arguments


def test_every_parameter_of_a_sweep_has_a_row():
    from benign_osc_lib.sweeps import DEFAULTS, REPLACES

    rows = {row.argument[5:] for row in ROWS if row.argument.startswith("grid.")}
    assert rows == ({*DEFAULTS, *REPLACES} - {"order"})


def test_the_lists_name_what_there_is():
    assert {row.function for row in ROWS} | set(MANY_NUMBERS) | set(UNCHECKED) | RECORDS <= set(
        CALLABLES
    )
    assert len({str(row) for row in ROWS}) == len(ROWS)
    assert all(public(row.function) for row in ROWS)
