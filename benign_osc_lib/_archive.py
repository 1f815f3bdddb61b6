"""Named tensors and a few plain values as one file: a NumPy archive (npz), with a checksum.

The comment of the zip archive, its last bytes, is the SHA-256 of all before it. Nothing of a file
is read unless it is intact, to the last bit.
"""

import hashlib
import io
import json
import zipfile

import numpy as np
import torch

_SEAL = 64  # bytes of a SHA-256 in hexadecimal digits


def pack(about, tensors):
    """The content of a file with ``about``, which JSON can hold, and tensors by name."""
    content, arrays = io.BytesIO(), {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu()
        is_half = tensor.dtype == torch.bfloat16  # NumPy has none
        arrays[name] = (tensor.view(torch.int16) if is_half else tensor).numpy()
    dtypes = {name: str(t.dtype).removeprefix("torch.") for name, t in tensors.items()}
    text = json.dumps({"about": about, "dtypes": dtypes})
    np.savez(content, about=np.array(text), **arrays)
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = bytes(_SEAL)
    whole = content.getbuffer()
    whole[-_SEAL:] = _digest(whole[:-_SEAL])
    return whole


def unpack(content):
    """``about`` and the tensors, on the CPU.

    Raises:
        ValueError: the content is not as :func:`pack` made it.
    """
    if _digest(content[:-_SEAL]) != content[-_SEAL:]:
        raise ValueError("it is damaged, or another kind of file")
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        text = json.loads(str(found["about"]))
        tensors = {
            name: torch.from_numpy(found[name]).view(getattr(torch, dtype))
            for name, dtype in text["dtypes"].items()
        }
    return text["about"], tensors


def _digest(content):
    return hashlib.sha256(content).hexdigest().encode()
