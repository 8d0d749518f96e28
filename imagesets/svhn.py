"""SVHN: 73,257 + 26,032 digits of house numbers, 32x32 pixels (Netzer et al., 2011).

The official training and test parts. Digits of one photograph follow each other in the files, so
validation is a block: the last 5,000 of training.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from imagesets._parts import official_parts
from priorbench.download import Remote
from priorbench.pictures import Pictures
from priorbench.raw import obtain

LABEL = "SVHN"
IN_FILES = True
ADDRESS = "http://ufldl.stanford.edu/housenumbers"
LICENCE = "for non-commercial use only (http://ufldl.stanford.edu/housenumbers)"
TRAIN = Remote(
    "train_32x32.mat",
    f"{ADDRESS}/train_32x32.mat",
    "md5:e26dedcc434d2e4c54c9b2d4a06d8373",
    limit=300_000_000,
)
TEST = Remote(
    "test_32x32.mat",
    f"{ADDRESS}/test_32x32.mat",
    "md5:eb5a983be6a315427106f1b164d9cef3",
    limit=300_000_000,
)
VALIDATION = 5_000  # the last of training


@dataclass(frozen=True)
class Config:
    """There is nothing to choose."""


def build(cfg: Config) -> Pictures:
    """Return the digits in the official parts; labels are the digits."""
    (train, train_labels), (test, test_labels) = map(part, obtain("svhn", (TRAIN, TEST), LICENCE))
    return official_parts(
        train, test, train_labels, test_labels, validation=VALIDATION, card=card()
    )


def part(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the images, (n, 3, 32, 32), and digits of a MATLAB file; 10 stands for 0."""
    found = loadmat(path, variable_names=("X", "y"))
    return found["X"].transpose(3, 2, 0, 1), found["y"].ravel().astype(np.int64) % 10


def card() -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "The Street View House Numbers dataset, cropped digits (Netzer et al., 2011)",
        "licence": LICENCE,
        "verified": "md5 of each file",
        "split_rule": f"official training and test parts; validation: the last {VALIDATION} of "
        "training, a block, because digits of one photograph follow each other",
        "cluster": "image (photographs are not told)",
        "disjoint_clusters": None,
        "sampling": "32x32 pixels, as published",
    }
