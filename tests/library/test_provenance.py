"""What made a result."""

from pathlib import Path

import benign_osc_lib
from benign_osc_lib._commit import git_commit
from benign_osc_lib._provenance import made_by


def test_the_versions():
    found = made_by()
    assert {"library_version", "torch_version", "numpy_version", "numba_version"} <= set(found)
    assert set(found) - {"commit"} == {name for name in found if name.endswith("_version")}
    assert found["library_version"] == benign_osc_lib.__version__
    assert found.get("commit") == git_commit(Path(benign_osc_lib.__file__).parent)
