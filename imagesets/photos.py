"""Colour patches of ten photographs that are bundled with scikit-image and scikit-learn.

Each photograph is first reduced to a short side of 3.5 patches: patches of larger ones are
too smooth to tell methods apart. `within` cuts every photograph into a left part for
training and a right strip, its upper part for validation and its lower part for test;
`across` holds whole photographs out. A patch overlaps patches of its own split only.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagesets._photographs import PHOTOGRAPHS, REACH
from priorbench.errors import UserError, nearest
from priorbench.imageset import SPLITS, ImageSet, in_turn

LABEL = "photographs"

SHORT_SIDE = 3.5  # patches along the short side of a reduced photograph
SIZES = (16, 85)  # pixels; the lowest photograph has 300 rows, enough for 85
TRAIN_WIDTH = 0.65  # share of the columns, from the left
VAL_HEIGHT = 0.4  # share of the rows of the right strip, from the top
STEP = 3 / 16  # distance of neighbouring patches in patches; half of it in `within`'s strips
LUMA = (0.299, 0.587, 0.114)

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are excluded


@dataclass(frozen=True)
class Config:
    size: int = 32  # pixels, side of a patch
    split: Literal["within", "across"] = "within"  # parts of photographs, or whole ones
    test: tuple[str, ...] = ("astronaut", "coffee", "flower")  # photographs, for `across`
    val: tuple[str, ...] = ("motorcycle", "rocket")  # photographs, for `across`
    flat: float = 0.06  # std of luminance, range [0, 1]; flatter patches are not tested


def build(cfg: Config) -> ImageSet:
    """Return patches of each photograph in turn, those of one photograph far apart first."""
    check(cfg)
    regions: dict[str, dict[str, Box]] = {}
    found: dict[str, list[NDArray[np.uint8]]] = {split: [] for split in SPLITS}
    names: dict[str, list[str]] = {split: [] for split in SPLITS}
    for name, photograph in PHOTOGRAPHS.items():
        image = photograph.reduced(round(SHORT_SIDE * cfg.size))
        regions[name] = layout(name, image.shape[1], image.shape[0], cfg)
        for split, box in regions[name].items():
            found[split].append(patches(image, box, split, cfg))
            names[split] += [name] * len(found[split][-1])
    order = {split: in_turn(names[split]) for split in SPLITS}
    pixels = {split: np.concatenate(found[split])[order[split]] for split in SPLITS}
    clusters = {split: [names[split][row] for row in order[split]] for split in SPLITS}
    pixels["train"] = np.concatenate([pixels["train"], pixels["train"][..., ::-1]])
    clusters["train"] *= 2
    return ImageSet(**pixels, clusters=clusters, labels=None, card=card(cfg, regions))


def check(cfg: Config) -> None:
    """Raise UserError where the size or the photographs held out are impossible."""
    low, high = SIZES
    if not low <= cfg.size <= high:
        valid = min(max(cfg.size, low), high)
        raise UserError(
            f"photos: size {cfg.size} is not in {low}-{high} (larger would enlarge a "
            f"photograph); nearest: {valid}"
        )
    for name in cfg.test + cfg.val:
        if name not in PHOTOGRAPHS:
            raise UserError(f"photos: no photograph `{name}`; {nearest(name, PHOTOGRAPHS)}")
    both = set(cfg.test) & set(cfg.val)
    if both:
        raise UserError(f"photos: {min(both)} is in both `test` and `val`")
    if not cfg.test or not cfg.val or len(set(cfg.test + cfg.val)) == len(PHOTOGRAPHS):
        raise UserError("photos: each of train, `val` and `test` needs a photograph")


def gap(size: int) -> int:
    """Return the pixels left out between parts, so that no source pixel reaches two."""
    return max(2 * REACH, size // 8)


def layout(name: str, width: int, height: int, cfg: Config) -> dict[str, Box]:
    """Return the part of a reduced photograph that each split may cut from."""
    if cfg.split == "across":
        split = "test" if name in cfg.test else "val" if name in cfg.val else "train"
        return {split: (0, 0, width, height)}
    right, low = int(TRAIN_WIDTH * width), int(VAL_HEIGHT * height)
    left, top = right + gap(cfg.size), low + gap(cfg.size)
    return {
        "train": (0, 0, right, height),
        "val": (left, 0, width, low),
        "test": (left, top, width, height),
    }


def patches(image: NDArray[np.uint8], box: Box, split: str, cfg: Config) -> NDArray[np.uint8]:
    """Cut `box` of an image (h, w, 3) on a grid; patches far apart come first."""
    left, top, right, bottom = box
    fine = cfg.split == "within" and split != "train"
    step = max(1, round(STEP * cfg.size / (2 if fine else 1)))
    windows = np.lib.stride_tricks.sliding_window_view(
        image[top:bottom, left:right], (cfg.size, cfg.size), axis=(0, 1)
    )[::step, ::step]
    rows, columns = np.indices(windows.shape[:2]).reshape(2, -1)
    found = windows.reshape(-1, 3, cfg.size, cfg.size)
    if split != "train":
        luma = np.tensordot(found, LUMA, axes=(1, 0)) / 255
        textured = luma.std(axis=(1, 2)) > cfg.flat
        found, rows, columns = found[textured], rows[textured], columns[textured]
    return found[farthest_first(np.stack([rows, columns], 1))]


def farthest_first(points: NDArray[np.int64]) -> NDArray[np.intp]:
    """Order points (n, 2): the outermost one, then always the farthest from all before."""
    if len(points) == 0:
        return np.empty(0, dtype=np.intp)
    away = ((points - points.mean(0)) ** 2).sum(1)
    order = [int(away.argmax())]
    distance = np.full(len(points), np.inf)
    for _ in range(len(points) - 1):
        distance = np.minimum(distance, ((points - points[order[-1]]) ** 2).sum(1))
        distance[order[-1]] = -1  # taken, even where two points coincide
        order.append(int(distance.argmax()))
    return np.array(order, dtype=np.intp)


def card(cfg: Config, regions: dict[str, dict[str, Box]]) -> dict[str, Any]:
    """Return source, licences and the exact parts of the photographs in each split."""
    rules = {
        "within": (
            f"left {TRAIN_WIDTH:.0%} of each photograph for training; of the right strip the "
            f"upper {VAL_HEIGHT:.0%} for validation, the lower part for test; gaps of "
            f"{gap(cfg.size)} pixels, so that no source pixel reaches two splits"
        ),
        "across": "whole photographs held out for validation and for test",
    }
    return {
        "source": "colour photographs bundled with scikit-image and scikit-learn",
        "licence": "per photograph, see `photographs`",
        "split_rule": rules[cfg.split],
        "cluster": "photograph",
        "disjoint_clusters": cfg.split == "across",
        "sampling": (
            f"short side {round(SHORT_SIDE * cfg.size)} pixels (bicubic, antialiased); "
            f"overlapping grid, one in {STEP:.3g} patches, in `within`'s validation and test "
            f"{STEP / 2:.3g}; training also mirrored; validation and test without patches of "
            f"luminance std below {cfg.flat:g}"
        ),
        "photographs": {
            name: {
                "licence": photograph.licence,
                "origin": photograph.origin,
                "file": f"{photograph.package}/{photograph.path}",
                "regions": {split: list(box) for split, box in regions[name].items()},
            }
            for name, photograph in PHOTOGRAPHS.items()
        },
    }
