"""Learned perceptual distance (LPIPS), per image: weighted differences of deep features.

Zhang, Isola, Efros, Shechtman and Wang, CVPR 2018 (arXiv:1801.03924); by default version 0.1 on
AlexNet. Version 0.0, of the first preprint, left out the standardisation of colours and has
other weights. Traps: numbers of two backbones or versions do not compare; the networks take
images in [-1, 1], and those in [0, 1] give lower, better-looking numbers. They were made for
patches of 64 px: smaller images are enlarged, which changes the number, so the name says it. In
the region `hole` the restored patch itself is compared, enlarged likewise.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics import _perceptual
from metrics._images import Floats, Mask, check

LABEL = "LPIPS (enlarged to min. 64 px)"
BETTER = "lower"
PER = "image"
PROTOCOL = "lpips/1"
WEIGHTS = {"alex": ("alexnet",), "vgg": ("vgg16",), "squeeze": ("squeezenet",)}  # by `net`
REGIONS = ("raw", "pasted", "hole")


@dataclass(frozen=True)
class Config:
    net: Literal["alex", "vgg", "squeeze"] = "alex"  # backbone
    version: Literal["0.1", "0.0"] = "0.1"  # of the heads


def label(cfg: Config) -> str:
    """Return LABEL, or as "LPIPS-vgg v0.0 (enlarged to min. 64 px)"."""
    aside = LABEL.partition(" ")[2]
    return f"{_perceptual.name(cfg.net, cfg.version)} {aside}"


def protocol(cfg: Config) -> str:
    """Return PROTOCOL, version and backbone, after the label where that is another one."""
    said = f"{PROTOCOL} v{cfg.version} {cfg.net}, {_perceptual.SIDES}, hole: its patch"
    return said if cfg == Config() else f"{label(cfg)}: {said}"


def score(
    restored: Floats, original: Floats, cfg: Config, *, hidden: Mask | None = None
) -> Floats | None:
    """Return the distance per image, (n,); None where a hidden region is not one rectangle.

    Raises MissingWeights where the backbone's file is not there.
    """
    check(restored, original, hidden)
    boxes = [(slice(None), slice(None))] * len(original) if hidden is None else _boxes(hidden)
    if boxes is None:
        return None
    pairs = [
        (g[:, rows, columns], x[:, rows, columns])
        for g, x, (rows, columns) in zip(restored, original, boxes, strict=True)
    ]
    return _perceptual.distances(pairs, cfg.net, cfg.version, *WEIGHTS[cfg.net])


def _boxes(hidden: Mask) -> list[tuple[slice, slice]] | None:
    """Return the rectangle that each mask (1, h, w) is, or None where one is none."""
    boxes = []
    for mask in hidden[:, 0]:
        if not mask.any():
            return None
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        if not mask[box].all():
            return None
        boxes.append(box)
    return boxes
