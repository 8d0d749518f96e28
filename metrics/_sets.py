"""What metrics over sets of images assume, and features that are computed once per process."""

import hashlib
from collections.abc import Callable

import numpy as np

from metrics._images import Bytes, Floats
from priorbench.errors import UserError

LEAST = 256  # images per set: with fewer, the numbers tell more of their count than of the images

_computed: dict[tuple[str, ...], Floats] = {}


def features(
    generated: Bytes, real: Bytes, name: str, compute: Callable[[Bytes], Floats]
) -> tuple[Floats, Floats]:
    """Return what `compute` makes of two sets, float64 (n, d) each; `name` tells the features.

    Raises UserError for fewer than 256 images, ValueError for what are none.
    """
    for what, images in (("generated", generated), ("real", real)):
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"{what}: {images.dtype} {images.shape} are not uint8 (n, 3, h, w)")
        if len(images) < LEAST:
            raise UserError(
                f"distances between sets need {LEAST} images or more; {what}: {len(images)}"
            )
    return _once(generated, name, compute), _once(real, name, compute)


def _once(images: Bytes, name: str, compute: Callable[[Bytes], Floats]) -> Floats:
    content = np.array(images)  # torch warns of a memory map that it cannot write to
    digest = hashlib.sha256(f"{content.shape}".encode() + content.tobytes()).hexdigest()
    key = digest, name
    if key not in _computed:
        _computed[key] = compute(content)
    return _computed[key]
