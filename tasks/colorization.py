"""Colorization: y is the luminance, .299 R + .587 G + .114 B (ITU-R BT.601)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.contract import Shape
from tasks._checks import noise_level

LABEL = "colorization"
SHORT = "colour"

LUMA = (0.299, 0.587, 0.114)
TINY = 1e-12  # keeps a division by a vanishing colour finite


@dataclass(frozen=True)
class Config:
    sigma: float = 0.0  # std of the Gaussian noise in y, range [0, 1]


def check(cfg: Config, shape: Shape) -> None:
    """Raise UserError where sigma is no standard deviation; any size will do."""
    noise_level("colorization", cfg.sigma)


def protocol(cfg: Config, shape: Shape) -> str:
    """Name what the numbers depend on."""
    return f"colorization/1: luma .299/.587/.114 of {shape[1]}x{shape[2]}; sigma {cfg.sigma:.4g}"


def draw(cfg: Config, shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Nothing is drawn."""
    return {}


def degrade(x: Tensor, cfg: Config) -> Tensor:
    """Return the luminance of x, (n, 1, h, w)."""
    red, green, blue = x.split(1, dim=1)
    luma: Tensor = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    return luma


def degraded(y: Tensor, cfg: Config, shape: Shape) -> Tensor:
    """Return the observation as a grey picture."""
    return y.clamp(0, 1).expand(-1, 3, -1, -1)


def naive(y: Tensor, cfg: Config, shape: Shape) -> dict[str, Tensor]:
    """Return the grey picture: without a prior no hue is likelier than another."""
    return {"grey": degraded(y, cfg, shape)}


def paste(x: Tensor, y: Tensor, cfg: Config) -> Tensor:
    """Return x with the luminance y and its own hue.

    Where the shifted colour leaves [0, 1] it is drawn towards the grey of that luminance,
    just far enough: clipping would alter the luminance again.
    """
    y = y.clamp(0, 1)
    colour = x - degrade(x, cfg)
    room = torch.where(colour > 0, 1 - y, y) / colour.abs().clamp(min=TINY)
    return (y + colour * room.amin(1, keepdim=True).clamp(max=1)).clamp(0, 1)
