"""CIFAR-10 from its archive for Python, or from the files in it.

They are pickles, which could run any program: each file is unpickled only after its checksum was
found right.
"""

import io
import pickle
import tarfile

import torch

from .checksums import CIFAR_ARCHIVE, CIFAR_BATCHES, check
from .images import Images

ARCHIVE, FOLDER = "cifar-10-python.tar.gz", "cifar-10-batches-py"
WAY = (
    f"Get it: download {ARCHIVE} from https://www.cs.toronto.edu/~kriz/cifar.html into a folder "
    f"and name the folder with --data, or install torchvision (pip install torchvision), which "
    f"downloads it."
)


def read(folder):
    """CIFAR-10 from a folder with the archive, with the folder that is in it, or with its files.

    Args:
        folder: a path.

    Returns:
        :class:`Images`, or None if nothing of this name is there.

    Raises:
        ValueError: a file is missing, damaged or another one.
    """
    for place in (folder / FOLDER, folder):
        if any((place / name).exists() for name in CIFAR_BATCHES):
            return _from_files(place)
    if (folder / ARCHIVE).exists():
        if not (folder / ARCHIVE).is_file():
            raise ValueError(f"{folder / ARCHIVE} must be a file, and is a folder. {WAY}")
        return _from_archive(folder / ARCHIVE)
    return None


def _from_files(folder):
    contents = {}
    for name, expected in CIFAR_BATCHES.items():
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{path} is missing beside the other files of CIFAR-10. {WAY}")
        contents[name] = path.read_bytes()
        check(contents[name], expected, path, WAY)
    return _images(contents)


def _from_archive(path):
    content = path.read_bytes()
    check(content, CIFAR_ARCHIVE, path, WAY)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return _images(
            {name: archive.extractfile(f"{FOLDER}/{name}").read() for name in CIFAR_BATCHES}
        )


def _images(contents):
    found = {}
    for name, content in contents.items():
        batch = pickle.loads(content, encoding="bytes")
        pixels = torch.from_numpy(batch[b"data"]).reshape(-1, 3, 32, 32)
        found[name] = pixels, torch.tensor(batch[b"labels"])
    test, test_labels = found.pop("test_batch")
    train, labels = (torch.cat(parts) for parts in zip(*found.values(), strict=True))
    return Images("cifar10", train, labels, test, test_labels)
