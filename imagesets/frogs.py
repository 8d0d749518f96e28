"""frog-dataset: 7,796 small frogs on white (github.com/jonshamir/frog-dataset), 64x64 pixels.

As in the report on incremental GLO images 1 to 6,000 are for training and all others for test; here
the last 200 of those for training are for validation. Transparent parts become white.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagesets._read import FILTER, read, square
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import pictures

LABEL = "frogs"
IN_FILES = True
OWN_FILES = "."  # a clone, or GitHub's zip file of it
INSIDE = "data-64"
COUNT = 7_796
TRAIN, VALIDATION = 6_000, 200  # the first, and the last of these
ORIGIN = "git clone https://github.com/jonshamir/frog-dataset frogs, or its zip file"


@dataclass(frozen=True)
class Config:
    size: int = 64  # pixels, side of an image: those of data-64
    enlarge: bool = False  # accept pictures that are smaller than `size`
    unreadable: float = 0.0  # greatest share of images that may be damaged


def build(cfg: Config) -> Pictures:
    """Return the frogs in the order of their numbers."""
    if cfg.size < 8:
        raise UserError(f"frogs: size {cfg.size} is too small; nearest: 8")
    files = pictures("frogs", COUNT, ORIGIN, INSIDE)
    for number, file in enumerate(files, 1):
        if file.name != f"frog-{number}.png":  # the split is by number
            raise UserError(f"frogs: {file}, where frog-{number}.png is needed ({ORIGIN})")

    def decode(row: int) -> NDArray[np.uint8]:
        return square(read(files[row]), cfg.size, cfg.enlarge)

    return Pictures(
        names=[file.name for file in files],
        read=decode,
        split=["train"] * (TRAIN - VALIDATION) + ["val"] * VALIDATION + ["test"] * (COUNT - TRAIN),
        card=card(cfg),
        shape=(3, cfg.size, cfg.size),
        unreadable=cfg.unreadable,
    )


def card(cfg: Config) -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "frog-dataset, https://github.com/jonshamir/frog-dataset",
        "licence": "none stated: all rights reserved by the authors of the pictures",
        "verified": "number and names of the files; no checksum is published",
        "split_rule": f"by number: 1 to {TRAIN} for training, the last {VALIDATION} of them for "
        "validation; the others for test",
        "cluster": "image",
        "sampling": f"transparency on white, {cfg.size}x{cfg.size} pixels ({FILTER[cfg.enlarge]})",
    }
