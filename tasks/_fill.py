"""Naive ways to fill unseen pixels; y: (n, 3, h, w), known: bool (n or 1, 1, h, w)."""

import torch
from torch import Tensor
from torch.nn import functional as F


def mean_fill(y: Tensor, known: Tensor) -> Tensor:
    """Give unseen pixels the mean colour of the seen ones, image by image."""
    seen = known.to(y)
    mean = (y * seen).sum((2, 3), keepdim=True) / seen.sum((2, 3), keepdim=True)
    return torch.where(known, y, mean)


def neighbour_fill(y: Tensor, known: Tensor) -> Tensor:
    """Fill unseen pixels from their seen neighbours, ring by ring.

    Each ring is a normalised convolution with the 3x3 bilinear (tent) kernel.
    """
    known = known.expand(len(y), -1, -1, -1)
    tent = torch.tensor([0.5, 1.0, 0.5], dtype=y.dtype, device=y.device)
    kernel = (tent[:, None] * tent).expand(y.shape[1] + 1, 1, 3, 3)
    while not known.all():
        weighted = torch.cat([y * known, known.to(y)], 1)
        blurred = F.conv2d(weighted, kernel, padding=1, groups=len(kernel))
        colour, weight = blurred[:, :-1], blurred[:, -1:]
        y = torch.where(known, y, colour / weight.clamp(min=0.25))  # the least weight is 1/4
        known = weight > 0
    return y
