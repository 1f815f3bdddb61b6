"""Every closed formula takes numbers, arrays and tensors, and returns what it was given."""

import inspect
import math
import re

import numpy as np
import pytest
import torch

from benign_osc_lib import cubic_map, many_points, theory
from benign_osc_lib._formula import ANY, above, at_least, between, formula, whole
from tests.library.common import public
from tests.library.theory.common import LATER_FORMULAS

ARGUMENTS = {
    "kappa": {"lr": 1.2, "u_norm": 2.0, "m": 8},
    "nu": {"u_norm": 2.0, "v_norm": 0.4},
    "two_cycle": {"kappa": 1.2},
    "terminal_weak_signal": {"kappa": 1.2, "nu": 0.04},
    "two_cycle_multiplier": {"kappa": 1.2},
    "smooth_limit": {"opposite": 0.3},
    "smooth_exponents": {"kappa": 0.3, "nu": 0.04, "e_0": 0.9},
    "potential": {"strong": 0.5, "weak": 0.25, "nu": 0.04},
    "potential_gain": {"e": 0.3, "kappa": 1.2, "nu": 0.04},
    "potential_gain_bound": {"e": 0.3, "kappa": 1.2, "nu": 0.04},
    "residual_surplus": {"e": 0.3, "kappa": 1.2},
    "mean_residual": {"kappa": 1.2},
    "growth_rate": {"kappa": 1.2, "nu": 0.04},
    "weak_signal_curve": {"t": 100.0, "q_0": 0.01, "kappa": 1.2, "nu": 0.04},
    "time_to_learn": {"s_0": 0.1, "q_0": 1e-4, "kappa": 1.2, "nu": 0.04},
    "relative_sharpness": {"s": 0.7, "q": 0.2, "kappa": 1.2, "nu": 0.04},
    "landing_weak_signal": {"kappa": 1.2, "nu": 0.04},
    "largest_signal": {"kappa": 1.2, "opposite": 0.1},
    "smallest_factor": {"kappa": 1.2, "opposite": 0.1},
    "stopping_margins": {"s_0": 0.1, "q_0": 0.01, "kappa": 1.2, "nu": 0.04, "q_other": 0.01},
    "strong_signal_floor": {"kappa": 1.2, "nu": 0.04, "opposite": 0.01},
    "squared_residual_budget": {"q_0": 0.01, "kappa": 1.2, "nu": 0.04, "opposite": 0.1},
    **LATER_FORMULAS,
    "oscillation_amplitude": {"q": 0.05, "kappa": 1.2},
    "weak_signal_at_amplitude": {"delta": 0.1, "kappa": 1.2},
    "self_consistent_delta": {"kappa": 1.2},
    "step": {"z": 0.7, "kappa": 1.2},
    "slope": {"z": 0.7, "kappa": 1.2},
    "critical_point": {"kappa": 1.2},
    "trapping_interval": {"kappa": 1.2},
    "noise_allowance": {"kappa": 1.2, "growth": 0.01},
    "upward_noise_allowance": {"kappa": 1.2, "growth": 0.01, "down": 0.02},
    "signal_needed": {"q_0": 0.01, "q_other_0": 0.02, "target": 0.1},
    "weak_signal_floor": {
        **{"q_0": 0.01, "visits": 9.0, "gain": 0.1, "nu": 0.04},
        **{"kept": 0.9, "undone": 0.2},
    },
    "visits_needed": {
        **{"q_0": 0.01, "q_other_0": 0.02, "target": 0.1, "gain": 0.01},
        **{"nu": 0.04, "kept": 0.9, "undone": 0.2},
    },
    "undone_by_weak_visits": {"noise_signal": 0.9, "distance": 0.5, "factor": 0.9, "tau": 0.2},
    "squared_relu_product": {"a_sd": 0.5, "b_sd": 0.7, "cosine": 0.3},
}
WHOLE = ("m",)  # takes one integer, and no array

FORMULAS = {
    name: function
    for module in (theory, cubic_map, many_points)
    for name, function in vars(module).items()
    if hasattr(function, "ranges")
}
ALL = {name: function for name, function in public() if hasattr(function, "ranges")}

each = pytest.mark.parametrize("name", ARGUMENTS)
each_argument = pytest.mark.parametrize(
    ("name", "argument"),
    [(name, key) for name, given in ARGUMENTS.items() for key in given if key not in WHOLE],
)


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def call(name, **changes):
    """The results, as a tuple."""
    return parts(FORMULAS[name](**{**ARGUMENTS[name], **changes}))


def elements(name):
    """The arguments of a formula that may be arrays."""
    return {key: value for key, value in ARGUMENTS[name].items() if key not in WHOLE}


def double(value):
    return torch.tensor(value, dtype=torch.float64)


def test_every_formula_is_tested():
    found = {name for name, value in ALL.items() if ".theory." in value.__module__}
    assert found == set(FORMULAS) == set(ARGUMENTS)


@pytest.mark.parametrize("name", ALL)
def test_the_docstring_states_the_range_of_every_argument(name):
    """In the line of the argument, and in the Raises part, which is written from the ranges."""
    doc = ALL[name].__doc__
    stated = dict(re.findall(r"^    (\w+): (.*(?:\n        .*)*)", doc.partition("Args:")[2], re.M))
    raised = " ".join(stated["ValueError"].split())
    for argument, allowed in ALL[name].ranges.items():
        assert str(allowed) in stated[argument]
        assert f"{argument} {allowed}" in raised or allowed == ANY
    assert "TypeError: an argument is not a number, array or tensor" in doc


@each
def test_the_formula_keeps_its_name_and_arguments(name):
    formula = FORMULAS[name]
    assert formula.__name__ == name
    assert "Returns:" in formula.__doc__
    assert list(inspect.signature(formula).parameters) == list(ARGUMENTS[name])


@each_argument
def test_out_comes_what_went_in(name, argument):
    """Each argument in turn as a number, an array and a tensor, the others numbers."""
    value = ARGUMENTS[name][argument]
    values = [value, 1.01 * value, 1.02 * value]
    numbers = [call(name, **{argument: v}) for v in values]
    assert all(type(part) is float for number in numbers for part in number)
    moves = (name, argument) != ("strong_signal_floor", "nu")  # says only whether there is one
    assert any(len(set(column)) == 3 for column in zip(*numbers, strict=True)) == moves
    assert parts(FORMULAS[name](*ARGUMENTS[name].values())) == numbers[0]

    for kind, cast, double_type, single_type in (
        (np.ndarray, np.array, np.float64, np.float32),
        (torch.Tensor, torch.tensor, torch.float64, torch.float32),
    ):
        for dtype, tolerance in ((double_type, 1e-12), (single_type, 2e-4)):
            result = call(name, **{argument: cast([values], dtype=dtype)})
            for k, part in enumerate(result):
                assert isinstance(part, kind)
                assert part.dtype == dtype
                assert tuple(part.shape) == (1, 3)
                expected = [number[k] for number in numbers]
                np.testing.assert_allclose(part[0], expected, rtol=tolerance)


def test_a_single_precision_scalar_stays_one():
    """Also where the other arguments are numbers, as torch has it for its own operations."""
    changed = [
        f"{name}({argument})"
        for name, given in ARGUMENTS.items()
        for argument, value in given.items()
        if argument not in WHOLE
        for part in call(name, **{argument: torch.tensor(value, dtype=torch.float32)})
        if part.dtype != torch.float32
    ]
    assert changed == []


@each_argument
def test_scalars_without_axes(name, argument):
    value = ARGUMENTS[name][argument]
    number = call(name)
    for part, expected in zip(call(name, **{argument: np.array(value)}), number, strict=True):
        assert isinstance(part, np.ndarray)
        assert part.shape == ()
        assert part == expected
    for part, expected in zip(call(name, **{argument: double(value)}), number, strict=True):
        assert isinstance(part, torch.Tensor)
        assert part.shape == ()
        assert part.item() == expected
    for part, expected in zip(call(name, **{argument: np.float64(value)}), number, strict=True):
        assert type(part) is float
        assert part == expected


@each
def test_arguments_broadcast(name):
    """Every argument along an axis of its own: the result has all the axes."""
    given = elements(name)
    shapes = np.eye(len(given), dtype=int) + 1
    axes = {
        key: value * np.array([1, 1.01]).reshape(shape)
        for (key, value), shape in zip(given.items(), shapes, strict=True)
    }
    result, expected = call(name, **axes), call(name)
    last = call(name, **{key: value.flatten()[1].item() for key, value in axes.items()})
    for k, part in enumerate(result):
        assert part.shape == (2,) * len(given)
        assert part.flatten()[0] == pytest.approx(expected[k], rel=1e-13, abs=0)
        assert part.flatten()[-1] == pytest.approx(last[k], rel=1e-13, abs=0)


@each
def test_shapes_that_do_not_broadcast(name):
    given = list(elements(name).items())
    if len(given) > 1:
        (a, x), (b, y) = given[0], given[-1]
        with pytest.raises(ValueError, match="broadcast") as caught:
            call(name, **{a: np.full(2, x), b: np.full(3, y)})
        assert f"{a} has (2,)" in str(caught.value)
        assert f"{b} has (3,)" in str(caught.value)


@each
def test_tensors_win_over_arrays_and_arrays_over_numbers(name):
    given = list(elements(name).items())
    if len(given) > 1:
        (a, x), (b, y) = given[0], given[-1]
        for part in call(name, **{a: double(x), b: np.array(y)}):
            assert isinstance(part, torch.Tensor)
        for part in call(name, **{a: np.float64(x), b: np.array([y])}):
            assert isinstance(part, np.ndarray)


@each
def test_derivatives_pass_through(name):
    """Autograd against finite differences, in all arguments at once."""
    given = elements(name)
    inputs = [double([value, 1.01 * value]).requires_grad_() for value in given.values()]

    def called(*values):
        return FORMULAS[name](**{**ARGUMENTS[name], **dict(zip(given, values, strict=True))})

    eps = 1e-6 * min(1, *(abs(value) for value in given.values()))
    assert torch.autograd.gradcheck(called, inputs, eps=eps, rtol=1e-3, atol=1e-6)


@each
def test_the_arguments_are_left_as_they_are(name):
    given = {key: np.array([value]) for key, value in elements(name).items()}
    first = call(name, **given)
    assert all(given[key] == value for key, value in elements(name).items())
    for a, b in zip(first, call(name, **given), strict=True):
        np.testing.assert_array_equal(a, b)


KINDS = {
    "kappa": (lambda k: theory.kappa(k, 2.0, 8), 1.2),
    "kappa of u_norm": (lambda u: theory.kappa(0.5, u, 8), 2.0),
    "nu": (lambda v: theory.nu(2.0, v), 0.4),
    "nu of u_norm": (lambda u: theory.nu(u, 0.4), 2.0),
    "two_cycle, low": (lambda k: theory.two_cycle(k)[0], 1.2),
    "two_cycle, high": (lambda k: theory.two_cycle(k)[1], 1.2),
    "terminal_weak_signal": (lambda k: theory.terminal_weak_signal(k, 0.04), 1.2),
    "terminal_weak_signal of nu": (lambda nu: theory.terminal_weak_signal(1.2, nu), 0.04),
    "potential": (lambda s: theory.potential(s, s / 2, 0.04), 1.2),
    "potential of weak": (lambda q: theory.potential(1.2, q, 0.04), 0.3),
}


@pytest.mark.parametrize("name", KINDS)
def test_numbers_arrays_and_tensors_come_back_as_what_they_were(name):
    function, value = KINDS[name]
    number = function(value)
    assert isinstance(number, float)
    values = [value, value + 0.1, value + 0.2]
    numbers = [function(v) for v in values]
    assert numbers[0] == number
    assert len(set(numbers)) == 3

    array = function(np.array([values]))
    assert isinstance(array, np.ndarray)
    assert array.shape == (1, 3)
    np.testing.assert_allclose(array[0], numbers, rtol=1e-13)

    for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 1e-5)):
        tensor = function(torch.tensor([values], dtype=dtype))
        assert tensor.dtype == dtype
        assert tensor.shape == (1, 3)
        np.testing.assert_allclose(tensor[0].numpy(), numbers, rtol=tolerance)


def test_the_potential_takes_an_array_of_nu():
    for kind in (np.array, lambda x: torch.tensor(x, dtype=torch.float64)):
        nu = kind([0.1, 0.2])
        value = theory.potential(0.5, 0.25, nu)
        assert type(value) is type(nu)
        assert value.tolist() == pytest.approx(
            [math.log(0.25) - k * math.log(0.5) for k in (0.1, 0.2)]
        )
    assert theory.potential(np.array([2, 4]), np.array([4, 2]), 0.5).dtype == np.float64
    with pytest.raises(ValueError, match="broadcast"):
        theory.potential(torch.ones(2), torch.ones(3), 0.1)


# --- The decorator itself ----------------------------------------------------------------------


@formula(a=ANY, b=ANY)
def product(a, b=2.0):
    """A formula with a default."""
    return a * b, a + b


def test_defaults_and_keywords():
    assert product(3) == (6.0, 5.0)
    assert product(3, 4) == product(b=4, a=3) == product(3, b=4) == (12.0, 7.0)
    with pytest.raises(TypeError, match="argument"):
        product()
    with pytest.raises(TypeError, match="argument"):
        product(1, c=2)


def test_whole_numbers_are_computed_in_double_precision():
    a, b = product(np.array([1, 2]), 1)
    assert a.dtype == b.dtype == np.float64
    assert (a.tolist(), b.tolist()) == ([1, 2], [2, 3])
    assert all(type(part) is float for part in product(1, 2))


@pytest.mark.filterwarnings("error")
def test_a_read_only_array_makes_no_warning():
    """The coordinates of an xarray Dataset are read-only; torch warns of such arrays."""
    locked = np.array([1.0, 2.0])
    locked.flags.writeable = False
    torch.set_warn_always(True)  # else only once in a process
    try:
        assert product(locked)[0].tolist() == [2, 4]
    finally:
        torch.set_warn_always(False)


def test_results_have_their_own_shapes():
    """A part of a tuple has the shape it was computed in; a tensor keeps its device."""
    a, b = product(np.ones((2, 1)), np.ones(3))
    assert a.shape == b.shape == (2, 3)
    assert product(torch.ones(2), 1)[0].device.type == "cpu"


@pytest.mark.parametrize("bad", ["1", None, [1.0], True, 1j, np.array(["1"]), torch.tensor(True)])
def test_only_real_numbers(bad):
    with pytest.raises(TypeError, match="^b must be a number, array or tensor, got "):
        product(1.0, bad)


@formula(kappa=at_least(1), nu=between(0, 1, "[)"), m=whole(2))
def limited(kappa, nu=0.5, m=3):
    """A formula with ranges.

    Args:
        kappa: κ >= 1.
    """
    return kappa * nu / m


def test_the_declared_ranges_are_the_checks():
    for good in ((1.0, 0.0, 2), (1.5, 1 - 1e-12, 100)):
        assert limited(*good) == good[0] * good[1] / good[2]
    for bad, says in (
        ({"kappa": 1 - 1e-12}, "kappa must be finite, >= 1, got 0.99"),
        ({"kappa": np.array([2.0, math.nan])}, "kappa must be finite, >= 1, got nan"),
        ({"nu": 1}, "nu must be finite, >= 0 and < 1, got 1.0"),
        ({"nu": torch.tensor([0.5, -0.25])}, "nu must be finite, >= 0 and < 1, got -0.25"),
        ({"m": 1}, "m must be at least 2, got 1"),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
            limited(**{"kappa": 2.0, **bad})
    with pytest.raises(TypeError, match=r"^m must be an integer, got 2\.0"):
        limited(2.0, m=2.0)


def test_the_declared_ranges_are_read_in_the_docstring():
    assert limited.__doc__.endswith(
        "Raises:\n"
        "    TypeError: an argument is not a number, array or tensor, or m no integer.\n"
        "    ValueError: unless kappa >= 1, nu in [0, 1), m at least 2, all finite, and the "
        "shapes\n        broadcast together."
    )


@pytest.mark.parametrize(
    ("allowed", "text", "inside", "outside"),
    [
        (above(0), "> 0", [1e-300, 9], [0, -1, math.inf, math.nan]),
        (at_least(1), ">= 1", [1, 9], [1 - 1e-15, math.inf, math.nan]),
        (between(0, 1), "in (0, 1)", [1e-300, 1 - 1e-15], [0, 1]),
        (between(0, 1, "[)"), "in [0, 1)", [0, 1 - 1e-15], [-1e-300, 1]),
        (between(0, 1, "(]"), "in (0, 1]", [1e-300, 1], [0, 1 + 1e-15]),
        (between(0, 1, "[]"), "in [0, 1]", [0, 1], [-1e-300, 1 + 1e-15, math.nan]),
        (whole(2), "at least 2", [2, 3], [1]),
        (ANY, "", [-math.inf, math.nan, 0], []),
        (at_least(0, text="in [0, 1/κ)"), "in [0, 1/κ)", [0], [-1]),
    ],
)
def test_ranges(allowed, text, inside, outside):
    assert str(allowed) == text
    for value in inside:
        allowed.check("x", value)
    for value in outside:
        with pytest.raises(ValueError, match=f"^x must be .*got {value}"):
            allowed.check("x", value)


def test_every_argument_needs_a_range():
    with pytest.raises(TypeError, match="^half must have a range for each .*, a, b, got a"):

        @formula(a=ANY)
        def half(a, b):
            return a / b
