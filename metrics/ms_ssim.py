"""Structural similarity at five scales (MS-SSIM), per image.

Wang, Simoncelli and Bovik, Asilomar 2003: contrast and structure at each scale, luminance at the
coarsest, to powers found by experiment; each scale is the means of 2 x 2 pixels of the one before.
Window and constants are those of SSIM. Traps: below 176 px the coarsest scale is smaller than the
window, and what is reported there has a smaller window or fewer scales; with a negative structure
a power is complex, hence those of a channel are cut off at zero, as TensorFlow does.
"""

import numpy as np
from scipy.ndimage import correlate1d

from metrics._images import Floats, check

LABEL = "MS-SSIM"
BETTER = "higher"
PER = "image"
PROTOCOL = "ms_ssim/1 RGB, 5 scales, Gaussian window 11, sigma 1.5, range 1"
WEIGHTS = ()
REGIONS = ("raw", "pasted")

POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, from fine to coarse
WINDOW = 11  # pixels
SIGMA = 1.5  # pixels, of the Gaussian in it
LEAST = WINDOW * 2 ** (len(POWERS) - 1)  # pixels of the shorter side
C1, C2 = 0.01**2, 0.03**2  # for images in [0, 1]


def score(restored: Floats, original: Floats) -> Floats | None:
    """Return the mean of the channels' similarities per image, (n,); None below 176 px."""
    check(restored, original)
    if min(original.shape[2:]) < LEAST:
        return None
    product = np.ones(original.shape[:2])
    for power in POWERS[:-1]:
        _, structure = similarity(restored, original)
        product *= structure.clip(0) ** power
        restored, original = halved(restored), halved(original)
    whole, _ = similarity(restored, original)
    return np.asarray((product * whole.clip(0) ** POWERS[-1]).mean(1))


def similarity(g: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Return SSIM, and its part of contrast and structure: means where the window fits, (n, c)."""
    mx, mg = blurred(x), blurred(g)
    variances = blurred(x * x) - mx**2 + blurred(g * g) - mg**2
    covariance = blurred(x * g) - mx * mg
    structure = (2 * covariance + C2) / (variances + C2)
    luminance = (2 * mx * mg + C1) / (mx**2 + mg**2 + C1)
    return (luminance * structure).mean((2, 3)), structure.mean((2, 3))


def blurred(images: Floats) -> Floats:
    """Return Gaussian means where the window fits, (n, c, h - 10, w - 10)."""
    half = WINDOW // 2
    taps = np.exp(-(np.arange(-half, half + 1) ** 2) / (2 * SIGMA**2))
    for axis in (2, 3):
        images = correlate1d(images, taps / taps.sum(), axis)
    return images[:, :, half:-half, half:-half]


def halved(images: Floats) -> Floats:
    """Return means of 2 x 2 pixels; an odd side's last row counts twice."""
    odd = [(0, side % 2) for side in images.shape[2:]]
    even = np.pad(images, [(0, 0), (0, 0), *odd], mode="edge")
    blocks = even.reshape(*even.shape[:2], even.shape[2] // 2, 2, even.shape[3] // 2, 2)
    means: Floats = blocks.mean((3, 5))
    return means
