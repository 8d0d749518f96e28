"""What an image set hands over: three splits, the cluster of each image, and a card."""

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "val", "test")
CARD_KEYS = ("source", "licence", "split_rule", "cluster", "disjoint_clusters")


@dataclass(frozen=True)
class ImageSet:
    """Pixels of the three splits, uint8 (n, 3, h, w), and what is known of each image.

    A cluster is a group of images that are not independent (a photograph, a scan): intervals
    are computed over clusters. `card` holds JSON facts, at least those of `CARD_KEYS`:
    `cluster` says what a cluster is, `disjoint_clusters` promises that none is in two splits.
    ValueError where these do not fit together: that is a mistake of the image set's author.
    """

    train: NDArray[np.uint8]
    val: NDArray[np.uint8]
    test: NDArray[np.uint8]  # ordered: the first n spread evenly over clusters or classes
    clusters: dict[str, list[str]]  # split -> cluster of each image
    labels: dict[str, NDArray[np.int64]] | None  # split -> class of each image
    card: dict[str, Any]

    def __post_init__(self) -> None:
        for split in SPLITS:
            self._check_pixels(split)
            self._check_length(split, "clusters", len(self.clusters.get(split, ())))
            if self.labels is not None:
                self._check_length(split, "labels", len(self.labels.get(split, ())))
                if not np.issubdtype(self.labels[split].dtype, np.integer):
                    raise ValueError(f"labels of {split} are no integers")
        missing = [key for key in CARD_KEYS if key not in self.card]
        if missing:
            raise ValueError(f"the card lacks {', '.join(missing)}")
        json.dumps(self.card, allow_nan=False)
        if self.card["disjoint_clusters"]:
            self._check_disjoint()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, h, w) of one image."""
        _, channels, height, width = self.train.shape
        return channels, height, width

    def split(self, name: str) -> NDArray[np.uint8]:
        """Return the images of one of `SPLITS`."""
        return {"train": self.train, "val": self.val, "test": self.test}[name]

    def _check_pixels(self, split: str) -> None:
        pixels = self.split(split)
        if pixels.dtype != np.uint8:
            raise ValueError(f"{split} is {pixels.dtype}, not uint8")
        if pixels.ndim != 4 or pixels.shape[1] != 3 or 0 in pixels.shape:
            raise ValueError(f"{split} has shape {pixels.shape}, not (n, 3, h, w) with n > 0")
        if pixels.shape[1:] != self.train.shape[1:]:
            raise ValueError(f"{split} has images of another shape than train")

    def _check_length(self, split: str, what: str, count: int) -> None:
        if count != len(self.split(split)):
            raise ValueError(f"{split} has {len(self.split(split))} images, but {count} {what}")

    def _check_disjoint(self) -> None:
        for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
            shared = sorted(set(self.clusters[one]) & set(self.clusters[other]))
            if shared:
                raise ValueError(f"{one} and {other} share the cluster {shared[0]}")


def in_turn(groups: Iterable[Hashable]) -> NDArray[np.intp]:
    """Return indices that take one of each group in turn, in the order within the group.

    So any first few of the images are a varied sample of their split.
    """
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    rounds = [
        (turn, order, index)
        for order, rows in enumerate(members.values())
        for turn, index in enumerate(rows)
    ]
    return np.array([index for _, _, index in sorted(rounds)], dtype=np.intp)
