"""A map from noise to where the codes are, by which GLANN draws codes for GLO's generator.

IMLE (Li, Malik, arXiv:1809.09087): more noise is mapped than there are codes, each code takes
the mapped noise that came nearest to it, and that noise is mapped nearer to the code. So every
code has samples near it, and samples are where codes are, also where these are no Gaussian.
GLANN (Hoshen, Li, Malik, CVPR 2019; arXiv:1812.08985) learns the map when GLO's codes and
generator are there; sizes and rates are those of its code (github.com/yedidh/glann).

Departures: Adam goes on from one pass to the next, where it began anew with each; samples are
drawn with the running means and variances of the batches, not with those of their own batch.
"""

import torch
from torch import Tensor, nn

from methods._losses import mse
from priorbench.contract import Loop
from priorbench.errors import UserError

NOISE = 32  # numbers that a code is mapped from
HIDDEN = 128  # numbers between
BATCH = 128  # codes per step, and noises mapped together
MAPPED = 2  # noises per code, of which the nearest is taken
COMPARED = 256  # codes whose distances to all mapped noises are in memory together
LR = 1e-3  # Adam
BETAS = 0.5, 0.999
DECAY = 1e-5  # of weights


class Sampler(nn.Sequential):
    """Noise (n, NOISE) -> codes (n, dim)."""

    def __init__(self, dim: int) -> None:
        super().__init__(
            *(nn.Linear(NOISE, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU()),
            *(nn.Linear(HIDDEN, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU()),
            nn.Linear(HIDDEN, dim, bias=False),
        )

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        weight = next(self.parameters())
        codes: Tensor = self(torch.randn(count, NOISE, device=weight.device))
        return codes


def fit(sampler: Sampler, codes: Tensor, steps: int, loop: Loop) -> None:
    """Learn the map to codes (N, dim), which are fixed by now; a stage `sampler` of `steps`."""
    if len(codes) < 2:
        raise UserError("steps_sampler: a map to one code cannot be learned; 0 fits a Gaussian")
    size = min(BATCH, len(codes))
    noise = loop.keep(torch.zeros(len(codes), NOISE, device=codes.device))
    order = loop.keep(torch.arange(len(codes), device=codes.device))
    adam = loop.keep(
        torch.optim.Adam(sampler.parameters(), LR, BETAS, weight_decay=DECAY, fused=True)
    )
    for step in loop.steps(steps, "sampler"):
        place = step % (len(codes) // size)
        if place == 0:
            noise.copy_(nearest_noise(sampler, codes))
            order.copy_(torch.randperm(len(codes), device=codes.device))
        index = order[place * size : (place + 1) * size]
        loss = mse(sampler(noise[index]), codes[index]).mean()
        loop.descend(loss, adam)
        loop.log(loss=loss.detach())


@torch.no_grad()
def nearest_noise(sampler: Sampler, codes: Tensor) -> Tensor:
    """Return the noise that is mapped nearest to each of the codes (N, dim), (N, NOISE)."""
    noise = torch.randn(MAPPED * len(codes), NOISE, device=codes.device)
    mapped = torch.cat([sampler(part) for part in noise.split(BATCH)])
    nearest = [torch.cdist(part, mapped).argmin(1) for part in codes.split(COMPARED)]
    return noise[torch.cat(nearest)]
