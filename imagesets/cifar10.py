"""CIFAR-10: 50,000 + 10,000 photographs of ten classes, 32x32 pixels (Krizhevsky, 2009).

The official training and test parts, from the binary version (that for Python is a pickle); the
last 5,000 of training are for validation. Some test images nearly equal training images: these
are left out of training.
"""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesets._parts import official_parts
from priorbench.download import Remote
from priorbench.pictures import Pictures
from priorbench.raw import obtain

LABEL = "CIFAR-10"
IN_FILES = True
LICENCE = "none stated; https://www.cs.toronto.edu/~kriz/cifar.html"
ARCHIVE = Remote(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
    limit=300_000_000,
)
TRAIN = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
TEST = ["cifar-10-batches-bin/test_batch.bin"]
SIDE = 32  # pixels
RECORD = 1 + 3 * SIDE * SIDE  # bytes: the class, then red, green and blue
VALIDATION = 5_000  # the last of training


@dataclass(frozen=True)
class Config:
    """There is nothing to choose."""


def build(cfg: Config) -> Pictures:
    """Return the photographs in the official parts, with their classes."""
    path = obtain("cifar10", (ARCHIVE,), LICENCE)[0]
    (train, train_labels), (test, test_labels) = part(path, TRAIN), part(path, TEST)
    return official_parts(
        train, test, train_labels, test_labels, validation=VALIDATION, card=card()
    )


def part(path: Path, members: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images, (n, 3, 32, 32), and classes of some members of the archive."""
    found = []
    with tarfile.open(path) as archive:
        for member in members:
            file = archive.extractfile(member)
            assert file is not None
            found.append(np.frombuffer(file.read(), np.uint8).reshape(-1, RECORD))
    records = np.concatenate(found)
    return records[:, 1:].reshape(-1, 3, SIDE, SIDE), records[:, 0].astype(np.int64)


def card() -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
        "2009)",
        "licence": LICENCE,
        "split_rule": f"official training and test parts; validation: the last {VALIDATION} of "
        "training",
        "cluster": "image",
        "sampling": "32x32 pixels, as published",
    }
