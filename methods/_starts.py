"""Where a search for a code begins."""

from collections.abc import Callable

import torch
from torch import Tensor

from methods._losses import LOSSES
from priorbench.contract import Loop, Observation

DRAWS = 64  # codes drawn for an image


@torch.no_grad()
def best_drawn(
    draw: Callable[[int], Tensor],
    decode: Callable[[Tensor], Tensor],
    seen: Observation,
    loop: Loop,
    loss: str,
) -> Tensor:
    """Return of codes drawn for each image the one nearest to what was seen of it, (n, dim).

    The mean of training codes that lie on the unit sphere is close to zero, where no image is:
    rectifiers may let nothing through there, and a search that begins there stands still.
    """
    drawn = loop.each(lambda: draw(DRAWS))
    losses = [LOSSES[loss](seen.degrade(decode(z)), seen.y) for z in drawn.unbind(1)]
    best = torch.stack(losses).argmin(0)
    return drawn[torch.arange(len(seen), device=loop.device), best]
