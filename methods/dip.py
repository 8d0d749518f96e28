"""Deep Image Prior (Ulyanov, Vedaldi, Lempitsky, CVPR 2018; arXiv:1711.10925).

Nothing is learned beforehand: all weights of a network that maps fixed noise to one image
are fitted to the observation. What the network fits first is the image, noise comes late.

Small networks are computed side by side, large ones in turn: beyond `TOGETHER` the
activations of several no longer fit the caches of a processor.

Departures: one configuration for all tasks, that of the authors' denoising, with the moving
average begun after the first steps, whose outputs are far from the image; no step is taken
back where the fit worsens; images too small for all scales leave out the innermost.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from methods._convnets import convolve, enlarge, normalise, uniform
from methods._search import search
from priorbench.contract import Loop, Observation, Shape
from priorbench.errors import UserError

LABEL = "DIP"
PAPER = "Ulyanov et al. 2018, arXiv:1711.10925"

SLOPE = 0.2  # of every LeakyReLU
AMPLITUDE = 0.1  # upper end of the uniform input
TOGETHER = (64, 64)  # channels, and pixels of a side, up to which networks run side by side

# hands a layer its weights, (n, ...); called with how those of one image begin
Take = Callable[[Callable[[], Tensor]], Tensor]


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 3_000  # Adam steps; paper: 2,000 to 11,000
    lr: float = 0.01  # Adam
    widths: tuple[int, ...] = (128, 128, 128, 128, 128)  # channels of each scale, outer first
    skip: int = 4  # channels handed across at each scale; 128 in the paper's inpainting of text
    upsampling: Literal["bilinear", "nearest"] = "bilinear"
    input: Literal["noise", "meshgrid"] = "noise"  # what the network maps to the image
    channels: int = 32  # of the input, where it is noise
    jitter: float = 0.03  # std of the noise added to the input at each step
    average: float = 0.99  # decay of the moving average of the outputs; 0: the last output
    average_from: int = 50  # step at which the average begins
    loss: Literal["mse", "lap_mse", "l1"] = "mse"


@dataclass(frozen=True)
class SkipNets:
    """An encoder-decoder per image with skips; inputs (1, n * c, h, w) to (1, n * 3, h, w)."""

    cfg: RestoreConfig
    scales: int
    count: int  # n
    take: Take

    def __call__(self, x: Tensor) -> Tensor:
        return self.convolution(self.level(x, 0), 3).sigmoid()

    def level(self, x: Tensor, depth: int) -> Tensor:
        """One scale and all within it."""
        out, skip = self.cfg.widths[depth], self.cfg.skip
        inner = self.block(self.block(x, out, 3, stride=2), out, 3)
        if depth + 1 < self.scales:
            inner = self.level(inner, depth + 1)
        if self.cfg.upsampling == "bilinear":
            inner = enlarge(inner)
        else:
            inner = F.interpolate(inner, scale_factor=2)
        if skip:
            pair = [y.unflatten(1, (self.count, -1)) for y in (self.block(x, skip), inner)]
            inner = torch.cat(pair, 2).flatten(1, 2)
        return self.block(self.block(self.norm(inner), out, 3), out)

    def block(self, x: Tensor, out: int, kernel: int = 1, stride: int = 1) -> Tensor:
        """Convolution, normalisation, LeakyReLU."""
        return F.leaky_relu(self.norm(self.convolution(x, out, kernel, stride)), SLOPE, True)

    def convolution(self, x: Tensor, out: int, kernel: int = 1, stride: int = 1) -> Tensor:
        """Convolution of reflected borders."""
        channels = x.shape[1] // self.count
        inputs = channels * kernel**2
        weight = self.take(lambda: uniform((out, channels, kernel, kernel), inputs))
        bias = self.take(lambda: uniform((out,), inputs))
        if kernel > 1:
            x = F.pad(x, [kernel // 2] * 4, mode="reflect")
        return convolve(x, weight, bias, stride)

    def norm(self, x: Tensor) -> Tensor:
        """Normalisation over the pixels of each image."""
        channels = x.shape[1] // self.count
        weight = self.take(lambda: torch.ones(channels))
        return normalise(x, weight, self.take(lambda: torch.zeros(channels)))


def scales(cfg: RestoreConfig, shape: Shape) -> int:
    """How often the image is halved: evenly, down to 2 pixels at least."""
    count = len(cfg.widths)
    while any(side % 2**count or side < 2 * 2**count for side in shape[1:]):
        count -= 1
    if count == 0:
        raise UserError(f"dip: images of {shape[1]}x{shape[2]} pixels; sides must be 4, 6, 8 ...")
    return count


def first_input(cfg: RestoreConfig, shape: Shape) -> Tensor:
    """The fixed input of one network, (c, h, w)."""
    if cfg.input == "noise":
        return torch.rand(cfg.channels, *shape[1:]) * AMPLITUDE
    axes = [torch.linspace(0, 1, side) for side in shape[1:]]
    return torch.stack(torch.meshgrid(*axes, indexing="xy"))


def first_weights(x: Tensor, cfg: RestoreConfig, depth: int) -> list[Tensor]:
    """What the weights of one network for inputs x, (c, h, w), begin with."""
    made: list[Tensor] = []

    def take(make: Callable[[], Tensor]) -> Tensor:
        made.append(make().to(x))
        return made[-1][None]

    with torch.no_grad():
        SkipNets(cfg, depth, 1, take)(x[None])
    return made


def outputs(weights: list[Tensor], x: Tensor, cfg: RestoreConfig, depth: int) -> Tensor:
    """Images (n, 3, h, w) of networks with `weights`, (n, ...) each, for inputs (n, c, h, w)."""
    channels, side = TOGETHER
    together = max(cfg.widths) <= channels and max(x.shape[2:]) <= side

    def run(count: int, x: Tensor, some: Iterator[Tensor]) -> Tensor:
        images = SkipNets(cfg, depth, count, lambda _: next(some))(x.flatten(0, 1)[None])
        return images.view(count, 3, *x.shape[2:])

    if together:
        return run(len(x), x, iter(weights))
    each = zip(*(w.split(1) for w in weights), strict=True)
    return torch.cat([run(1, x[i : i + 1], iter(own)) for i, own in enumerate(each)])


def restore(model: None, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Fit a network per image, each beginning with weights and an input of its own."""
    depth = scales(cfg, seen.shape)
    x = loop.each(lambda: first_input(cfg, seen.shape)).to(seen.y)
    shapes = [w.shape for w in first_weights(x[0], cfg, depth)]
    rows = loop.each(lambda: torch.cat([w.flatten() for w in first_weights(x[0], cfg, depth)]))
    parts = rows.split([shape.numel() for shape in shapes], 1)
    start = [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]

    def decode(weights: list[Tensor]) -> Tensor:
        if not cfg.jitter:
            return outputs(weights, x, cfg, depth)
        noise = loop.each(lambda: torch.randn(x.shape[1:], device=x.device))
        return outputs(weights, x + cfg.jitter * noise, cfg, depth)

    return search(
        decode,
        start,
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        average=cfg.average,
        average_from=cfg.average_from,
    )
