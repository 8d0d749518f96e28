"""What a search or a training minimises, a number per image: (n, ...) pairs to (n,).

Lap-L1 compares two images level by level of their Laplacian pyramids. A pyramid is linear,
so one pyramid of the difference gives the same number at half the cost.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from torch import Tensor

Kernel = Literal["gaussian", "lcm_official"]
Weights = Literal["falling", "equal"]  # of a pyramid's levels: 4^-j, or all 1
Loss = Callable[[Tensor, Tensor], Tensor]

TAPS = 5  # side of the blur kernel, pixels
SIGMA = math.sqrt(2)  # its standard deviation, pixels: LCM's code squares one of 2


@cache
def _blur(side: int, taps: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrix (side, side) that correlates a column with `taps`, zeros outside."""
    reach = len(taps) // 2
    bands = [
        torch.full((side - abs(k),), tap, dtype=torch.float64).diag(k)
        for k, tap in zip(range(-reach, reach + 1), taps, strict=True)
        if abs(k) < side
    ]
    return torch.stack(bands).sum(0).to(device, dtype)


@cache
def _pool(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrix (side // 2, side) that averages neighbours; an odd last one is left out."""
    half = torch.eye(side // 2, dtype=torch.float64).repeat_interleave(2, dim=1) / 2
    return torch.nn.functional.pad(half, (0, side % 2)).to(device, dtype)


def _taps() -> tuple[float, ...]:
    reach = TAPS // 2
    bell = [math.exp(-(k**2) / (2 * SIGMA**2)) for k in range(-reach, reach + 1)]
    return tuple(value / sum(bell) for value in bell)


def _blurred(x: Tensor, kernel: Kernel) -> Tensor:
    """Blur the last two axes; matrix products are faster here than depthwise convolutions."""
    h, w = x.shape[-2:]
    bell = _taps()
    rows, columns = _blur(h, bell, x.dtype, x.device), _blur(w, bell, x.dtype, x.device)
    if kernel == "gaussian":
        return rows @ x @ columns.T
    flat = (1 / TAPS,) * TAPS
    mean_rows, mean_columns = (_blur(side, flat, x.dtype, x.device) for side in (h, w))
    return (rows @ x @ mean_columns.T + mean_rows @ x @ columns.T) / 2


def laplacian(
    difference: Tensor,
    levels: int = 4,
    kernel: Kernel = "gaussian",
    weights: Weights = "falling",
) -> Tensor:
    """Lap-L1 of each image of (n, c, h, w): sum over levels j of weight_j mean|level j|, (n,).

    The last level is what the blurs left over. Small images have fewer levels: at most
    1 + log2 of the shorter side. Borders are padded with zeros. `kernel`: "gaussian" is
    separable; "lcm_official" adds its two factors, as the code of LCM does (a plus shape).
    `weights`: "falling" (4^-j) is LCM's; "equal" (1) is that of re-implementations of GLO.
    """
    base = 4.0 if weights == "falling" else 1.0
    count = min(levels, min(difference.shape[-2:]).bit_length())
    total = difference.new_zeros(len(difference))
    for level in range(count):
        if level == count - 1:
            band = difference
        else:
            low = _blurred(difference, kernel)
            band = difference - low
            halves = [_pool(side, low.dtype, low.device) for side in low.shape[-2:]]
            difference = halves[0] @ low @ halves[1].T
        total = total + band.abs().mean(dim=(1, 2, 3)) * base**-level
    return total


def mse(restored: Tensor, original: Tensor) -> Tensor:
    """Mean squared difference of each image, (n,)."""
    return (restored - original).square().flatten(1).mean(1)


def l1(restored: Tensor, original: Tensor) -> Tensor:
    """Mean absolute difference of each image, (n,)."""
    return (restored - original).abs().flatten(1).mean(1)


def lap_mse(
    restored: Tensor,
    original: Tensor,
    kernel: Kernel = "gaussian",
    weights: Weights = "falling",
) -> Tensor:
    """Lap-L1 + MSE of each image, (n,): the loss of LCM (arXiv:1806.06284)."""
    difference = restored - original
    return laplacian(difference, kernel=kernel, weights=weights) + difference.square().mean(
        dim=(1, 2, 3)
    )


LOSSES: dict[str, Loss] = {"lap_mse": lap_mse, "mse": mse, "l1": l1}
