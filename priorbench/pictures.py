"""What an image set in files hands over: how a picture is read, and where it belongs.

The engine decodes the pictures (priorbench/preparing.py): on all cores, once, in constant
memory, and on from where a killed run stopped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from priorbench.imageset import SPLITS

Pixels = NDArray[np.uint8]
CARD_KEYS = ("source", "licence", "split_rule", "cluster", "sampling")
Split = Callable[[Sequence[str]], Sequence[str]]


class Unreadable(Exception):
    """A file is damaged, or no picture."""


class TooSmall(Unreadable):
    """A picture would have to be enlarged."""


@dataclass(frozen=True)
class Pictures:
    """Pictures in files, and what is known of each before any is decoded.

    read(i) returns picture i, uint8 (3, h, w), or raises Unreadable; it is called by several
    threads. split: one of `SPLITS` for each picture, or a function that tells it from what
    they show: it is given a checksum of each picture's pixels, "" for unreadable ones.
    shape: (3, h, w) of all pictures; None where sizes differ, for sets that are only tested on.
    clusters: None where only equal pictures belong together. card: JSON facts, at least those of
    `CARD_KEYS`; whether a cluster is in two splits is found out when they are written.
    ValueError where these do not fit together: that is a mistake of the image set's author.
    """

    names: Sequence[str]  # for messages and the card
    read: Callable[[int], Pixels]
    split: Sequence[str] | Split
    card: dict[str, Any]
    shape: tuple[int, int, int] | None
    clusters: Sequence[str] | None = None
    labels: Sequence[int] | None = None
    unreadable: float = 0.0  # greatest share of pictures that may be, or too small

    def __post_init__(self) -> None:
        for what in ("clusters", "labels", *(() if callable(self.split) else ("split",))):
            known = getattr(self, what)
            if known is not None and len(known) != len(self.names):
                raise ValueError(f"{len(self.names)} pictures, but {what} of {len(known)}")
        if not callable(self.split) and (unknown := {*self.split} - {*SPLITS}):
            first = next(n for n, s in zip(self.names, self.split, strict=True) if s in unknown)
            raise ValueError(
                f"{first}: no split is called {min(unknown)}; choices: {', '.join(SPLITS)}"
            )
        if self.shape is None and (callable(self.split) or {*self.split} != {"test"}):
            raise ValueError("pictures of many sizes can only be tested on")
        missing = [key for key in CARD_KEYS if key not in self.card]
        if missing:
            raise ValueError(f"the card lacks {', '.join(missing)}")
        json.dumps(self.card, allow_nan=False)
