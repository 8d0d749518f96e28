"""Inpainting of single pixels: a random share of them is seen, another mask per image.

y is the image with zeros at unseen pixels. Exactly the same number is seen in every image,
so that none is easier by luck.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.contract import Shape
from priorbench.errors import UserError
from tasks._checks import noise_level
from tasks._fill import mean_fill, neighbour_fill

LABEL = "inpainting, random pixels"
SHORT = "random"


@dataclass(frozen=True)
class Config:
    keep: float = 0.5  # share of the pixels that is seen
    sigma: float = 0.0  # std of the Gaussian noise in y, range [0, 1]


def count(cfg: Config, shape: Shape) -> int:
    """Return how many pixels are seen."""
    return round(cfg.keep * shape[1] * shape[2])


def check(cfg: Config, shape: Shape) -> None:
    """Raise UserError where no pixel, or every pixel, would be seen."""
    noise_level("random_pixels", cfg.sigma)
    pixels = shape[1] * shape[2]
    if not 0 < count(cfg, shape) < pixels:
        valid = (1 if cfg.keep <= 0.5 else pixels - 1) / pixels
        raise UserError(
            f"random_pixels: keep {cfg.keep:g} sees {count(cfg, shape)} of {pixels} pixels; "
            f"nearest: {valid:.4g}"
        )


def protocol(cfg: Config, shape: Shape) -> str:
    """Name what the numbers depend on."""
    seen = f"{count(cfg, shape)} of {shape[1]}x{shape[2]} pixels seen"
    return f"random_pixels/1: {seen}, a mask per image, zeros elsewhere; sigma {cfg.sigma:.4g}"


def draw(cfg: Config, shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Draw the seen pixels of one image: `known`, bool (1, h, w)."""
    _, height, width = shape
    known = torch.zeros(height * width, dtype=torch.bool)
    order = torch.randperm(height * width, generator=generator)
    known[order[: count(cfg, shape)]] = True
    return {"known": known.view(1, height, width)}


def hidden(cfg: Config, shape: Shape, known: Tensor) -> Tensor:
    """Return True where nothing was seen: bool, (n, 1, h, w)."""
    return ~known


def degrade(x: Tensor, cfg: Config, known: Tensor) -> Tensor:
    """Return x with zeros at unseen pixels, (n, 3, h, w)."""
    return x * known


def degraded(y: Tensor, cfg: Config, shape: Shape, known: Tensor) -> Tensor:
    """Return the observation as a picture, unseen pixels black."""
    return (y * known).clamp(0, 1)


def naive(y: Tensor, cfg: Config, shape: Shape, known: Tensor) -> dict[str, Tensor]:
    """Return unseen pixels filled with the mean of the seen ones, or from their neighbours."""
    picture = y.clamp(0, 1)
    return {
        "mean fill": mean_fill(picture, known),
        "neighbour fill": neighbour_fill(picture, known),
    }


def paste(x: Tensor, y: Tensor, cfg: Config, known: Tensor) -> Tensor:
    """Return the seen pixels, and x at all others."""
    return torch.where(known, y.clamp(0, 1), x)
