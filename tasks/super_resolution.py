"""Super-resolution: y is the image reduced by a factor, with a kernel that has a name.

`bicubic` (Keys, a = -1/2) and `bilinear` (triangle) are widened by the factor, that is,
antialiased; `lanczos2` is the kernel of Deep Image Prior (Ulyanov et al., CVPR 2018;
arXiv:1711.10925), with replicated borders.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from priorbench.contract import Shape
from priorbench.errors import UserError
from tasks._checks import noise_level
from tasks._resample import enlarge, reduce

LABEL = "super-resolution"
SHORT = "SR"


@dataclass(frozen=True)
class Config:
    factor: Literal[4, 8] = 4  # reduction of each side
    kernel: Literal["bicubic", "bilinear", "lanczos2"] = "bicubic"  # of the reduction
    sigma: float = 0.0  # std of the Gaussian noise in y, range [0, 1]


def check(cfg: Config, shape: Shape) -> None:
    """Raise UserError where the factor does not divide the sides."""
    noise_level("super_resolution", cfg.sigma)
    for side in shape[1:]:
        if side % cfg.factor or side < 2 * cfg.factor:
            valid = max(2, round(side / cfg.factor)) * cfg.factor
            raise UserError(
                f"super_resolution: factor {cfg.factor} needs a side that is a multiple of it, "
                f"at least {2 * cfg.factor}, not {side}; nearest: {valid}"
            )


def protocol(cfg: Config, shape: Shape) -> str:
    """Name what the numbers depend on."""
    sizes = f"{shape[1]}x{shape[2]} to {shape[1] // cfg.factor}x{shape[2] // cfg.factor}"
    kernel = "lanczos2, replicated" if cfg.kernel == "lanczos2" else f"{cfg.kernel} antialiased"
    return f"super_resolution/1: x{cfg.factor}, {sizes}, {kernel}; sigma {cfg.sigma:.4g}"


def draw(cfg: Config, shape: Shape, generator: torch.Generator) -> dict[str, Tensor]:
    """Nothing is drawn."""
    return {}


def degrade(x: Tensor, cfg: Config) -> Tensor:
    """Return x reduced, (n, 3, h / factor, w / factor)."""
    return reduce(x, cfg.factor, cfg.kernel)


def degraded(y: Tensor, cfg: Config, shape: Shape) -> Tensor:
    """Return the observation as a picture of the full size, a square per pixel."""
    return enlarge(y, cfg.factor, "nearest").clamp(0, 1)


def naive(y: Tensor, cfg: Config, shape: Shape) -> dict[str, Tensor]:
    """Return y enlarged by bicubic and by bilinear interpolation."""
    return {
        kernel: enlarge(y, cfg.factor, kernel).clamp(0, 1) for kernel in ("bicubic", "bilinear")
    }
