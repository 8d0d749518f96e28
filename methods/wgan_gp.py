"""Wasserstein GAN with gradient penalty (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville,
NeurIPS 2017; arXiv:1704.00028).

The critic D maximises E D(x) - E D(g(z)) - lambda E (|grad D(u)| - 1)^2, where u lies
between a real and a generated image; the generator g maximises E D(g(z)), z ~ N(0, I).

Departures: networks of DCGAN's shape instead of residual ones, for speed; the critic has no
normalisation at all (batch normalisation would mix the images that the penalty takes one by
one); the generator kept is a moving average of the one that plays (Yazici et al., ICLR 2019;
`average: 0` keeps the player). The paper restores nothing: restoring is the search of the
latent convolutional models' comparison (arXiv:1806.06284), from several draws of z at once.
"""

import copy
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from methods._networks import Decoder, Encoder
from methods._search import search
from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "WGAN-GP"
PAPER = "arXiv:1704.00028"
SAMPLES = "codes drawn from the prior N(0, I)"


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 128  # length of the noise vector
    width: int = 64  # channels of the generator's last hidden layer
    critic_width: int = 64  # channels of the critic's first layer
    steps: int = 50_000  # steps of the generator
    critic_steps: int = 5  # steps of the critic for each
    batch: int = 64  # real images per step of the critic
    lr: float = 1e-4  # Adam, both networks
    beta1: float = 0.5  # Adam's decay of the first moment
    beta2: float = 0.9  # Adam's decay of the second moment
    penalty: float = 10.0  # lambda, weight of the gradient penalty
    average: float = 0.999  # decay per step of the moving average of the generator; 0: none


@dataclass(frozen=True)
class RestoreConfig:
    steps: int = 500  # Adam steps, of all restarts side by side
    lr: float = 0.1
    restarts: int = 3  # draws of z to start from; the best against y is kept
    decay: float = 0.0  # pull of the prior towards z = 0: share of lr, as AdamW's weight decay
    loss: Literal["lap_mse", "mse", "l1"] = "lap_mse"  # between A(x) and y


class Model(nn.Module):
    """The generator, averaged over its steps; the critic is not kept."""

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.decode = Decoder(cfg.dim, shape, cfg.width)
        self.dim = cfg.dim

    def draw(self, count: int) -> Tensor:
        """Draw noise vectors, (count, dim)."""
        return torch.randn(count, self.dim, device=next(self.parameters()).device)


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Mean of (|grad D| - 1)^2 at a random point between each pair of images, differentiable."""
    share = torch.rand_like(real[:, :1, :1, :1])
    between = torch.lerp(fake, real, share).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    # norm, not the root of a sum of squares: that has no finite gradient at 0
    excess: Tensor = slope.flatten(1).norm(dim=1) - 1
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
    critic = loop.keep(Encoder(1, images.shape, cfg.critic_width, norm="none").to(loop.device))
    adam, adam_critic = (
        loop.keep(torch.optim.Adam(net.parameters(), lr=cfg.lr, betas=betas, fused=True))
        for net in (player, critic)
    )
    for _ in loop.steps(cfg.steps):
        critic.requires_grad_(True)
        for _ in range(cfg.critic_steps):
            real = images[loop.batch(len(images), cfg.batch)]
            with torch.no_grad():
                fake = player(model.draw(len(real)))
            of_real, of_fake = critic(torch.cat([real, fake])).view(2, -1).mean(1)
            penalty = gradient_penalty(critic, real, fake)
            loop.descend(of_fake - of_real + cfg.penalty * penalty, adam_critic)
        critic.requires_grad_(False)  # the generator's step needs no gradient of its weights
        loop.descend(-critic(player(model.draw(cfg.batch))).mean(), adam)
        follow(model.decode, player, cfg.average)
        loop.log(distance=(of_real - of_fake).detach(), penalty=penalty.detach())


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Search from several draws of the prior; per image the best one is kept."""
    start = loop.each(lambda: model.draw(cfg.restarts)).flatten(0, 1)
    return search(
        model.decode,
        start,
        seen,
        loop,
        steps=cfg.steps,
        lr=cfg.lr,
        loss=cfg.loss,
        restarts=cfg.restarts,
        project=lambda z: z * (1 - cfg.lr * cfg.decay),
    )
