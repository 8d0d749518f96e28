"""Restoration of any number of images, chunk by chunk, by any method."""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench.contract import Observation
from priorbench.errors import UserError, out_of_memory
from priorbench.files import to_uint8
from priorbench.loop import Loop
from priorbench.progress import Progress

ROUNDING = 1e-3  # by which values may lie outside of [0, 1]


@dataclass(frozen=True)
class Restoration:
    """What a search left: images, uint8 (n, 3, h, w), its curve, its time, its size, its chunk.

    trace: the first images as they were after some steps, by step.
    """

    images: NDArray[np.uint8]
    curve: list[tuple[Any, ...]]  # rows
    trace: dict[int, NDArray[np.uint8]]
    seconds: float  # with those before a kill
    searched: int  # numbers found for each image; 0 for a closed form
    chunk: int  # images restored side by side, fewer than asked for where memory was short


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

    The chunk size is part of the result: float32 gradients round otherwise in another one. Where
    memory does not hold a chunk all begins again with half of it, so that the result is that of
    the smaller one, wherever the memory ended.
    """
    size, folder = spec["chunk"], state
    while True:
        try:
            return _restore(plugin, model, seen, cfg, spec | {"chunk": size}, folder, title)
        except (MemoryError, RuntimeError) as error:
            least = min(size, len(seen)) == 1
            if least or not out_of_memory(error):
                raise
        torch.cuda.empty_cache()
        size = min(size, len(seen)) // 2
        folder = state / f"chunks-of-{size}"  # what a larger one left does not fit
        print(f"{title}: out of memory; again with `chunk: {size}`", file=sys.stderr)


def fewer(chunk: int, asked: int) -> str:
    """Say below a table that memory was too small for the chunk asked for; empty where not."""
    return "" if chunk == asked else f"in chunks of {chunk}, not {asked}, for lack of memory"


def _restore(
    plugin: ModuleType,
    model: Any,
    seen: Observation,
    cfg: Any,
    spec: dict[str, Any],
    state: Path,
    title: str,
) -> Restoration:
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
        restored = plugin.restore(model, part, cfg, loop)
        check(restored, (len(part), *part.shape), f"{title}: {plugin.__name__}.restore")
        images.append(to_uint8(restored.detach().cpu().numpy()))
        seconds, searched = seconds + loop.clock.seconds, loop.searched
        for step, pictures in loop.trace.items():
            trace.setdefault(step, []).append(pictures.numpy())
        for stage, step, name, image, value in loop.curve.rows:
            number = int(part.ids[image]) if image >= 0 else image
            rows.append((stage, step, name, number, value))
    traced = {step: np.concatenate(pictures) for step, pictures in trace.items()}
    return Restoration(np.concatenate(images), rows, traced, seconds, searched, spec["chunk"])


def check(images: Any, shape: tuple[int, ...], name: str) -> None:
    """Raise UserError unless a plugin returned images of `shape`, (n, 3, h, w), in [0, 1]."""
    if not isinstance(images, torch.Tensor):
        raise UserError(f"{name} returned {type(images).__name__}; nearest: a tensor, {shape}")
    if tuple(images.shape) != shape:
        raise UserError(f"{name} returned {tuple(images.shape)}; nearest: {shape}")
    if not images.is_floating_point():
        raise UserError(f"{name} returned {images.dtype}; nearest: torch.float32 in [0, 1]")
    low, high = images.min().item(), images.max().item()
    if not math.isfinite(low + high):
        raise UserError(f"{name} returned values that are not finite; nearest: [0, 1]")
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise UserError(f"{name} returned values from {low:.4g} to {high:.4g}; nearest: [0, 1]")
