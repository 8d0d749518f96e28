"""Codes: the set that they live in, and the Gaussian that samples are drawn from."""

import torch
from torch import Tensor, nn

MOMENTUM = 0.02  # share of a batch in running moments


def unit_ball(z: Tensor) -> Tensor:
    """Pull every code (n, d) that left the unit ball back to its surface."""
    inside: Tensor = z / z.norm(dim=1, keepdim=True).clamp(min=1)
    return inside


class Gaussian(nn.Module):
    """The Gaussian of the training codes: `mean` (d,) and `covariance` (d, d)."""

    mean: Tensor
    covariance: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("covariance", torch.eye(dim))

    def fit(self, mean: Tensor, covariance: Tensor) -> None:
        """Take over the moments of all codes."""
        self.mean.copy_(mean)
        self.covariance.copy_(covariance)

    def follow(self, codes: Tensor) -> None:
        """Move towards the moments of a batch of codes (n, d), while they are learned."""
        self.mean.lerp_(codes.mean(0), MOMENTUM)
        centred = codes - self.mean
        self.covariance.lerp_(centred.T @ centred / len(codes), MOMENTUM)

    def length(self) -> float:
        """Return the root mean square of the lengths of the codes."""
        square = self.mean.square().sum() + self.covariance.trace()
        return round(float(square.sqrt()), 2)

    def draw(self, count: int) -> Tensor:
        """Draw codes, (count, d); a covariance without full rank will do."""
        values, vectors = torch.linalg.eigh(self.covariance.double())
        root = (vectors * values.clamp(min=0).sqrt()).to(self.mean)
        z: Tensor = self.mean + torch.randn(count, len(root), device=root.device) @ root.T
        return z
