"""A prepared image set on disk: memory-mapped splits and their card."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import UserError
from priorbench.files import check_images, read_json, replacing, sha256, write_json
from priorbench.imageset import SPLITS

Pixels = NDArray[np.uint8]
Gallery = Pixels | list[Pixels]  # (n, 3, h, w), or n pictures (3, h, w) of many sizes


class Prepared:
    """The three splits in `folder`, uint8 (n, 3, h, w) each, and what the card says of them.

    Test images of many sizes lie in one flat buffer; `tested` gives them size by size.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card: dict[str, Any] = read_json(folder / "card.json")
        self.shape: tuple[int, ...] = tuple(self.card["shape"])  # empty where sizes differ
        self.sizes: list[tuple[int, int]] | None = self.card.get("sizes")

    @cached_property
    def train(self) -> NDArray[np.uint8]:
        """Images to learn from."""
        return self._split("train")

    @cached_property
    def val(self) -> NDArray[np.uint8]:
        """Images that choices may be made on."""
        return self._split("val")

    @cached_property
    def test(self) -> NDArray[np.uint8]:
        """Images that are restored and scored."""
        return self._split("test")

    @cached_property
    def gallery(self) -> Gallery:
        """Test images one by one, whatever their sizes."""
        return unrolled(self.folder / "test.npy", self.sizes) if self.sizes else self.test

    def tested(self, count: int | None) -> Iterator[tuple[NDArray[np.intp], Pixels]]:
        """Yield the first `count` test images (None: all), those of one size together.

        Their numbers, and their pixels, (n, 3, h, w).
        """
        if self.sizes is None:
            images = self.test[:count]
            yield np.arange(len(images)), images
            return
        for numbers in by_size(self.sizes[:count]):
            yield numbers, np.stack([self.gallery[number] for number in numbers])

    def labels(self, split: str) -> NDArray[np.int64] | None:
        """Classes of the images of a split; None where the set has no classes."""
        labels = self.card["labels"]
        return None if labels is None else np.array(labels[split])

    def _split(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"{name}.npy"
        images = read_split(path)
        shape = (self.card["counts"][name], *self.shape)
        check_images(str(path), images, shape if self.shape else None)
        return images


def read_split(path: Path) -> NDArray[np.uint8]:
    """Return the memory-mapped images of a split, uint8 (n, 3, h, w)."""
    try:
        images: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    check_images(str(path), images)
    return images


def named(task: str, group: int | None) -> str:
    """Return the name of a task's arrays; of one size among many, `group` is its number."""
    return task if group is None else f"{task}@{group}"


def row_of(name: str) -> str:
    """Return the task that arrays belong to."""
    return name.partition("/")[0].partition("@")[0]


def by_size(sizes: Sequence[tuple[int, int]]) -> list[NDArray[np.intp]]:
    """Return the numbers of the images of each size, in the order of the first of them."""
    groups: dict[tuple[int, int], list[int]] = {}
    for number, (height, width) in enumerate(sizes):
        groups.setdefault((height, width), []).append(number)
    return [np.array(numbers, np.intp) for numbers in groups.values()]


def unrolled(path: Path, sizes: Sequence[tuple[int, int]]) -> list[Pixels]:
    """Return the pictures (3, h, w) of a flat buffer, given their sizes."""
    try:
        flat: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    ends = np.cumsum([3 * height * width for height, width in sizes])
    if flat.dtype != np.uint8 or flat.shape != (ends[-1],):
        raise UserError(f"{path}: uint8 ({ends[-1]},) expected, found {flat.dtype} {flat.shape}")
    parts = np.split(flat, ends[:-1])
    return [part.reshape(3, *size) for part, size in zip(parts, sizes, strict=True)]


def mean_psnr(images: Gallery, originals: Gallery) -> float:
    """Return the mean of the PSNRs of images, (n, 3, h, w), in decibels; at most 120."""
    if isinstance(images, list):
        pairs = zip(images, originals, strict=True)
        return float(np.mean([mean_psnr(one[None], other[None]) for one, other in pairs]))
    assert not isinstance(originals, list)
    difference = (images.astype(float) - originals.astype(float)) / 255
    error = np.square(difference).mean(axis=(1, 2, 3)).clip(1e-12)
    return float(np.mean(-10 * np.log10(error)))


def write_prepared(
    folder: Path, card: dict[str, Any], splits: dict[str, NDArray[np.uint8]]
) -> None:
    """Write splits and card; counts, shape and checksums are added to the card."""
    for name in SPLITS:
        check_images(name, splits[name])
        with replacing(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, splits[name], allow_pickle=False)
    facts = {
        "shape": list(splits["train"].shape[1:]),
        "counts": {name: len(images) for name, images in splits.items()},
        "sha256": {name: sha256(images) for name, images in splits.items()},
    }
    write_json(folder / "card.json", card | facts)
