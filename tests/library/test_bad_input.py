"""Bad input raises an error that names the argument, the value and what is allowed.

Here are tensors, shapes and words; the ranges of numbers are in ``test_ranges.py``.
"""

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
    Rule,
    generators,
    init_weights,
    predict,
    sgd_step,
    train,
)
from benign_osc_lib.metrics import accuracy
from benign_osc_lib.one_point import orbit, signals

NORMS = {"d": 8, "u_norm": 2.0, "v_norm": 0.4, "noise_norm": 0.8}
MODEL = FeatureNoiseModel(**NORMS)
DATA = MODEL.sample(4, n_weak=1, generator=torch.Generator().manual_seed(1))
W = init_weights(3, 8, 0.1, generator=torch.Generator().manual_seed(2))


def patches(**changes):
    return PatchData(**{"x": DATA.x, "y": DATA.y, "is_weak": DATA.is_weak, **changes})


def sample(**changes):
    return MODEL.sample(**{"n": 4, **changes})


def predicted(**changes):
    return predict(**{"weights": W, "x": DATA.x, **changes})


def initial(**changes):
    return init_weights(**{"m": 3, "d": 8, "scale": 0.1, **changes})


def trained(**changes):
    return train(**{"data": DATA, "weights": W, "lr": 0.1, "epochs": 1, **changes})


def step(**changes):
    arguments = {"weights": W, "x_i": DATA.x[0], "y_i": DATA.y[0], "lr": 0.1}
    return sgd_step(**{**arguments, **changes})


def accurate(**changes):
    return accuracy(**{"weights": W, "data": DATA, **changes})


def followed(**changes):
    return orbit(**{"kappa": 1.2, "nu": 0.04, "s": 0.1, "q": 0.01, "steps": 3, **changes})


def seen(**changes):
    return signals(**{"weights": W, "u": MODEL.u, "v": MODEL.v, "y": 1, **changes})


def cases(function, name, values, allowed):
    """One case per value of the argument ``name``."""
    return [
        pytest.param(function, name, value, allowed, id=f"{function.__name__}-{name}-{value!r}")
        for value in values
    ]


NOT_ONE_OF = [
    *cases(trained, "order", ["random", "Cyclic", "", None], "'cyclic', 'shuffled'"),
    *cases(trained, "engine", ["fast", "numba", None], "'auto', 'reduced', 'reference'"),
    *cases(predicted, "activation", ["Relu", "", "tanh"], "'relu', 'relu2'"),
    *cases(step, "y_i", [0, 2, 0.5, math.nan], "-1 and +1"),
]

WRONG_TYPE = [
    *cases(sample, "dtype", [torch.int64, "float64", float], "a floating torch dtype"),
    *cases(sample, "generator", [3, "seed", [3]], "a torch.Generator"),
    *cases(initial, "dtype", [torch.int64, "float64", None], "a floating torch dtype"),
    *cases(initial, "generator", [3], "a torch.Generator"),
    *cases(trained, "generator", [3], "a torch.Generator"),
    *cases(predicted, "activation", [None, 3, (1, 2)], "a name or an Activation"),
]


@pytest.mark.parametrize(("function", "name", "value", "allowed"), NOT_ONE_OF)
def test_not_one_of(function, name, value, allowed):
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


@pytest.mark.parametrize("value", [None, "Rule()", {"momentum": 0.5}, Rule])
def test_a_rule_must_be_a_rule(value):
    with pytest.raises(TypeError, match=f"^rule must be a Rule, got {type(value).__name__}"):
        trained(rule=value)


@pytest.mark.parametrize("name", ["margins", "record_weights", "resumable"])
@pytest.mark.parametrize("value", [None, 1, "yes"])
def test_flags_are_bools(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be a bool, got {type(value).__name__}"):
        trained(**{name: value})


def test_overlaps_of_other_shapes_and_values():
    for wrong in (DATA.x[0, 0], DATA.x[:, 0, :5], DATA.x[0, :0]):
        with pytest.raises(ValueError, match=r"^overlaps must have shape \(\.\.\., K, 8\), got"):
            trained(overlaps=wrong)
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"^overlaps must be finite, got {bad}"):
            trained(overlaps=torch.full((2, 8), bad, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"overlaps has \(3,\)"):
        trained(overlaps=DATA.x[:3], lr=[0.1, 0.2])


def test_a_second_layer_of_another_shape():
    for wrong in (W[..., 0, 0], W, W[:, :2, 0]):
        with pytest.raises(
            ValueError, match=r"^second_layer must have shape \(\.\.\., 2, 3\), got"
        ):
            predicted(second_layer=wrong)
    with pytest.raises(ValueError, match=r"second_layer has \(3,\)"):
        predicted(second_layer=torch.ones(3, 2, 3).double(), weights=W.expand(2, 2, 3, 8))


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
    (trained, "overlaps", DATA.x[0]),
    (predicted, "weights", W),
    (predicted, "x", DATA.x),
    (predicted, "second_layer", W[..., 0]),
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
        **{name: zeros(d) for name in "uv"},
    )
    assert predict(zeros(*batch, 2, 3, d), data.x).shape == (*batch, n)
    run = train(data, zeros(2, 3, d), 0.1, epochs=2, engine="reference")
    assert run.margins.shape == (*batch, 2, n)


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
