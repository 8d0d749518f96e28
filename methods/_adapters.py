"""What exists already, as a method: functions on arrays, networks that restore, generators.

A generator z -> image becomes a method with a Model made from `Generator`, and by importing
`SearchConfig as RestoreConfig` and `search_codes as restore`; what was trained elsewhere imports
`load` in place of a `train`, and names its file with TrainConfig.checkpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from methods._codes import unit_ball
from methods._search import search
from priorbench.contract import Loop, Observation
from priorbench.errors import UserError

Array = NDArray[Any]


def by_arrays(function: Callable[..., Array], seen: Observation, *beside: Tensor) -> Tensor:
    """Restore images one by one with a function on arrays, as scikit-image has them.

    `function` gets y of an image as float64 (h, w, 3), not clipped, and of each tensor `beside`,
    (n or 1, c, h, w), its part (h, w, c); it returns an image (h, w, 3) in [0, 1]. What lies
    outside of the range is clipped. UserError where what it returns has another shape.
    """
    found = []
    every = [seen.y, *(tensor.expand(len(seen), -1, -1, -1) for tensor in beside)]
    for parts in zip(*every, strict=True):
        y, *others = (part.permute(1, 2, 0).cpu().numpy() for part in parts)
        image = np.asarray(function(y.astype(np.float64), *others))
        if image.shape != (*seen.shape[1:], seen.shape[0]):
            name = getattr(function, "__name__", "the function")
            raise UserError(f"{name} returned {image.shape}, not {(*seen.shape[1:], 3)}")
        found.append(torch.from_numpy(np.clip(image, 0, 1).transpose(2, 0, 1).copy()))
    return torch.stack(found).to(seen.y)


@torch.no_grad()
def by_network(network: Callable[[Tensor, Observation], Tensor], seen: Observation) -> Tensor:
    """Restore images at once by what maps y and its observation to images, (n, 3, h, w).

    The observation tells sigma, A (`degrade`), the task's options (`cfg`) and `naive()`. What
    lies outside of [0, 1] is clipped. UserError where the images have another shape.
    """
    images = network(seen.y, seen)
    if images.shape != (len(seen), *seen.shape):
        told = f"{tuple(images.shape)}, not {(len(seen), *seen.shape)}"
        raise UserError(f"{type(network).__name__} returned {told}")
    return images.to(seen.y.dtype).clamp(0, 1)


class Generator(nn.Module):
    """A Model around a network `net` that maps codes (n, *code) to images (n, 3, h, w).

    prior: the set of codes and what is drawn from it: "normal", N(0, I); "ball", the unit ball,
    uniformly; "box", [-1, 1] in each number, uniformly. values: of the images that `net` makes.
    """

    def __init__(
        self,
        net: nn.Module,
        code: tuple[int, ...],
        prior: Literal["normal", "ball", "box"] = "normal",
        values: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        super().__init__()
        self.net, self.code, self.prior, self.values = net, code, prior, values

    def decode(self, codes: Tensor) -> Tensor:
        """Images (n, 3, h, w) in [0, 1] of codes (n, *code)."""
        low, high = self.values
        images: Tensor = (self.net(codes) - low) / (high - low)
        return images.clamp(0, 1)

    def draw(self, count: int) -> Tensor:
        """Draw codes from the prior, (count, *code)."""
        device = next(self.parameters()).device
        if self.prior == "box":
            return 2 * torch.rand(count, *self.code, device=device) - 1
        z = torch.randn(count, *self.code, device=device)
        if self.prior == "ball":  # a direction, and a radius that fills the ball evenly
            z = z.flatten(1) / z.flatten(1).norm(dim=1, keepdim=True)
            z = z * torch.rand(count, 1, device=device) ** (1 / z.shape[1])
        return z.view(count, *self.code)

    def clamp(self, codes: Tensor) -> Tensor:
        """Pull codes back into the set of the prior."""
        if self.prior == "ball":
            return unit_ball(codes.flatten(1)).view_as(codes)
        return codes.clamp(-1, 1) if self.prior == "box" else codes


def load(model: Any, state: dict[str, Tensor], cfg: Any) -> None:
    """Put weights that were trained elsewhere into `model.net`: all of them, and no other."""
    model.net.load_state_dict(state)


@dataclass(frozen=True)
class SearchConfig:
    steps: int = 300  # Adam steps, of all starts side by side
    lr: float = 0.05
    restarts: int = 1  # starts: the code 0, then draws of the prior; the best against y is kept
    prior: float = 0.0  # weight of |z|^2 / 2 beside the loss
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


def search_codes(model: Generator, seen: Observation, cfg: SearchConfig, loop: Loop) -> Tensor:
    """Search for the code whose image explains what was seen; `restore` of a generator."""

    def starts() -> Tensor:
        drawn = model.draw(cfg.restarts)
        drawn[0] = 0
        return drawn

    return search(
        model.decode,
        loop.each(starts).flatten(0, 1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        project=model.clamp,
        restarts=cfg.restarts,
        prior=cfg.prior,
    )
