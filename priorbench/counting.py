"""How many images a set has, and how large they are, before it is prepared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from priorbench import registry
from priorbench.config import Experiment
from priorbench.files import read_json
from priorbench.imageset import SPLITS
from priorbench.plan import Plan


@dataclass(frozen=True)
class Pictures:
    """What is known of an image set: images of each split (none known: empty), pixels of one."""

    counts: Mapping[str, int]
    pixels: float | None


def pictures(plan: Plan, imageset: str) -> Pictures:
    """Return what is known of an image set: from its card, or of an embedded one by making it.

    Where only a card with other options is there, it tells the counts.
    """
    folder, side = plan.prepare(imageset).folder, side_of(plan.experiment, imageset)
    pixels = float(side**2) if side else None
    for path in (folder / "card.json", *sorted(folder.parent.glob("*/card.json"))):
        if path.is_file():
            card = read_json(path)
            sizes = card.get("sizes") or [card["shape"][1:]]
            told = sum(height * width for height, width in sizes) / len(sizes)
            return Pictures(card["counts"], told if path.parent == folder else pixels or told)
    return Pictures(embedded(plan.experiment, imageset), pixels)


def embedded(experiment: Experiment, imageset: str) -> Mapping[str, int]:
    """Return the counts of a set that needs no files, by making it; of others nothing."""
    entry = experiment.imagesets[imageset]
    if entry.about.constants.get("IN_FILES", False):
        return {}
    options = json.dumps(experiment.imageset_config(imageset), sort_keys=True)
    return _made(entry.plugin, options)


@cache
def _made(plugin: str, options: str) -> Mapping[str, int]:
    from priorbench.step import configured  # torch, which nothing else here needs

    module = registry.load("imagesets", plugin)
    made = module.build(configured(module.Config, json.loads(options)))
    return {split: len(made.split(split)) for split in SPLITS}


def side_of(experiment: Experiment, imageset: str) -> int | None:
    """Return the side of a set's images, pixels, as its options tell it; None where none does."""
    entry = experiment.imagesets[imageset]
    fields = entry.about.configs.get("Config", {})
    default = fields["size"].default if "size" in fields else entry.about.constants.get("SIDE")
    side = entry.options.get("crop") or entry.options.get("size") or default
    return int(side) if side else None
