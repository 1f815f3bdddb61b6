"""Bad input raises an error that names the argument, the value and what is allowed."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from benign_osc_lib import (
    FeatureNoiseModel,
    PatchData,
    generators,
    init_weights,
    predict,
    sgd_step,
    theory,
    train,
)
from benign_osc_lib.assumptions import assumption_3
from benign_osc_lib.metrics import Proportion, accuracy
from benign_osc_lib.one_point import orbit, signals

NORMS = {"d": 8, "u_norm": 2.0, "v_norm": 0.4, "noise_norm": 0.8}
MODEL = FeatureNoiseModel(**NORMS)
DATA = MODEL.sample(4, n_weak=1, generator=torch.Generator().manual_seed(1))
W = init_weights(3, 8, 0.1, generator=torch.Generator().manual_seed(2))
NOT_FINITE = [math.inf, -math.inf, math.nan]


def model(**changes):
    return FeatureNoiseModel(**{**NORMS, **changes})


def patches(**changes):
    return PatchData(**{"x": DATA.x, "y": DATA.y, "is_weak": DATA.is_weak, **changes})


def sample(**changes):
    return MODEL.sample(**{"n": 4, **changes})


def initial(**changes):
    return init_weights(**{"m": 3, "d": 8, "scale": 0.1, **changes})


def trained(**changes):
    return train(**{"data": DATA, "weights": W, "lr": 0.1, "epochs": 1, **changes})


def step(**changes):
    arguments = {"weights": W, "x_i": DATA.x[0], "y_i": DATA.y[0], "lr": 0.1}
    return sgd_step(**{**arguments, **changes})


def proportion(**changes):
    return Proportion(**{"successes": 3, "n": 4, **changes})


def accurate(**changes):
    return accuracy(**{"weights": W, "data": DATA, **changes})


def conditions(**changes):
    sizes = {"n": 16, "m": 8, "lr": 1.2, "init_scale": 0.1}
    return assumption_3(**{"model": MODEL, **sizes, **changes})


def kappa(**changes):
    return theory.kappa(**{"lr": 0.1, "u_norm": 2.0, "m": 8, **changes})


def nu(**changes):
    return theory.nu(**{"u_norm": 2.0, "v_norm": 0.4, **changes})


def terminal(**changes):
    return theory.terminal_weak_signal(**{"kappa": 1.2, "nu": 0.04, **changes})


def potential(**changes):
    return theory.potential(**{"strong": 0.5, "weak": 0.5, "nu": 0.04, **changes})


def followed(**changes):
    return orbit(**{"kappa": 1.2, "nu": 0.04, "s": 0.1, "q": 0.01, "steps": 3, **changes})


def seen(**changes):
    return signals(**{"weights": W, "u": MODEL.u, "v": MODEL.v, "y": 1, **changes})


def formula(function, **arguments):
    """A formula of the theory with good arguments, to be changed."""

    def changed(**changes):
        return function(**{**arguments, **changes})

    changed.__name__ = function.__name__
    return changed


RATES = {"kappa": 1.2, "nu": 0.04}
multiplier = formula(theory.two_cycle_multiplier, kappa=1.2)
limit = formula(theory.smooth_limit, opposite=0.3)
exponents = formula(theory.smooth_exponents, **RATES, e_0=0.9)
gain = formula(theory.potential_gain, **RATES, e=0.3)
gain_bound = formula(theory.potential_gain_bound, **RATES, e=0.3)
surplus = formula(theory.residual_surplus, kappa=1.2, e=0.3)
mean = formula(theory.mean_residual, kappa=1.2)
growth = formula(theory.growth_rate, **RATES)
curve = formula(theory.weak_signal_curve, **RATES, t=100.0, q_0=0.01)
time = formula(theory.time_to_learn, **RATES, s_0=0.1, q_0=1e-4)
sharpness = formula(theory.relative_sharpness, **RATES, s=0.7, q=0.2)
landing = formula(theory.landing_weak_signal, **RATES)
largest = formula(theory.largest_signal, kappa=1.2, opposite=0.1)
smallest = formula(theory.smallest_factor, kappa=1.2, opposite=0.1)
margins = formula(theory.stopping_margins, **RATES, s_0=0.1, q_0=0.01, q_other=0.01)
floor = formula(theory.strong_signal_floor, **RATES, opposite=0.01)
budget = formula(theory.squared_residual_budget, **RATES, q_0=0.01, opposite=0.1)
amplitude = formula(theory.oscillation_amplitude, q=0.05, kappa=1.2)
at_amplitude = formula(theory.weak_signal_at_amplitude, delta=0.1, kappa=1.2)
delta = formula(theory.self_consistent_delta, kappa=1.2)

EVERY_ARGUMENT = {
    multiplier: ["kappa"],
    limit: ["opposite"],
    exponents: ["kappa", "nu", "e_0"],
    gain: ["e", "kappa", "nu"],
    gain_bound: ["e", "kappa", "nu"],
    surplus: ["e", "kappa"],
    mean: ["kappa"],
    growth: ["kappa", "nu"],
    curve: ["t", "q_0", "kappa", "nu"],
    time: ["s_0", "q_0", "kappa", "nu"],
    sharpness: ["s", "q", "kappa", "nu"],
    landing: ["kappa", "nu"],
    largest: ["kappa", "opposite"],
    smallest: ["kappa", "opposite"],
    margins: ["s_0", "q_0", "kappa", "nu", "q_other"],
    floor: ["kappa", "nu", "opposite"],
    budget: ["q_0", "kappa", "nu", "opposite"],
    amplitude: ["q", "kappa"],
    at_amplitude: ["delta", "kappa"],
    delta: ["kappa"],
    followed: ["kappa", "nu", "s", "q", "s_other", "q_other"],
}


def cases(function, name, values, allowed):
    """One case per value of the argument ``name``."""
    return [
        pytest.param(function, name, value, allowed, id=f"{function.__name__}-{name}-{value!r}")
        for value in values
    ]


OUT_OF_RANGE = [
    *cases(model, "d", [2, 0, -5], "at least 3"),
    *(
        case
        for name in ("u_norm", "v_norm", "noise_norm")
        for case in cases(model, name, [0, 0.0, -1.0, *NOT_FINITE], "finite and > 0")
    ),
    *cases(model, "v_norm", [2.5], "at most u_norm = 2.0"),
    *cases(model, "rho", [-0.1, 0.5, 1, *NOT_FINITE], ">= 0 and < 0.5"),
    *cases(sample, "n", [0, -3], "at least 1"),
    *cases(sample, "n_weak", [-1, 5], "in 0..4"),
    *cases(initial, "m", [0, -1], "at least 1"),
    *cases(initial, "d", [0, -1], "at least 1"),
    *cases(initial, "scale", [0, -0.1, *NOT_FINITE], "finite and > 0"),
    *cases(trained, "lr", [0, -0.1, *NOT_FINITE], "finite, > 0"),
    *cases(step, "lr", [0, -0.1, *NOT_FINITE], "finite, > 0"),
    *cases(trained, "epochs", [0, -1], "at least 1"),
    *cases(trained, "record_every", [0, -1], "at least 1"),
    *cases(trained, "order", ["random", "Cyclic", "", None], "'cyclic', 'shuffled'"),
    *cases(trained, "engine", ["fast", "numba", None], "'auto', 'reduced', 'reference'"),
    *cases(step, "y_i", [0, 2, 0.5, math.nan], "-1 and +1"),
    *cases(proportion, "n", [-1], "at least 0"),
    *cases(proportion, "successes", [-1, 5], "in 0..4"),
    *cases(proportion, "level", [0, 1, -0.5, 95, *NOT_FINITE], "> 0 and < 1"),
    *cases(accurate, "level", [0, 1], "> 0 and < 1"),
    *cases(conditions, "n", [0], "at least 1"),
    *cases(conditions, "m", [0], "at least 1"),
    *cases(conditions, "lr", [0, *NOT_FINITE], "finite and > 0"),
    *cases(conditions, "init_scale", [0, *NOT_FINITE], "finite and > 0"),
    *cases(kappa, "lr", [0, -1, *NOT_FINITE], "finite, > 0"),
    *cases(kappa, "u_norm", [0, -1, *NOT_FINITE], "finite, > 0"),
    *cases(kappa, "m", [0], "at least 1"),
    *cases(nu, "u_norm", [0, *NOT_FINITE], "finite, > 0"),
    *cases(nu, "v_norm", [0, *NOT_FINITE], "finite, > 0"),
    *cases(theory.two_cycle, "kappa", [0.99, -1, *NOT_FINITE], "finite, >= 1"),
    *cases(terminal, "kappa", [0, -1, *NOT_FINITE], "finite, > 0"),
    *cases(terminal, "nu", [-0.1, 1, 1.5, *NOT_FINITE], ">= 0 and < 1"),
    *cases(potential, "nu", [-0.1, *NOT_FINITE], "finite, >= 0"),
    *(
        case
        for function in (multiplier, mean, landing, delta, at_amplitude)
        for case in cases(function, "kappa", [0.99, -1, *NOT_FINITE], "finite, >= 1")
    ),
    *(
        case
        for function in (curve, time)
        for case in cases(function, "kappa", [1, 0.5, *NOT_FINITE], "finite, > 1")
    ),
    *(
        case
        for function in (
            *(exponents, gain, gain_bound, surplus, sharpness, largest),
            *(smallest, margins, amplitude, followed),
        )
        for case in cases(function, "kappa", [0, -1, *NOT_FINITE], "finite, > 0")
    ),
    *cases(growth, "kappa", [0.99, *NOT_FINITE], "finite, >= 1"),
    *cases(budget, "kappa", [0, 0.99, *NOT_FINITE], "finite, >= 1"),
    *cases(floor, "kappa", [0.99, theory.SIGN_LIMIT, 1.6, *NOT_FINITE], ">= 1 and < 1.598"),
    *(
        case
        for function in (exponents, gain, gain_bound, growth, curve)
        for case in cases(function, "nu", [-0.1, 1.01, *NOT_FINITE], ">= 0 and <= 1")
    ),
    *(
        case
        for function in (landing, floor, margins)
        for case in cases(function, "nu", [-0.1, 1, 1.5, *NOT_FINITE], ">= 0 and < 1")
    ),
    *(
        case
        for function in (time, budget)
        for case in cases(function, "nu", [0, -0.1, 1, *NOT_FINITE], "> 0 and < 1")
    ),
    *(
        case
        for function, names in {
            limit: ["opposite"],
            exponents: ["e_0"],
            sharpness: ["nu"],
            largest: ["opposite"],
            smallest: ["opposite"],
            margins: ["s_0", "q_0", "q_other"],
            floor: ["opposite"],
            budget: ["opposite"],
            at_amplitude: ["delta"],
            followed: ["nu", "s", "q", "s_other", "q_other"],
        }.items()
        for name in names
        for case in cases(function, name, [-0.1, *NOT_FINITE], "finite, >= 0")
    ),
    *cases(curve, "q_0", [0, -0.1, *NOT_FINITE], "finite, > 0"),
    *cases(time, "q_0", [0, -0.1, *NOT_FINITE], "finite, > 0"),
    *cases(time, "s_0", [0, -0.1, 1, *NOT_FINITE], "> 0 and < 1"),
    *cases(budget, "q_0", [0, -0.1, 1, *NOT_FINITE], "> 0 and < 1"),
    *cases(amplitude, "q", [-0.1, 1, *NOT_FINITE], ">= 0 and < 1"),
    *cases(followed, "steps", [-1], "at least 0"),
    *cases(seen, "y", [0, 2, -0.5, "1", None, math.nan], "-1 or +1"),
]

WRONG_TYPE = [
    *cases(model, "d", [8.0, "8", None, True], "an integer"),
    *(
        case
        for name in ("u_norm", "v_norm", "noise_norm")
        for case in cases(model, name, ["2", None, True, [0.1]], "a number")
    ),
    *cases(model, "rho", ["0.1", None, [0.1, 0.2]], "a number"),
    *cases(sample, "n", [4.0, "4", None, True], "an integer"),
    *cases(sample, "n_weak", [1.0, "1"], "an integer"),
    *cases(sample, "dtype", [torch.int64, "float64", float], "a floating torch dtype"),
    *cases(sample, "generator", [3, "seed", [3]], "a torch.Generator"),
    *cases(initial, "m", [8.0, "8", None, True], "an integer"),
    *cases(initial, "d", [8.0], "an integer"),
    *cases(initial, "scale", ["1", None], "a number"),
    *cases(initial, "dtype", [torch.int64, "float64", None], "a floating torch dtype"),
    *cases(initial, "generator", [3], "a torch.Generator"),
    *cases(trained, "lr", ["0.1", None, 1j, torch.tensor(1j)], "a number, array or tensor"),
    *cases(step, "lr", ["0.1", None], "a number, array or tensor"),
    *cases(step, "y_i", ["1", None], "a number, array or tensor"),
    *cases(trained, "epochs", [1.0, "1", None, True], "an integer"),
    *cases(trained, "record_every", [1.0, "1", True], "an integer"),
    *cases(trained, "generator", [3], "a torch.Generator"),
    *cases(proportion, "n", [4.0, None], "an integer"),
    *cases(proportion, "successes", [3.0, None], "an integer"),
    *cases(proportion, "level", ["0.95", None, [0.5, 0.9]], "a number"),
    *cases(conditions, "lr", ["1.2"], "a number"),
    *cases(kappa, "lr", ["0.1", None, [0.1]], "a number, array or tensor"),
    *cases(kappa, "m", [8.0], "an integer"),
    *cases(nu, "u_norm", ["2"], "a number, array or tensor"),
    *cases(theory.two_cycle, "kappa", ["2", [1.2]], "a number, array or tensor"),
    *cases(terminal, "nu", ["2", [0.1]], "a number, array or tensor"),
    *cases(potential, "strong", ["2", None], "a number, array or tensor"),
    *cases(potential, "weak", ["2", None], "a number, array or tensor"),
    *(
        case
        for function, names in EVERY_ARGUMENT.items()
        for name in names
        for case in cases(function, name, ["2", None, [0.1], True], "a number, array or tensor")
    ),
    *cases(followed, "steps", [1.0, "1", None, True], "an integer"),
]


@pytest.mark.parametrize(("function", "name", "value", "allowed"), OUT_OF_RANGE)
def test_out_of_range(function, name, value, allowed):
    with pytest.raises(ValueError, match=f"^{name} must ") as caught:
        function(**{name: value})
    message = str(caught.value)
    assert allowed in message
    assert re.search(rf"got '?{re.escape(str(value))}", message)


@pytest.mark.parametrize(("function", "name", "value", "allowed"), WRONG_TYPE)
def test_wrong_type(function, name, value, allowed):
    with pytest.raises(TypeError, match=f"^{name} must ") as caught:
        function(**{name: value})
    message = str(caught.value)
    assert allowed in message
    shown = value[0] if name == "generator" and isinstance(value, list | str) else value
    assert repr(shown) in message


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_one_bad_rate_among_many(bad):
    with pytest.raises(ValueError, match=f"^lr must .*got {bad}"):
        trained(lr=torch.tensor([0.1, bad, 0.3]))
    with pytest.raises(ValueError, match=f"^lr must .*got {bad}"):
        trained(lr=np.array([0.1, bad, 0.3]))


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**63, ValueError), (1.5, TypeError)]
)
def test_bad_seeds(seed, error):
    with pytest.raises(error, match=f"^seeds must .*got {seed}"):
        generators([0, seed])


def test_seeds_must_be_several():
    with pytest.raises(TypeError, match="^seeds must .*got 5"):
        generators(5)


@pytest.mark.parametrize("function", [sample, initial])
def test_no_generators(function):
    with pytest.raises(ValueError, match="^generator must hold at least one"):
        function(generator=[])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("function", [sample, initial, trained])
def test_generators_live_on_the_cpu(function):
    with pytest.raises(ValueError, match="^generator must be on the CPU.*cuda"):
        function(generator=torch.Generator(device="cuda"))


@pytest.mark.parametrize("function", [trained, accurate])
@pytest.mark.parametrize("value", [None, DATA.x, (DATA.x, DATA.y)], ids=["None", "x", "x-y"])
def test_data_must_be_patch_data(function, value):
    with pytest.raises(TypeError, match=f"^data must be a PatchData.*{type(value).__name__}"):
        function(data=value)


# --- Tensors: labels, types, devices -----------------------------------------------------------


@pytest.mark.parametrize("bad", [0.0, 2.0, -0.5, math.nan, math.inf])
def test_labels_are_plus_or_minus_one(bad):
    y = DATA.y.clone()
    y[2] = bad
    with pytest.raises(ValueError, match=rf"^y must hold labels -1 and \+1, got {bad}"):
        patches(y=y)
    with pytest.raises(ValueError, match=rf"^y_i must hold labels -1 and \+1, got {bad}"):
        step(y_i=y, x_i=DATA.x)


TENSORS = [
    (patches, "x", DATA.x),
    (patches, "y", DATA.y),
    (patches, "u", MODEL.u),
    (patches, "v", MODEL.v),
    (trained, "weights", W),
    (step, "weights", W),
    (step, "x_i", DATA.x[0]),
    (accurate, "weights", W),
    (seen, "weights", W),
    (seen, "u", MODEL.u),
    (seen, "v", MODEL.v),
    (lambda **changes: predict(**{"weights": W, "x": DATA.x, **changes}), "weights", W),
    (lambda **changes: predict(**{"weights": W, "x": DATA.x, **changes}), "x", DATA.x),
]


@pytest.mark.parametrize(("function", "name", "tensor"), TENSORS)
def test_tensors_must_be_floating_tensors(function, name, tensor):
    with pytest.raises(TypeError, match=f"^{name} must have a floating dtype, got torch.int64"):
        function(**{name: tensor.long()})
    with pytest.raises(TypeError, match=f"^{name} must be a torch.Tensor, got ndarray"):
        function(**{name: tensor.numpy()})
    with pytest.raises(TypeError, match=f"^{name} must be a torch.Tensor, got list"):
        function(**{name: tensor.tolist()})


@pytest.mark.parametrize(("function", "name", "tensor"), TENSORS)
def test_dtypes_must_agree(function, name, tensor):
    with pytest.raises(TypeError, match=r"must have the dtype of \S+, torch\.float") as caught:
        function(**{name: tensor.float()})
    assert re.search(rf"\b{name}\b", str(caught.value))
    assert "torch.float32" in str(caught.value)
    assert "torch.float64" in str(caught.value)


@pytest.mark.parametrize(("function", "name", "tensor"), TENSORS)
def test_devices_must_agree(function, name, tensor):
    with pytest.raises(ValueError, match=r"must be on the device of ") as caught:
        function(**{name: tensor.to("meta")})
    assert re.search(rf"\b{name}\b", str(caught.value))
    assert "cpu" in str(caught.value)
    assert "meta" in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_the_reduced_engine_takes_no_half_precision(dtype):
    half = MODEL.sample(4, dtype=dtype)
    with pytest.raises(TypeError, match=f"^weights must be float32 or float64 .*got {dtype}"):
        trained(data=half, weights=W.to(dtype), engine="reduced")


def test_is_weak_must_be_a_bool_tensor():
    for wrong in (DATA.is_weak.double(), DATA.is_weak.tolist(), None):
        with pytest.raises(TypeError, match=r"^is_weak must be a bool tensor, got "):
            patches(is_weak=wrong)
    with pytest.raises(ValueError, match="^is_weak must be on the device of x, cpu, got meta"):
        patches(is_weak=DATA.is_weak.to("meta"))

    many = torch.ones(1000, dtype=torch.float64)
    for wrong in (many, many.tolist()):
        with pytest.raises(TypeError) as caught:
            patches(is_weak=wrong)
        assert len(str(caught.value)) < 200


# --- Shapes ------------------------------------------------------------------------------------

sizes = st.integers(1, 4)


def zeros(*shape):
    return torch.zeros(shape, dtype=torch.float64)


def shown(shape):
    """The shape as the messages show it, to be matched literally."""
    return re.escape(str(tuple(shape)))


@given(n=sizes, p=sizes, d=sizes, batch=array_shapes(min_dims=0, max_dims=2, max_side=3))
def test_agreeing_shapes_are_accepted(n, p, d, batch):
    data = PatchData(
        x=zeros(*batch, n, p, d),
        y=zeros(*batch, n) + 1,
        is_weak=torch.zeros(*batch, n, dtype=torch.bool),
        u=zeros(d),
        v=zeros(d),
    )
    assert predict(zeros(*batch, 2, 3, d), data.x).shape == (*batch, n)
    assert train(data, zeros(2, 3, d), 0.1, epochs=2).margins.shape == (*batch, 2, n)


@given(
    x_shape=st.tuples(sizes, sizes, sizes),
    bad=array_shapes(min_dims=0, max_dims=3, max_side=4),
    name=st.sampled_from(["y", "is_weak"]),
)
def test_labels_and_weak_flags_have_the_shape_of_the_points(x_shape, bad, name):
    n = x_shape[0]
    assume(bad != (n,))
    fields = {"y": zeros(n) + 1, "is_weak": torch.zeros(n, dtype=torch.bool)}
    fields[name] = torch.ones(bad, dtype=fields[name].dtype)
    with pytest.raises(ValueError, match=rf"^{name} must have .*shape .*got {shown(bad)}$"):
        PatchData(x=zeros(*x_shape), **fields)


@given(shape=array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4))
def test_patches_have_three_axes(shape):
    with pytest.raises(
        ValueError, match=rf"^x must have shape \(\.\.\., n, P, d\), got {shown(shape)}"
    ):
        patches(x=zeros(*shape))
    with pytest.raises(
        ValueError, match=rf"^x must have shape \(\.\.\., n, P, 8\), got {shown(shape)}"
    ):
        predict(W, zeros(*shape))


@given(n=st.integers(0, 2), p=st.integers(0, 2), d=st.integers(0, 2))
def test_no_axis_is_empty(n, p, d):
    assume(0 in (n, p, d))
    with pytest.raises(ValueError, match=rf"^x must have shape .*got {shown((n, p, d))}"):
        PatchData(x=zeros(n, p, d), y=zeros(n), is_weak=torch.zeros(n, dtype=torch.bool))


@given(shape=array_shapes(min_dims=0, max_dims=3, max_side=9), name=st.sampled_from(["u", "v"]))
def test_features_have_the_dimension_of_the_patches(shape, name):
    assume(shape[-1:] != (8,))
    with pytest.raises(ValueError, match=rf"^{name} must have shape .*got {shown(shape)}"):
        patches(**{name: zeros(*shape)})


@given(shape=array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
def test_weights_have_two_signs_and_the_dimension_of_the_patches(shape):
    assume(len(shape) < 3 or shape[-3] != 2 or shape[-2] < 1 or shape[-1] != 8)
    expected = r"^(weights|x|x_i|data\.x) must have shape .*got .*\)"
    for function in (trained, step, accurate, lambda weights: predict(weights, DATA.x)):
        with pytest.raises(ValueError, match=expected):
            function(weights=zeros(*shape))


@given(d=st.integers(1, 12), batch=array_shapes(min_dims=0, max_dims=2, max_side=3))
def test_weights_of_another_dimension(d, batch):
    assume(d != 8)
    shape = (*batch, 2, 3, d)
    with pytest.raises(ValueError, match=rf"^weights must have shape .*, 8\), got {shown(shape)}"):
        trained(weights=zeros(*shape))
    with pytest.raises(
        ValueError, match=rf"^x must have shape .*, {d}\), got {shown(DATA.x.shape)}"
    ):
        predict(zeros(*shape), DATA.x)
    with pytest.raises(ValueError, match=rf"^x_i must have shape .*, {d}\), got \(3, 8\)"):
        step(weights=zeros(*shape))


@st.composite
def clashing_axes(draw):
    """Three batch shapes; the last axes of two of them are different numbers above 1."""
    clash = draw(st.permutations([2, 3, 4]))[:2]
    last_axes = draw(st.permutations([*clash, draw(st.sampled_from([1, *clash]))]))
    return [(*draw(array_shapes(min_dims=0, max_dims=1, max_side=3)), k) for k in last_axes]


@given(shapes=clashing_axes())
def test_batch_axes_must_broadcast(shapes):
    """Those of the data, the weights and the rates: the message shows them all."""
    data_axes, w_axes, lr_axes = shapes
    data = PatchData(
        x=DATA.x.expand(*data_axes, 4, 3, 8),
        y=DATA.y.expand(*data_axes, 4),
        is_weak=DATA.is_weak.expand(*data_axes, 4),
    )
    w, lr = W.expand(*w_axes, 2, 3, 8), torch.full(lr_axes, 0.1)
    for call in (
        lambda: train(data, w, lr, epochs=1),
        lambda: sgd_step(w, data.x[..., 0, :, :], 1, lr),
    ):
        with pytest.raises(ValueError, match="broadcast") as caught:
            call()
        message = str(caught.value)
        for name, axes in (("weights", w_axes), ("lr", lr_axes)):
            assert f"{name} has {axes}" in message
        assert f" has {data_axes}" in message


def test_labels_of_a_step_must_broadcast():
    with pytest.raises(ValueError, match=r"broadcast.*y_i has \(3,\)"):
        step(weights=W.expand(2, 2, 3, 8), y_i=torch.ones(3))


def test_batch_axes_of_predict_must_broadcast():
    x = DATA.x.expand(3, 4, 3, 8)
    with pytest.raises(ValueError, match=r"broadcast.*weights has \(2,\).*x has \(3,\)"):
        predict(W.expand(2, 2, 3, 8), x)


@given(shapes=clashing_axes())
def test_starts_of_an_orbit_must_broadcast(shapes):
    kappa, s, q_other = (np.full(shape, 0.1) for shape in shapes)
    with pytest.raises(ValueError, match="broadcast") as caught:
        followed(kappa=kappa, s=s, q_other=q_other)
    for name, shape in zip(("kappa", "s", "q_other"), shapes, strict=True):
        assert f"{name} has {shape}" in str(caught.value)


@given(shape=array_shapes(min_dims=0, max_dims=3, max_side=9), name=st.sampled_from(["u", "v"]))
def test_features_of_the_signals_have_the_dimension_of_the_filters(shape, name):
    assume(shape[-1:] != (8,))
    with pytest.raises(ValueError, match=rf"^{name} must have shape .*8\), got {shown(shape)}"):
        seen(**{name: zeros(*shape)})


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_one_bad_element_among_many(bad):
    """Of an array or of a tensor; the message shows it."""
    for kind in (np.array, torch.tensor):
        with pytest.raises(ValueError, match=f"^kappa must .*got {bad}"):
            growth(kappa=kind([1.2, bad]))
        with pytest.raises(ValueError, match=f"^kappa must .*got {bad}"):
            followed(kappa=kind([1.2, bad]))


def test_an_amplitude_of_one_over_kappa_is_out_of_reach():
    with pytest.raises(ValueError, match=r"^delta must be < 1/kappa, got 0.5"):
        at_amplitude(delta=0.5, kappa=2.0)
