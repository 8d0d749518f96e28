"""Encoder-decoders with skips, a network per image (Ulyanov et al. 2018; arXiv:1711.10925).

Small networks are computed side by side, large ones in turn: beyond `TOGETHER` the
activations of several no longer fit the caches of a processor.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from methods._convnets import convolve, enlarge, normalise, uniform

SLOPE = 0.2  # of every LeakyReLU
TOGETHER = (64, 64)  # channels, and pixels of a side, up to which networks run side by side

# hands a layer its weights, (n, ...); called with how those of one image begin
Take = Callable[[Callable[[], Tensor]], Tensor]


@dataclass(frozen=True)
class Layout:
    """What such networks differ in; tuples have a number for each scale, outer first."""

    down: tuple[int, ...]  # channels on the way in
    up: tuple[int, ...]  # channels on the way out
    skip: tuple[int, ...]  # channels handed across; 0: none
    kernel_down: int = 3
    kernel_up: int = 3
    pointwise_up: bool = True  # whether a 1x1 convolution follows the one on the way out
    downsampling: Literal["stride", "average"] = "stride"
    upsampling: Literal["bilinear", "nearest"] = "bilinear"


@dataclass(frozen=True)
class SkipNets:
    """The networks of n images; inputs (1, n * c, h, w) to images (1, n * 3, h, w)."""

    layout: Layout
    count: int  # n
    take: Take

    def __call__(self, x: Tensor) -> Tensor:
        return self.convolution(self.level(x, 0), 3).sigmoid()

    def level(self, x: Tensor, depth: int) -> Tensor:
        """One scale and all within it."""
        net = self.layout
        down, up, skip = net.down[depth], net.up[depth], net.skip[depth]
        inner = self.block(x, down, net.kernel_down, halve=True)
        inner = self.block(inner, down, net.kernel_down)
        if depth + 1 < len(net.down):
            inner = self.level(inner, depth + 1)
        if net.upsampling == "bilinear":
            inner = enlarge(inner)
        else:
            inner = F.interpolate(inner, scale_factor=2)
        if skip:
            pair = [y.unflatten(1, (self.count, -1)) for y in (self.block(x, skip), inner)]
            inner = torch.cat(pair, 2).flatten(1, 2)
        out = self.block(self.norm(inner), up, net.kernel_up)
        return self.block(out, up) if net.pointwise_up else out

    def block(self, x: Tensor, out: int, kernel: int = 1, halve: bool = False) -> Tensor:
        """Convolution, normalisation, LeakyReLU."""
        return F.leaky_relu(self.norm(self.convolution(x, out, kernel, halve)), SLOPE, True)

    def convolution(self, x: Tensor, out: int, kernel: int = 1, halve: bool = False) -> Tensor:
        """Convolution of reflected borders; `halve`: to half the sides."""
        channels = x.shape[1] // self.count
        inputs = channels * kernel**2
        weight = self.take(lambda: uniform((out, channels, kernel, kernel), inputs))
        bias = self.take(lambda: uniform((out,), inputs))
        if kernel > 1:
            x = F.pad(x, [kernel // 2] * 4, mode="reflect")
        if halve and self.layout.downsampling == "average":
            return F.avg_pool2d(convolve(x, weight, bias), 2)
        return convolve(x, weight, bias, 2 if halve else 1)

    def norm(self, x: Tensor) -> Tensor:
        """Normalisation over the pixels of each image."""
        channels = x.shape[1] // self.count
        weight = self.take(lambda: torch.ones(channels))
        return normalise(x, weight, self.take(lambda: torch.zeros(channels)))


def first_weights(x: Tensor, layout: Layout) -> list[Tensor]:
    """What the weights of one network for inputs x, (c, h, w), begin with."""
    made: list[Tensor] = []

    def take(make: Callable[[], Tensor]) -> Tensor:
        made.append(make().to(x))
        return made[-1][None]

    with torch.no_grad():
        SkipNets(layout, 1, take)(x[None])
    return made


def outputs(weights: list[Tensor], x: Tensor, layout: Layout) -> Tensor:
    """Images (n, 3, h, w) of networks with `weights`, (n, ...) each, for inputs (n, c, h, w)."""
    channels, side = TOGETHER
    together = max(layout.down + layout.up) <= channels and max(x.shape[2:]) <= side

    def run(count: int, x: Tensor, some: Iterator[Tensor]) -> Tensor:
        images = SkipNets(layout, count, lambda _: next(some))(x.flatten(0, 1)[None])
        return images.view(count, 3, *x.shape[2:])

    if together:
        return run(len(x), x, iter(weights))
    each = zip(*(w.split(1) for w in weights), strict=True)
    return torch.cat([run(1, x[i : i + 1], iter(own)) for i, own in enumerate(each)])
