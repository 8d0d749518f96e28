"""What exists already, as a method: functions on arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from priorbench.contract import Observation
from priorbench.errors import UserError

Array = NDArray[Any]


def by_arrays(function: Callable[..., Array], seen: Observation, *beside: Tensor) -> Tensor:
    """Restore images one by one with a function on arrays, as scikit-image has them.

    `function` gets y of an image as float64 (h, w, 3), not clipped, and of each tensor `beside`,
    (n or 1, c, h, w), its part (h, w, c); it returns an image (h, w, 3) in [0, 1]. What lies
    outside of the range is clipped. UserError where what it returns has another shape.
    """
    found = []
    every = [seen.y, *(tensor.expand(len(seen), -1, -1, -1) for tensor in beside)]
    for parts in zip(*every, strict=True):
        y, *others = (part.permute(1, 2, 0).cpu().numpy() for part in parts)
        image = np.asarray(function(y.astype(np.float64), *others))
        if image.shape != (*seen.shape[1:], seen.shape[0]):
            name = getattr(function, "__name__", "the function")
            raise UserError(f"{name} returned {image.shape}, not {(*seen.shape[1:], 3)}")
        found.append(torch.from_numpy(np.clip(image, 0, 1).transpose(2, 0, 1).copy()))
    return torch.stack(found).to(seen.y)
