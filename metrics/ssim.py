"""Structural similarity, per image, with the settings of its paper.

Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13 (2004): Gaussian
window of 11 taps, sigma 1.5, population covariances; the mean of the three channels. A
library's default window (7 x 7, uniform) gives other numbers.
"""

import numpy as np
from skimage.metrics import structural_similarity

from metrics._images import Floats, Mask, check

LABEL = "SSIM"
BETTER = "higher"
PER = "image"
PROTOCOL = "ssim/1 RGB, Gaussian window 11, sigma 1.5, range 1"
WEIGHTS = ()
REGIONS = ("raw", "pasted", "hole")

WINDOW = 11  # pixels


def score(restored: Floats, original: Floats, *, hidden: Mask | None = None) -> Floats | None:
    """Return the mean similarity per image, (n,); None for images smaller than the window.

    The mean leaves out the border of five pixels, as the paper's code does; where hidden
    pixels are given, it is the mean of the similarity map over them instead.
    """
    check(restored, original, hidden)
    if min(original.shape[2:]) < WINDOW:
        return None
    similarity = np.empty(len(original))
    for i, (x, g) in enumerate(zip(original, restored, strict=True)):
        mean, picture = structural_similarity(
            x,
            g,
            data_range=1,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            full=True,
        )
        similarity[i] = mean if hidden is None else picture[:, hidden[i, 0]].mean()
    return similarity
