"""Latent Convolutional Models (Athar, Burnaev, Lempitsky, ICLR 2019; arXiv:1806.06284).

The code of an image is a small network: its weights phi, within [-bound, bound], turn a map
of noise s, common to all images, into the latent map z = f_phi(s) of a common generator.
All phi are learned together with the generator, by plain gradient descent.

Departures: images are not stretched to [0, 1] one by one; a batch is visited for fewer steps
in a row than the 50 of the authors' code (`inner`), and more often; restoration takes fewer
and larger steps; below 128 px the generator has fewer levels. The Laplacian pyramid blurs
with a separable Gaussian: the kernel of the authors' code, kept as `lcm_official`, adds its
two factors and hardly smooths. In inpainting no band around the hole weighs more.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from methods._hourglass import Hourglass, LatentNets
from methods._losses import lap_mse
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "LCM"
PAPER = "Athar et al. 2019, arXiv:1806.06284"
SAMPLES = "Gaussian with the mean and covariance of the phi of some training images"

CODES = 128  # training images whose phi the samples are drawn from


@dataclass(frozen=True)
class TrainConfig:
    visits: int = 2_000  # batches drawn; paper: 150,000 of 10 images
    inner: int = 5  # steps on a batch before the next one; paper: 50
    batch: int = 32  # images
    lr: float = 1.0  # SGD, generator
    lr_phi: float = 0.1  # SGD, step of one image's phi
    bound: float = 0.01  # of the convolutional weights in phi
    latent: int = 64  # channels of z
    width: int = 64  # channels of the generator's last maps
    narrowest: int = 16  # times `width`: channels of its narrowest map, of 4x4 pixels
    noise_seed: int = 42  # of s and of the phi that all images start from
    laplacian: Literal["gaussian", "lcm_official"] = "gaussian"  # blur of the loss


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 300  # paper: 3,001
    lr: float = 0.1  # SGD, step of one image's phi; paper: 0.02
    start: Literal["first", "mean"] = "first"  # phi: training's start, or the trained mean
    laplacian: Literal["gaussian", "lcm_official"] = "gaussian"  # blur of the loss


class Model(nn.Module):
    """Generator, noise map, and what samples and searches begin from."""

    mean: Tensor
    spread: Tensor

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.bound = cfg.bound
        self.f = LatentNets(cfg.latent, shape, cfg.noise_seed)
        self.g = Hourglass(cfg.latent, cfg.width, cfg.narrowest, shape)
        self.register_buffer("mean", self.f.first.clone())
        self.register_buffer("spread", torch.zeros(CODES, len(self.f.first)))

    def decode(self, codes: Tensor) -> Tensor:
        """Rows phi, (n, length), to images."""
        images: Tensor = self.g(self.f(codes))
        return images

    def draw(self, n: int) -> Tensor:
        """Rows phi, (n, length), from the Gaussian fitted to the training's, within the bound."""
        return self.clamp(self.mean + torch.randn(n, CODES, device=self.mean.device) @ self.spread)

    def clamp(self, codes: Tensor) -> Tensor:
        """Rows within the bound."""
        return self.f.clamp(codes, self.bound)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn the generator and a row phi per image."""
    phi = loop.codes(model.f.first.expand(len(images), -1))
    sgd = loop.keep(torch.optim.SGD(model.g.parameters(), cfg.lr))
    for _ in loop.steps(cfg.visits):
        index = loop.batch(len(images), cfg.batch, order="once")
        x, rows = images[index], phi[index].requires_grad_()
        # the mean over the batch divides the gradient of each row
        sgd_phi = torch.optim.SGD([rows], cfg.lr_phi * cfg.batch)
        for _ in range(cfg.inner):
            loss = lap_mse(model.decode(rows), x, cfg.laplacian).mean()
            loop.descend(loss, sgd, sgd_phi)
            with torch.no_grad():
                rows.copy_(model.clamp(rows))
        phi[index] = rows
        loop.log(loss=loss)
    count = min(CODES, len(images))
    some = phi[torch.linspace(0, len(images) - 1, count).long()]
    model.mean.copy_(phi.mean())
    model.spread[:count] = (some - some.mean(0)) / max(count - 1, 1) ** 0.5


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search phi alone, from the row that training began with."""
    start = model.f.first if cfg.start == "first" else model.mean
    return search(
        model.decode,
        start.expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        optimiser="sgd",
        loss=partial(lap_mse, kernel=cfg.laplacian),
        project=model.clamp,
    )
