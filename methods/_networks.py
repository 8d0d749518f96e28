"""DCGAN's generator and its mirror (Radford, Metz, Chintala, ICLR 2016; arXiv:1511.06434).

At 64 x 64 with width 64 and 100 numbers in, the decoder has DCGAN's 3,576,704 parameters.
Departures: the output is a sigmoid, since images here are in [0, 1] (`output="tanh"` brings
DCGAN's own from [-1, 1] to [0, 1]); other sizes have more or fewer halvings, and channels are
counted from the image inwards.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from priorbench.contract import Shape
from priorbench.errors import UserError

WIDEST = 8  # times `width`: channels of the innermost layer, at most
SPREAD = 0.02  # standard deviation of initial weights
SLOPE = 0.2  # of the encoder's leaky rectifiers
GROUPS = 32  # of channels in group normalisation, at most
Norm = Literal["batch", "none", "layer", "group"]
Output = Literal["sigmoid", "tanh", "raw_tanh"]
# of a number of channels; "layer" takes mean and variance over all of an image's, and scales
# and shifts each channel; "group" is that of Wu & He (ECCV 2018; arXiv:1803.08494)
NORMS: dict[Norm, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "none": nn.Identity,
    "layer": lambda channels: nn.GroupNorm(1, channels),
    "group": lambda channels: nn.GroupNorm(math.gcd(GROUPS, channels), channels),
}


def halvings(shape: Shape) -> int:
    """Return how often the sides of an image are halved before the innermost, 4 to 7 wide grid.

    Raises UserError for sizes that cannot be halved so often.
    """
    _, h, w = shape
    count = min(h, w).bit_length() - 3
    if count < 1 or h % 2**count or w % 2**count:
        raise UserError(f"images of {h} x {w}: sides must be 4 to 7 times 2, 4, 8, 16 ...")
    return count


def channels(shape: Shape, width: int) -> list[int]:
    """Return the channels of each hidden layer, from the image inwards."""
    return [min(2**level, WIDEST) * width for level in range(halvings(shape))]


def initialise(net: nn.Module) -> None:
    """Draw weights as DCGAN does, in the memory layout that is fastest on processors."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0, SPREAD)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, SPREAD)
    net.to(memory_format=torch.channels_last)


class Leaky(nn.Module):
    """A leaky rectifier whose slope is a constant to autograd.

    Its second derivative is then absent instead of an array of zeros, which spares a gradient
    penalty a whole backward pass of zeros through the network.
    """

    def __init__(self, slope: float = SLOPE) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Return x where it is positive, else `slope` x."""
        slope = (x.detach() > 0).to(x.dtype).mul_(1 - self.slope).add_(self.slope)
        return x * slope


class Tanh(nn.Module):
    """(tanh x + 1) / 2: the output of generators in [-1, 1], brought to [0, 1]."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the same by way of the sigmoid."""
        return (2 * x).sigmoid()


OUTPUTS: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": Tanh,
    "raw_tanh": nn.Tanh,  # in [-1, 1], of which images in [0, 1] are a half
}


class Decoder(nn.Sequential):
    """Maps codes (n, dim) to images (n, 3, h, w) in [0, 1]."""

    def __init__(self, dim: int, shape: Shape, width: int, output: Output = "sigmoid") -> None:
        inwards = channels(shape, width)
        grid = inwards[-1], *(side >> len(inwards) for side in shape[1:])
        # a transposed convolution of one point is a linear map, which is much faster
        layers: list[nn.Module] = [nn.Linear(dim, math.prod(grid), bias=False)]
        layers.append(nn.Unflatten(1, grid))
        outwards = [*reversed(inwards), 3]
        for before, after in pairwise(outwards):
            up = nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)
            layers += [nn.BatchNorm2d(before), nn.ReLU(inplace=True), up]
        super().__init__(*layers, OUTPUTS[output]())
        initialise(self)


class Encoder(nn.Sequential):
    """Maps images (n, 3, h, w) in [0, 1] to `dim` numbers each, (n, dim).

    norm: any but "batch" where each image must be judged by itself.
    """

    def __init__(self, dim: int, shape: Shape, width: int, norm: Norm = "batch") -> None:
        inwards = channels(shape, width)
        cells = math.prod(side >> len(inwards) for side in shape[1:])
        layers: list[nn.Module] = []
        for before, after in pairwise([3, *inwards]):
            layers.append(nn.Conv2d(before, after, 4, 2, 1, bias=norm == "none"))
            if norm != "none" and before != 3:
                layers.append(NORMS[norm](after))
            layers.append(nn.LeakyReLU(SLOPE, inplace=True) if norm == "batch" else Leaky())
        super().__init__(*layers, nn.Flatten(), nn.Linear(cells * inwards[-1], dim))
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the numbers of each image, seen in [-1, 1]."""
        numbers: Tensor = super().forward(2 * images - 1)  # type: ignore[no-untyped-call]
        return numbers
