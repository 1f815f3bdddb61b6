"""Learning rates and labels as nested lists, and whatever else can stand in their place."""

import re

import numpy as np
import pytest
import torch

from benign_osc_lib import sgd_step, train
from benign_osc_lib.phase import sampling_bound
from tests.library.ranges import DATA, WEIGHTS

RATES = {
    "list": [0.1, 0.3],
    "tuple": (0.1, 0.3),
    "nested": [[0.1, 0.3], [0.2, 0.4]],
    "column": [[0.1], [0.3]],
    "integers": [1, 2],
    "range": range(1, 3),
    "one": [0.1],
    "of NumPy numbers": [np.float64(0.1), np.float32(0.5)],
    "of tensors": [torch.tensor(0.1, dtype=torch.float64), torch.tensor(0.5)],
}
each_list = pytest.mark.parametrize("given", RATES.values(), ids=RATES)


def trained(lr, engine="reduced"):
    return train(DATA, WEIGHTS, lr, epochs=2, engine=engine)


def stepped(lr=0.1, y_i=1):
    return sgd_step(WEIGHTS, DATA.x[0], y_i, lr)


@each_list
@pytest.mark.parametrize("engine", ["reduced", "reference"])
def test_a_list_of_rates_is_an_array_of_rates(given, engine):
    """Not a schedule: each entry is the rate of one run."""
    array = np.array(given, dtype=float)
    run, wanted = trained(given, engine), trained(array, engine)
    assert run.margins.shape == (*array.shape, 2, 4)
    assert torch.equal(run.margins, wanted.margins)
    assert torch.equal(run.weights, wanted.weights)
    for index in np.ndindex(array.shape):
        alone = trained(float(array[index]), engine)
        torch.testing.assert_close(run[index].margins, alone.margins, rtol=1e-12, atol=0)


@each_list
def test_a_step_takes_a_list_of_rates(given):
    assert torch.equal(stepped(lr=given), stepped(lr=np.array(given, dtype=float)))


@pytest.mark.parametrize("given", [[1, -1], (1.0, -1.0), [[1, -1], [-1, -1]], [[1], [-1]]])
def test_a_step_takes_a_list_of_labels(given):
    found = stepped(y_i=given)
    assert found.shape == (*np.shape(given), 2, 3, 8)
    for index in np.ndindex(np.shape(given)):
        assert torch.equal(found[index], stepped(y_i=np.array(given)[index].item()))


def test_lists_of_rates_and_of_labels_broadcast():
    assert stepped(lr=[[0.1], [0.2]], y_i=[1, -1, 1]).shape == (2, 3, 2, 3, 8)
    with pytest.raises(ValueError, match=r"broadcast.*y_i has \(3,\).*lr has \(2,\)"):
        stepped(lr=[0.1, 0.2], y_i=[1, -1, 1])


@pytest.mark.parametrize("wrong", [0.0, -0.1, np.nan, np.inf])
def test_one_bad_rate_in_a_list(wrong):
    for call in (trained, stepped):
        for given in ([0.1, wrong], [[0.1], [wrong]]):
            with pytest.raises(ValueError, match=f"^lr must be finite, > 0, got {wrong}$"):
                call(given)


@pytest.mark.parametrize("wrong", [0, 2, 0.5, np.nan])
def test_one_bad_label_in_a_list(wrong):
    with pytest.raises(ValueError, match=rf"^y_i must hold labels -1 and \+1, got {float(wrong)}$"):
        stepped(y_i=[1, wrong])


@pytest.mark.parametrize(
    "given",
    [
        *([[1, 1], [1]], [1, [1]], [[1], 1]),  # ragged
        *(["1"], [None], [1, None], [1j], [[1, "1"]], [...], [{"a": 1}], [b"1"]),
        *([True], [1, True], [[1], [True]], (False,)),
        [10**400],  # beyond every float
    ],
    ids=str,
)
def test_what_is_no_list_of_numbers(given):
    for name, call in (("lr", trained), ("lr", stepped), ("y_i", lambda y: stepped(y_i=y))):
        shown = re.escape(repr(given))
        with pytest.raises(
            TypeError, match=f"^{name} must be a nested list of numbers, got {shown}"
        ):
            call(given)


@pytest.mark.parametrize("given", ["1", b"11", bytearray(b"11"), {0.1, 0.2}, {0.1: 1}])
def test_what_is_no_list(given):
    for name, call in (("lr", trained), ("lr", stepped), ("y_i", lambda y: stepped(y_i=y))):
        with pytest.raises(TypeError, match=f"^{name} must be a number, array or tensor, got "):
            call(given)


def test_sizes_in_lists():
    bound = sampling_bound([[0.1], [0.2]], 0.2, [10, 20])
    assert bound.shape == (2, 2)
    assert bound[1, 0] == sampling_bound(0.2, 0.2, 10)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_beyond_every_float_is_not_finite(sign):
    for call in (trained, stepped):
        with pytest.raises(ValueError, match=f"^lr must be finite, > 0, got {sign * np.inf}$"):
            call(sign * 10**400)
