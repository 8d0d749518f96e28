"""What every metric over images assumes of its arguments, and which part of them it compares."""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Array = TypeVar("Array", Floats, Mask)


@dataclass(frozen=True)
class Config:
    channel: Literal["rgb", "y"] = "rgb"  # y: luma of BT.601, as of MATLAB's rgb2ycbcr
    border: int = 0  # pixels left out on each side; super-resolution papers: the factor


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


def compared(
    restored: Floats, original: Floats, cfg: Config, hidden: Mask | None
) -> tuple[Floats, Floats, Mask | None] | None:
    """Return what is compared of both, (n, 3 or 1, h - 2 border, w - 2 border), and of the mask.

    None where the border leaves nothing, or none of the hidden pixels of an image. Y goes from
    16/255 to 235/255 and is not rounded. Raises ValueError as `check` does.
    """
    check(restored, original, hidden)
    g, x = (_part(images, cfg) for images in (restored, original))
    mask = None if hidden is None else _inner(hidden, cfg.border)
    if x.size == 0 or (mask is not None and not mask.any((1, 2, 3)).all()):
        return None
    return g, x, mask


def _part(images: Floats, cfg: Config) -> Floats:
    inner = _inner(images, cfg.border)
    if cfg.channel == "rgb" or inner.size == 0:
        return inner
    luma: Floats = rgb2ycbcr(inner, channel_axis=1)[:, :1] / 255
    return luma


def _inner(images: Array, border: int) -> Array:
    height, width = images.shape[2:]
    cut: Array = images[:, :, border : max(border, height - border)]
    return cut[..., border : max(border, width - border)]


def name(label: str, cfg: Config) -> str:
    """Return a metric's label with what it leaves out: "PSNR [dB]", "PSNR-Y [dB], border 4"."""
    word, _, unit = label.partition(" ")
    luma = f"{word}{'-Y' * (cfg.channel == 'y')} {unit}".strip()
    return luma + f", border {cfg.border}" * bool(cfg.border)


def told(cfg: Config) -> str:
    """Return what `part` is, for the protocol: at least "RGB"."""
    channel = "RGB" if cfg.channel == "rgb" else "Y of BT.601 (16 to 235 of 255)"
    return channel + f", border of {cfg.border} px left out" * bool(cfg.border)
