"""The residual networks of WGAN-GP (Gulrajani et al., NeurIPS 2017; arXiv:1704.00028).

At 64 x 64, with width 64 and 128 numbers in, they are the "good" pair of the authors'
gan_64x64.py: 8,540,483 parameters in the generator, 7,491,841 in the critic. Weights begin as
there: uniform with variance 4 / (inputs + outputs) in convolutions that rectifiers surround, half
of that in all other layers; biases at 0.

Departures: images here are in [0, 1], so the generator's tanh is brought there from [-1, 1] and
the critic looks at 2 x - 1; other sizes have a block more or fewer per halving, where the authors
have other networks (at 32 x 32 four blocks of 128 channels each).
"""

import math
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from methods._networks import NORMS, Leaky, Norm, Tanh, channels
from priorbench.contract import Shape

HE, GLOROT = math.sqrt(2), 1.0  # times sqrt(2 / (inputs + outputs)): spread of initial weights
Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


class Residual(nn.Module):
    """The sum of a path through two convolutions and a shortcut past them."""

    def __init__(self, path: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.path = path
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return path plus shortcut."""
        total: Tensor = self.path(x) + self.shortcut(x)
        return total


class Generator(nn.Sequential):
    """Maps noise vectors (n, dim) to images (n, 3, h, w) in [0, 1]."""

    def __init__(self, dim: int, shape: Shape, width: int) -> None:
        outwards = [*reversed(channels(shape, width))]
        grid = _innermost(shape, width)
        super().__init__(
            _begun(nn.Linear(dim, math.prod(grid)), GLOROT),
            nn.Unflatten(1, grid),
            *(up(before, after) for before, after in pairwise([outwards[0], *outwards])),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            _convolution(width, 3),
            Tanh(),
        )
        self.to(memory_format=torch.channels_last)


class Critic(nn.Sequential):
    """Maps images (n, 3, h, w) in [0, 1] to a number each, (n, 1)."""

    def __init__(self, shape: Shape, width: int, norm: Norm = "layer") -> None:
        inwards = channels(shape, width)
        super().__init__(
            _convolution(3, width, gain=GLOROT),
            *(down(before, after, norm) for before, after in pairwise([*inwards, inwards[-1]])),
            nn.Flatten(),
            _begun(nn.Linear(math.prod(_innermost(shape, width)), 1), GLOROT),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Return the numbers of images, seen in [-1, 1]."""
        numbers: Tensor = super().forward(2 * images - 1)  # type: ignore[no-untyped-call]
        return numbers


def up(before: int, after: int) -> Residual:
    """Return a block of the generator, which doubles the sides: (n, before, h, w) to `after`.

    In its shortcut the authors convolve what they enlarged: 1 x 1, so that the order is free.
    """
    path = nn.Sequential(
        nn.BatchNorm2d(before),
        nn.ReLU(inplace=True),
        nn.Upsample(scale_factor=2),
        _convolution(before, after, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
        _convolution(after, after),
    )
    shortcut = nn.Sequential(
        _convolution(before, after, side=1, gain=GLOROT), nn.Upsample(scale_factor=2)
    )
    return Residual(path, shortcut)


def down(before: int, after: int, norm: Norm) -> Residual:
    """Return a block of the critic, which halves the sides by means of 2 x 2."""
    path = nn.Sequential(
        NORMS[norm](before),
        Leaky(0.0),
        _convolution(before, before, bias=norm == "none"),
        NORMS[norm](before),
        Leaky(0.0),
        _convolution(before, after),
        nn.AvgPool2d(2),
    )
    shortcut = nn.Sequential(nn.AvgPool2d(2), _convolution(before, after, side=1, gain=GLOROT))
    return Residual(path, shortcut)


def _innermost(shape: Shape, width: int) -> tuple[int, int, int]:
    """Channels, height and width of the innermost maps."""
    inwards = channels(shape, width)
    return inwards[-1], shape[1] >> len(inwards), shape[2] >> len(inwards)


def _convolution(
    before: int, after: int, side: int = 3, bias: bool = True, gain: float = HE
) -> nn.Conv2d:
    return _begun(nn.Conv2d(before, after, side, padding=side // 2, bias=bias), gain)


def _begun(layer: Layer, gain: float) -> Layer:
    """Return a layer with the weights that it begins with."""
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
