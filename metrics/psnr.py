"""Peak signal-to-noise ratio in decibels, per image: -10 log10 of the mean squared error.

Averages over images are of decibels, not of errors. Traps: a range guessed from the type of
the array, and pasted pixels, which raise the number without anything restored (hence the
region `hole`).
"""

import numpy as np
from skimage.metrics import peak_signal_noise_ratio

from metrics._images import Floats, Mask, check

LABEL = "PSNR [dB]"
BETTER = "higher"
PER = "image"
PROTOCOL = "psnr/1 RGB, range 1, identical: 100 dB"
WEIGHTS = ()
REGIONS = ("raw", "pasted", "hole")

IDENTICAL = 100.0  # dB, at most: above what one wrong value in a 200 px image gives; not infinity


def score(restored: Floats, original: Floats, *, hidden: Mask | None = None) -> Floats:
    """Return decibels per image, (n,); over the hidden pixels alone where they are given."""
    check(restored, original, hidden)
    decibels = np.empty(len(original))
    for i, (x, g) in enumerate(zip(original, restored, strict=True)):
        if hidden is not None:
            x, g = x[:, hidden[i, 0]], g[:, hidden[i, 0]]
        decibels[i] = IDENTICAL if np.array_equal(x, g) else min(_ratio(x, g), IDENTICAL)
    return decibels


def _ratio(x: Floats, g: Floats) -> float:
    return float(peak_signal_noise_ratio(x, g, data_range=1))
