"""One Node for all tests of the laboratory."""

import pytest

from tests.library.lab.common import Node


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    process = Node(tmp_path_factory.mktemp("node"))
    yield process
    process.close()
