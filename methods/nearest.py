"""The nearest training image, seen through the operator: what memory alone restores.

The search of all methods with the set of training images in place of a generator's range:
w is the number of an image, and the loss is |A(x_w) - y|^2.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from priorbench.contract import Images, Loop, Observation, Shape

LABEL = "nearest training image"
CHUNK = 512  # training images compared at a time


@dataclass(frozen=True)
class TrainConfig:
    images: int = 20_000  # training images kept at most, drawn at random


@dataclass(frozen=True)
class RestoreConfig:
    """Nothing to choose: every image is looked at."""


class Model(nn.Module):
    """Training images, uint8 (N, 3, h, w)."""

    images: Tensor

    def __init__(self, cfg: TrainConfig, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("images", torch.zeros(1, *shape, dtype=torch.uint8))

    def decode(self, numbers: Tensor) -> Tensor:
        """Images (n, 3, h, w) in [0, 1] of their numbers (n,)."""
        return self.images[numbers.long()].float() / 255

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        # how many images there are is known only from what was saved
        saved = state.get(prefix + "images", self.images)
        self.images = self.images.new_empty(saved.shape)
        super()._load_from_state_dict(state, prefix, *rest)


def train(model: Model, images: Images, cfg: TrainConfig, loop: Loop) -> None:
    """Keep the training images."""

    def chosen() -> dict[str, Tensor]:
        return {"index": torch.randperm(len(images))[: cfg.images].sort().values}

    index = loop.once("chosen", chosen)["index"]
    kept = [(images[part] * 255).round().byte() for part in index.split(CHUNK)]
    model.images = torch.cat(kept)


def restore(model: Model, seen: Observation, cfg: RestoreConfig, loop: Loop) -> Tensor:
    """Return for each observation the training image that looks most like it."""
    best = torch.full((len(seen),), torch.inf, device=loop.device)
    number = torch.zeros(len(seen), dtype=torch.long, device=loop.device)
    for start in range(0, len(model.images), CHUNK):
        index = torch.arange(start, min(start + CHUNK, len(model.images)), device=loop.device)
        lowest, place = distances(seen, model.decode(index)).min(1)
        closer = lowest < best
        best = torch.where(closer, lowest, best)
        number = torch.where(closer, index[place], number)
    return model.decode(number)


def distances(seen: Observation, candidates: Tensor) -> Tensor:
    """Squared distance of each observation to each candidate as it would be seen, (n, m)."""
    if not seen.parameters:  # one operator for all images
        every = torch.zeros(len(candidates), dtype=torch.long, device=candidates.device)
        looks = seen[every].degrade(candidates).flatten(1)
        # the faster mode subtracts large numbers, and misses an exact match
        exact = "donot_use_mm_for_euclid_dist"
        return torch.cdist(seen.y.flatten(1), looks, compute_mode=exact).square()
    rows = []
    for image in range(len(seen)):
        every = torch.full((len(candidates),), image, device=candidates.device)
        looks = seen[every].degrade(candidates)
        rows.append((looks - seen.y[image]).square().flatten(1).sum(1))
    return torch.stack(rows)
