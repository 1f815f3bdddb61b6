"""The command ``python -m benign_osc_lib.deep``: a grid of runs from the words of its line."""

import argparse
import re
import shlex
import sys
from itertools import product

from .architectures import ARCHITECTURES
from .datasets import DATASETS
from .grids import GRIDS
from .losses import LOSSES
from .runs import run_in_folder
from .schedule import parse_schedule
from .settings import PRECISIONS, Settings

PROGRAM = "python -m benign_osc_lib.deep"

_ENDS = f"""\
The files of a run are NAME.csv (its log), NAME.json (its settings, and what made it) and
NAME.pt (its state). The same command goes on where an interrupted one stopped, and leaves
finished runs as they are. Example, a run like those of the first trial in chapter 16:

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
    add("--dataset", choices=DATASETS, default="digits")
    add("--data", metavar="DIR", help="folder with the files of the data set")
    add("--arch", choices=tuple(ARCHITECTURES), default="resnet-narrow")
    add("--width", type=int, metavar="N", help="channels of the first stage")
    add("--lr", type=float, nargs="+", default=[0.1], metavar="RATE", help="first rates")
    add("--schedule", default="", metavar="EPOCHS:RATE,...", help='such as "10:0.01,20:0.001"')
    add("--epochs", type=int, default=30, metavar="N")
    add("--shortcut", type=float, nargs="+", default=[0.0], metavar="SHARE", help="from 0 to 1")
    add("--shortcut-strength", type=float, nargs="+", default=[1.0], metavar="S")
    add("--seeds", nargs="+", default=["0"], metavar="SEED", help="such as 0 1 2, or 0-4")
    add("--batch-size", type=int, default=128, metavar="N")
    add("--weight-decay", type=float, default=5e-4, metavar="X")
    add("--train-points", type=int, metavar="N", help="a subset, drawn by the seed")
    add("--test-points", type=int, metavar="N", help="the first test images")
    add("--loss", choices=LOSSES, default="cross-entropy")
    add("--precision", choices=PRECISIONS, help="default: float32, on a GPU bf16")
    add("--sharpness-every", type=int, default=0, metavar="N", help="epochs; 0 never")
    add("--sharpness-points", type=int, default=512, metavar="N")
    add("--device", default="cpu", help="such as cpu, cuda or cuda:1")
    add("--threads", type=int, default=1, metavar="N", help="of torch on the CPU")
    add("--out", default="deep-runs", metavar="DIR", help="folder for the files of the runs")
    add("--checkpoint-every", type=int, default=0, metavar="N", help="steps; 0 is each epoch")
    add("--discard-weights", action="store_true", help="remove NAME.pt of a finished run")
    add("--tensorboard", action="store_true", help="write logs for TensorBoard, too")
    add("--quiet", action="store_true", help="no progress bar")
    add("--grid", choices=tuple(GRIDS), help="a prepared grid; the other words go before its own")
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
    lines = [shlex.split(line) for line in GRIDS[options.grid]] if options.grid else [[]]
    try:
        grid = [
            settings
            for line in lines
            for settings in settings_of(parser().parse_args([*words, *line]))
        ]
        run_in_folder(
            grid,
            options.out,
            data=options.data,
            checkpoint_every=options.checkpoint_every,
            keep_weights=not options.discard_weights,
            tensorboard=options.tensorboard,
            progress=not options.quiet,
            command=shlex.join([*PROGRAM.split(), *words]),
            report=_report,
        )
    except (ValueError, TypeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


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
