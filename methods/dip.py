"""Deep Image Prior (Ulyanov, Vedaldi, Lempitsky, CVPR 2018; arXiv:1711.10925).

Nothing is learned beforehand: all weights of a network that maps fixed noise to one image
are fitted to the observation. What the network fits first is the image, noise comes late.

Departures: one default for all tasks, close to the authors' denoising, since one row of a
table should be one method; what their notebooks change from task to task are options, set in
config/papers/dip.yaml. The moving average begins after the first steps, whose outputs are
far from the image; theirs begins with the first. Backtracking is off, since it is meant
for a rare accident of long runs; where it is on, it is done image by image and leaves exactly
the weights that were kept, where theirs still moves these by the step that was under way. Its
look and its copy come together, every so many steps, as in their restoration; their denoising,
by an inverted test, has both at nearly every step. Images too small for all scales, or not
divisible so often, leave out the innermost; theirs are cropped. Images have three channels,
also for their grey one. The noise that they add to weights in one notebook has no effect
there, and is not here.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from methods._search import search
from methods._skipnets import Layout, first_weights, outputs
from priorbench.contract import Loop, Observation, Shape
from priorbench.errors import UserError

LABEL = "DIP"
PAPER = "Ulyanov et al. 2018, arXiv:1711.10925"

AMPLITUDE = 0.1  # upper end of the uniform input


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 3_000  # Adam steps; paper: 1,000 to 11,000
    lr: float = 0.01  # Adam
    widths: tuple[int, ...] = (128, 128, 128, 128, 128)  # channels of each scale, outer first
    widths_up: tuple[int, ...] = ()  # the same on the way out; empty: as `widths`
    skip: int | tuple[int, ...] = 4  # channels handed across, at all scales or at each; 0: none
    kernel_down: Literal[3, 5] = 3  # side of the convolutions on the way in, pixels
    kernel_up: Literal[3, 5] = 3  # side of those on the way out, pixels
    pointwise_up: bool = True  # whether a 1x1 convolution follows each of these
    downsampling: Literal["stride", "average"] = "stride"  # of a convolution, or after it
    upsampling: Literal["bilinear", "nearest"] = "bilinear"
    input: Literal["noise", "meshgrid"] = "noise"  # what the network maps to the image
    channels: int = 32  # of the input, where it is noise
    jitter: float = 0.03  # std of the noise added to the input at each step
    output: Literal["average", "clean", "noisy"] = "average"  # the image: see `restore`
    average: float = 0.99  # decay of the moving average of the outputs; 0: `noisy` instead
    average_from: int = 50  # step at which the average begins
    backtrack: float = 0.0  # fall of the PSNR against y, dB, that is taken back; 0: none
    backtrack_every: int = 50  # steps from one look, and copy of the weights, to the next
    loss: Literal["mse", "lap_mse", "l1"] = "mse"


def scales(cfg: RestoreConfig, shape: Shape) -> int:
    """How often the image is halved: evenly, while borders are wide enough to be reflected."""
    least = cfg.kernel_down // 2 + 1  # pixels
    count = len(cfg.widths)
    while any(side % 2**count or side < least * 2**count for side in shape[1:]):
        count -= 1
    if count == 0:
        sides = ", ".join(str(2 * side) for side in range(least, least + 3))
        raise UserError(f"dip: images of {shape[1]}x{shape[2]} pixels; sides must be {sides} ...")
    return count


def layout(cfg: RestoreConfig, shape: Shape) -> Layout:
    """The networks for images of `shape`, with as many scales as these allow."""
    up = cfg.widths_up or cfg.widths
    skip = (cfg.skip,) * len(cfg.widths) if isinstance(cfg.skip, int) else cfg.skip
    if not len(cfg.widths) == len(up) == len(skip) > 0:
        raise UserError(
            f"dip: `widths`, `widths_up` and `skip` are for {len(cfg.widths)}, {len(up)} and "
            f"{len(skip)} scales; give each a number per scale"
        )
    count = scales(cfg, shape)
    return Layout(
        down=cfg.widths[:count],
        up=up[:count],
        skip=skip[:count],
        kernel_down=cfg.kernel_down,
        kernel_up=cfg.kernel_up,
        pointwise_up=cfg.pointwise_up,
        downsampling=cfg.downsampling,
        upsampling=cfg.upsampling,
    )


def first_input(cfg: RestoreConfig, shape: Shape) -> Tensor:
    """The fixed input of one network, (c, h, w)."""
    if cfg.input == "noise":
        return torch.rand(cfg.channels, *shape[1:]) * AMPLITUDE
    rows, columns = (torch.linspace(0, 1, side) for side in shape[1:])
    return torch.stack(torch.meshgrid(columns, rows, indexing="xy"))


def restore(model: None, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Fit a network per image, each beginning with weights and an input of its own.

    The image is the moving average of the outputs, or that of the final weights at the `clean`
    input or at the `noisy` one of the last step.
    """
    if cfg.backtrack and not cfg.backtrack_every:
        raise UserError("dip: `backtrack_every` is 0; nearest: 1")
    net = layout(cfg, seen.shape)
    x = loop.each(lambda: first_input(cfg, seen.shape)).to(seen.y)
    shapes = [w.shape for w in first_weights(x[0], net)]
    rows = loop.each(lambda: torch.cat([w.flatten() for w in first_weights(x[0], net)]))
    parts = rows.split([shape.numel() for shape in shapes], 1)
    start = [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]
    averaged = cfg.output == "average" and cfg.average > 0
    # what the final image is made from: kept, for noise of the last step is not drawn again
    last = x if averaged or cfg.output == "clean" else loop.keep(x.clone())

    def decode(weights: list[Tensor]) -> Tensor:
        if not cfg.jitter:
            return outputs(weights, x, net)
        noise = loop.each(lambda: torch.randn(x.shape[1:], device=x.device))
        noisy = x + cfg.jitter * noise
        if last is not x:
            last.copy_(noisy)
        return outputs(weights, noisy, net)

    return search(
        decode,
        start,
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        average=cfg.average if averaged else 0.0,
        average_from=cfg.average_from,
        final=lambda weights: outputs(weights, last, net),
        backtrack=cfg.backtrack,
        backtrack_every=cfg.backtrack_every,
    )
