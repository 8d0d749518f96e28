"""Train a method on the training images of a set; a killed training goes on where it was."""

from argparse import Namespace
from pathlib import Path

import torch

from priorbench import models, registry, step
from priorbench.contract import Images
from priorbench.curve import COLUMNS
from priorbench.files import write_rows
from priorbench.images import read_split
from priorbench.loop import DivergedError, Loop
from priorbench.paths import parse
from priorbench.progress import Progress
from priorbench.records import Record

CHECKPOINT_SECONDS = 60.0


def main(arguments: Namespace, state: Path) -> None:
    """Train a method on the training images of a set."""
    spec, folder = arguments.spec, arguments.out.parent
    pixels = read_split(arguments.images)
    imageset = parse(arguments.out).imageset
    record = Record("train", spec, imageset)
    plugin = registry.load("methods", spec["plugin"])
    cfg = step.configured(plugin.TrainConfig, spec["config"])
    images = Images(pixels, torch.device(spec["device"]))
    model = models.build(plugin, spec["config"], images.shape, spec)
    loop = Loop(
        state,
        spec["seed"],
        device=spec["device"],
        model=model,
        checkpoint_seconds=CHECKPOINT_SECONDS,
        progress=Progress(f"train {imageset} {spec['method']} {spec['seed']}"),
        budget=spec.get("budget", "full"),
    )
    status = "finished"
    try:
        plugin.train(model.train(), images, cfg, loop)
    except DivergedError as diverged:
        status = str(diverged)
    if loop.tables and status == "finished":
        models.save_codes(folder / "codes.npy", loop.tables[0])
    write_rows(folder / "curve.csv", ("task", *COLUMNS), (("", *row) for row in loop.curve.rows))
    models.save_milestones(folder / "milestones.safetensors", state, loop.milestones)
    record.write(
        folder / "run.json",
        config=spec["config"],
        effective=models.effective(cfg),
        note=models.note(plugin, models.effective(cfg)),
        shape=list(images.shape),
        images=len(images),
        parameters=models.size(model),
        status=status,
        seconds=round(loop.seconds, 2),
        **loop.counters,
    )
    models.save(arguments.out, model)


if __name__ == "__main__":
    step.run(main, "images")
