"""The files of data sets: read, checked, and named when something is wrong with them."""

import gzip
import hashlib
import io
import pickle
import re
import tarfile

import numpy as np
import pytest
import torch

from benign_osc_lib.deep import checksums, cifar, datasets, load_images
from tests.library.deep.common import fake_fashion, idx_bytes

FIRST = "train-images-idx3-ubyte"


@pytest.fixture
def fashion(tmp_path, monkeypatch):
    return fake_fashion(tmp_path / "fashion", monkeypatch)


def refused(folder, *words, name="fashion-mnist"):
    """The error names the file, what is wrong and a way to get it."""
    with pytest.raises(ValueError) as caught:
        load_images(name, folder)
    message = str(caught.value)
    for word in (*words, "Get it: ", "--data"):
        assert word in message, message


def test_digits():
    images = load_images("digits")
    assert images.train.shape == (1297, 1, 8, 8) and images.test.shape == (500, 1, 8, 8)
    assert images.white == 16 and int(images.train.max()) == 16
    train, test = images.brightness(torch.float64)
    assert train.dtype == test.dtype == torch.float64 and float(train.max()) == 1
    from sklearn.datasets import load_digits

    known = {(tuple(x), y) for x, y in zip(*load_digits(return_X_y=True), strict=True)}
    ours = torch.cat([images.train, images.test]).flatten(1).double().tolist()
    labels = torch.cat([images.train_labels, images.test_labels]).tolist()
    assert {(tuple(x), y) for x, y in zip(ours, labels, strict=True)} == known


def test_a_subset_is_drawn_by_the_seed():
    images = load_images("digits")
    first, again, other = (images.subset(50, 20, seed=seed) for seed in (1, 1, 2))
    assert first.train.shape == (50, 1, 8, 8) and first.test.shape == (20, 1, 8, 8)
    assert torch.equal(first.train, again.train) and not torch.equal(first.train, other.train)
    assert torch.equal(first.test, images.test[:20])
    for name, size, most in (("train_points", 1298, 1297), ("test_points", 501, 500)):
        with pytest.raises(ValueError, match=f"^{name} must be in 1..{most}, got {size}"):
            images.subset(**{name: size})


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", ["", "FashionMNIST/raw"])
def test_fashion_mnist_from_a_folder(packed, place, tmp_path, monkeypatch):
    """Packed or not, as Debian or as torchvision has them."""
    fake_fashion(tmp_path / place, monkeypatch, packed=packed)
    images = load_images("fashion-mnist", tmp_path)
    assert images.train.shape == (30, 1, 28, 28) and images.test.shape == (10, 1, 28, 28)
    assert images.train.dtype == torch.uint8 and images.train_labels.dtype == torch.long
    path = tmp_path / place / (f"{FIRST}.gz" if packed else FIRST)
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    assert images.train.numpy().tobytes() == content[16:]


def test_one_wrong_byte_is_found(fashion):
    path = fashion / f"{FIRST}.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[5000] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    refused(fashion, str(path), "damaged or another file", "SHA-256", "apt install")


@pytest.mark.parametrize("name", [FIRST, "t10k-labels-idx1-ubyte"])
@pytest.mark.parametrize(
    "break_it, words",
    [
        (lambda content: content[: len(content) // 2], "is cut off"),
        (lambda content: b"", "is empty"),
        (lambda content: b"<html>not found</html>", "is no sound gzip file"),
        (lambda content: content[:-20] + bytes(20), "is no sound gzip file"),
        (lambda content: gzip.compress(b"\x89PNG\r\n"), "is no IDX file of bytes"),
        (lambda content: gzip.compress(gzip.decompress(content)[:6]), "cut off in its header"),
        (lambda content: gzip.compress(gzip.decompress(content)[:-1]), "is cut off: its header"),
        (lambda content: gzip.compress(gzip.decompress(content) + b"x"), "is too long"),
    ],
)
def test_a_broken_file_is_named(name, break_it, words, fashion):
    path = fashion / f"{name}.gz"
    path.write_bytes(break_it(path.read_bytes()))
    refused(fashion, str(path), words, "apt install dataset-fashion-mnist", "torchvision")


def test_a_missing_file_is_named(fashion):
    (fashion / "t10k-images-idx3-ubyte.gz").unlink()
    refused(fashion, "t10k-images-idx3-ubyte.gz is missing", "apt install")


def test_nothing_there(tmp_path, monkeypatch):
    refused(tmp_path, f"{tmp_path} holds no file of fashion-mnist")
    refused(tmp_path, f"{tmp_path} holds no file of cifar10", name="cifar10")
    with pytest.raises(ValueError, match="^data must be a folder, got"):
        load_images("digits", tmp_path / "none")
    with pytest.raises(ValueError, match="^dataset must be one of 'digits', "):
        load_images("mnist")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(datasets, "DEBIAN", tmp_path / "debian")
    monkeypatch.setitem(datasets.importlib.sys.modules, "torchvision.datasets", None)
    for name in ("fashion-mnist", "cifar10"):
        refused(None, f"the files of {name} are not on this machine", name=name)


class Torchvision:
    """What downloads in the place of torchvision."""

    def __init__(self, monkeypatch, *, fails=False):
        self.monkeypatch, self.fails = monkeypatch, fails

    def FashionMNIST(self, root, download):  # noqa: N802
        assert download
        if self.fails:
            raise RuntimeError("no route to host")
        fake_fashion(datasets.Path(root) / "FashionMNIST" / "raw", self.monkeypatch)


def test_torchvision_downloads_and_the_files_are_checked_here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(datasets, "DEBIAN", tmp_path / "debian")
    modules = datasets.importlib.sys.modules
    monkeypatch.setitem(modules, "torchvision", object())
    monkeypatch.setitem(modules, "torchvision.datasets", Torchvision(monkeypatch, fails=True))
    refused(None, "torchvision could not get fashion-mnist: no route to host")
    monkeypatch.setitem(modules, "torchvision.datasets", Torchvision(monkeypatch))
    assert load_images("fashion-mnist").train.shape == (30, 1, 28, 28)
    raw = tmp_path / "benign-osc-lib" / "FashionMNIST" / "raw"
    (raw / f"{FIRST}.gz").write_bytes(gzip.compress(idx_bytes(torch.zeros(2, 28, 28).byte())))
    refused(None, "damaged or another file")


def fake_cifar(folder, monkeypatch):
    """The files of CIFAR-10 with 7 images each, and their archive, with checksums that fit."""
    place = folder / "cifar-10-batches-py"
    place.mkdir(parents=True)
    numbers, right = np.random.default_rng(0), {}
    for name in checksums.CIFAR_BATCHES:
        data = numbers.integers(0, 256, (7, 3072), dtype=np.uint8)
        content = pickle.dumps({b"data": data, b"labels": list(range(7))})
        (place / name).write_bytes(content)
        right[name] = hashlib.md5(content).hexdigest()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(place, arcname=place.name)
    monkeypatch.setattr(cifar, "CIFAR_BATCHES", right)
    monkeypatch.setattr(cifar, "CIFAR_ARCHIVE", hashlib.sha256(packed.getvalue()).hexdigest())
    return place, packed.getvalue()


def test_cifar_from_files_and_from_the_archive(tmp_path, monkeypatch):
    place, packed = fake_cifar(tmp_path / "a", monkeypatch)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / cifar.ARCHIVE).write_bytes(packed)
    found = [load_images("cifar10", folder) for folder in (tmp_path / "a", place, tmp_path / "b")]
    for images in found:
        assert images.train.shape == (35, 3, 32, 32) and images.test.shape == (7, 3, 32, 32)
        assert torch.equal(images.train, found[0].train)
        assert images.train_labels.tolist() == 5 * list(range(7))


def test_a_file_of_cifar_is_checked_before_it_is_unpickled(tmp_path, monkeypatch):
    place, packed = fake_cifar(tmp_path, monkeypatch)
    bomb = b"cos\nabort\n(tR."  # would end the process
    (place / "data_batch_2").write_bytes(bomb)
    refused(tmp_path, "data_batch_2", "damaged or another file", "MD5", name="cifar10")
    (place / "data_batch_2").unlink()
    refused(tmp_path, "data_batch_2 is missing", name="cifar10")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / cifar.ARCHIVE).write_bytes(packed[:-9])
    refused(tmp_path / "b", cifar.ARCHIVE, "SHA-256", name="cifar10")


@pytest.mark.skipif(not datasets.DEBIAN.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_debians_package_is_what_was_published():
    images = load_images("fashion-mnist")
    assert images.train.shape == (60_000, 1, 28, 28) and images.test.shape == (10_000, 1, 28, 28)
    assert torch.bincount(images.train_labels).tolist() == [6000] * 10


def test_the_checksums_have_their_length():
    assert all(re.fullmatch("[0-9a-f]{64}", x) for x in checksums.FASHION_MNIST.values())
    assert re.fullmatch("[0-9a-f]{64}", checksums.CIFAR_ARCHIVE)
    assert all(re.fullmatch("[0-9a-f]{32}", x) for x in checksums.CIFAR_BATCHES.values())


def test_an_archive_that_is_a_folder_is_named(tmp_path):
    (tmp_path / cifar.ARCHIVE).mkdir()
    with pytest.raises(ValueError, match="cifar-10-python.tar.gz must be a file, and is a folder"):
        load_images("cifar10", tmp_path)


def test_data_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    folder = fake_fashion(tmp_path / "data", monkeypatch)

    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(folder), "read_bytes", denied)
    with pytest.raises(ValueError, match="^data cannot be read from .*gz: permission denied$"):
        load_images("fashion-mnist", folder)
