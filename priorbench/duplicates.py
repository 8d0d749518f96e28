"""Equal and nearly equal pictures: what is tested on must not have been learned from.

Pictures are compared by how they look at 9x8 pixels (a difference hash: is a pixel clearly
darker than its right neighbour?), those that look alike by their means in 4x4 blocks, which
hardly differ by more than the pixels do, and those left by their pixels. Pale pictures of
different things differ by few grey levels too: what counts as equal falls with the contrast.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from priorbench.files import let_go

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.intp]
Looks = NDArray[np.uint64]

STEP = 2  # grey levels that count as clear; JPEG makes plain grounds flicker by less
BITS = 6  # of 64 in which the looks of a picture and of its copy may differ
ERROR = 8.0  # grey levels: root mean squared difference up to which two are one; 30 dB
CONTRAST = 0.2  # the same, as a share of the standard deviation of the pixels of a picture
ROUNDED = 2.0  # grey levels that rounded means, of blocks of unequal weight, may differ beyond it
AT_ONCE = 1 << 22  # looks, or pixels, compared in one piece


def look(image: Pixels) -> np.uint64:
    """Return the difference hash of a picture (3, h, w)."""
    grey = Image.fromarray(image.transpose(1, 2, 0)).convert("L")
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), np.int16)
    return np.uint64(np.packbits(small[:, 1:] > small[:, :-1] + STEP).view(np.uint64)[0])


def means(image: Pixels) -> Pixels:
    """Return the means of a picture (3, h, w) in 4x4 blocks, of each colour: (48,)."""
    small = Image.fromarray(image.transpose(1, 2, 0)).resize((4, 4), Image.Resampling.BOX)
    return np.asarray(small).ravel()


@dataclass(frozen=True)
class Views:
    """Some pictures of an array, and how each looks."""

    pixels: Pixels  # (n, 3, h, w)
    looks: Looks  # (n,), of `look`
    blocks: Pixels  # (n, 48), of `means`
    numbers: Numbers  # (m,), which of the n these are

    @classmethod
    def of(cls, pixels: Pixels) -> "Views":
        """Return all pictures of an array (n, 3, h, w)."""
        looks = np.array([look(image) for image in pixels], np.uint64)
        blocks = np.array([means(image) for image in pixels], np.uint8).reshape(-1, 48)
        let_go(pixels)
        return cls(pixels, looks, blocks, np.arange(len(pixels)))


def near(ours: Views, theirs: Views) -> NDArray[np.bool_]:
    """Tell which of our pictures nearly equal one of theirs: (m,)."""
    found = np.zeros(len(ours.numbers), np.bool_)
    for one, other in _alike(ours.looks[ours.numbers], theirs.looks[theirs.numbers]):
        todo = ~found[one]
        one, _ = _sifted(ours, theirs, one[todo], other[todo])
        found[one] = True
    return found


def families(ours: Views) -> Numbers:
    """Return for each picture the place of the first one of its family, maybe itself: (m,).

    What nearly equals one of a family belongs to it: two that do not equal each other may be of
    one family by way of a third.
    """
    looks, count = ours.looks[ours.numbers], len(ours.numbers)
    pairs = [(np.empty(0, np.intp), np.empty(0, np.intp))]
    for one, other in _alike(looks, looks):
        later = one > other
        pairs.append(_sifted(ours, ours, one[later], other[later]))
    ends = tuple(np.concatenate(places) for places in zip(*pairs, strict=True))
    graph = coo_array((np.ones(len(ends[0]), np.bool_), ends), shape=(count, count))
    _, family = connected_components(graph, directed=False)
    _, first, member = np.unique(family, return_index=True, return_inverse=True)
    return first[member]


def _sifted(ours: Views, theirs: Views, one: Numbers, other: Numbers) -> tuple[Numbers, Numbers]:
    """Return those pairs of places whose pictures are nearly equal, by blocks, then by pixels."""
    for name, more, share in (("blocks", ROUNDED, np.inf), ("pixels", 0.0, CONTRAST)):
        rows = getattr(ours, name), getattr(theirs, name)
        numbers = ours.numbers[one], theirs.numbers[other]
        equal = _equal(*rows, *numbers, ERROR + more, share)
        one, other = one[equal], other[equal]
    return one, other


def _alike(ours: Looks, theirs: Looks) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield the places in `ours` and in `theirs` of pairs that look alike."""
    for begin in range(0, len(theirs), size := max(1, AT_ONCE // max(1, len(ours)))):
        part = theirs[begin : begin + size]
        place, other = np.nonzero(np.bitwise_count(ours[:, None] ^ part[None]) <= BITS)
        if len(place):
            yield place, other + begin


def _equal(
    mine: Pixels, others: Pixels, ours: Numbers, theirs: Numbers, limit: float, share: float
) -> NDArray[np.bool_]:
    """Tell for each pair, a row of `mine` and one of `others` by number, whether they are one.

    Their root mean squared difference is `limit` grey levels at most, and at most `share` of
    their standard deviation.
    """
    size = max(1, AT_ONCE // int(np.prod(mine.shape[1:])))
    equal = [np.empty(0, np.bool_)]
    for begin in range(0, len(ours), size):
        pairs = ((mine, ours), (others, theirs))
        parts = [rows[numbers[begin : begin + size]] for rows, numbers in pairs]
        let_go(mine)
        let_go(others)
        one, other = (part.reshape(len(part), -1).astype(np.float32) for part in parts)
        error = np.sqrt(np.square(one - other).mean(axis=1))
        most = np.minimum(limit, share * one.std(axis=1)) if np.isfinite(share) else limit
        equal.append(error <= most)
    return np.concatenate(equal)
