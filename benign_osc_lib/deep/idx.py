"""The file format of MNIST and its relatives: a header, then bytes; packed by gzip or not."""

import gzip
import struct
import zlib

import torch

_UNSIGNED_BYTES = 8


def unpack(content, path, way):
    """The bytes of a file, unpacked if it is packed by gzip.

    Args:
        content: the bytes of the file.
        path: of the file, for the message.
        way: how to get a good one, for the message.

    Returns:
        Bytes.

    Raises:
        ValueError: it is empty, or packed and cut off or damaged.
    """
    if not content:
        raise ValueError(f"{path} is empty. {way}")
    if not str(path).endswith(".gz"):
        return content
    try:
        return gzip.decompress(content)
    except EOFError:
        raise ValueError(f"{path} is cut off: {len(content)} bytes are too few. {way}") from None
    except (OSError, zlib.error) as error:
        raise ValueError(f"{path} is no sound gzip file: {error}. {way}") from None


def parse(content, path, way):
    """The numbers in an IDX file of unsigned bytes.

    Args:
        content: the unpacked bytes.
        path: of the file, for the message.
        way: how to get a good one, for the message.

    Returns:
        A uint8 tensor in the shape that the header gives.

    Raises:
        ValueError: the header is of another format, or the length is not what it says.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTES:
        raise ValueError(f"{path} is no IDX file of bytes: it begins with {content[:4]!r}. {way}")
    axes, start = content[3], 4 + 4 * content[3]
    if not axes or len(content) < start:
        raise ValueError(f"{path} is cut off in its header. {way}")
    shape = struct.unpack(f">{axes}I", content[4:start])
    size = 1
    for length in shape:
        size *= length
    if len(content) - start != size:
        what = "cut off" if len(content) - start < size else "too long"
        raise ValueError(
            f"{path} is {what}: its header promises {size} bytes of data, it has "
            f"{len(content) - start}. {way}"
        )
    return torch.frombuffer(bytearray(content[start:]), dtype=torch.uint8).reshape(shape)
