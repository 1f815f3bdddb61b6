"""Small images and small runs, for the tests of ``benign_osc_lib.deep``."""

import gzip
import hashlib
import struct

import torch

from benign_osc_lib.deep import Images, Settings
from benign_osc_lib.deep import checksums as sums
from tests.library.common import seeded

SMALL = {"epochs": 2, "width": 2, "batch_size": 16, "shortcut": 0.5, "lr": 0.2}


def small(**other):
    """Settings of a run of a tenth of a second."""
    return Settings(**{**SMALL, **other})


def small_images(n=40, side=8, channels=1):
    """Images of noise with random labels."""
    draw = seeded(3)
    shape = (channels, side, side)
    return Images(
        "digits",
        torch.randint(0, 256, (n, *shape), generator=draw, dtype=torch.uint8),
        torch.randint(0, 10, (n,), generator=draw),
        torch.randint(0, 256, (20, *shape), generator=draw, dtype=torch.uint8),
        torch.randint(0, 10, (20,), generator=draw),
    )


def idx_bytes(numbers):
    """A uint8 tensor in the format of MNIST."""
    head = bytes([0, 0, 8, numbers.ndim]) + struct.pack(f">{numbers.ndim}I", *numbers.shape)
    return head + numbers.numpy().tobytes()


def fake_fashion(folder, monkeypatch, *, packed=True):
    """Four files in the format of Fashion-MNIST, of 30 and 10 images, with checksums that fit."""
    draw = seeded(4)
    folder.mkdir(parents=True, exist_ok=True)
    right = {}
    for name in sums.FASHION_MNIST:
        n = 30 if name.startswith("train") else 10
        shape, high = ((n, 28, 28), 256) if "images" in name else ((n,), 10)
        content = idx_bytes(torch.randint(0, high, shape, generator=draw, dtype=torch.uint8))
        right[name] = hashlib.sha256(content).hexdigest()
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    monkeypatch.setattr(sums, "FASHION_MNIST", right)
    return folder
