"""Make the observations y = A(x) + sigma n that all methods share."""

from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from priorbench import registry, step
from priorbench.contract import Images, Observation
from priorbench.duplicates import Views, near
from priorbench.errors import UserError
from priorbench.images import Prepared, named, read_split
from priorbench.observations import write_observations
from priorbench.seeds import generator


def main(arguments: Namespace, state: Path) -> None:
    """Make the observations y = A(x) + sigma n that all methods share."""
    spec = arguments.spec
    images = Prepared(arguments.images.parent)
    available = images.card["counts"]["test"]
    if (spec["count"] or 0) > available:
        raise UserError(
            f"test_images: {spec['count']} asked for, {images.card['name']} has {available}; set "
            f"`test_images: {available}` or give it more"
        )
    if arguments.learned:
        check_unlearned(images, read_split(arguments.learned))
    seen, told = {}, {}
    for group, (numbers, pixels) in enumerate(images.tested(spec["count"])):
        originals, shape = Images(pixels)[:], pixels.shape[1:]
        for task, about in spec["tasks"].items():
            plugin = registry.load("tasks", about["plugin"])
            cfg = step.configured(plugin.Config, about["config"])
            plugin.check(cfg, shape)
            name = named(task, group if images.sizes else None)
            ids = torch.from_numpy(numbers)
            seen[name] = observe(plugin, cfg, originals, spec["seed"], about["plugin"], ids)
            told[name] = about | {"protocol": plugin.protocol(cfg, shape)}
    write_observations(arguments.out, seen, told, images.card["sha256"]["test"])


def check_unlearned(images: Prepared, learned: NDArray[np.uint8]) -> None:
    """Raise UserError where models learned from a test image, or nearly: uint8 (n, 3, h, w)."""
    if images.sizes or images.shape != learned.shape[1:]:
        return  # no model restores them
    known = near(Views.of(images.test), Views.of(learned))
    if known.any():
        name = images.card["clusters"]["test"][int(known.argmax())]
        raise UserError(
            f"imagesets.{images.card['name']}: {name} is among the training images of what "
            "`trained_on` names, or nearly equals one: take it out of these"
        )


def observe(
    plugin: ModuleType,
    cfg: Any,
    x: torch.Tensor,
    seed: int,
    name: str,
    ids: torch.Tensor | None = None,
) -> Observation:
    """Return the observation of images x; what is drawn is seeded by the image's number.

    ids: these numbers, (n,); None: 0 to n - 1.
    """
    shape = (3, x.shape[2], x.shape[3])
    ids = torch.arange(len(x)) if ids is None else ids
    numbers = ids.tolist()
    drawn = [plugin.draw(cfg, shape, generator(seed, name, "draw", i)) for i in numbers]
    parameters = {key: torch.stack([d[key] for d in drawn]) for key in drawn[0]}
    y = plugin.degrade(x, cfg, **parameters)
    if cfg.sigma:
        draws = [generator(seed, name, "noise", i) for i in numbers]
        y = y + cfg.sigma * torch.stack([torch.randn(y.shape[1:], generator=d) for d in draws])
        if hasattr(plugin, "hidden"):  # nothing was seen there, so no noise either
            y = y.masked_fill(plugin.hidden(cfg, shape, **parameters), 0)
    if getattr(cfg, "clip", False):
        y = y.clamp(0, 1)
    if len(y) != len(x) or not y.isfinite().all():
        shapes = f"{tuple(y.shape)} from {tuple(x.shape)}"
        raise UserError(f"{name}: `degrade` made {shapes}; nearest: as many, all finite")
    return Observation(y, plugin, cfg, shape, ids, parameters)


if __name__ == "__main__":
    step.run(main, "images", "learned")
