"""The learning rate of each epoch: a first rate, and rates that follow it."""

from .. import _checks

_FORM = 'EPOCHS:RATE, or several with commas between them, such as "10:0.01,20:0.001"'


def parse_schedule(text):
    """Read when the learning rate changes (chapter 16).

    Args:
        text: such as "10:0.01,20:0.001": after 10 epochs the rate is 0.01, after 20 it is 0.001.
            An empty text changes nothing.

    Returns:
        A tuple of pairs (epochs, rate).

    Raises:
        TypeError: ``text`` is no text.
        ValueError: it has another form, its epochs do not increase from 1 on, or a rate is not
            finite and > 0.
    """
    _checks.instance("schedule", text, str)
    if not text.strip():
        return ()
    pairs = []
    for part in text.split(","):
        before, colon, after = part.partition(":")
        try:
            pair = int(before), float(after)
        except ValueError:
            colon = ""
        if not colon:
            raise ValueError(f"schedule must be {_FORM}, got {part!r} in {text!r}")
        pairs.append(pair)
    return check_schedule(pairs)


def check_schedule(pairs):
    """Return pairs (epochs, rate) as a tuple, or raise unless they are a schedule."""
    known, last = [], 0
    for pair in pairs:
        try:
            epochs, rate = pair
        except (TypeError, ValueError):
            raise ValueError(f"schedule must hold pairs (epochs, rate), got {pair!r}") from None
        epochs = _checks.integer("epochs of the schedule", epochs, low=last + 1)
        known.append((epochs, _checks.positive("rate of the schedule", rate)))
        last = epochs
    return tuple(known)


def rate_of_epoch(lr, schedule, epoch):
    """The learning rate of an epoch (chapter 16).

    Args:
        lr: the first rate, finite and > 0.
        schedule: pairs (epochs, rate), as :func:`parse_schedule` returns them.
        epoch: counted from 1.

    Returns:
        A float.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is outside its range.
    """
    rate = _checks.positive("lr", lr)
    epoch = _checks.integer("epoch", epoch, low=1)
    for epochs, later in check_schedule(schedule):
        if epoch > epochs:
            rate = later
    return rate


def write_schedule(schedule):
    """The text that :func:`parse_schedule` reads as this schedule."""
    return ",".join(f"{epochs}:{rate!r}" for epochs, rate in schedule)
