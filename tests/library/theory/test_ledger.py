"""The constants of the ledger fit together."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib import (
    theory,
)


@given(kappa=st.floats(1.01, 1.55), nu=st.floats(0.01, 0.2))
def test_the_constants_fit_together(kappa, nu):
    """Each constant against another one, or against the map."""
    ledger = {constant.name: constant.value for constant in theory.constants(kappa, nu)}
    low, high = ledger["2-cycle, lower strong signal"], ledger["2-cycle, upper strong signal"]
    assert low * high == pytest.approx(1 / kappa**2, rel=1e-9, abs=0)
    assert low + high == pytest.approx(
        2 - 2 * ledger["mean residual on the 2-cycle"], rel=1e-9, abs=0
    )
    slopes = [1 + kappa - 3 * kappa * s for s in (low, high)]
    assert math.prod(slopes) == pytest.approx(ledger["multiplier of the 2-cycle"], abs=1e-9)
    assert high <= ledger["largest signal after a step"] < 1 + 1 / kappa
    factor = ledger["smallest factor of strong overlaps"]
    assert factor == pytest.approx(1 + kappa * (1 - ledger["largest signal after a step"]))
    assert 0 < ledger["floor of the strong signal"] < factor**2
    budget = ledger["squared residuals per log(1/q_0), at most"]
    assert budget * ledger["gain per squared residual, at least"] == pytest.approx(
        0.5, rel=1e-12, abs=0
    )
    growth = math.exp(2 * ledger["growth of log weak overlap per step"])
    assert growth == pytest.approx(1 + nu * (1 - nu) * (kappa - 1), rel=1e-9, abs=0)
    least, landing = (
        ledger[f"weak signal at the end, {kind}"] for kind in ("at least", "landing law")
    )
    assert landing / least == pytest.approx(1 + nu / 4, rel=1e-9, abs=0)
    assert ledger["delta that equals its q"] <= ledger["largest delta on the 2-cycle"]


def test_the_constants_say_where_they_come_from():
    ledger = theory.constants(1.2, 0.04)
    assert len({constant.name for constant in ledger}) == len(ledger)
    assert [constant.chapter for constant in ledger] == sorted(c.chapter for c in ledger)
    assert all(constant.formula and isinstance(constant.value, float) for constant in ledger)


@pytest.mark.parametrize(
    "kappa, nu", [(0.9, 0.04), (1.6, 0.04), (1.2, 0), (1.2, 1), (math.nan, 0.1)]
)
def test_constants_outside_their_range(kappa, nu):
    with pytest.raises(ValueError, match="^(kappa|nu) must be finite"):
        theory.constants(kappa, nu)


def test_constants_of_something_else():
    with pytest.raises(TypeError, match="^kappa must be a number"):
        theory.constants("1.2", 0.04)
