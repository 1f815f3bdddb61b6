"""What may be wanted of a run beside its margins and signals, from every engine that has it."""

import pytest
import torch

from benign_osc_lib import Rule
from benign_osc_lib.engine import ENGINES, Before, NotForRule, follow
from tests.library.common import assert_close
from tests.library.engine.test_engines import problem

RULES = [Rule(), Rule(momentum=0.5, batch_size=3, loss="logistic", second_layer="trained")]
RATES = torch.tensor([0.3, 0.4, 1e6, 1e-6], dtype=torch.float64)


def followed(given, name, record_every=1):
    """What an engine finds, skipped where it has no such problem."""
    if name == "cuda" and given.x.device.type != "cuda":
        pytest.skip("needs a problem on a GPU")
    try:
        return follow(given, name, record_every)
    except NotForRule:
        pytest.skip("not for this engine")


every_case = pytest.mark.parametrize("rule", RULES, ids=repr)
every_engine = pytest.mark.parametrize("name", ENGINES)


def mean_losses(rule, margins):
    """Of each epoch, from y f."""
    one_point = torch.nn.functional.softplus(-margins)
    return (one_point if rule.loss == "logistic" else (1 - margins) ** 2 / 2).mean(-1)


@every_engine
@every_case
def test_a_run_stops_after_the_first_epoch_with_a_low_loss(name, rule):
    """Of four runs two stop, one diverges and one goes on; the stopped ones are frozen."""
    given = problem((4,), lr=RATES, epochs=12, order="shuffled")._replace(rule=rule, path=True)
    whole, per_epoch = followed(given, name), rule.steps(4)
    low = 0.8 * float(mean_losses(rule, whole.margins)[:2, 0].min())
    found = followed(given._replace(stop_below=low), name)
    assert whole.stopped_at.tolist() == [-1] * 4
    assert found.diverged_at.tolist() == whole.diverged_at.tolist() and found.diverged_at[2] > 0
    assert found.diverged_at[[0, 1, 3]].tolist() == [-1] * 3
    for k in (0, 1, 3):
        below = (mean_losses(rule, whole.margins[k]) < low).nonzero()
        stop = per_epoch * (int(below[0]) + 1) if len(below) else -1
        assert found.stopped_at[k] == stop and (stop > 0) == (k < 2)
        if stop > 0:
            assert_close(found.path[k, : stop + 1], whole.path[k, : stop + 1])
            assert (found.path[k, stop:] == found.path[k, stop]).all()
            size = found.weights[k].abs().max()
            assert_close(found.path[k, -1] / size, found.weights[k] / size)
    assert found.stopped_at[2] == -1  # diverged, and that is all


@every_engine
@every_case
def test_overlaps_and_weights_are_those_of_the_reference(name, rule):
    given = problem((4,), lr=RATES, epochs=4)._replace(rule=rule, path=True)
    given = given._replace(directions=given.x[:, 0])
    found, expected = followed(given, name, 3), followed(given, "autograd", 3)
    for k in (0, 1, 3):
        assert_close(found.path[k], expected.path[k], 1e-9)
        assert_close(found.overlaps[k], expected.overlaps[k], 1e-9)
    j = torch.tensor([1.0, -1.0], dtype=torch.float64)[:, None]
    assert_close(found.strong[:2], j * (found.path[:2] @ given.u), 1e-9)


@every_engine
@every_case
def test_a_run_in_two_parts(name, rule):
    """The state of the first is what the second begins with; to the bit."""
    given = problem((4,), lr=RATES, epochs=5, order="shuffled")
    given = given._replace(rule=rule, keep_state=True, stop_below=0.3)
    whole = followed(given, name, 2)
    first = followed(given._replace(visits=given.visits[:, :2]), name, 2)
    before = Before(2, first.diverged_at, first.stopped_at, first.state)
    second = given._replace(visits=given.visits[:, 2:], weights=first.weights, before=before)
    found = followed(second, name, 2)
    pairs = [(found.weights, whole.weights), (found.second, whole.second)]
    pairs += [(torch.cat([first.margins, found.margins], 1), whole.margins)]
    pairs += [(torch.cat([first.strong, found.strong], 1), whole.strong)]
    pairs += [(found.stopped_at, whole.stopped_at), (found.diverged_at, whole.diverged_at)]
    for now, expected in pairs:
        torch.testing.assert_close(now, expected, rtol=0, atol=0, equal_nan=True)


def test_some_engine_has_each():
    """So that not all is skipped."""
    for rule in RULES:
        given = problem((2,), lr=0.3)._replace(rule=rule, keep_state=True, path=True)
        for name in ("reference", "autograd", "family"):
            assert follow(given, name, 1).path.shape[0] == 2
