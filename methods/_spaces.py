"""Two spaces of codes to put in place of LCM's networks: maps and vectors.

Like `LatentNets`, each turns rows of numbers into latent maps for the same generator, begins
all images at one row (`first`), and pulls rows back into its set (`clamp`).
"""

import torch
from torch import Tensor, nn

from methods._codes import unit_ball
from methods._hourglass import LatentNets
from priorbench.contract import Shape


class Maps(nn.Module):
    """Rows are latent maps themselves, flattened; they begin where LCM's networks begin."""

    first: Tensor

    def __init__(self, latent: int, shape: Shape, seed: int) -> None:
        super().__init__()
        nets = LatentNets(latent, shape, seed)
        with torch.no_grad():
            start = nets(nets.first[None])[0]
        self.shape = tuple(start.shape)
        self.register_buffer("first", start.flatten())

    def forward(self, rows: Tensor) -> Tensor:
        return rows.view(-1, *self.shape)

    def clamp(self, rows: Tensor, bound: float) -> Tensor:
        """Rows as they are: all maps are allowed."""
        return rows


class Vectors(nn.Module):
    """Rows are short vectors in the unit ball, brought to the size of a map by a linear layer.

    The layer is learned with the generator. All rows begin at 0.
    """

    first: Tensor

    def __init__(self, dim: int, latent: int, shape: Shape) -> None:
        super().__init__()
        self.shape = latent, shape[1] // 4, shape[2] // 4
        self.spread = nn.Linear(dim, latent * self.shape[1] * self.shape[2])
        self.register_buffer("first", torch.zeros(dim))

    def forward(self, rows: Tensor) -> Tensor:
        z: Tensor = self.spread(rows)
        return z.view(-1, *self.shape)

    def clamp(self, rows: Tensor, bound: float) -> Tensor:
        """Rows in the unit ball."""
        return unit_ball(rows)
