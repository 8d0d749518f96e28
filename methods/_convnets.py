"""Many small networks of one architecture, a set of weights per image, computed at once.

The images of a batch lie side by side in the channels, (1, n * c, h, w), and convolutions are
grouped: the same sums as one network after another, without their small kernels.
"""

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-5  # of the normalisation; LCM's first layer has less variance than this
ALIGNED = 8  # channels of a group: the fast kernels of processors want a multiple


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    """Convolve the images of x, (1, n * c, h, w), by `weight`, (n, out, c, k, k), each by its own.

    x of (1, c, h, w) is shared by all. `bias`: (n, out). Returns (1, n * out, ...).
    """
    count, out, channels, kernel = weight.shape[:4]
    flat = None if bias is None else bias.flatten()
    if count == 1 or x.shape[1] == channels:
        return F.conv2d(x, weight.flatten(0, 1), flat, stride)
    if kernel == stride == 1:
        product = weight.flatten(2) @ x.view(count, channels, -1)
        if bias is not None:
            product = product + bias[:, :, None]
        return product.view(1, count * out, *x.shape[2:])
    if channels % ALIGNED and channels > ALIGNED:
        zeros = ALIGNED - channels % ALIGNED
        x = F.pad(x.unflatten(1, (count, channels)), (0, 0, 0, 0, 0, zeros)).flatten(1, 2)
        weight = F.pad(weight, (0, 0, 0, 0, 0, zeros))
    return F.conv2d(x, weight.flatten(0, 1), flat, stride, groups=count)


def normalise(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Batch normalisation of batches of one image: statistics over h, w; affine (n, c) each.

    As groups of one channel: the same, in less than half of the time on processors.
    """
    return F.group_norm(x, x.shape[1], weight.flatten(), bias.flatten(), EPS)


@cache
def _interpolation(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrix (2 * side, side) that doubles a column by linear interpolation."""
    columns = torch.eye(side, dtype=torch.float64)[None]
    return F.interpolate(columns, scale_factor=2, mode="linear")[0].T.to(device, dtype)


def enlarge(x: Tensor) -> Tensor:
    """Double the sides of (n, c, h, w) bilinearly, corners not aligned: a product of matrices."""
    rows, columns = (_interpolation(side, x.dtype, x.device) for side in x.shape[2:])
    return rows @ (x @ columns.T)


def uniform(
    shape: tuple[int, ...], inputs: int, generator: torch.Generator | None = None
) -> Tensor:
    """Weights as torch's convolutions begin: uniform within 1 / sqrt(inputs)."""
    reach = 1 / math.sqrt(inputs)
    return torch.empty(shape).uniform_(-reach, reach, generator=generator)
