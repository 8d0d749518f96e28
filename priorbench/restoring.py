"""Restoration of any number of images, chunk by chunk, by any method."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.contract import Observation
from priorbench.errors import UserError
from priorbench.files import to_uint8
from priorbench.loop import Loop
from priorbench.progress import Progress


def restore(
    plugin: ModuleType,
    model: Any,
    seen: Observation,
    cfg: Any,
    spec: dict[str, Any],
    state: Path,
    title: str,
) -> tuple[NDArray[np.uint8], list[tuple[Any, ...]]]:
    """Return restored images, uint8 (n, 3, h, w), and the rows of the search's curve.

    The chunk size is part of the result: float32 gradients round otherwise in another one.
    """
    images, rows = [], []
    for chunk in torch.arange(len(seen)).split(spec["chunk"]):
        part = seen[chunk.to(seen.y.device)]
        loop = Loop(
            state / f"chunk-{int(chunk[0])}",
            spec["seed"],
            device=spec["device"],
            ids=chunk,
            progress=Progress(f"{title} {int(chunk[0])}"),
        )
        restored = plugin.restore(model, part, cfg, loop).detach().cpu().numpy()
        if restored.shape != (len(part), *part.shape):
            raise UserError(
                f"{title}: restore returned {restored.shape}, not {(len(part), *part.shape)}"
            )
        images.append(to_uint8(restored))
        for stage, step, name, image, value in loop.curve.rows:
            rows.append((stage, step, name, int(chunk[image]) if image >= 0 else image, value))
    return np.concatenate(images), rows
