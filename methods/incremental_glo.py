"""Incremental GLO (Helman, Zingerman, Schreiber, Tel Aviv University, 2019): GLO in stages,
over subsets that each cover the images, then an encoder for the finished codes.

Of images clustered by features the few nearest to each centre are the first subset, the next of
those left the second, the rest the last. Variant 1 is GLO on the first; variant 2 learns a further
one while earlier codes are fixed; in variant 3, of all, noisy codes must give the same images.

Three versions are known, rows of config/papers/incremental_glo_frogs64.yaml. *As described* in
the report: codes in R^d, k-means on principal components of ResNet-50's pooled features, L1 of
pixels and of VGG16's features. *As run*: these had no gradient; the generator's tanh met images
in [0, 1], batches were not shuffled, clusters are of logits, projected on rows of the matrix of
eigenvectors. *As head*, the later code: codes in the unit ball, pooled features.

Departures: the default is none of the three. Codes stay in the unit ball, the noise is small;
codes start and batches are shuffled as GLO's here; features and loss need no pretrained weights.
Adam steps row by row, where the authors' also moves codes absent from the batch; the last weights
are kept, not the best on training images. docs/methods.md has all differences side by side.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from methods._codes import Gaussian, unit_ball
from methods._features import Coordinates, coordinates, extract
from methods._losses import l1, mse
from methods._networks import Decoder, Encoder
from methods._perceptual import perceptual
from methods._row_adam import RowAdam
from methods._search import search
from methods._starts import best_drawn
from methods._subsets import Stage, draw, per_stage, plan, subsets
from priorbench.contract import Codes, Images, Loop, Observation, Shape
from priorbench.errors import UserError

LABEL = "incremental GLO"
PAPER = "Helman, Zingerman, Schreiber 2019"
NOTE = "clustered by {features}, perceptual loss: {perceptual}, codes {length} long"
SAMPLES = "codes drawn from a Gaussian fitted to the training codes, pulled into their ball"
PACE = "all"  # the stage whose loss compares rows
SMOKE = {"train": {"features": "pixel_pca", "projection": "pca", "perceptual": "l1", "clusters": 4}}


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 100  # length of a code
    width: int = 64  # channels next to the image, in generator and encoder
    output: Literal["sigmoid", "tanh", "raw_tanh"] = "sigmoid"  # raw: in [-1, 1], the authors'
    codes: Literal["ball", "free"] = "ball"  # in the unit ball, or anywhere
    start: Literal["principal", "normal"] = "principal"  # principal coordinates, or N(0, I)
    features: Literal[
        "pixel_pca", "resnet50", "resnet50_logits", "alexnet", "squeezenet", "inception"
    ] = "pixel_pca"  # by which images are clustered
    prepared: bool = True  # images in the size and scale of the network's training, or as they are
    projection: Literal["pca", "rows"] = "pca"  # of a network's features; rows: the authors' slip
    feature_dim: int = 100  # numbers left of the features
    perceptual: Literal["none", "l1", "vgg16", "alexnet", "squeezenet"] = "none"  # none: GLO's
    clusters: int = 128  # of each clustering
    representatives: tuple[int, ...] = (4, 8)  # per cluster, of each subset but the last
    stages: tuple[int, ...] = ()  # subset of each stage of variants 1, 2, 2 ...; none: in turn
    steps: tuple[int, ...] = (15_000, 10_000, 10_000)  # of each stage
    steps_all: int = 15_000  # of variant 3
    steps_encoder: int = 15_000
    batch: int | tuple[int, ...] = 64  # images per step; or of each stage, variant 3, the encoder
    batch_earlier: int | tuple[int, ...] | None = None  # of each stage; none: as many as new ones
    order: Literal["shuffle", "fixed"] = "shuffle"  # of images in a pass
    lr: float = 1e-3  # Adam, generator and encoder
    lr_code: float = 1e-2  # Adam, codes
    alpha: float = 1.0  # weight of the earlier images (variant 2), of exact codes (variant 3)
    beta: float = 1.0  # weight of the new images (variant 2)
    noise_weight: float = 0.7  # weight of noisy codes (variant 3)
    noise: float = 0.03  # standard deviation per coordinate; a code in the ball is up to 1 long
    encoder_l2: float = 1.0  # weight of L2 beside L1 in the encoder's loss


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps
    lr: float = 5e-2
    start: Literal["drawn", "mean", "encoder"] = "drawn"  # best draw, mean, or of naive inverse
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """Generator, encoder, and the Gaussian of the training codes."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.free = cfg.codes == "free"
        self.decode = Decoder(cfg.dim, shape, cfg.width, cfg.output)
        self.encoder = Encoder(cfg.dim, shape, cfg.width)
        if not cfg.steps_encoder:
            self.encode = None  # type: ignore[assignment, method-assign]
        self.codes = Gaussian(cfg.dim)

    def facts(self) -> dict[str, float]:
        """Return how long codes are: free ones grow."""
        return {"length": self.codes.length()}

    def within(self, z: Tensor) -> Tensor:
        """Return codes (n, dim) where they may be: in the unit ball, or as they are."""
        return z if self.free else unit_ball(z)

    def encode(self, x: Tensor) -> Tensor:
        """Return the code that the encoder predicts for each image, (n, dim)."""
        return self.within(self.encoder(x))

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return self.within(self.codes.draw(count))


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Learn subset by subset, then all images, then the encoder."""
    *stages, everything, last = _stages(images, cfg, loop)
    codes = loop.codes(_start(model, images, cfg, loop))
    adam_codes, loss = RowAdam(loop, codes, cfg.lr_code), perceptual(cfg.perceptual, loop.device)
    for stage in stages:
        adam = loop.keep(torch.optim.Adam(model.decode.parameters(), lr=cfg.lr, fused=True))
        for step in loop.steps(stage.steps, stage.name):
            new = draw(loop, stage.new, stage.batch, step, cfg.order)
            old = draw(loop, stage.earlier, stage.batch_earlier, step, cfg.order)
            z = codes[new].requires_grad_()
            restored = model.decode(torch.cat([z, codes[old]]) if len(old) else z)
            losses = loss(restored, images[torch.cat([new, old])])
            of_new, of_old = losses.split([len(new), len(old)])
            total = cfg.beta * of_new.mean()
            loop.descend(total + cfg.alpha * of_old.mean() if len(old) else total, adam)
            codes[new] = moved = model.within(adam_codes.step(new, z, z.grad))
            model.codes.follow(moved)
            loop.log(loss=of_new.mean().detach())

    adam = loop.keep(torch.optim.Adam(model.decode.parameters(), lr=cfg.lr, fused=True))
    for step in loop.steps(everything.steps, everything.name):
        index = draw(loop, everything.new, everything.batch, step, cfg.order)
        x, z = images[index], codes[index].requires_grad_()
        near = [z + cfg.noise * torch.randn_like(z)] if cfg.noise_weight else []
        losses = loss(model.decode(torch.cat([z, *near])), torch.cat([x, *[x] * len(near)]))
        exact, *noisy = terms = losses.view(-1, len(index)).mean(1)
        loop.descend(cfg.alpha * exact + cfg.noise_weight * sum(noisy), adam)
        codes[index] = moved = model.within(adam_codes.step(index, z, z.grad))
        model.codes.follow(moved)
        loop.log(**dict(zip(("loss", "noisy"), terms.detach(), strict=False)))
    model.codes.fit(*codes.moments())
    _train_encoder(model, images, codes, last, cfg, loop)


def _start(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> Coordinates | Tensor:
    if cfg.start == "principal":
        return coordinates(loop, images, cfg.dim, model.within)
    return model.within(loop.once("start", lambda: {"z": torch.randn(len(images), cfg.dim)})["z"])


def _stages(images: Images, cfg: TrainConfig, loop: Loop) -> list[Stage]:
    """Return the stages of the subsets, that of all images, and the encoder's."""
    order = cfg.stages or tuple(range(1, len(cfg.representatives) + 2))
    steps = *per_stage("steps", cfg.steps, len(order)), cfg.steps_all, cfg.steps_encoder
    batch = per_stage("batch", cfg.batch, len(steps))
    earlier = batch[: len(order)] if cfg.batch_earlier is None else cfg.batch_earlier
    earlier = per_stage("batch_earlier", earlier, len(order))
    how = cfg.features, images, cfg.feature_dim, cfg.projection, cfg.prepared
    parts = subsets(loop, lambda: extract(*how), len(images), cfg.clusters, cfg.representatives)
    return plan(parts, order, steps, batch, earlier)


def _train_encoder(
    model: Model, images: Images, codes: Codes, stage: Stage, cfg: TrainConfig, loop: Loop
) -> None:
    """Fit the encoder to the codes, which are fixed by now, by L1 and L2."""
    adam = loop.keep(torch.optim.Adam(model.encoder.parameters(), lr=cfg.lr, fused=True))
    for step in loop.steps(stage.steps, stage.name):
        index = draw(loop, stage.new, stage.batch, step, cfg.order)
        predicted, z = model.encoder(images[index]), codes[index]
        loss = (l1(predicted, z) + cfg.encoder_l2 * mse(predicted, z)).mean()
        loop.descend(loss, adam)
        loop.log(loss=loss.detach())


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search the space of codes, from one that is drawn, the mean, or that of the naive inverse."""
    if cfg.start == "encoder" and not callable(model.encode):
        raise UserError("restore.start `encoder`: none was fitted (steps_encoder is 0)")
    start = model.codes.mean
    if cfg.start == "drawn":
        start = best_drawn(model.draw, model.decode, seen, loop, cfg.loss)
    elif cfg.start == "encoder":
        start = model.encode(seen.naive())
    return search(
        model.decode,
        start.expand(len(seen), -1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        project=model.within,
    )
