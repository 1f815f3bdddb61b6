"""The data sets: digits of scikit-learn, Fashion-MNIST and CIFAR-10, each file checked."""

import importlib
import os
from pathlib import Path

import torch

from .. import _checks
from . import checksums, cifar, idx
from .checkpoint import reason
from .images import Images

DATASETS = ("digits", "fashion-mnist", "cifar10")
"""The names of the data sets."""

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts its files."""

DIGITS_FOR_TESTS = 500
"""How many of scikit-learn's 1797 digits are test images; the others are training images."""

_WAY = (
    "Get it: apt install dataset-fashion-mnist (Debian, Ubuntu), or pip install torchvision, which "
    "downloads it, or put its four files (from zalandoresearch/fashion-mnist on GitHub) into a "
    "folder and name the folder with --data."
)


def load_images(name, folder=None):
    """A data set (chapter 16).

    Fashion-MNIST comes from the folder, or from Debian's package, or from a download by
    torchvision; CIFAR-10 from the folder or from torchvision; the digits are part of scikit-learn.
    What torchvision downloads stays in ``~/.cache/benign-osc-lib``, or below ``XDG_CACHE_HOME``.

    Args:
        name: "digits", "fashion-mnist" or "cifar10".
        folder: where its files are; None looks in the usual places.

    Returns:
        :class:`Images`. The split of the digits into training and test images is this book's.

    Raises:
        TypeError: ``folder`` is no path.
        ValueError: there is no data set of this name, or a file is missing, unreadable, cut off,
            damaged or another one than published: its checksum is compared. The message says how
            to get it.
    """
    _checks.one_of("dataset", name, DATASETS)
    if folder is not None:
        folder = _checks.path("data", folder, meaning="that of a folder")
        if not _read(Path.is_dir, folder):
            raise ValueError(f"data must be a folder, got {str(folder)!r}")
    if name == "digits":
        return _digits()
    read, way = (_fashion, _WAY) if name == "fashion-mnist" else (cifar.read, cifar.WAY)
    places = [folder] if folder else [*([DEBIAN] if name == "fashion-mnist" else []), _cache()]
    for place in places:
        found = _read(read, place)
        if found:
            return found
    if folder:
        raise ValueError(f"{folder} holds no file of {name}. {way}")
    _download(name, way)
    found = _read(read, _cache())
    if not found:
        raise ValueError(f"torchvision left no file of {name} in {_cache()}. {way}")
    return found


def _read(read, place):
    try:
        return read(place)
    except OSError as error:
        where = error.filename or place
        raise ValueError(f"data cannot be read from {where}: {reason(error)}") from None


def _digits():
    from sklearn.datasets import load_digits  # here, because importing it takes a second

    bunch = load_digits()
    pixels = torch.from_numpy(bunch.images).to(torch.uint8)[:, None]
    labels = torch.from_numpy(bunch.target).long()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(16))
    test, train = order[:DIGITS_FOR_TESTS], order[DIGITS_FOR_TESTS:]
    return Images("digits", pixels[train], labels[train], pixels[test], labels[test], white=16)


def _fashion(folder):
    """Fashion-MNIST from a folder, packed or not; None if nothing of it is there."""
    for place in (folder, folder / "FashionMNIST" / "raw"):
        paths = {
            name: [p for p in (place / f"{name}.gz", place / name) if p.is_file()]
            for name in checksums.FASHION_MNIST
        }
        if any(paths.values()):
            break
    else:
        return None
    found = []
    for name, expected in checksums.FASHION_MNIST.items():
        if not paths[name]:
            raise ValueError(f"{place / name}.gz is missing beside the other files. {_WAY}")
        path = paths[name][0]
        content = idx.unpack(path.read_bytes(), path, _WAY)
        numbers = idx.parse(content, path, _WAY)
        checksums.check(content, expected, path, _WAY)
        found.append(numbers)
    train, labels, test, test_labels = found
    return Images("fashion-mnist", train[:, None], labels.long(), test[:, None], test_labels.long())


def _cache():
    above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(above) / "benign-osc-lib"


def _download(name, way):
    """Let torchvision bring the files; what is in them is read and checked here."""
    try:
        datasets = importlib.import_module("torchvision.datasets")
    except ImportError:
        raise ValueError(f"the files of {name} are not on this machine. {way}") from None
    kind = datasets.FashionMNIST if name == "fashion-mnist" else datasets.CIFAR10
    try:
        kind(str(_cache()), download=True)
    except Exception as error:  # of the network, in many forms
        raise ValueError(f"torchvision could not get {name}: {error}. {way}") from None
