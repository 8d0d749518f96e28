"""CIFAR-10: 50,000 + 10,000 photographs of ten classes, 32x32 pixels (Krizhevsky, 2009).

The official training and test parts, from the binary version (that for Python is a pickle), in its
archive or unpacked; the last 5,000 of training are for validation. Some test images nearly equal
training images: these are left out of training.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesets._parts import official_parts
from priorbench.download import Remote
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import home, obtain

LABEL = "CIFAR-10"
IN_FILES = True
OWN_FILES = "cifar-10-batches-bin"  # unpacked; else the archive, which can be fetched
FETCHED = True
LICENCE = "none stated; https://www.cs.toronto.edu/~kriz/cifar.html"
ARCHIVE = Remote(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
    limit=300_000_000,
)
TRAIN = [f"data_batch_{number}.bin" for number in range(1, 6)]
TEST = ["test_batch.bin"]
COUNTS = (50_000, 10_000)  # images of training, of the test
SIDE = 32  # pixels
RECORD = 1 + 3 * SIDE * SIDE  # bytes: the class, then red, green and blue
VALIDATION = 5_000  # the last of training


@dataclass(frozen=True)
class Config:
    """There is nothing to choose."""


def build(cfg: Config) -> Pictures:
    """Return the photographs in the official parts, with their classes."""
    folder = home("cifar10") / OWN_FILES
    if folder.is_dir():
        contents, verified = unpacked(folder), "number of images; no checksum of unpacked files"
    else:
        archive = obtain("cifar10", (ARCHIVE,), LICENCE)[0]
        contents, verified = packed(archive), "md5 of the archive"
    (train, train_labels), (test, test_labels) = (
        part(contents, names, count) for names, count in zip((TRAIN, TEST), COUNTS, strict=True)
    )
    return official_parts(
        train, test, train_labels, test_labels, validation=VALIDATION, card=card(verified)
    )


def unpacked(folder: Path) -> dict[str, bytes]:
    """Return the contents of the user's own files by their names."""
    try:
        return {name: (folder / name).read_bytes() for name in (*TRAIN, *TEST)}
    except OSError as error:
        raise UserError(f"cifar10: {error.filename}: {error.strerror}") from error


def packed(path: Path) -> dict[str, bytes]:
    """Return the contents of the files in the archive by their names."""
    found = {}
    with tarfile.open(path) as archive:
        for name in (*TRAIN, *TEST):
            file = archive.extractfile(f"{OWN_FILES}/{name}")
            assert file is not None
            found[name] = file.read()
    return found


def part(
    contents: dict[str, bytes], names: list[str], count: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images, (n, 3, 32, 32), and classes of some files; UserError unless n is `count`."""
    whole = b"".join(contents[name] for name in names)
    if len(whole) != count * RECORD:
        raise UserError(
            f"cifar10: {', '.join(names)}: {len(whole)} bytes, not {count} images of {RECORD}"
        )
    records = np.frombuffer(whole, np.uint8).reshape(count, RECORD)
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE), records[:, 0].astype(np.int64)


def card(verified: str) -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
        "2009)",
        "licence": LICENCE,
        "verified": verified,
        "split_rule": f"official training and test parts; validation: the last {VALIDATION} of "
        "training",
        "cluster": "image",
        "sampling": "32x32 pixels, as published",
    }
