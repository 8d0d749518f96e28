"""Learned perceptual distance (LPIPS), per image: weighted differences of deep features.

Zhang, Isola, Efros, Shechtman and Wang, CVPR 2018 (arXiv:1801.03924); by default version 0.1 on
AlexNet. Version 0.0, of the first preprint, left out the standardisation of colours and has
other weights. Traps: numbers of two backbones or versions do not compare; the networks take
images in [-1, 1], and those in [0, 1] give lower, better-looking numbers. They were made for
patches of 64 px: smaller images are enlarged, which changes the number, so the name says it. In
the region `hole` the restored patch itself is compared, enlarged likewise.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from metrics import _perceptual
from metrics._images import Floats, Mask, check

LABEL = "LPIPS (enlarged to min. 64 px)"
BETTER = "lower"
PER = "image"
PROTOCOL = "lpips/1"
WEIGHTS = {"alex": ("alexnet",), "vgg": ("vgg16",), "squeeze": ("squeezenet",)}  # by `net`
REGIONS = ("raw", "pasted", "hole")

SIDE = 64  # pixels, the least that the network gets to see
BATCH = 16  # pairs of images at once


@dataclass(frozen=True)
class Config:
    net: Literal["alex", "vgg", "squeeze"] = "alex"  # backbone
    version: Literal["0.1", "0.0"] = "0.1"  # of the heads


def label(cfg: Config) -> str:
    """Return LABEL, or as "LPIPS-vgg v0.0 (enlarged to min. 64 px)"."""
    name, _, aside = LABEL.partition(" ")
    net = f"-{cfg.net}" * (cfg.net != Config.net)
    return f"{name}{net}{f' v{cfg.version}' * (cfg.version != Config.version)} {aside}"


def protocol(cfg: Config) -> str:
    """Return PROTOCOL, version and backbone, after the label where that is another one."""
    sides = f"sides below {SIDE} px enlarged bilinearly, hole: its patch"
    said = f"{PROTOCOL} v{cfg.version} {cfg.net}, {sides}"
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
        (enlarge(g[:, rows, columns]), enlarge(x[:, rows, columns]))
        for g, x, (rows, columns) in zip(restored, original, boxes, strict=True)
    ]
    network = _perceptual.network(cfg.net, cfg.version, *WEIGHTS[cfg.net])
    distances: list[Tensor] = []
    with torch.inference_mode():
        for _, alike in groupby(pairs, key=lambda pair: pair[0].shape):
            group = list(alike)
            for start in range(0, len(group), BATCH):
                g, x = (torch.cat(side) for side in zip(*group[start : start + BATCH], strict=True))
                distances.append(network(g, x, normalize=True).flatten())
    return torch.cat(distances).numpy().astype(np.float64)


def enlarge(image: Floats) -> Tensor:
    """Return (3, h, w) as float32 (1, 3, H, W), its shorter side at least 64 px."""
    batch = torch.from_numpy(image).float()[None]
    short = min(image.shape[1:])
    if short >= SIDE:
        return batch
    size = [round(side * SIDE / short) for side in image.shape[1:]]
    return interpolate(batch, size=size, mode="bilinear", align_corners=False)


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
