"""A task on the standard toy: pictures of noise, and what it draws for them."""

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from priorbench.conformance import material
from priorbench.conformance.watching import Plugin
from priorbench.contract import Shape

SHAPE = (3, material.SIDE, material.SIDE)
SMALL = (3, 8, 8)  # for derivatives, each of which is measured
NOISE = 0.3  # standard deviation in the pictures of an observation: enough to leave the range
CLOSE = 1e-6  # of the range, in float32 and float64


class Subject(Plugin):
    """A task plugin with a config of it."""

    noun = "tasks"

    def cfg(self, **changes: Any) -> Any:
        """Return a config."""
        return self.module.Config(**{**self.options, **changes})

    def drawn(self, cfg: Any, count: int, shape: Shape = SHAPE) -> dict[str, Tensor]:
        """Return the parameters of A for `count` images."""
        return parameters(self.module, cfg, count, shape)


def parameters(task: ModuleType, cfg: Any, count: int, shape: Shape = SHAPE) -> dict[str, Tensor]:
    """Return what a task draws for `count` images, with one generator."""
    generator = torch.Generator().manual_seed(1)
    each = [task.draw(cfg, shape, generator) for _ in range(count)]
    return {name: torch.stack([one[name] for one in each]) for name in each[0]}


def pictures(count: int, shape: Shape = SHAPE, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return images of noise, (count, 3, h, w)."""
    generator = torch.Generator().manual_seed(count)
    return torch.rand(count, *shape, generator=generator, dtype=dtype)
