"""Reduction and enlargement by a whole factor, aligned at the centres of pixels."""

import torch
from torch import Tensor
from torch.nn import functional as F

LANCZOS_LOBES = 2


def reduce(x: Tensor, factor: int, kernel: str) -> Tensor:
    """Return x (n, c, h, w) reduced to (n, c, h / factor, w / factor) without aliasing."""
    if kernel == "lanczos2":
        return _lanczos(x, factor)
    size = [side // factor for side in x.shape[2:]]
    return F.interpolate(x, size, mode=kernel, align_corners=False, antialias=True)


def enlarge(y: Tensor, factor: int, kernel: str) -> Tensor:
    """Return y enlarged by "nearest", "bilinear" or "bicubic" interpolation (Keys, a = -1/2)."""
    if kernel == "nearest":
        return y.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    size = [side * factor for side in y.shape[2:]]
    # with `antialias` torch takes a = -1/2, as Pillow and MATLAB do, without it -3/4
    return F.interpolate(y, size, mode=kernel, align_corners=False, antialias=True)


def lanczos_weights(factor: int, like: Tensor) -> Tensor:
    """Return the 4 * factor weights of Lanczos2 around the centre of an output pixel."""
    taps = torch.arange(2 * LANCZOS_LOBES * factor, device=like.device, dtype=like.dtype)
    distance = (taps + 0.5) / factor - LANCZOS_LOBES
    weights = torch.sinc(distance) * torch.sinc(distance / LANCZOS_LOBES)
    return weights / weights.sum()


def _lanczos(x: Tensor, factor: int) -> Tensor:
    """Reduce by Lanczos2 with replicated borders, as in Deep Image Prior (phase 1/2)."""
    weights = lanczos_weights(factor, x)
    border = (len(weights) - factor) // 2
    channels = x.shape[1]
    x = F.pad(x, [border] * 4, mode="replicate")
    rows = weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    columns = weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    x = F.conv2d(x, rows, stride=(factor, 1), groups=channels)
    return F.conv2d(x, columns, stride=(1, factor), groups=channels)
