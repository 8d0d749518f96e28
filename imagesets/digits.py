"""Handwritten digits, warped and coloured: a real, aligned class of images.

The 1,797 scans of scikit-learn (8x8 pixels) are split first; only then is each drawn
rotated, sheared, scaled and shifted at twice the size, sharpened, averaged down, and given
the hue of its digit on a dark background: colorization has to see which digit it is.
(Scans that are only enlarged span some 64 dimensions, where a closed-form PCA beats every
network.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from priorbench.errors import UserError
from priorbench.imageset import SPLITS, ImageSet, in_turn

LABEL = "digits"

SCAN = 8  # pixels, side of a scan
INK = 16  # the darkest value of a scan
MARGIN = 4  # empty pixels around a scan, so that its strokes may leave it smoothly
SUPERSAMPLING = 2  # drawn pixels along a final one
ROTATION = np.pi / 9  # 20 degrees to either side
SHEAR = 0.2  # to either side
SCALE = (0.8, 1.15)
SHIFT = 3 / 64  # of the side, in either direction
SHARPNESS = 12.0  # slope of the sigmoid over ink in [0, 1]
HUE_SPREAD = 0.025  # around class / 10
SATURATION = 0.75
DARK = 0.3  # highest background value per channel
CLASSES = 10
TEST_SCANS = 26  # of each class
VAL_SCANS = 4  # of each class; all others train

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    size: int = 32  # pixels, side of an image
    warps: int = 2  # images per scan in training and validation; test has one of each scan
    seed: int = 0  # of the split, the warps and the colours


def build(cfg: Config) -> ImageSet:
    """Return the digits, classes in turn; labels are the digits, clusters the scans."""
    if cfg.size < SCAN or cfg.warps < 1 or cfg.seed < 0:
        raise UserError(f"digits: `size` begins at {SCAN}, `warps` at 1, `seed` at 0")
    scans, classes = load_digits(return_X_y=True)
    ink = scans.reshape(-1, SCAN, SCAN) / INK
    members = split_scans(classes, cfg.seed)
    pixels: dict[str, NDArray[np.uint8]] = {}
    for stream, split in enumerate(SPLITS, start=1):
        if split != "test":
            members[split] = np.tile(members[split], cfg.warps)
        rows = members[split]
        generator = np.random.default_rng([cfg.seed, stream])
        strokes = warped(ink[rows], cfg.size, generator)
        pixels[split] = coloured(strokes, classes[rows], generator)
    return ImageSet(
        **pixels,
        clusters={split: [f"scan {row:04d}" for row in members[split]] for split in SPLITS},
        labels={split: classes[members[split]].astype(np.int64) for split in SPLITS},
        card=card(cfg),
    )


def split_scans(classes: NDArray[np.int64], seed: int) -> dict[str, NDArray[np.intp]]:
    """Return the scans of each split, classes in turn, equally many of each held out."""
    generator = np.random.default_rng([seed, 0])
    parts: dict[str, list[NDArray[np.intp]]] = {split: [] for split in SPLITS}
    for digit in range(CLASSES):
        scans = generator.permutation(np.flatnonzero(classes == digit))
        test, val, train = np.split(scans, [TEST_SCANS, TEST_SCANS + VAL_SCANS])
        for split, part in (("train", train), ("val", val), ("test", test)):
            parts[split].append(part)
    found = {split: np.concatenate(parts[split]) for split in SPLITS}
    return {split: rows[in_turn(classes[rows])] for split, rows in found.items()}


def warped(ink: Floats, size: int, generator: np.random.Generator) -> Floats:
    """Draw scans (n, 8, 8) under random affine maps: strokes in [0, 1], (n, size, size)."""
    count, side = len(ink), SUPERSAMPLING * size
    angle = generator.uniform(-ROTATION, ROTATION, count)
    shear = generator.uniform(-SHEAR, SHEAR, count)
    scale = generator.uniform(*SCALE, count) * side / SCAN
    shift = generator.uniform(-SHIFT, SHIFT, (count, 2)) * side
    rotations = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shears = np.zeros((count, 2, 2)) + np.eye(2)
    shears[:, 0, 1] = shear
    inverse = np.linalg.inv(scale[:, None, None] * rotations.transpose(2, 0, 1) @ shears)
    # Pillow asks where in the scan an output point comes from: affine in that point
    origin = (SCAN + 2 * MARGIN) / 2 - np.einsum("nij,nj->ni", inverse, side / 2 + shift)
    affine = np.concatenate([inverse, origin[:, :, None]], 2).reshape(count, 6)
    paper = np.pad(ink, [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)]).astype(np.float32)
    maps = affine.tolist()
    return np.stack([stroke(scan, maps[row], size) for row, scan in enumerate(paper)])


def stroke(paper: NDArray[np.float32], affine: list[float], size: int) -> Floats:
    """Draw one scan under an affine map, sharpen it and average it down: (size, size)."""
    side = SUPERSAMPLING * size
    drawn = Image.fromarray(paper).transform(
        (side, side), Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC
    )
    sharp = 1 / (1 + np.exp(SHARPNESS * (0.5 - np.asarray(drawn, np.float64))))
    averaged: Floats = sharp.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING).mean((1, 3))
    return averaged


def coloured(
    strokes: Floats, classes: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.uint8]:
    """Paint strokes in the hue of their class on a random dark ground: (n, 3, h, w)."""
    count = len(strokes)
    hue = classes / CLASSES + generator.uniform(-HUE_SPREAD, HUE_SPREAD, count)
    ground = generator.uniform(0, DARK, (count, 3))
    # HSV to RGB at full value: each channel falls from 1 as the hue moves away from its own
    wheel = (np.array([5.0, 3.0, 1.0]) + 6 * hue[:, None]) % 6
    paint = 1 - SATURATION * np.clip(np.minimum(wheel, 4 - wheel), 0, 1)
    alpha = strokes[:, None]
    images = alpha * paint[:, :, None, None] + (1 - alpha) * ground[:, :, None, None]
    return np.rint(255 * images).astype(np.uint8)


def card(cfg: Config) -> dict[str, Any]:
    """Return source, licence and rules."""
    return {
        "source": "Optical Recognition of Handwritten Digits (Alpaydin and Kaynak, UCI), its "
        "test part as bundled with scikit-learn: 1,797 scans of 8x8 pixels",
        "licence": "CC BY 4.0 (UCI Machine Learning Repository); scikit-learn: BSD-3-Clause",
        "split_rule": f"by scan, before any warp: of each class {TEST_SCANS} scans for test, "
        f"{VAL_SCANS} for validation, all others for training (writers are not recorded)",
        "cluster": "scan",
        "disjoint_clusters": True,
        "sampling": f"{cfg.warps} warps of each scan in training and validation, one in test; "
        f"rotation to {np.degrees(ROTATION):.0f} degrees, shear to {SHEAR:g}, scale "
        f"{SCALE[0]:g}-{SCALE[1]:g}, shift to {SHIFT:.3g} of the side",
        "colours": f"hue class/{CLASSES} +- {HUE_SPREAD:g}, saturation {SATURATION:g}, value 1; "
        f"background to {DARK:g} per channel",
        "seed": cfg.seed,
    }
