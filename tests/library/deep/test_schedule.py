"""The words for a schedule, and the rate of each epoch."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benign_osc_lib.deep import parse_schedule, rate_of_epoch
from benign_osc_lib.deep.schedule import write_schedule

rates = st.floats(1e-6, 100, allow_nan=False)
schedules = st.dictionaries(st.integers(1, 200), rates, max_size=4).map(
    lambda found: tuple(sorted(found.items()))
)


@given(schedule=schedules)
def test_what_is_written_is_read(schedule):
    assert parse_schedule(write_schedule(schedule)) == schedule


@given(schedule=schedules, lr=rates, epoch=st.integers(1, 250))
def test_the_rate_is_that_of_the_last_change_before(schedule, lr, epoch):
    passed = [rate for epochs, rate in schedule if epochs < epoch]
    assert rate_of_epoch(lr, schedule, epoch) == [lr, *passed][-1]


def test_ten_epochs_then_small():
    schedule = parse_schedule("10:0.01")
    assert schedule == ((10, 0.01),)
    assert [rate_of_epoch(0.75, schedule, e) for e in (1, 10, 11, 17)] == [0.75, 0.75, 0.01, 0.01]
    assert parse_schedule(" ") == ()
    assert parse_schedule("10:0.01, 20:1e-3") == ((10, 0.01), (20, 0.001))


@pytest.mark.parametrize(
    "text",
    [
        "10",
        "10:",
        ":0.1",
        "a:0.1",
        "10:b",
        "10:0.1,",
        "1.5:0.1",
        "10:0.1;20:0.1",
        "10:0.1:3",
        "ten",
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(ValueError, match=f"^schedule must be EPOCHS:RATE.*{re.escape(text)}"):
        parse_schedule(text)


@pytest.mark.parametrize(
    "text, message",
    [
        ("0:0.1", "epochs of the schedule must be at least 1, got 0"),
        ("-3:0.1", "epochs of the schedule must be at least 1, got -3"),
        ("10:0.1,10:0.2", "epochs of the schedule must be at least 11, got 10"),
        ("10:0.1,5:0.2", "epochs of the schedule must be at least 11, got 5"),
        *((f"10:{rate}", "rate of the schedule must be finite and > 0") for rate in ("0", "-1")),
        *((f"10:{rate}", "rate of the schedule must be finite and > 0") for rate in ("nan", "inf")),
    ],
)
def test_nonsense_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_schedule(text)


@given(text=st.text(alphabet="0123456789:,.-e ", max_size=12))
def test_any_text_is_a_schedule_or_an_error_that_says_so(text):
    try:
        schedule = parse_schedule(text)
    except ValueError as error:
        assert "schedule" in str(error)
    else:
        assert list(schedule) == sorted(schedule) and all(rate > 0 for _, rate in schedule)
