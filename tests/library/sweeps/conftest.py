"""The result to be met again, and a count of the blocks that were run."""

import pytest

from benign_osc_lib import sweeps
from tests.library.sweeps.common import run


@pytest.fixture(scope="package")
def serial():
    return run()


@pytest.fixture
def counted(monkeypatch):
    """The calls of ``run_block``, to be counted."""
    calls = []
    run_block = sweeps.run_block

    def count(*arguments):
        calls.append(arguments)
        return run_block(*arguments)

    monkeypatch.setattr(sweeps, "run_block", count)
    return calls
