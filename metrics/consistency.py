"""How far a restoration, degraded again, is from what was seen: root mean square of A(x*) - y.

In units of 1/255, over what was seen. It tells a search that failed from data that leave much
open: a small distance beside a poor image means that the data allow that image too. Traps: less
than the noise in y is no merit, the restoration then fits the noise; and restored images are
rounded to 8 bits, which alone is 0.29 where A is the identity.
"""

import numpy as np

from metrics._images import Floats, Mask, check

LABEL = "data error [1/255]"
BETTER = "lower"
PER = "image"
PROTOCOL = "consistency/1 root mean square of A(x*) - y over what was seen, images in 8 bits"
NOTE = "Below the noise of the data (sigma of the task) a smaller error is no merit"
WEIGHTS = ()
REGIONS = ("raw",)

UNIT = 255


def score(
    restored: Floats, original: Floats, *, seen: tuple[Floats, Floats, Mask] | None = None
) -> Floats | None:
    """Return the error per image, (n,); None where nothing was degraded.

    seen: A(restored), y, and which of their values were seen, (n, ...) alike.
    """
    check(restored, original)
    if seen is None:
        return None
    again, y, known = seen
    if not again.shape == y.shape == known.shape or len(y) != len(original):
        raise ValueError(f"A(x*) {again.shape}, y {y.shape} and mask {known.shape} differ")
    axes = tuple(range(1, y.ndim))
    return np.asarray(UNIT * np.sqrt(np.square(again - y).mean(axes, where=known)))
