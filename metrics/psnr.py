"""Peak signal-to-noise ratio in decibels, per image: -10 log10 of the mean squared error.

Averages over images are of decibels, not of errors. Tables of super-resolution, Deep Image
Prior's too, are of luma without a border (`channel: y`, `border: 4`): 1.3 dB more for a grey
error, and more still for one of colour. Traps: a range guessed from the type of the array, and
pasted pixels, which raise the number without anything restored (hence the region `hole`).
"""

import numpy as np
from skimage.metrics import peak_signal_noise_ratio

from metrics import _images
from metrics._images import Config, Floats, Mask

LABEL = "PSNR [dB]"
BETTER = "higher"
PER = "image"
PROTOCOL = "psnr/1"
WEIGHTS = ()
REGIONS = ("raw", "pasted", "hole")

IDENTICAL = 100.0  # dB, at most: above what one wrong value in a 200 px image gives; not infinity


def label(cfg: Config) -> str:
    """Return "PSNR [dB]", or as "PSNR-Y [dB], border 4"."""
    return _images.name(LABEL, cfg)


def protocol(cfg: Config) -> str:
    """Return PROTOCOL and what is compared, after the label where that is another one."""
    said = f"{PROTOCOL} {_images.told(cfg)}, range 1, identical: {IDENTICAL:g} dB"
    return said if cfg == Config() else f"{label(cfg)}: {said}"


def score(
    restored: Floats, original: Floats, cfg: Config, *, hidden: Mask | None = None
) -> Floats | None:
    """Return decibels per image, (n,); over the hidden pixels alone where they are given.

    None where the border leaves nothing to compare, or none of those.
    """
    found = _images.compared(restored, original, cfg, hidden)
    if found is None:
        return None
    restored, original, hidden = found
    decibels = np.empty(len(original))
    for i, (x, g) in enumerate(zip(original, restored, strict=True)):
        if hidden is not None:
            x, g = x[:, hidden[i, 0]], g[:, hidden[i, 0]]
        decibels[i] = IDENTICAL if np.array_equal(x, g) else min(_ratio(x, g), IDENTICAL)
    return decibels


def _ratio(x: Floats, g: Floats) -> float:
    return float(peak_signal_noise_ratio(x, g, data_range=1))
