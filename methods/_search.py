"""The one search behind every restoration: argmin over w of L(A(g(w)), y)."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor

from methods._losses import LOSSES, Loss
from priorbench.contract import Loop, Observation


def _optimiser(name: str, weights: list[Tensor], lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(weights, lr=lr, fused=True)
    return torch.optim.SGD(weights, lr=lr)


def search(
    decode: Callable[[Any], Tensor],
    start: Tensor | list[Tensor],
    seen: Observation,
    loop: Loop,
    *,
    steps: int,
    lr: float,
    optimiser: Literal["adam", "sgd"] = "adam",
    loss: str | Loss = "lap_mse",
    project: Callable[[Tensor], Tensor] | None = None,
    restarts: int = 1,
    average: float = 0.0,
    average_from: int = 0,
) -> Tensor:
    """Restore images by descent from `start`: (n, 3, h, w) in [0, 1].

    `start`: (n * restarts, ...), or a list of such tensors; the rows of an image follow one
    another, and the one with the lowest loss against y is kept. The loss is summed over
    rows: a row's path does not depend on its neighbours. `project` pulls a
    tensor back into its set after each step. `average`: decay of an exponential moving
    average of the outputs, begun at step `average_from` and returned in place of the last
    output (0: none).
    """
    measure = LOSSES[loss] if isinstance(loss, str) else loss
    owner = torch.arange(len(seen), device=loop.device).repeat_interleave(restarts)
    target = seen[owner] if restarts > 1 else seen
    given = start if isinstance(start, list) else [start]
    weights = [loop.keep(w.detach().clone().requires_grad_()) for w in given]
    point = weights if isinstance(start, list) else weights[0]
    loop.searched = sum(w.numel() for w in weights) // len(seen)
    descent = loop.keep(_optimiser(optimiser, weights, lr))
    blank = torch.zeros(len(owner), *seen.shape, dtype=seen.y.dtype, device=loop.device)
    mean = loop.keep(blank) if average else None

    for step in loop.steps(steps, "restore"):
        images = decode(point)
        losses = measure(target.degrade(images), target.y)
        loop.descend(losses.sum(), descent)
        with torch.no_grad():
            if project:
                for w in weights:
                    w.copy_(project(w))
            if mean is not None:
                mean.lerp_(images, 1 - average if step > average_from else 1.0)
            loop.log(loss=losses.view(len(seen), restarts).amin(1))
    with torch.no_grad():
        images = decode(point) if mean is None else mean
        losses = measure(target.degrade(images), target.y).view(len(seen), restarts)
        best = torch.arange(len(seen), device=loop.device) * restarts + losses.argmin(1)
    return images[best].clamp(0, 1)
