"""What plugins see: images to learn from, an observation to restore, and the loop.

A plugin is a module of plain functions and frozen dataclasses; these are the types that
they take and return. Images are float32 in [0, 1], (n, 3, h, w), on the job's device.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from priorbench.files import let_go

Shape = tuple[int, int, int]  # (3, h, w) of one image
Index = Tensor | slice | Sequence[int]
CPU = torch.device("cpu")
T = TypeVar("T")


@dataclass(frozen=True)
class Images:
    """Training images: uint8 in a memory map, floats made per batch on the device."""

    pixels: NDArray[np.uint8]  # (N, 3, h, w)
    device: torch.device = CPU

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def shape(self) -> Shape:
        """(3, h, w) of one image."""
        return tuple(self.pixels.shape[1:])

    def __getitem__(self, index: Index) -> Tensor:
        """Return the images at `index` as float32 in [0, 1], (n, 3, h, w)."""
        rows = index.cpu().numpy() if isinstance(index, Tensor) else index
        batch = torch.from_numpy(np.array(self.pixels[rows]))
        let_go(self.pixels)
        return batch.to(self.device).float().div_(255)


@dataclass(frozen=True)
class Observation:
    """What a restoration may see: y = A(x) + sigma n, and A; never x, never n."""

    y: Tensor  # (n, ...), float32, neither clipped nor quantised
    task: ModuleType  # the task plugin that A comes from
    cfg: Any  # its Config
    shape: Shape  # (3, h, w) of the images sought
    ids: Tensor  # (n,) numbers of the images: seeds of what is drawn per image
    parameters: dict[str, Tensor] = field(default_factory=dict)  # of A, (n, ...) each

    def __len__(self) -> int:
        return len(self.y)

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise in y, in units of the range [0, 1]."""
        return float(self.cfg.sigma)

    def degrade(self, x: Tensor) -> Tensor:
        """A(x), differentiable: (n, 3, h, w) -> the shape of y."""
        seen: Tensor = self.task.degrade(x, self.cfg, **self.parameters)
        return seen

    def naive(self) -> Tensor:
        """Return the first naive inverse of y: a rough image, (n, 3, h, w) in [0, 1]."""
        images: dict[str, Tensor] = self.task.naive(self.y, self.cfg, self.shape, **self.parameters)
        return next(iter(images.values()))

    def to(self, device: torch.device) -> "Observation":
        """Return the same observation on a device."""
        there = {name: value.to(device) for name, value in self.parameters.items()}
        return replace(self, y=self.y.to(device), ids=self.ids.to(device), parameters=there)

    def __getitem__(self, index: Tensor) -> "Observation":
        """Return the observation of some images; an index may occur more than once."""
        return replace(
            self,
            y=self.y[index],
            ids=self.ids[index.to(self.ids.device)],
            parameters={name: value[index] for name, value in self.parameters.items()},
        )


class Rows(Protocol):
    """Rows of numbers, worked out where they are read: for tables too large to be held."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, ...)."""

    def __getitem__(self, index: slice) -> Tensor:
        """Return the rows at `index`."""


class Codes(Protocol):
    """A row of numbers per training image, memory-mapped."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Tensor) -> Tensor:
        """Return a fresh tensor of the rows at `index`, (n, ...), on the device."""

    def __setitem__(self, index: Tensor, rows: Tensor) -> None: ...

    def mean(self) -> Tensor:
        """Return the mean row."""

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean (d,) and covariance (d, d) of the flattened rows, in float32."""


class Loop(Protocol):
    """All book-keeping of a search or a training: budget, seeds, checkpoints, curves."""

    device: torch.device
    searched: int  # numbers that a search finds for each image; told by `methods._search`

    def keep(self, thing: T) -> T:
        """Keep a tensor, or anything with `state_dict`, in the checkpoints.

        Its state is loaded in place at the first iteration of an unfinished stage, and
        dropped when the stage ends. The model itself is always kept.
        """

    def once(self, name: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Compute an expensive result under a seed of its own, once; then read it."""

    def steps(self, count: int, stage: str = "train") -> Iterator[int]:
        """Count to `count`, seeding torch at each step; nothing for a finished stage."""

    def batch(self, members: int | Tensor, size: int, order: str = "shuffle") -> Tensor:
        """Draw `size` of `members` (a count, or indices), by stage, step and ordinal.

        order: "shuffle" (a new permutation each pass), "once" (one permutation for all
        passes) or "fixed" (as they come). A remainder of a pass is left to the next.
        """

    def codes(self, initial: Tensor | Rows, half: bool = False) -> Codes:
        """Open a table with a row per training image; `initial`: (N, ...), may be expanded.

        half: rows are kept in float16 and come back rounded: clamp again what was clamped.
        """

    def each(self, make: Callable[[], Tensor]) -> Tensor:
        """Call `make` once per image of the chunk, seeded by the image; stack the results."""

    def descend(self, loss: Tensor, *optimisers: torch.optim.Optimizer) -> None:
        """zero_grad, backward, step; a loss that is not finite ends the run as diverged."""

    def log(self, images: Callable[[], Tensor] | None = None, **values: Tensor | float) -> None:
        """Note scalars, or a value per image (n,), for the curve.

        images: gives what a search had come to before this step, (n, 3, h, w).
        """
