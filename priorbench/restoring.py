"""Restoration of any number of images, chunk by chunk, by any method."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Restoration:
    """What a search left: images, uint8 (n, 3, h, w), its curve, its time, its size.

    trace: the first images as they were after some steps, by step.
    """

    images: NDArray[np.uint8]
    curve: list[tuple[Any, ...]]  # rows
    trace: dict[int, NDArray[np.uint8]]
    seconds: float  # with those before a kill
    searched: int  # numbers found for each image; 0 for a closed form


def restore(
    plugin: ModuleType,
    model: Any,
    seen: Observation,
    cfg: Any,
    spec: dict[str, Any],
    state: Path,
    title: str,
) -> Restoration:
    """Restore what was `seen`.

    The chunk size is part of the result: float32 gradients round otherwise in another one.
    """
    images, rows, seconds, searched = [], [], 0.0, 0
    trace: dict[int, list[NDArray[np.uint8]]] = {}
    for chunk in torch.arange(len(seen)).split(spec["chunk"]):
        part = seen[chunk.to(seen.y.device)]
        loop = Loop(
            state / f"chunk-{int(chunk[0])}",
            spec["seed"],
            device=spec["device"],
            ids=part.ids.cpu(),
            progress=Progress(f"{title} {int(chunk[0])}"),
            budget=spec.get("budget", "full"),
        )
        restored = plugin.restore(model, part, cfg, loop).detach().cpu().numpy()
        if restored.shape != (len(part), *part.shape):
            raise UserError(
                f"{title}: restore returned {restored.shape}, not {(len(part), *part.shape)}"
            )
        images.append(to_uint8(restored))
        seconds, searched = seconds + loop.clock.seconds, loop.searched
        for step, pictures in loop.trace.items():
            trace.setdefault(step, []).append(pictures.numpy())
        for stage, step, name, image, value in loop.curve.rows:
            number = int(part.ids[image]) if image >= 0 else image
            rows.append((stage, step, name, number, value))
    traced = {step: np.concatenate(pictures) for step, pictures in trace.items()}
    return Restoration(np.concatenate(images), rows, traced, seconds, searched)
