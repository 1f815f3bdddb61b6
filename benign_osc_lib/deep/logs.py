"""The log of a run: a CSV file with one line an epoch, and TensorBoard's."""

import csv
import importlib
import io

COLUMNS = {
    "epoch": "counted from 1",
    "lr": "the learning rate of this epoch",
    "train_loss": "mean loss of the batches of the epoch, each as it was visited",
    "train_loss_sd": "standard deviation of these losses",
    "loss_shortcut": "mean loss of the images with a shortcut, as they were visited",
    "loss_rest": "mean loss of the others",
    "test_removed": "accuracy on test images without a shortcut",
    "test_with": "accuracy on test images with the shortcut of their class",
    "test_wrong": "accuracy on test images with the shortcut of another class",
    "test_fresh": "as test_removed, with BatchNorm's averages taken anew at the final weights",
    "sharpness_shortcut": "top Hessian eigenvalue of the loss of the images with a shortcut",
    "sharpness_rest": "the same of the others",
    "sharpness_all": "the same of both",
    "sharpness_batch": "mean curvature of the loss of a batch along its gradient",
    "diverged_at": "the step at which the run diverged (see Training); empty if it did not",
}
"""The columns of a log, and what stands in them; empty where nothing was measured."""

_WHOLE = ("epoch", "diverged_at")


def write_log(rows):
    """The text of a log; numbers have six digits.

    Args:
        rows: dicts with the keys of ``COLUMNS``; a missing one, or None, is an empty field.

    Returns:
        The text of a CSV file.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        values = (row.get(name) for name in COLUMNS)
        writer.writerow(
            ["" if v is None else str(v) if isinstance(v, int) else f"{v:.6g}" for v in values]
        )
    return text.getvalue()


def read_log(text):
    """The rows of a log (chapter 16).

    Args:
        text: of a CSV file with the columns of ``COLUMNS``.

    Returns:
        A list of dicts, one an epoch; what is empty is None.

    Raises:
        ValueError: the columns are others, or a field is no number.
    """
    lines = csv.reader(io.StringIO(text))
    if next(lines, []) != list(COLUMNS):
        raise ValueError(f"a log must begin with the columns {', '.join(COLUMNS)}")
    rows = []
    for number, line in enumerate(lines, start=2):
        try:
            rows.append(
                {
                    name: (int if name in _WHOLE else float)(value) if value else None
                    for name, value in zip(COLUMNS, line, strict=True)
                }
            )
        except ValueError as error:
            raise ValueError(f"line {number} of the log is none: {error}") from None
    return rows


class TensorBoard:
    """Logs for TensorBoard, a folder for each run.

    Args:
        folder: a path.

    Raises:
        ValueError: TensorBoard is not installed.
    """

    def __init__(self, folder):
        self.folder = folder
        try:
            self.new = importlib.import_module("torch.utils.tensorboard").SummaryWriter
        except ImportError:
            raise ValueError(
                "tensorboard must be installed for its logs: pip install tensorboard"
            ) from None

    def has(self, name):
        """Whether there is anything of a run."""
        return (self.folder / name).exists()

    def write(self, name, rows, more=False):
        """Write all rows of a run, in the place of what is there.

        Args:
            name: of the run.
            rows: dicts, as :func:`read_log` returns them.
            more: whether other rows will follow.

        Returns:
            The writer, which takes the other rows; or None.
        """
        writer = self.new(str(self.folder / name), purge_step=0)
        for row in rows:
            self.add(writer, row)
        if more:
            return writer
        writer.close()

    @staticmethod
    def add(writer, row):
        """Add a row of a log, each number under its column."""
        for name, value in row.items():
            if name != "epoch" and value is not None:
                writer.add_scalar(name, value, row["epoch"])
        writer.flush()
