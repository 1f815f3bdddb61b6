"""The list of `make mutants` fits the library as it is."""

import pytest

from tests.book.common import ROOT
from tools.mutants import HARMLESS, MUTANTS

EVERY = [(*HARMLESS, "harmless"), *MUTANTS]


@pytest.mark.parametrize("file, line, replacement, what", EVERY, ids=[m[-1] for m in EVERY])
def test_every_mutant_breaks_one_line(file, line, replacement, what):
    source = (ROOT / "benign_osc_lib" / f"{file}.py").read_text(encoding="utf-8")
    assert source.count(line) == 1 and line != replacement
    compile(source.replace(line, replacement), file, "exec")
