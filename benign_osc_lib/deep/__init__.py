"""Deep networks on images with a shortcut (chapter 16), and the command that trains them.

``python -m benign_osc_lib.deep --help`` lists its options. The shortcut is the strong feature of
such a network, what else an image shows is its weak one.
"""

from .architectures import ARCHITECTURES, build_network
from .collection import RECORDED, Recorded, collect_runs, load_runs, provenance
from .comparison import at_training_loss, select_runs
from .curvature import sharpness_of_batches, sharpness_of_groups, with_fresh_statistics
from .datasets import DATASETS, load_images
from .grids import GRIDS
from .images import Images, norm_of_image
from .logs import COLUMNS, read_log, write_log
from .losses import LOSSES, losses_of_images
from .runs import run_in_folder
from .schedule import parse_schedule, rate_of_epoch
from .settings import PRECISIONS, Settings
from .shortcut import pattern, planted, with_shortcut, wrong_labels
from .training import Training

__all__ = [
    "ARCHITECTURES",
    "COLUMNS",
    "DATASETS",
    "GRIDS",
    "LOSSES",
    "PRECISIONS",
    "RECORDED",
    "Images",
    "Recorded",
    "Settings",
    "Training",
    "at_training_loss",
    "build_network",
    "collect_runs",
    "load_images",
    "load_runs",
    "losses_of_images",
    "norm_of_image",
    "parse_schedule",
    "pattern",
    "planted",
    "provenance",
    "rate_of_epoch",
    "read_log",
    "run_in_folder",
    "select_runs",
    "sharpness_of_batches",
    "sharpness_of_groups",
    "with_fresh_statistics",
    "with_shortcut",
    "write_log",
    "wrong_labels",
]
