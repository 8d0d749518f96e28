"""Inpainting of a square hole in the centre, 50 of 128 pixels wide at LCM's size.

y is the image with zeros in the hole. Side and place are those of the published code of
Latent Convolutional Models (Athar et al., ICLR 2019), scaled to the image.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.contract import Shape
from priorbench.errors import UserError
from tasks._checks import noise_level
from tasks._fill import mean_fill, neighbour_fill

LABEL = "inpainting, centre hole"
SHORT = "hole"


@dataclass(frozen=True)
class Config:
    sigma: float = 0.0  # std of the Gaussian noise in y, range [0, 1]


def side(shape: Shape) -> int:
    """Return the side of the hole: 12 pixels of 32, 24 of 64, 50 of 128."""
    return 2 * (25 * min(shape[1:]) // 128)


def check(cfg: Config, shape: Shape) -> None:
    """Raise UserError where the image is too small for a hole."""
    noise_level("hole", cfg.sigma)
    if side(shape) == 0:
        raise UserError(f"hole: no hole fits {shape[1]}x{shape[2]} pixels; smallest side: 6")


def protocol(cfg: Config, shape: Shape) -> str:
    """Name what the numbers depend on."""
    hole = f"{side(shape)}x{side(shape)} of {shape[1]}x{shape[2]} pixels"
    return f"hole/1: centre {hole}, zeros in it; sigma {cfg.sigma:.4g}"


def draw(cfg: Config, shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Nothing is drawn: the hole is the same for all images."""
    return {}


def hidden(cfg: Config, shape: Shape) -> Tensor:
    """Return True in the hole: bool, (1, 1, h, w), to be broadcast over images."""
    return ~known(torch.empty(1, *shape))


def known(x: Tensor) -> Tensor:
    """Return True outside the hole: bool, (1, 1, h, w), on the device of x."""
    _, channels, height, width = x.shape
    hole = side((channels, height, width))
    top, left = (height - hole) // 2, (width - hole) // 2
    mask = torch.ones(1, 1, height, width, dtype=torch.bool, device=x.device)
    mask[..., top : top + hole, left : left + hole] = False
    return mask


def degrade(x: Tensor, cfg: Config) -> Tensor:
    """Return x with zeros in the hole, (n, 3, h, w)."""
    return x * known(x)


def degraded(y: Tensor, cfg: Config, shape: Shape) -> Tensor:
    """Return the observation as a picture, the hole black."""
    return (y * known(y)).clamp(0, 1)


def naive(y: Tensor, cfg: Config, shape: Shape) -> dict[str, Tensor]:
    """Return the hole filled with the mean of the rest, or inwards from its rim."""
    seen = known(y)
    picture = y.clamp(0, 1)
    return {
        "mean fill": mean_fill(picture, seen),
        "neighbour fill": neighbour_fill(picture, seen),
    }


def paste(x: Tensor, y: Tensor, cfg: Config) -> Tensor:
    """Return x inside the hole and the seen pixels outside."""
    return torch.where(known(x), y.clamp(0, 1), x)
