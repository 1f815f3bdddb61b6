"""Checksums of the files of data sets, and the error for a file that is not what it should be.

Those of Fashion-MNIST are of the unpacked content. The publisher's packed files and Debian's differ
in their headers (Debian's carry no file name and another time), so that the packed ones have two
checksums each; what is in them is the same to the byte.
"""

import hashlib

FASHION_MNIST = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""SHA-256 of the four unpacked files of Fashion-MNIST (Xiao et al., 2017)."""

CIFAR_ARCHIVE = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
"""SHA-256 of cifar-10-python.tar.gz (Krizhevsky, 2009)."""

CIFAR_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""MD5 of the files in that archive, which is what is published of them."""


def check(content, expected, path, way):
    """Raise unless some bytes have a checksum: SHA-256, or MD5 if it is as short as one.

    Args:
        content: the bytes.
        expected: the checksum, as hexadecimal digits.
        path: of the file, for the message.
        way: how to get a good one, for the message.

    Raises:
        ValueError: they have another one.
    """
    kind = "MD5" if len(expected) == 32 else "SHA-256"
    found = (hashlib.md5 if kind == "MD5" else hashlib.sha256)(content).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is damaged or another file: its content has the {kind} {found}, "
            f"expected {expected}. {way}"
        )
