"""The command ``python -m benign_osc_lib.deep``: a grid of runs from the words of its line."""

import argparse
import re
import shlex
import sys
import textwrap
from itertools import product

from .architectures import ARCHITECTURES
from .checkpoint import reason
from .datasets import DATASETS
from .grids import GRIDS
from .losses import LOSSES
from .runs import run_in_folder
from .schedule import parse_schedule
from .settings import PRECISIONS, Settings

_MEMORY = re.compile("memory", re.IGNORECASE)
"""In what torch says where a device has not the memory."""

PROGRAM = "python -m benign_osc_lib.deep"

WITH_A_GRID = (
    *("data", "precision", "device", "threads", "out", "checkpoint_every", "discard_weights"),
    *("tensorboard", "quiet"),
)
"""Options that say where and how runs are made, and not what they are."""


def _flag(name):
    return f"--{name.replace('_', '-')}"


_WITH_A_GRID_LINES = textwrap.indent(
    textwrap.fill(" ".join(map(_flag, WITH_A_GRID)), 90, break_on_hyphens=False), "  "
)

_ENDS = f"""\
The files of a run are NAME.csv (its log), NAME.json (its settings, and what made it) and
NAME.pt (its state). The same command goes on where an interrupted one stopped, and leaves
finished runs as they are. A run diverges where the loss of a batch exceeds 1e6 or is no number; it
ends there, its log says at which step, and the next run follows.

A prepared grid (--grid) says what its runs are, so that of the other options only these go with it:
{_WITH_A_GRID_LINES}
The grids are those of chapter 16; where the name has gpu in it, give --device cuda, too.

Example, a run like those of the first trial in chapter 16:

  {PROGRAM} --dataset fashion-mnist --arch resnet18 --lr 0.75 --schedule 10:0.01 --epochs 17 \\
      --shortcut 0.875 --seeds 0 --device cuda --out runs
"""


def parser():
    """The parser of the command line, an ``argparse.ArgumentParser``."""
    found = argparse.ArgumentParser(
        PROGRAM,
        description="Train networks on images with a shortcut, at several rates and seeds.",
        epilog=_ENDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = found.add_argument
    add(
        "--dataset",
        choices=DATASETS,
        default="digits",
        help="default: digits, the 1797 images of 8 x 8 pixels that come with scikit-learn",
    )
    add("--data", metavar="DIR", help="folder with the files of the data set")
    add(
        "--arch",
        choices=tuple(ARCHITECTURES),
        default="resnet-narrow",
        help="default: resnet-narrow, three stages of 8, 16 and 32 channels",
    )
    add("--width", type=int, metavar="N", help="channels of the first stage")
    add(
        "--lr",
        type=float,
        nargs="+",
        default=[0.1],
        metavar="RATE",
        help="first rates; default: 0.1",
    )
    add("--schedule", default="", metavar="EPOCHS:RATE,...", help='such as "10:0.01,20:0.001"')
    add("--epochs", type=int, default=30, metavar="N", help="default: 30")
    add(
        "--shortcut",
        type=float,
        nargs="+",
        default=[0.0],
        metavar="SHARE",
        help="shares of the training images with a shortcut, from 0 to 1; default: 0, no image has "
        "one, and the tests with a shortcut show one that was never seen",
    )
    add(
        "--shortcut-strength",
        type=float,
        nargs="+",
        default=[1.0],
        metavar="S",
        help="default: 1, a step from black to white",
    )
    add(
        "--seeds",
        nargs="+",
        default=["0"],
        metavar="SEED",
        help="such as 0 1 2, or 0-4; default: 0",
    )
    add("--batch-size", type=int, default=128, metavar="N", help="default: 128")
    add("--weight-decay", type=float, default=5e-4, metavar="X", help="default: 0.0005")
    add("--train-points", type=int, metavar="N", help="a subset, drawn by the seed")
    add("--test-points", type=int, metavar="N", help="the first test images")
    add("--loss", choices=LOSSES, default="cross-entropy", help="default: cross-entropy")
    add("--precision", choices=PRECISIONS, help="default: float32, on a GPU bf16")
    add("--sharpness-every", type=int, default=0, metavar="N", help="epochs; 0 never")
    add("--sharpness-points", type=int, default=512, metavar="N", help="images; default: 512")
    add("--device", default="cpu", help="such as cpu, cuda or cuda:1")
    add("--threads", type=int, default=1, metavar="N", help="of torch on the CPU")
    add("--out", default="deep-runs", metavar="DIR", help="folder for the files of the runs")
    add("--checkpoint-every", type=int, default=0, metavar="N", help="steps; 0 is each epoch")
    add("--discard-weights", action="store_true", help="remove NAME.pt of a finished run")
    add("--tensorboard", action="store_true", help="write logs for TensorBoard, too")
    add("--quiet", action="store_true", help="no progress bar")
    add("--grid", choices=tuple(GRIDS), help="a prepared grid of runs, see below")
    return found


def parse_seeds(words):
    """Seeds from words such as "3" or "0-4".

    Args:
        words: a sequence of texts.

    Returns:
        A list of ints, in the order given.

    Raises:
        ValueError: a word is neither a number nor a range, or a range is empty.
    """
    seeds = []
    for word in words:
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", word)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise ValueError(f'seeds must be such as 3 or 0-4, got "{word}"')
        seeds.extend(range(first, last + 1))
    return seeds


def settings_of(options):
    """The runs that the words of a line ask for.

    Args:
        options: what the parser returns.

    Returns:
        A list of :class:`Settings`: for each seed each rate, share and strength.

    Raises:
        ValueError: an option is outside its range.
    """
    on_gpu = options.device.startswith("cuda")
    same = {
        "dataset": options.dataset,
        "arch": options.arch,
        "schedule": parse_schedule(options.schedule),
        "precision": options.precision or ("bf16" if on_gpu else "float32"),
    }
    for name in (
        *("loss", "width", "epochs", "batch_size", "weight_decay", "train_points", "test_points"),
        *("sharpness_every", "sharpness_points", "device", "threads"),
    ):
        same[name] = getattr(options, name)
    every = product(
        parse_seeds(options.seeds), options.lr, options.shortcut, options.shortcut_strength
    )
    names = ("seed", "lr", "shortcut", "strength")
    runs = [Settings(**same, **dict(zip(names, values, strict=True))) for values in every]
    return list(dict.fromkeys(runs))


def _runs_of(words, options):
    """The runs that words ask for, by themselves or by a prepared grid."""
    if not options.grid:
        return settings_of(options)
    unset = argparse.Namespace(**dict.fromkeys(vars(options)))
    given = vars(parser().parse_args(words, unset))
    wrong = [n for n, v in given.items() if v is not None and n not in ("grid", *WITH_A_GRID)]
    if wrong:
        raise ValueError(
            f"--grid {options.grid} says itself what its runs are: leave out "
            f"{', '.join(map(_flag, wrong))}, or give all options without --grid"
        )
    lines = [shlex.split(line) for line in GRIDS[options.grid]]
    return [s for line in lines for s in settings_of(parser().parse_args([*words, *line]))]


def main(words=None):
    """Run the command.

    Args:
        words: of the command line; None takes those of the process.

    Returns:
        The exit status: 0; 2 after an error in what was asked for, which stderr names; 130 after
        Ctrl-C.
    """
    words = sys.argv[1:] if words is None else list(words)
    options = parser().parse_args(words)
    try:
        run_in_folder(
            _runs_of(words, options),
            options.out,
            data=options.data,
            checkpoint_every=options.checkpoint_every,
            keep_weights=not options.discard_weights,
            tensorboard=options.tensorboard,
            progress=not options.quiet,
            command=shlex.join([*PROGRAM.split(), *words]),
            report=_report,
        )
    except (ValueError, TypeError) as error:
        return _wrong(error)
    except OSError as error:  # the data have words of their own
        place = error.filename or options.out
        return _wrong(f"out must be a folder that can be written: {place}: {reason(error)}")
    except (RuntimeError, MemoryError) as error:
        if not _MEMORY.search(f"{type(error).__name__}: {error}"):
            raise
        return _wrong(
            f"device has too little memory for this run, got {options.device!r}: take a smaller "
            f"--batch-size, --width or --sharpness-points"
        )
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _wrong(what):
    print(f"error: {str(what).splitlines()[0]}", file=sys.stderr)
    return 2


def _report(settings, rows, before):
    last = rows[-1]
    if last["diverged_at"] is not None:
        what = f"diverged at step {last['diverged_at']}"
    else:
        shares = " ".join(
            f"{word} {100 * last[name]:.2f} %"
            for word, name in (
                *(("removed", "test_removed"), ("with", "test_with"), ("wrong", "test_wrong")),
            )
        )
        what = f"train loss {last['train_loss']:.4g}, test accuracy: shortcut {shares}"
    print(f"{settings.name}: {what}{' (finished before)' * before}", flush=True)
