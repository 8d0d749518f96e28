"""Structural similarity, per image, with the settings of its paper.

Wang, Bovik, Sheikh and Simoncelli, IEEE Transactions on Image Processing 13 (2004): Gaussian
window of 11 taps, sigma 1.5, population covariances; the mean of the three channels, or luma
alone, as in tables of super-resolution. A library's default window (7 x 7, uniform) gives other
numbers.
"""

import numpy as np
from skimage.metrics import structural_similarity

from metrics import _images
from metrics._images import Config, Floats, Mask

LABEL = "SSIM"
BETTER = "higher"
PER = "image"
PROTOCOL = "ssim/1"
WEIGHTS = ()
REGIONS = ("raw", "pasted", "hole")

WINDOW = 11  # pixels
SIGMA = 1.5  # pixels, of the Gaussian in it


def label(cfg: Config) -> str:
    """Return "SSIM", or as "SSIM-Y, border 4"."""
    return _images.name(LABEL, cfg)


def protocol(cfg: Config) -> str:
    """Return PROTOCOL and what is compared, after the label where that is another one."""
    said = f"{PROTOCOL} {_images.told(cfg)}, Gaussian window {WINDOW}, sigma {SIGMA}, range 1"
    return said if cfg == Config() else f"{label(cfg)}: {said}"


def score(
    restored: Floats, original: Floats, cfg: Config, *, hidden: Mask | None = None
) -> Floats | None:
    """Return the mean similarity per image, (n,); None for what is smaller than the window.

    The mean leaves out the border of five pixels, as the paper's code does; where hidden
    pixels are given, it is the mean of the similarity map over them instead; None where none
    of them is left.
    """
    found = _images.compared(restored, original, cfg, hidden)
    if found is None or min(found[1].shape[2:]) < WINDOW:
        return None
    restored, original, hidden = found
    similarity = np.empty(len(original))
    for i, (x, g) in enumerate(zip(original, restored, strict=True)):
        mean, picture = structural_similarity(
            x,
            g,
            data_range=1,
            channel_axis=0,
            gaussian_weights=True,
            sigma=SIGMA,
            use_sample_covariance=False,
            full=True,
        )
        similarity[i] = mean if hidden is None else picture[:, hidden[i, 0]].mean()
    return similarity
