"""Latent Convolutional Models (Athar, Burnaev, Lempitsky, ICLR 2019; arXiv:1806.06284).

The code of an image is a small network: its weights phi, within [-bound, bound], turn a map
of noise s, common to all images, into the latent map z = f_phi(s) of a common generator.
All phi are learned together with the generator, by plain gradient descent.

Departures: images are stretched to [0, 1] one by one only where their set does so (`stretch`
of celeba); a batch is visited for fewer steps in a row than the 50 of the authors' code
(`inner`), and more often; restoration takes fewer and larger steps; below 128 px the generator
has fewer levels. The Laplacian pyramid blurs with a separable Gaussian: the kernel of the
authors' code, kept as `lcm_official`, adds its two factors and hardly smooths. The text bounds
all of phi (`box: all`), the code its convolutions, the default: in a box so small a normalised
map would be scaled to hundredths. The text writes norms of levels, the code takes means,
as here, so that rates do not depend on the size of an image; f has the code's 4 layers, where
the text has 4 or 5. With phi in float16 (`half`) a phi's first step too begins in the box. In
inpainting no band around the hole weighs more; in the authors' code differences count five
times in the 5 pixels around it (`band: 5`).

What does the network in the code buy? `bound: 0` opens its box, `space: maps` makes the code
the latent map itself, `space: vectors` a vector in the unit ball, as in GLO: all with the
same generator, loss and search.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from methods._codes import MOMENTUM
from methods._hourglass import Hourglass, LatentNets
from methods._losses import lap_mse, laplacian
from methods._search import search
from methods._spaces import Maps, Vectors
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "LCM"
PAPER = "Athar et al. 2019, arXiv:1806.06284"
SAMPLES = "Gaussian with the mean and covariance of the phi of some training images"

UPDATES = (("visits", "inner"),)  # gradient steps: sums of products of options
PACE = "train"  # the stage whose loss compares rows
SMOKE = {"train": {"inner": 1}}
CODES = 128  # training images whose phi the samples are drawn from
BAND = 5  # pixels around a hole that may weigh more


@dataclass(frozen=True)
class TrainConfig:
    visits: int = 2_000  # batches drawn; paper: 150,000 of 10 images
    inner: int = 5  # steps on a batch before the next one; paper: 50
    batch: int = 32  # images
    lr: float = 1.0  # SGD, generator
    lr_phi: float = 0.1  # SGD, step of one image's phi
    bound: float = 0.01  # of the numbers of phi that `box` names; 0: none
    box: Literal["convolutions", "all"] = "convolutions"  # the authors' code; all: the paper
    space: Literal["nets", "maps", "vectors"] = "nets"  # what a code is
    dim: int = 128  # length of a code that is a vector
    half: bool = False  # phi are kept in float16: half the room on disk
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
    band: float = 1.0  # weight of differences in the 5 pixels around a hole; authors' code: 5


class Model(nn.Module):
    """Generator, noise map, and what samples and searches begin from."""

    f: LatentNets | Maps | Vectors
    mean: Tensor
    spread: Tensor

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.bound = cfg.bound
        spaces: dict[str, Callable[[], LatentNets | Maps | Vectors]] = {
            "nets": lambda: LatentNets(cfg.latent, shape, cfg.noise_seed, cfg.box == "all"),
            "maps": lambda: Maps(cfg.latent, shape, cfg.noise_seed),
            "vectors": lambda: Vectors(cfg.dim, cfg.latent, shape),
        }
        self.f = spaces[cfg.space]()
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
    phi = loop.codes(model.f.first.expand(len(images), -1), cfg.half)
    sgd = loop.keep(torch.optim.SGD(model.parameters(), cfg.lr))
    for _ in loop.steps(cfg.visits):
        index = loop.batch(len(images), cfg.batch, order="once")
        # float16 rounds the bound upwards: clamped again, at the first visit too
        rows = model.clamp(phi[index]) if cfg.half else phi[index]
        x, rows = images[index], rows.requires_grad_()
        # the mean over the batch divides the gradient of each row
        sgd_phi = torch.optim.SGD([rows], cfg.lr_phi * cfg.batch)
        for _ in range(cfg.inner):
            loss = lap_mse(model.decode(rows), x, cfg.laplacian).mean()
            loop.descend(loss, sgd, sgd_phi)
            with torch.no_grad():
                rows.copy_(model.clamp(rows))
        phi[index] = rows
        model.mean.lerp_(rows.detach().mean(0), MOMENTUM)
        loop.log(loss=loss)
    count = min(CODES, len(images))
    some = phi[torch.linspace(0, len(images) - 1, count).long()]
    model.mean.copy_(phi.mean())
    model.spread[:count] = (some - some.mean(0)) / max(count - 1, 1) ** 0.5


def around(seen: Observation, weight: float) -> Tensor:
    """Weights of the pixels of y in inpainting, (n, 3, h, w): `weight` around what is hidden."""
    known = seen.degrade(torch.ones(len(seen), *seen.shape, device=seen.y.device))
    near = F.max_pool2d(1 - known, 2 * BAND + 1, 1, BAND) * known
    return 1 + (weight - 1) * near


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search phi alone, from the row that training began with."""
    start = model.f.first if cfg.start == "first" else model.mean
    weight = around(seen, cfg.band) if cfg.band != 1 else 1.0

    def loss(restored: Tensor, y: Tensor) -> Tensor:
        """Lap-L1 + MSE, with more weight around a hole."""
        difference = restored - y
        squares = (weight * difference).square().mean(dim=(1, 2, 3))
        return laplacian(difference, kernel=cfg.laplacian) + squares

    return search(
        model.decode,
        start.expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        optimiser="sgd",
        loss=loss,
        project=model.clamp,
    )
