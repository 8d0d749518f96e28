"""Generative Latent Optimization (Bojanowski, Joulin, Lopez-Paz, Szlam, ICML 2018;
arXiv:1707.05776): one free code per training image, learned together with the generator.

Departures: Adam instead of SGD, which needs many times fewer steps (`optimiser: sgd` is the
paper's; its learning rates are about 1 and 10); the Laplacian loss is LCM's, with level
weights 4^-j; a principal coordinate's start is divided by the mean length of all codes,
since unscaled nearly all codes would begin on the sphere.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from methods._codes import Gaussian, unit_ball
from methods._features import principal_codes
from methods._losses import lap_mse
from methods._networks import Decoder
from methods._row_adam import RowAdam
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "GLO"
PAPER = "arXiv:1707.05776"
SAMPLES = "codes drawn from a Gaussian fitted to the training codes, pulled into the unit ball"


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 128  # length of a code
    width: int = 64  # channels of the generator's last hidden layer
    steps: int = 50_000  # optimiser steps, not epochs
    batch: int = 64  # images per step
    optimiser: Literal["adam", "sgd"] = "adam"  # of generator and codes
    lr: float = 1e-3  # of the generator
    lr_code: float = 1e-2  # of the codes; larger, since each code is visited rarely


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps from the mean training code
    lr: float = 5e-2
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Generator, and the Gaussian of the training codes."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.decode = Decoder(cfg.dim, shape, cfg.width)
        self.codes = Gaussian(cfg.dim)

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return unit_ball(self.codes.draw(count))


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn the generator and the codes; the model keeps a Gaussian fit of the codes."""

    def start() -> dict[str, Tensor]:
        z = principal_codes(images, cfg.dim)
        return {"z": unit_ball(z / z.norm(dim=1).mean())}

    codes = loop.codes(loop.once("start", start)["z"])
    adam_codes = RowAdam(loop, codes, cfg.lr_code)
    kind = torch.optim.Adam if cfg.optimiser == "adam" else torch.optim.SGD
    optimiser = loop.keep(kind(model.decode.parameters(), lr=cfg.lr, fused=True))
    for _ in loop.steps(cfg.steps):
        index = loop.batch(len(images), cfg.batch)
        z = codes[index].requires_grad_()
        loss = lap_mse(model.decode(z), images[index]).mean()
        loop.descend(loss, optimiser)
        if cfg.optimiser == "adam":
            moved = adam_codes.step(index, z, z.grad)
        else:
            moved = z.detach() - cfg.lr_code * z.grad  # type: ignore[operator]
        codes[index] = unit_ball(moved)
        loop.log(loss=loss.detach())
    model.codes.fit(*codes.moments())


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search the unit ball from the mean training code."""
    start = model.codes.mean.expand(len(seen), -1)
    return search(
        model.decode,
        start,
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        project=unit_ball,
    )
