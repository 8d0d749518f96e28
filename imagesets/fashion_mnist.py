"""Fashion-MNIST: 60,000 + 10,000 pieces of clothing, grey, 28x28 pixels (Xiao et al., 2017).

The official training and test parts, with two black pixels around each image; the last 5,000 of
training are for validation.
"""

import gzip
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesets._parts import official_parts
from priorbench.download import Remote
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import File, home, supplied

LABEL = "Fashion-MNIST"
IN_FILES = True
OWN_FILES = "raw"  # unpacked, as torchvision has it; else the files, which can be fetched
FETCHED = True
ADDRESS = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
LICENCE = "MIT (Zalando SE, https://github.com/zalandoresearch/fashion-mnist)"
FILES = [
    Remote(name, f"{ADDRESS}/{name}", f"md5:{md5}", limit=100_000_000)
    for name, md5 in (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
]
SIDE, MARGIN = 28, 2  # pixels
KINDS = {3: 2051, 1: 2049}  # how a file of images begins, and one of classes
COUNTS = (60_000, 10_000)  # images of training, of the test
VALIDATION = 5_000  # the last of training


@dataclass(frozen=True)
class Config:
    """There is nothing to choose."""


def build(cfg: Config) -> Pictures:
    """Return the pieces in the official parts, with their classes."""
    folder = home("fashion_mnist") / OWN_FILES
    paths: list[File] = [folder / remote.name.removesuffix(".gz") for remote in FILES]
    if any(path.exists() for path in paths):
        verified = "number of images; no checksum of unpacked files"
    else:
        paths = supplied("fashion_mnist", FILES, LICENCE)
        verified = "md5 of each file"
    shapes = [shape for count in COUNTS for shape in ((count, SIDE, SIDE), (count,))]
    train, train_labels, test, test_labels = map(contents, paths, shapes)
    return official_parts(
        coloured(train),
        coloured(test),
        train_labels.astype(np.int64),
        test_labels.astype(np.int64),
        validation=VALIDATION,
        card=card(verified),
    )


def contents(path: File, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the bytes of an IDX file; UserError unless they are of this shape."""
    try:
        whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except OSError as error:
        raise UserError(f"fashion_mnist: {path}: {error.strerror}") from error
    begin = np.array((KINDS[len(shape)], *shape), ">i4").tobytes()
    if not whole.startswith(begin) or len(whole) != len(begin) + math.prod(shape):
        told = "x".join(map(str, shape))
        raise UserError(f"fashion_mnist: {path} is no IDX file of {told} bytes")
    return np.frombuffer(whole, np.uint8, offset=len(begin)).reshape(shape)


def coloured(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return grey images with a margin as RGB ones, without a copy per channel."""
    framed = np.pad(grey, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    return np.broadcast_to(framed[:, None], (len(framed), 3, *framed.shape[1:]))


def card(verified: str) -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "Fashion-MNIST (Xiao, Rasul, Vollgraf, arXiv:1708.07747)",
        "licence": LICENCE,
        "verified": verified,
        "split_rule": f"official training and test parts; validation: the last {VALIDATION} of "
        "training",
        "cluster": "image",
        "sampling": f"28x28 pixels, as published, black margins of {MARGIN}; grey as RGB",
    }
