"""Every name that the chapters import stands where it did, and is written in one place."""

import ast
import importlib

import pytest

import benign_osc_lib
from benign_osc_lib import theory
from tests.book.common import ROOT

THEORY = """
    kappa nu SIGN_LIMIT STABLE_CYCLE_LIMIT ESCAPE two_cycle two_cycle_multiplier
    smooth_limit smooth_exponents potential potential_gain potential_gain_bound residual_surplus
    mean_residual growth_rate weak_signal_curve time_to_learn
    terminal_weak_signal relative_sharpness landing_weak_signal largest_signal smallest_factor
    stopping_margins strong_signal_floor squared_residual_budget
    alternating_amplitude settling_margins settling_steps small_overshoot_constant settling_time
    slow_curve landing_second_order ALTERNATION_LIMIT
    energy_gain stopping_margins barrier_factor strong_signal_floor squared_residual_budget
    oscillation_amplitude weak_signal_at_amplitude self_consistent_delta Constant constants
    oscillation_amplitude weak_signal_at_amplitude self_consistent_delta turning_level silent_cycle
    Constant constants
    sharpness_limit kappa_limit rest_with_decay rest_limit power_limits wrong_labels
    batch_limit batch_limit_almost_surely batch_exponent label_noise sam_cycle
""".split()

FRONTS = {  # modules that say where things live, and hold no logic
    "one_point": "Orbit orbit signals",
    "cubic_map": "step slope critical_point trapping_interval iterate share_with_sign "
    "lyapunov_exponent superstable period_doubling",
    "many_points": "noise_allowance ClassRecord class_record signal_needed weak_signal_floor "
    "visits_needed undone_by_weak_visits with_orthogonal_noise squared_relu_product noise_term "
    "class_lead error_probability ClassSignals class_signals margins sharpness class_energy "
    "class_residuals class_path growth_floor energy_account growth_account edge_determinant "
    "LimitMargins limit_margins weak_signal_at_rest squared_residuals_at_a_small_rate "
    "squared_residuals_at_a_large_rate "
    "upward_noise_allowance",
    "signal_noise": "SignalNoiseModel Signals signals Orbit orbit potential flow_limit "
    "largest_output epoch_matrix epoch_multiplier epoch_determinant",
    "assumptions": "Condition assumption_3",
}


def test_theory_offers_its_formulas():
    assert set(THEORY) <= set(theory.__all__)
    assert all(hasattr(theory, name) for name in theory.__all__)


def test_a_file_of_the_theory_has_another_name_than_its_formulas():
    """Otherwise theory.potential would be a file for some imports and a formula for others."""
    files = {path.stem for path in (ROOT / "benign_osc_lib" / "theory").glob("*.py")}
    assert not files & set(THEORY)


@pytest.mark.parametrize("name", FRONTS)
def test_a_front_offers_what_the_chapters_import(name):
    front = importlib.import_module(f"benign_osc_lib.{name}")
    assert getattr(benign_osc_lib, name) is front
    assert set(front.__all__) == set(FRONTS[name].split())
    assert all(hasattr(front, member) for member in front.__all__)


@pytest.mark.parametrize("name", FRONTS)
def test_a_front_holds_no_logic(name):
    source = (ROOT / "benign_osc_lib" / f"{name}.py").read_text(encoding="utf-8")
    text, *body = ast.parse(source).body
    assert isinstance(text, ast.Expr)
    assert all(isinstance(node, ast.ImportFrom | ast.Assign) for node in body)
    assert [node.targets[0].id for node in body if isinstance(node, ast.Assign)] == ["__all__"]


@pytest.mark.parametrize("name", FRONTS)
def test_a_file_of_the_theory_stands_under_the_name_of_its_front(name):
    assert getattr(theory, name) is importlib.import_module(f"benign_osc_lib.theory.{name}")
