"""A prepared image set on disk: memory-mapped splits and their card."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.errors import UserError
from priorbench.files import check_images, read_json, replacing, sha256, write_json

SPLITS = ("train", "val", "test")


class Prepared:
    """The three splits in `folder`, uint8 (n, 3, h, w) each, and what the card says of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card: dict[str, Any] = read_json(folder / "card.json")
        self.shape: tuple[int, int, int] = tuple(self.card["shape"])

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

    def labels(self, split: str) -> NDArray[np.int64] | None:
        """Classes of the images of a split; None where the set has no classes."""
        labels = self.card["labels"]
        return None if labels is None else np.array(labels[split])

    def _split(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"{name}.npy"
        images = read_split(path)
        check_images(str(path), images, (self.card["counts"][name], *self.shape))
        return images


def read_split(path: Path) -> NDArray[np.uint8]:
    """Return the memory-mapped images of a split, uint8 (n, 3, h, w)."""
    try:
        images: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    check_images(str(path), images)
    return images


def mean_psnr(images: NDArray[np.uint8], originals: NDArray[np.uint8]) -> float:
    """Return the mean of the PSNRs of images, (n, 3, h, w), in decibels; at most 120."""
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
