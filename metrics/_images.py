"""What every metric over images assumes of its arguments."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def check(restored: Floats, original: Floats, hidden: Mask | None = None) -> None:
    """Refuse images that are not (n, 3, h, w) in [0, 1], both alike, and a mask that does not fit.

    Raises ValueError; the ranges are where most wrong PSNRs and LPIPS come from.
    """
    if restored.shape != original.shape or original.ndim != 4 or original.shape[1] != 3:
        raise ValueError(f"shapes {restored.shape} and {original.shape}, not (n, 3, h, w)")
    for images in (restored, original):
        if images.dtype != np.float64 or not (images.min() >= 0 and images.max() <= 1):
            raise ValueError("images are not float64 in [0, 1]")
    if hidden is not None and hidden.shape != (len(original), 1, *original.shape[2:]):
        raise ValueError(f"a mask of shape {hidden.shape} on images {original.shape}")
