"""Variational autoencoder (Kingma & Welling, ICLR 2014; arXiv:1312.6114).

q(z|x) = N(mu(x), diag sigma(x)^2), p(x|z) = N(g(z), alpha I), p(z) = N(0, I); the loss is
|x - g(z)|^2 / (2 alpha) + KL(q(z|x) || p(z)), in nats per image.

Departures: the paper's networks have one hidden layer each and learn by Adagrad, and its
decoder of faces learns its variance; here they are DCGAN's and learn by Adam, and alpha is
fixed, since it alone decides whether codes collapse. The weight of KL rises to 1 over the first
steps; log sigma^2 is clamped. The paper restores nothing, and LCM's comparison has no VAE: the
search is that of its other rows, without the prior's |z|^2 / 2 (`prior`), which costs more in
well-determined tasks than it gives in the others.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from methods._codes import MOMENTUM
from methods._networks import Decoder, Encoder
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "VAE"
PAPER = "arXiv:1312.6114"
NOTE = "{active} of {dim} dimensions of a code are in use"
SAMPLES = "codes drawn from the prior N(0, I)"
CLAMP = 10.0  # largest |log sigma^2|
ACTIVE = 0.01  # nats: a dimension of the code that carries less has collapsed


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 128  # length of a code
    width: int = 64  # channels next to the image, in encoder and decoder
    steps: int = 50_000  # optimiser steps, not epochs
    batch: int = 64  # images per step
    lr: float = 1e-3  # Adam
    alpha: float = 0.01  # variance of the likelihood, per value in [0, 1]
    warm_up: int = 300  # steps until KL has its full weight


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps
    lr: float = 0.1
    start: Literal["mean", "encoder"] = "mean"  # mean of the prior, or code of the naive inverse
    prior: float = 0.0  # weight of |z|^2 / 2 beside the loss
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Encoder to mean and log-variance, decoder, and what each dimension of a code carries."""

    nats: Tensor

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.encoder = Encoder(2 * cfg.dim, shape, cfg.width)
        self.decode = Decoder(cfg.dim, shape, cfg.width)
        self.dim = cfg.dim
        self.register_buffer("nats", torch.zeros(cfg.dim))  # KL, mean over the latest batches

    def facts(self) -> dict[str, int]:
        """Return how many dimensions of a code are in use: the others have collapsed."""
        return {"active": int((self.nats > ACTIVE).sum())}

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance of q(z|x), (n, dim) each."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(-CLAMP, CLAMP)

    def encode(self, x: Tensor) -> Tensor:
        """Return the mean code of each image, (n, dim)."""
        return self.posterior(x)[0]

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return torch.randn(count, self.dim, device=next(self.parameters()).device)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, sigma^2) || N(0, 1)) of each number of a code, in nats: the shape of `mean`."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Maximise the variational bound."""
    adam = loop.keep(torch.optim.Adam(model.parameters(), lr=cfg.lr, fused=True))
    for step in loop.steps(cfg.steps):
        x = images[loop.batch(len(images), cfg.batch)]
        mean, log_variance = model.posterior(x)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        fit = (x - model.decode(z)).square().sum() / (2 * cfg.alpha * len(x))
        nats = divergence(mean, log_variance).mean(0)
        loop.descend(fit + min(1.0, (step + 1) / max(cfg.warm_up, 1)) * nats.sum(), adam)
        model.nats.lerp_(nats.detach(), MOMENTUM)
        active = (nats > ACTIVE).sum()
        loop.log(fit=fit.detach(), divergence=nats.sum().detach(), active=active)


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search all codes, from the prior's mean or from that of the naive inverse."""
    start = model.encode(seen.naive()) if cfg.start == "encoder" else torch.zeros(model.dim)
    return search(
        model.decode,
        start.to(loop.device).expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        prior=cfg.prior,
    )
