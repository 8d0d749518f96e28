"""How evenly images change along a line from one code to another, by LPIPS; per line.

Path: the sum of the steps between neighbouring images over the distance of the two ends; 1 where
the images go straight. Jump: the largest step over the mean one; 1 where all are alike. Distances
are roots of LPIPS (Zhang et al., CVPR 2018; arXiv:1801.03924), which is a weighted square: its
roots add up as lengths do, while of a straight line in n steps LPIPS itself would give 1 / n.
Perceptual path lengths (Karras et al., CVPR 2019; arXiv:1812.04948) are of tiny steps and have
no ends. Traps: a generator that blurs, or that shows one image whatever the code, is perfectly
continuous, so the LPIPS between the ends and the images that they stand for (`ends`) belongs
beside; and lines with more images are longer.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from metrics import _perceptual
from metrics._images import Floats, check

LABEL = "path / distance"
BETTER = "lower"
PER = "line"
PROTOCOL = "continuity/1"
WEIGHTS = {"alex": ("alexnet",), "vgg": ("vgg16",), "squeeze": ("squeezenet",)}  # by `net`
REGIONS = ("raw",)

NAMES = {"path": LABEL, "jump": "largest / mean step"}
MOST = 1000.0  # of a path between ends that look alike


@dataclass(frozen=True)
class Config:
    part: Literal["path", "jump"] = "path"
    net: Literal["alex", "vgg", "squeeze"] = "alex"  # backbone of LPIPS
    version: Literal["0.1", "0.0"] = "0.1"  # of its heads


def label(cfg: Config) -> str:
    """Return "path / distance" or "largest / mean step", with the LPIPS that it is by."""
    return f"{NAMES[cfg.part]}, {_perceptual.name(cfg.net, cfg.version)}"


def protocol(cfg: Config) -> str:
    """Return the label, PROTOCOL and what distances are."""
    return f"{label(cfg)}: {PROTOCOL} root of LPIPS v{cfg.version} {cfg.net}, {_perceptual.SIDES}"


def ends_protocol(cfg: Config) -> str:
    """Return the label, PROTOCOL and what `ends` compares."""
    name = _perceptual.name(cfg.net, cfg.version)
    return f"{name} of its ends: {PROTOCOL} v{cfg.version} {cfg.net}, {_perceptual.SIDES}"


def score(lines: Floats, cfg: Config) -> Floats:
    """Return a number per line, (n,), of images (n, k, 3, h, w) in [0, 1], three or more on each.

    1 for a line on which nothing changes, MOST at most. Raises ValueError for other shapes or
    ranges, MissingWeights where the backbone's file is not there.
    """
    if lines.ndim != 5 or lines.shape[1] < 3:
        raise ValueError(f"lines of shape {lines.shape}, not (n, 3 or more, 3, h, w)")
    count = lines.shape[1] - 1
    before, after = (lines[:, part].reshape(-1, *lines.shape[2:]) for part in _NEIGHBOURS)
    steps = np.sqrt(_distances(after, before, cfg)).reshape(-1, count)
    lengths = steps.sum(1)
    if cfg.part == "jump":
        return _ratio(steps.max(1) * count, lengths)
    return _ratio(lengths, np.sqrt(_distances(lines[:, -1], lines[:, 0], cfg)))


def ends(lines: Floats, originals: Floats, cfg: Config) -> Floats:
    """Return LPIPS between both ends of each line and their originals, (n, 2, 3, h, w); (n,)."""
    shown = lines[:, [0, -1]].reshape(-1, *lines.shape[2:])
    found: Floats = _distances(shown, originals.reshape(shown.shape), cfg).reshape(-1, 2).mean(1)
    return found


_NEIGHBOURS = slice(None, -1), slice(1, None)


def _distances(restored: Floats, original: Floats, cfg: Config) -> Floats:
    check(restored, original)
    pairs = list(zip(restored, original, strict=True))
    found: Floats = _perceptual.distances(pairs, cfg.net, cfg.version, *WEIGHTS[cfg.net]).clip(0)
    return found


def _ratio(longer: Floats, shorter: Floats) -> Floats:
    """Return longer / shorter, MOST at most; 1 where both are nothing."""
    ratios = np.where(longer > 0, MOST, 1.0)
    np.divide(longer, shorter, out=ratios, where=longer < MOST * shorter)
    return ratios
