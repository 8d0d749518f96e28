"""Incremental GLO (Helman, Zingerman, Schreiber, Tel Aviv University, 2019): GLO in stages,
over subsets that each cover the images, then an encoder for the finished codes.

Images are clustered by features; the first subset is the few images nearest to each centre,
the next likewise among those left, the last is what remains. Variant 1 is GLO on the first
subset; variant 2 learns each further subset while the codes of earlier images are fixed;
variant 3 learns all images together, and noisy codes must give the same images.

Departures: codes stay in the unit ball, as in GLO and the authors' later runs (the report
lets them grow), and start at principal coordinates, as GLO's do here; so the noise is stated
per coordinate for codes of length up to 1. A batch in which images of two kinds occur is one
pass through the generator. `features: resnet50` and `perceptual: vgg16` are the report's;
without the latter the loss is GLO's (`l1`, pixels alone, is what trained the authors' models:
their VGG features carried no gradient).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from methods._codes import Gaussian, unit_ball
from methods._features import extract, perceptual, principal_codes
from methods._losses import l1, mse
from methods._networks import Decoder, Encoder
from methods._row_adam import RowAdam
from methods._search import search
from methods._subsets import split
from priorbench.contract import Codes, Images, Loop, Observation, Shape
from priorbench.errors import UserError

LABEL = "incremental GLO"
PAPER = "Helman, Zingerman, Schreiber 2019"
NOTE = "clustered by {features}, perceptual loss: {perceptual}"
SAMPLES = "codes drawn from a Gaussian fitted to the training codes, pulled into the unit ball"


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 100  # length of a code
    width: int = 64  # channels next to the image, in generator and encoder
    features: Literal["pixel_pca", "resnet50"] = "pixel_pca"  # by which images are clustered
    feature_dim: int = 100  # principal components of the features
    perceptual: Literal["none", "l1", "vgg16"] = "none"  # GLO's loss, or L1 of pixels, of features
    clusters: int = 128  # of each clustering
    representatives: tuple[int, ...] = (4, 8)  # per cluster, of each subset but the last
    steps: tuple[int, ...] = (15_000, 10_000, 10_000)  # of variants 1, 2, 2 ...: one per subset
    steps_all: int = 15_000  # of variant 3
    steps_encoder: int = 15_000
    batch: int = 64  # images per step; as many earlier ones in variant 2
    lr: float = 1e-3  # Adam, generator and encoder
    lr_code: float = 1e-2  # Adam, codes
    alpha: float = 1.0  # weight of the earlier images (variant 2), of exact codes (variant 3)
    beta: float = 1.0  # weight of the new images (variant 2)
    noise_weight: float = 0.7  # weight of noisy codes (variant 3)
    noise: float = 0.03  # standard deviation per coordinate; a code's length is at most 1


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps
    lr: float = 5e-2
    start: Literal["mean", "encoder"] = "mean"  # mean training code, or code of the naive inverse
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Generator, encoder, and the Gaussian of the training codes."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.decode = Decoder(cfg.dim, shape, cfg.width)
        self.encoder = Encoder(cfg.dim, shape, cfg.width)
        self.codes = Gaussian(cfg.dim)

    def encode(self, x: Tensor) -> Tensor:
        """Return the code that the encoder predicts for each image, (n, dim)."""
        return unit_ball(self.encoder(x))

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return unit_ball(self.codes.draw(count))


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn subset by subset, then all images, then the encoder."""
    subsets = _subsets(images, cfg, loop)
    start = loop.once("start", lambda: {"z": principal_codes(images, cfg.dim)})["z"]
    codes = loop.codes(unit_ball(start / start.norm(dim=1).mean()))
    adam_codes = RowAdam(loop, codes, cfg.lr_code)
    loss = perceptual(cfg.perceptual, loop.device)

    for number, (subset, steps) in enumerate(zip(subsets, cfg.steps, strict=True)):
        adam = loop.keep(torch.optim.Adam(model.decode.parameters(), lr=cfg.lr, fused=True))
        earlier = torch.cat([subset[:0], *subsets[:number]])
        for _ in loop.steps(steps, f"subset{number + 1}"):
            new = loop.batch(subset, min(cfg.batch, len(subset)))
            old = loop.batch(earlier, min(cfg.batch, len(earlier))) if number else earlier
            z = codes[new].requires_grad_()
            restored = model.decode(torch.cat([z, codes[old]]) if number else z)
            losses = loss(restored, images[torch.cat([new, old])])
            of_new, of_old = losses.split([len(new), len(old)])
            total = cfg.beta * of_new.mean()
            loop.descend(total + cfg.alpha * of_old.mean() if number else total, adam)
            codes[new] = unit_ball(adam_codes.step(new, z, z.grad))
            loop.log(loss=of_new.mean().detach())

    adam = loop.keep(torch.optim.Adam(model.decode.parameters(), lr=cfg.lr, fused=True))
    for _ in loop.steps(cfg.steps_all, "all"):
        index = loop.batch(len(images), cfg.batch)
        x, z = images[index], codes[index].requires_grad_()
        noisy = z + cfg.noise * torch.randn_like(z)
        losses = loss(model.decode(torch.cat([z, noisy])), torch.cat([x, x]))
        exact, blurred = losses.view(2, -1).mean(1)
        loop.descend(cfg.alpha * exact + cfg.noise_weight * blurred, adam)
        codes[index] = unit_ball(adam_codes.step(index, z, z.grad))
        loop.log(loss=exact.detach(), noisy=blurred.detach())
    model.codes.fit(*codes.moments())

    _train_encoder(model, images, codes, cfg, loop)


def _subsets(images: Images, cfg: TrainConfig, loop: Loop) -> list[Tensor]:
    def make() -> dict[str, Tensor]:
        features = extract(cfg.features, images, cfg.feature_dim)
        parts = split(features, cfg.clusters, cfg.representatives)
        return {f"{number:03d}": part for number, part in enumerate(parts)}

    if len(cfg.steps) != len(cfg.representatives) + 1:
        raise UserError(f"steps: {len(cfg.representatives) + 1} numbers expected, one per subset")
    made = loop.once("subsets", make)
    return [made[name].cpu() for name in sorted(made)]


def _train_encoder(
    model: Model, images: Images, codes: Codes, cfg: TrainConfig, loop: Loop
) -> None:
    """Fit the encoder to the codes, which are fixed by now, by L1 + L2."""
    adam = loop.keep(torch.optim.Adam(model.encoder.parameters(), lr=cfg.lr, fused=True))
    for _ in loop.steps(cfg.steps_encoder, "encoder"):
        index = loop.batch(len(images), cfg.batch)
        predicted, z = model.encoder(images[index]), codes[index]
        loss = (l1(predicted, z) + mse(predicted, z)).mean()
        loop.descend(loss, adam)
        loop.log(loss=loss.detach())


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search the unit ball, from the mean training code or that of the naive inverse."""
    start = model.encode(seen.naive()) if cfg.start == "encoder" else model.codes.mean
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
