"""The one search behind every restoration: argmin over w of L(A(g(w)), y)."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from methods._losses import LOSSES, Loss, mse
from priorbench.contract import Loop, Observation


def _optimiser(name: str, weights: list[Tensor], lr: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(weights, lr=lr, fused=True)
    return torch.optim.SGD(weights, lr=lr)


@torch.no_grad()
def _assign(where: Tensor, places: list[Tensor], values: list[Tensor]) -> None:
    """Set the rows of `places` that are True in `where`, (n,), to those of `values`."""
    for place, value in zip(places, values, strict=True):
        chosen = where.view(-1, *[1] * (value.dim() - 1))
        place.copy_(torch.where(chosen, value, place))


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
    prior: float = 0.0,
    average: float = 0.0,
    average_from: int = 0,
    final: Callable[[Any], Tensor] | None = None,
    backtrack: float = 0.0,
    backtrack_every: int = 1,
) -> Tensor:
    """Restore images by descent from `start`: (n, 3, h, w) in [0, 1].

    `start`: (n * restarts, ...), or a list of such tensors; the rows of an image follow one
    another, and the one with the lowest loss is kept. The loss against y is summed over rows: a
    row's path does not depend on its neighbours. `prior`: weight of |w|^2 / 2 beside it.
    `project` pulls a tensor back into its set after each step. `average`: decay of an
    exponential moving average of the outputs, begun at step `average_from` and returned in
    place of the last output (0: none). `final`: decodes that output in place of `decode`.
    `backtrack`: dB (0: none); every `backtrack_every` steps, rows whose PSNR against y is lower
    by more than at their last copy go back to it, and the others are copied; the optimiser goes
    on as it is.
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
    copies = [loop.keep(w.detach().clone()) for w in weights] if backtrack else []
    errors = loop.keep(torch.full_like(target.y.flatten(1)[:, 0], torch.inf))  # mean squares

    def measured(predicted: Tensor) -> Tensor:
        """Return the loss of each row, whose A(g(w)) is `predicted`."""
        losses = measure(predicted, target.y)
        if prior:
            losses = losses + prior / 2 * sum(w.square().flatten(1).sum(1) for w in weights)
        return losses

    def best(images: Tensor, losses: Tensor) -> Tensor:
        """Return the row of each image with the lowest loss."""
        lowest = losses.view(len(seen), restarts).argmin(1)
        return images[torch.arange(len(seen), device=loop.device) * restarts + lowest]

    for step in loop.steps(steps, "restore"):
        images = decode(point)
        predicted = target.degrade(images)
        losses = measured(predicted)
        fallen = None
        if backtrack and step % backtrack_every == 0:
            now = mse(predicted.detach(), target.y)
            fallen = now > errors * 10 ** (backtrack / 10)
            _assign(~fallen, [errors, *copies], [now, *weights])
        loop.descend(losses.sum(), descent)
        if fallen is not None:
            _assign(fallen, weights, copies)
        with torch.no_grad():
            if project:
                for w in weights:
                    w.copy_(project(w))
            if mean is not None:
                mean.lerp_(images, 1 - average if step > average_from else 1.0)
            shown = partial(best, images if mean is None else mean, losses)
            loop.log(shown, loss=losses.view(len(seen), restarts).amin(1))
    with torch.no_grad():
        images = (final or decode)(point) if mean is None else mean
        losses = measured(target.degrade(images))
    return best(images, losses).clamp(0, 1)
