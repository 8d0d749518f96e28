"""Generative Latent Optimization (Bojanowski, Joulin, Lopez-Paz, Szlam, ICML 2018;
arXiv:1707.05776): one free code per training image, learned together with the generator.

Departures: the authors published no code; what config/papers/glo.yaml sets is that of
minimal_glo, a re-implementation: SGD with rates 1 and 10, Lap-L1 alone with all weights of
levels 1, a blur that adds its two factors, codes that begin at principal coordinates, most of
them outside of the ball and so pulled to its surface. Its images are in [-1, 1], where Lap-L1
is twice that in [0, 1]: with `output: tanh` its rates are 2 and 20 here. Defaults differ from
it: Adam, which needs many times fewer steps; LCM's loss, Lap-L1 with level weights 4^-j beside
the squared error (the paper too combines the two); starts divided by their mean length, so
that codes differ in length too. In either case borders are padded with zeros, not repeated,
and weights begin as DCGAN's. The paper restores nothing: restoring is the search of LCM's
comparison.

With `steps_sampler` codes are drawn as GLANN draws them (methods/_imle.py); its other choices
(codes on the sphere, features of VGG16 in the loss, a generator with a linear half) are not here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from methods._codes import Gaussian, unit_ball
from methods._features import Coordinates, coordinates
from methods._imle import Sampler, fit
from methods._losses import lap_mse, laplacian
from methods._networks import Decoder
from methods._row_adam import RowAdam
from methods._search import search
from methods._starts import best_drawn
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "GLO"
PAPER = "arXiv:1707.05776"
SAMPLES = "codes drawn from a Gaussian fitted to the training codes, pulled into the unit ball"
MAPPED = "codes that a map learned by IMLE makes of noise, pulled into the unit ball"
PACE = "train"  # the stage whose loss compares rows


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 128  # length of a code
    width: int = 64  # channels of the generator's last hidden layer
    steps: int = 50_000  # optimiser steps, not epochs
    steps_sampler: int = 0  # of GLANN's map from noise to codes, afterwards; 0: a Gaussian
    batch: int = 64  # images per step
    optimiser: Literal["adam", "sgd"] = "adam"  # of generator and codes
    lr: float = 1e-3  # of the generator
    lr_code: float = 1e-2  # of the codes; larger, since each code is visited rarely
    init: Literal["pca_scaled", "pca", "normal"] = "pca_scaled"  # codes, then pulled into the ball
    loss: Literal["lap_mse", "lap_l1"] = "lap_mse"  # Lap-L1 with squared error, or alone
    levels: Literal["falling", "equal"] = "falling"  # weights of Lap-L1's levels: 4^-j, or all 1
    laplacian: Literal["gaussian", "lcm_official"] = "gaussian"  # blur of the loss
    output: Literal["sigmoid", "tanh"] = "sigmoid"  # of the generator; tanh: brought to [0, 1]


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps
    lr: float = 5e-2
    start: Literal["drawn", "mean"] = "drawn"  # the best of some codes drawn, or the mean one
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Generator, the Gaussian of the training codes, and GLANN's map to them if there is one."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.decode = Decoder(cfg.dim, shape, cfg.width, cfg.output)
        self.codes = Gaussian(cfg.dim)
        self.sampler = Sampler(cfg.dim) if cfg.steps_sampler else None  # last: weights are drawn

    @property
    def drawn(self) -> str:
        """How codes are drawn."""
        return MAPPED if self.sampler else SAMPLES

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return unit_ball((self.sampler or self.codes).draw(count))

    def draw_start(self, count: int) -> Tensor:
        """Draw codes by the Gaussian, which there is from the first step on, (count, dim)."""
        return unit_ball(self.codes.draw(count))


def first_codes(images: Images, cfg: TrainConfig, loop: Loop) -> Coordinates | Tensor:
    """Return the codes that training begins with, (N, dim)."""
    if cfg.init == "normal":
        drawn = loop.once("start", lambda: {"z": torch.randn(len(images), cfg.dim)})
        return unit_ball(drawn["z"])
    return coordinates(loop, images, cfg.dim, unit_ball, scaled=cfg.init == "pca_scaled")


def lap_l1(restored: Tensor, original: Tensor, **options: Any) -> Tensor:
    """Lap-L1 of each image, (n,)."""
    return laplacian(restored - original, **options)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn the generator and the codes, then what codes are drawn from."""
    distance: Callable[..., Tensor] = lap_mse if cfg.loss == "lap_mse" else lap_l1
    distance = partial(distance, kernel=cfg.laplacian, weights=cfg.levels)
    codes = loop.codes(first_codes(images, cfg, loop))
    adam_codes = RowAdam(loop, codes, cfg.lr_code) if cfg.optimiser == "adam" else None
    kind = torch.optim.Adam if cfg.optimiser == "adam" else torch.optim.SGD
    optimiser = loop.keep(kind(model.decode.parameters(), lr=cfg.lr, fused=True))
    for _ in loop.steps(cfg.steps):
        index = loop.batch(len(images), cfg.batch)
        z = codes[index].requires_grad_()
        loss = distance(model.decode(z), images[index]).mean()
        loop.descend(loss, optimiser)
        if adam_codes:
            moved = adam_codes.step(index, z, z.grad)
        else:
            moved = z.detach() - cfg.lr_code * z.grad  # type: ignore[operator]
        codes[index] = moved = unit_ball(moved)
        model.codes.follow(moved)
        loop.log(loss=loss.detach())
    model.codes.fit(*codes.moments())
    if model.sampler:
        fit(model.sampler, codes[torch.arange(len(codes))], cfg.steps_sampler, loop)


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search the unit ball, from the best of some codes drawn or from the mean training code."""
    start = model.codes.mean
    if cfg.start == "drawn":
        start = best_drawn(model.draw_start, model.decode, seen, loop, cfg.loss)
    return search(
        model.decode,
        start.expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        project=unit_ball,
    )
