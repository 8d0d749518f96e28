"""Equal and nearly equal pictures: what is tested on must not have been learned from.

Pictures are compared by how they look at 9x8 pixels (a difference hash: is a pixel clearly
darker than its right neighbour?), those that look alike by their means in 4x4 blocks, which
cannot differ by more than the pixels do, and those left by their pixels.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from priorbench.files import let_go

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.intp]
Looks = NDArray[np.uint64]

STEP = 2  # grey levels that count as clear; JPEG makes plain grounds flicker by less
BITS = 6  # of 64 in which the looks of a picture and of its copy may differ
ERROR = 8.0  # grey levels: root mean squared difference up to which two are one; 30 dB
ROUNDED = 1.0  # grey levels that rounded means may differ beyond that
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


def near(
    pixels: Pixels, looks: Looks, blocks: Pixels, ours: Numbers, theirs: Numbers
) -> NDArray[np.bool_]:
    """Tell which of the pictures `ours` nearly equal one of `theirs`: numbers of pictures.

    pixels: (n, 3, h, w); looks: (n,), of `look`; blocks: (n, 48), of `means`.
    """
    found = np.zeros(len(ours), np.bool_)
    for one, other in _alike(looks, ours, theirs):
        for rows, limit in ((blocks, ERROR + ROUNDED), (pixels, ERROR)):
            todo = ~found[one]
            one, other = one[todo], other[todo]
            equal = _equal(rows, ours[one], theirs[other], limit)
            one, other = one[equal], other[equal]
        found[one] = True
    return found


def _alike(looks: Looks, ours: Numbers, theirs: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield the places in `ours` and in `theirs` of pairs that look alike."""
    mine = looks[ours]
    for begin in range(0, len(theirs), size := max(1, AT_ONCE // max(1, len(ours)))):
        part = looks[theirs[begin : begin + size]]
        place, other = np.nonzero(np.bitwise_count(mine[:, None] ^ part[None]) <= BITS)
        if len(place):
            yield place, other + begin


def _equal(rows: Pixels, ours: Numbers, theirs: Numbers, limit: float) -> NDArray[np.bool_]:
    """Tell for each pair whether its rows differ by `limit` at most, root mean squared."""
    size = max(1, AT_ONCE // int(np.prod(rows.shape[1:])))
    errors = [np.empty(0)]
    for begin in range(0, len(ours), size):
        one, other = (rows[numbers[begin : begin + size]] for numbers in (ours, theirs))
        let_go(rows)
        difference = one.reshape(len(one), -1).astype(np.float32) - other.reshape(len(one), -1)
        errors.append(np.sqrt(np.square(difference).mean(axis=1)))
    equal: NDArray[np.bool_] = np.concatenate(errors) <= limit
    return equal
