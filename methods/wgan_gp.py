"""Wasserstein GAN with gradient penalty (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville,
NeurIPS 2017; arXiv:1704.00028).

The critic D maximises E D(x) - E D(g(z)) - lambda E (|grad D(u)| - 1)^2, where u lies
between a real and a generated image; the generator g maximises E D(g(z)), z ~ N(0, I).

Departures: the defaults are for speed, config/papers/wgan_gp.yaml has the paper's. By default
the networks are of DCGAN's shape, beta1 is 0.5, and the generator kept is a moving average of
the one that plays (Yazici et al., ICLR 2019); in the paper and the authors' gan_64x64.py they
are residual, beta1 is 0, and nothing is averaged (`architecture: resnet`, `average: 0`).
Batch normalisation, which would mix the images that the penalty takes one by one, is no
choice for the critic. The default is none at all; `layer` is the authors', with a scale and
an offset per channel, and the same as the group normalisation of mmagic's 128-pixel
configuration, which has a single group; `group` has 32. Slopes in [0, 1] are twice those in
[-1, 1], where the paper takes them (`slopes: signed`): the default acts as a lambda twice as
large. The authors let the learning rate fall on CIFAR-10 only (`schedule: linear`), and draw
samples with the statistics of their batch; here an image never depends on its neighbours.

The paper restores nothing: restoring is the search of the latent convolutional models'
comparison (arXiv:1806.06284), from several draws of z at once. The density of z is no part
of what it minimises unless `prior` says so.
"""

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from methods._networks import Decoder, Encoder
from methods._resnets import Critic, Generator
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "WGAN-GP"
PAPER = "arXiv:1704.00028"
SAMPLES = "codes drawn from the prior N(0, I)"
SMOKE = {"train": {"critic_steps": 1, "batch": 2}, "restore": {"restarts": 1}}
UPDATES = (("steps",), ("steps", "critic_steps"))  # gradient steps: sums of products
SPANS = {"unit": 1.0, "signed": 2.0}  # of the values of an image


@dataclass(frozen=True)
class TrainConfig:
    architecture: Literal["dcgan", "resnet"] = "dcgan"  # of both networks
    dim: int = 128  # length of the noise vector
    width: int = 64  # channels of the generator's last hidden layer
    critic_width: int = 64  # channels of the critic's first layer
    critic_norm: Literal["none", "layer", "group"] = "none"  # normalisation in the critic
    steps: int = 50_000  # steps of the generator
    critic_steps: int = 5  # steps of the critic for each
    batch: int = 64  # real images per step of the critic
    lr: float = 1e-4  # Adam, both networks
    beta1: float = 0.5  # Adam's decay of the first moment
    beta2: float = 0.9  # Adam's decay of the second moment
    schedule: Literal["constant", "linear"] = "constant"  # of lr; linear: to 0 at the end
    penalty: float = 10.0  # lambda, weight of the gradient penalty
    slopes: Literal["unit", "signed"] = "unit"  # in the penalty, of images in [0, 1] or [-1, 1]
    average: float = 0.999  # decay per step of the moving average of the generator; 0: none


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps, of all restarts side by side
    lr: float = 0.1
    restarts: int = 3  # draws of z to start from; the best against y is kept
    prior: float = 0.0  # weight of |z|^2 / 2 beside the loss
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """The generator, averaged over its steps; the critic is not kept."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        kind = Generator if cfg.architecture == "resnet" else Decoder
        self.decode = kind(cfg.dim, shape, cfg.width)
        self.dim = cfg.dim

    def draw(self, count: int) -> Tensor:
        """Draw noise vectors, (count, dim)."""
        return torch.randn(count, self.dim, device=next(self.parameters()).device)


def new_critic(cfg: TrainConfig, shape: Shape) -> nn.Module:
    """Return D, which maps images (n, 3, h, w) to (n, 1)."""
    if cfg.architecture == "resnet":
        return Critic(shape, cfg.critic_width, cfg.critic_norm)
    return Encoder(1, shape, cfg.critic_width, cfg.critic_norm)


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, span: float = 1.0) -> Tensor:
    """Mean of (|grad D| - 1)^2 at a random point between each pair of images, differentiable.

    `span`: of the values for which slopes are stated; those of the images given span 1.
    """
    share = torch.rand_like(real[:, :1, :1, :1])
    between = torch.lerp(fake, real, share).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    # norm, not the root of a sum of squares: that has no finite gradient at 0
    excess: Tensor = slope.flatten(1).norm(dim=1) / span - 1
    return excess.square().mean()


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move weights and batch statistics of `average` towards those of `net`."""
    pairs = zip(average.state_dict().values(), net.state_dict().values(), strict=True)
    means, values = zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True)
    get_ema_multi_avg_fn(decay)(means, values, 0)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Play the game, `critic_steps` steps of the critic to one of the generator."""
    betas = cfg.beta1, cfg.beta2
    player = loop.keep(copy.deepcopy(model.decode))
    critic = loop.keep(new_critic(cfg, images.shape).to(loop.device))
    adam, adam_critic = (
        loop.keep(torch.optim.Adam(net.parameters(), lr=cfg.lr, betas=betas, fused=True))
        for net in (player, critic)
    )
    for step in loop.steps(cfg.steps):
        for group in (*adam.param_groups, *adam_critic.param_groups):
            group["lr"] = cfg.lr * (1 - step / cfg.steps if cfg.schedule == "linear" else 1)
        critic.requires_grad_(True)
        for _ in range(cfg.critic_steps):
            real = images[loop.batch(len(images), cfg.batch)]
            with torch.no_grad():
                fake = player(model.draw(len(real)))
            of_real, of_fake = critic(torch.cat([real, fake])).view(2, -1).mean(1)
            penalty = gradient_penalty(critic, real, fake, SPANS[cfg.slopes])
            loop.descend(of_fake - of_real + cfg.penalty * penalty, adam_critic)
        critic.requires_grad_(False)  # the generator's step needs no gradient of its weights
        loop.descend(-critic(player(model.draw(cfg.batch))).mean(), adam)
        follow(model.decode, player, cfg.average)
        loop.log(distance=(of_real - of_fake).detach(), penalty=penalty.detach())


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search from several draws of the prior; per image the best one is kept."""
    return search(
        model.decode,
        loop.each(lambda: model.draw(cfg.restarts)).flatten(0, 1),
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        restarts=cfg.restarts,
        prior=cfg.prior,
    )
