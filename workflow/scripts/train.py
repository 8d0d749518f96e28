"""Train a method on the training images of a set; a killed training goes on where it was."""

from argparse import Namespace
from pathlib import Path

import torch

from priorbench import milestones, models, registry, step
from priorbench.contract import Images
from priorbench.curve import COLUMNS
from priorbench.files import write_rows
from priorbench.images import read_split
from priorbench.paths import parse
from priorbench.records import Record, note, told
from priorbench.training import fit
from priorbench.tuning import chosen


def main(arguments: Namespace, state: Path) -> None:
    """Train a method on the training images of a set."""
    spec, folder = arguments.spec, arguments.out.parent
    pixels = read_split(arguments.images)
    imageset = parse(arguments.out).imageset
    record = Record("train", spec, imageset)
    plugin = registry.load("methods", spec["plugin"])
    config = spec["config"] | chosen(arguments.tuned, "train")
    effective = models.effective(step.configured(plugin.TrainConfig, config))
    images = Images(pixels, torch.device(spec["device"]))
    title = f"train {imageset} {spec['method']} {spec['seed']}"
    model, loop, status = fit(plugin, images, config, spec, state, title)
    notes = [note(plugin, effective, models.facts(model)), told(arguments.tuned, "train")]
    if loop.tables and status == "finished":
        models.save_codes(folder / "codes.npy", loop.tables[0])
    write_rows(folder / "curve.csv", ("task", *COLUMNS), (("", *row) for row in loop.curve.rows))
    photographs = milestones.learned(state, model) if status == "finished" else []
    milestones.keep(folder / "milestone.safetensors", photographs)
    record.write(
        folder / "run.json",
        config=config,
        effective=effective,
        facts=models.facts(model),
        note="; ".join(filter(None, notes)),
        shape=list(images.shape),
        images=len(images),
        parameters=models.size(model),
        status=status,
        seconds=round(loop.clock.seconds, 2),
        laps=loop.clock.laps,
        **loop.counters,
    )
    models.save(arguments.out, model)


if __name__ == "__main__":
    step.run(main, "images", "tuned")
