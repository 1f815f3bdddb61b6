"""Every closed formula takes numbers, arrays and tensors, and returns what it was given."""

import inspect

import numpy as np
import pytest
import torch

from benign_osc_lib import theory
from benign_osc_lib._elementwise import elementwise

ARGUMENTS = {
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
    "oscillation_amplitude": {"q": 0.05, "kappa": 1.2},
    "weak_signal_at_amplitude": {"delta": 0.1, "kappa": 1.2},
    "self_consistent_delta": {"kappa": 1.2},
}

each = pytest.mark.parametrize("name", ARGUMENTS)
each_argument = pytest.mark.parametrize(
    ("name", "argument"), [(name, key) for name, given in ARGUMENTS.items() for key in given]
)


def parts(result):
    return result if isinstance(result, tuple) else (result,)


def call(name, **changes):
    """The results, as a tuple."""
    return parts(getattr(theory, name)(**{**ARGUMENTS[name], **changes}))


def double(value):
    return torch.tensor(value, dtype=torch.float64)


def test_every_elementwise_formula_is_tested():
    found = {name for name, value in vars(theory).items() if hasattr(value, "__wrapped__")}
    assert found == set(ARGUMENTS)


@each
def test_the_formula_keeps_its_name_and_arguments(name):
    formula = getattr(theory, name)
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
    assert any(len(set(column)) == 3 for column in zip(*numbers, strict=True))
    assert parts(getattr(theory, name)(*ARGUMENTS[name].values())) == numbers[0]

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
    given = ARGUMENTS[name]
    shapes = np.eye(len(given), dtype=int) + 1
    axes = {
        key: value * np.array([1, 1.01]).reshape(shape)
        for (key, value), shape in zip(given.items(), shapes, strict=True)
    }
    result, expected = call(name, **axes), call(name)
    last = call(name, **{key: value.flatten()[1].item() for key, value in axes.items()})
    for k, part in enumerate(result):
        assert part.shape == (2,) * len(given)
        assert part.flatten()[0] == pytest.approx(expected[k], rel=1e-13)
        assert part.flatten()[-1] == pytest.approx(last[k], rel=1e-13)


@each
def test_shapes_that_do_not_broadcast(name):
    given = list(ARGUMENTS[name].items())
    if len(given) > 1:
        (a, x), (b, y) = given[0], given[-1]
        with pytest.raises(ValueError, match="broadcast") as caught:
            call(name, **{a: np.full(2, x), b: np.full(3, y)})
        assert f"{a} has (2,)" in str(caught.value)
        assert f"{b} has (3,)" in str(caught.value)


@each
def test_tensors_win_over_arrays_and_arrays_over_numbers(name):
    given = list(ARGUMENTS[name].items())
    if len(given) > 1:
        (a, x), (b, y) = given[0], given[-1]
        for part in call(name, **{a: double(x), b: np.array(y)}):
            assert isinstance(part, torch.Tensor)
        for part in call(name, **{a: np.float64(x), b: np.array([y])}):
            assert isinstance(part, np.ndarray)


@each
def test_derivatives_pass_through(name):
    """Autograd against finite differences, in all arguments at once."""
    given = ARGUMENTS[name]
    inputs = [double([value, 1.01 * value]).requires_grad_() for value in given.values()]

    def formula(*values):
        return getattr(theory, name)(**dict(zip(given, values, strict=True)))

    eps = 1e-6 * min(1, *(abs(value) for value in given.values()))
    assert torch.autograd.gradcheck(formula, inputs, eps=eps, rtol=1e-3, atol=1e-6)


@each
def test_the_arguments_are_left_as_they_are(name):
    given = {key: np.array([value]) for key, value in ARGUMENTS[name].items()}
    first = call(name, **given)
    assert all(given[key] == value for key, value in ARGUMENTS[name].items())
    for a, b in zip(first, call(name, **given), strict=True):
        np.testing.assert_array_equal(a, b)


# --- The decorator itself ----------------------------------------------------------------------


@elementwise
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
