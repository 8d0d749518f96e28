"""Follow a search's loss for an image, a noisy one, a shuffled one, and noise (DIP, figure 2)."""

from argparse import Namespace
from pathlib import Path

import torch
from torch import Tensor

from priorbench import models, registry, step
from priorbench.contract import Images
from priorbench.curve import COLUMNS
from priorbench.files import write_rows
from priorbench.images import Prepared
from priorbench.loop import DivergedError
from priorbench.observations import undamaged
from priorbench.paths import parse
from priorbench.records import Record
from priorbench.restoring import restore
from priorbench.seeds import generator
from priorbench.tuning import chosen

NOISE = 25 / 255  # standard deviation of the noise added to the image


def targets(x: Tensor) -> dict[str, Tensor]:
    """Return what the search has to fit, by name: x, (n, 3, h, w), and three spoiled versions."""
    draw = generator("energy")
    order = torch.randperm(x.shape[2] * x.shape[3], generator=draw)
    return {
        "image": x,
        "image plus noise": x + NOISE * torch.randn(x.shape, generator=draw),
        "shuffled image": x.flatten(2)[:, :, order].view_as(x),
        "noise": torch.rand(x.shape, generator=draw),
    }


def main(arguments: Namespace, state: Path) -> None:
    """Follow a search's loss for an image, a noisy one, a shuffled one, and noise."""
    spec = arguments.spec
    imageset = parse(arguments.out).imageset
    record = Record("energy", spec, imageset)
    # of pictures of many sizes, those of the first one's size
    _, pixels = next(Prepared(arguments.images.parent).tested(spec["count"]))
    originals = Images(pixels)[:]
    trained = models.load(arguments.model, spec)
    plugin = registry.load("methods", spec["plugin"])
    tuned = chosen(arguments.tuned, "restore")
    cfg = step.configured(plugin.RestoreConfig, spec["config"] | tuned)
    rows, lost = [], []
    for name, target in {} if trained.diverged else targets(originals).items():
        seen = undamaged(target.to(spec["device"]))
        chunked = {**spec, "chunk": len(originals)}
        folder = state / name.replace(" ", "-")
        title = f"energy {imageset} {name}"
        try:
            found = restore(plugin, trained.model, seen, cfg, chunked, folder, title)
        except DivergedError as diverged:
            lost.append(f"{diverged}, {name}")
            continue
        rows += [(name, *row) for row in found.curve]
    record.write(
        arguments.out.with_name("run.json"),
        effective=models.effective(cfg),
        status="; ".join(lost) or trained.record["status"],
    )
    write_rows(arguments.out, ("task", *COLUMNS), rows)


if __name__ == "__main__":
    step.run(main, "images", "model", "tuned")
