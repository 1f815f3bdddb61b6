"""Runs compared: by their settings, and at one training loss in the place of one epoch."""

import numpy as np


def select_runs(runs, **settings):
    """The runs with these settings (chapter 16).

    Args:
        runs: :class:`Recorded` runs.
        settings: values by the names of :class:`Settings`, such as ``lr=0.1, schedule=()``.

    Returns:
        A list, in the order of ``runs``.

    Raises:
        ValueError: a run has no setting of such a name.
    """
    for run in runs:
        unknown = settings.keys() - run.settings.keys()
        if unknown:
            raise ValueError(f"settings must be of the runs, got {', '.join(sorted(unknown))}")
    return [run for run in runs if all(run.settings[k] == v for k, v in settings.items())]


def at_training_loss(rows, column, levels):
    """A column of a log when the training loss has come down to some levels (chapter 16).

    An epoch counts if its loss is lower than each before. Between two such epochs the column is
    interpolated in the logarithm of the loss. The loss in a log is the mean over the epoch, the
    accuracies are of its end: where the loss falls fast, the column is ahead of it.

    Args:
        rows: of a log.
        column: one of ``COLUMNS`` that every row has.
        levels: of the training loss, (k,), > 0.

    Returns:
        An array (k,), NaN where the level is above the first loss or below the lowest.

    Raises:
        ValueError: a level is not > 0.
    """
    levels = np.asarray(levels, dtype=float)
    if levels.ndim != 1 or not (levels > 0).all():
        raise ValueError(f"levels must be a vector of numbers > 0, got {levels}")
    loss = np.array([row["train_loss"] for row in rows])
    record = np.append(True, loss[1:] < np.minimum.accumulate(loss)[:-1])
    loss, values = loss[record], np.array([row[column] for row in rows])[record]
    found = np.interp(-np.log(levels), -np.log(loss), values)
    return np.where((levels <= loss[0]) & (levels >= loss[-1]), found, np.nan)
