"""Autoencoder: a code per image, computed by an encoder that is learned with the decoder.

The objective is min over e, g of the mean of l(g(e(x)), x) (Hinton & Salakhutdinov, Science
2006), with l the squared error: the variational autoencoder without its noise and its price.

Departures: the paper's networks are fully connected and begin as a stack of restricted Boltzmann
machines; here they are DCGAN's and its mirror, learned together from the start. The settings of
the autoencoder in LCM's comparison were not published; its loss is LCM's (`loss: lap_mse`). As
there, a restoration does not pass the input through the encoder, which has never seen a
damaged image: it searches for a code (`start: encoder` begins at that of the naive inverse).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from methods._codes import Gaussian
from methods._losses import LOSSES
from methods._networks import Decoder, Encoder
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "AE"
PAPER = "Hinton & Salakhutdinov 2006"
SAMPLES = "codes drawn from a Gaussian fitted to the training codes"


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 128  # length of a code
    width: int = 64  # channels next to the image, in encoder and decoder
    steps: int = 50_000  # optimiser steps, not epochs
    batch: int = 64  # images per step
    lr: float = 1e-3  # Adam
    loss: Literal["mse", "lap_mse", "l1"] = "mse"  # Lap-L1 is much slower to notice faint colours


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps
    lr: float = 0.1
    start: Literal["mean", "encoder"] = "mean"  # mean training code, or code of the naive inverse
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Encoder, decoder, and the Gaussian of the training codes."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.encode = Encoder(cfg.dim, shape, cfg.width)
        self.decode = Decoder(cfg.dim, shape, cfg.width)
        self.codes = Gaussian(cfg.dim)

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return self.codes.draw(count)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn to reconstruct; the model keeps a Gaussian fit of the codes."""
    weights = [*model.encode.parameters(), *model.decode.parameters()]
    adam = loop.keep(torch.optim.Adam(weights, lr=cfg.lr, fused=True))
    for _ in loop.steps(cfg.steps):
        x = images[loop.batch(len(images), cfg.batch)]
        z = model.encode(x)
        loss = LOSSES[cfg.loss](model.decode(z), x).mean()
        loop.descend(loss, adam)
        model.codes.follow(z.detach())
        loop.log(loss=loss.detach())
    with torch.no_grad():
        model.eval()
        parts = torch.arange(len(images)).split(cfg.batch)
        codes = torch.cat([model.encode(images[part]) for part in parts])
    model.codes.fit(codes.mean(0), codes.T.cov(correction=0))


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search all codes, from the mean one or from that of the naive inverse."""
    start = model.encode(seen.naive()) if cfg.start == "encoder" else model.codes.mean
    return search(
        model.decode,
        start.expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
    )
