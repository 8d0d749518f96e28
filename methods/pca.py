"""Principal components as a prior: the linear model (Sirovich & Kirby 1987; Turk & Pentland
1991) in its probabilistic form (Tipping & Bishop 1999), restored in closed form.

x = mean + W z + e, z ~ N(0, I), e ~ N(0, tau^2 I), with tau^2 the mean variance outside the
components. With y = A(x) + sigma n and A affine, the restored image is mean + W z*, where
z* = (M^T M + (sigma^2 + tau^2) I)^-1 M^T (y - A(mean)) and the columns of M are A's action
on those of W.

Departures: e is treated as noise of the observation, white there too, so that the image
stays in the span of the components.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from methods._features import principal
from priorbench.contract import Images, Loop, Observation, Shape
from priorbench.errors import UserError

LABEL = "PCA"
PAPER = "Tipping & Bishop 1999"
SAMPLES = "codes drawn from the prior N(0, I)"
ROUNDING = 1 / (12 * 255**2)  # variance of rounding to 8 bits, below which nothing is known
AFFINE = 1e-3  # largest departure from an affine map, in units of the range of an image
SMOKE = {"train": {"dim": 4}}


@dataclass(frozen=True)
class TrainConfig:
    dim: int = 200  # components


@dataclass(frozen=True)
class RestoreConfig:
    """Nothing to choose: a closed form."""


class Model(nn.Module):
    """Mean image (3, h, w), components `weights` (dim, 3, h, w), variance `tau2` ()."""

    mean: Tensor
    weights: Tensor
    tau2: Tensor

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full(shape, 0.5))
        self.register_buffer("weights", torch.zeros(cfg.dim, *shape))
        self.register_buffer("tau2", torch.ones(()))

    def decode(self, z: Tensor) -> Tensor:
        """Images (n, 3, h, w) of codes (n, dim)."""
        images: Tensor = self.mean + torch.tensordot(z, self.weights, 1)
        return images.clamp(0, 1)

    def encode(self, x: Tensor) -> Tensor:
        """Posterior mean of the codes of images, (n, dim)."""
        matrix = self.weights.flatten(1).T
        return posterior_mean(matrix, (x - self.mean).flatten(1), float(self.tau2))

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, dim)."""
        return torch.randn(count, len(self.weights), device=self.mean.device)


def posterior_mean(matrix: Tensor, residuals: Tensor, variance: float) -> Tensor:
    """Return the most likely z of `residuals` (n, m) = z matrix^T + noise, z ~ N(0, I): (n, dim).

    Solved in float64: with little noise the system is badly conditioned.
    """
    m, r = matrix.double(), residuals.double()
    system = m.T @ m + variance * torch.eye(m.shape[1], dtype=m.dtype, device=m.device)
    z: Tensor = torch.linalg.solve(system, m.T @ r.T).T
    return z.to(residuals)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Compute the components."""

    def components() -> dict[str, Tensor]:
        mean, directions, variances, total = principal(
            lambda part: images[part].flatten(1), len(images), cfg.dim
        )
        left = max(len(mean) - len(variances), 1)
        tau2 = ((total - variances.sum()) / left).clamp(min=ROUNDING)
        scale = (variances - tau2).clamp(min=0).sqrt()
        return {"mean": mean, "weights": directions * scale[:, None], "tau2": tau2}

    made = loop.once("components", components)
    model.mean.copy_(made["mean"].view_as(model.mean))
    # fewer images than components: the others stay 0
    model.weights[: len(made["weights"])] = made["weights"].view(-1, *model.mean.shape)
    model.tau2.copy_(made["tau2"])


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Solve for the codes; UserError where the operator is not affine."""
    basis = model.mean + torch.cat([torch.zeros_like(model.weights[:1]), model.weights])
    variance = seen.sigma**2 + float(model.tau2)
    codes = []
    for image in range(len(seen)):
        one = torch.tensor([image], device=loop.device)
        if image == 0 or seen.parameters:  # else all images share one operator
            looks = seen[one.expand(len(basis))].degrade(basis).flatten(1)
            matrix = (looks[1:] - looks[0]).T
            _check_affine(model, seen[one], looks[0], matrix)
        residual = seen.y[one].flatten(1) - looks[0]
        codes.append(posterior_mean(matrix, residual, variance))
    return model.decode(torch.cat(codes))


def _check_affine(model: Model, seen: Observation, origin: Tensor, matrix: Tensor) -> None:
    z = torch.linspace(-1, 1, matrix.shape[1], device=matrix.device)
    image = model.mean + torch.tensordot(z, model.weights, 1)
    straight = origin + matrix @ z
    if (seen.degrade(image[None]).flatten() - straight).abs().max() > AFFINE:
        raise UserError("pca: the closed form needs an affine operator, this task's is not")
