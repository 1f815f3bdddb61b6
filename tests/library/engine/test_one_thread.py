"""Small steps of the reference use one of torch's threads, and leave their number as it was."""

import pytest
import torch

from benign_osc_lib._threads import one_thread
from benign_osc_lib.engine import divergence, reference
from tests.library.common import assert_close
from tests.library.engine.common import ENGINES
from tests.library.engine.test_engines import FIELDS, problem


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_small_steps_of_the_reference_use_one_thread(two_threads, monkeypatch):
    given, seen = problem(), []
    whole = reference.gradient

    def spied(*args):
        seen.append(torch.get_num_threads())
        return whole(*args)

    monkeypatch.setattr(reference, "gradient", spied)
    small = ENGINES["reference"](given, 1, divergence.LIMIT, False)
    assert set(seen) == {1} and torch.get_num_threads() == 2
    seen.clear()
    monkeypatch.setattr(reference, "WORTH_THREADS", 1)
    large = ENGINES["reference"](given, 1, divergence.LIMIT, False)
    assert set(seen) == {2} and torch.get_num_threads() == 2
    for field in FIELDS:
        assert_close(getattr(small, field), getattr(large, field))


def test_the_number_of_threads_comes_back_after_an_error(two_threads, monkeypatch):
    def fail(*_):
        raise RuntimeError("on purpose")

    monkeypatch.setattr(reference, "gradient", fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        ENGINES["reference"](problem(), 1, divergence.LIMIT, False)
    assert torch.get_num_threads() == 2
    with pytest.raises(RuntimeError), one_thread(True), one_thread(True):
        raise RuntimeError
    assert torch.get_num_threads() == 2
