"""Removal of Gaussian noise, sigma 25/255 by default; A is the identity.

With `clip` the noisy image is confined to [0, 1], the protocol of Deep Image Prior (Ulyanov
et al., CVPR 2018; arXiv:1711.10925); without it y keeps all that was added.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from priorbench.contract import Shape
from tasks._checks import noise_level

LABEL = "denoising"
SHORT = "denoise"

BLUR = 0.8  # pixels, std of the Gaussian blur
BLUR_RADIUS = 3  # pixels on each side


@dataclass(frozen=True)
class Config:
    sigma: float = 0.09803921568627451  # 25/255: std of the Gaussian noise, range [0, 1]
    clip: bool = False  # whether y is confined to [0, 1] after the noise was added


def check(cfg: Config, shape: Shape) -> None:
    """Raise UserError where sigma is no standard deviation; any size will do."""
    noise_level("denoising", cfg.sigma)


def protocol(cfg: Config, shape: Shape) -> str:
    """Name what the numbers depend on."""
    clipped = "clipped" if cfg.clip else "not clipped"
    level = f"sigma {255 * cfg.sigma:.4g}/255"
    return f"denoising/1: {level}, {clipped}, {shape[1]}x{shape[2]}"


def draw(cfg: Config, shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Nothing is drawn: the noise is added to every task's A(x) alike."""
    return {}


def degrade(x: Tensor, cfg: Config) -> Tensor:
    """Return x itself."""
    return x


def degraded(y: Tensor, cfg: Config, shape: Shape) -> Tensor:
    """Return the noisy image as a picture."""
    return y.clamp(0, 1)


def naive(y: Tensor, cfg: Config, shape: Shape) -> dict[str, Tensor]:
    """Return y blurred by a Gaussian of `BLUR` pixels, with replicated borders."""
    taps = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, dtype=y.dtype, device=y.device)
    weights = torch.exp(-((taps / BLUR) ** 2) / 2)
    weights = weights / weights.sum()
    kernel = (weights[:, None] * weights).expand(y.shape[1], 1, -1, -1)
    padded = F.pad(y, [BLUR_RADIUS] * 4, mode="replicate")
    blurred = F.conv2d(padded, kernel, groups=len(kernel))
    return {f"Gaussian blur {BLUR:g} px": blurred.clamp(0, 1)}
