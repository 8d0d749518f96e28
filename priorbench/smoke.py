"""`budget: smoke`: the same graph and networks, a few steps on generated images.

It shows within minutes that a config runs, with no data and no weights at hand; its numbers
mean nothing, and its keys are its own.
"""

from collections.abc import Iterable
from typing import Any

from priorbench.registry import Description, describe

NAME = "smoke"
STEPS = 2  # of each stage of a training, and of each search
BATCH = 2  # images
TEST_IMAGES = 2  # and images of the validation split, where choices are made on it
SAMPLES = 2
SHOWN = {"reconstructions": 2, "pairs": 1, "between": 3}
TRIALS = 2  # of a tuning
IMAGESET = "disks"  # generated: stands in for every image set
COUNTS = {"train": 256, "val": 8, "test": 12}  # of it: enough for the batches of papers
SIDE = 32  # pixels, of sets that do not name a size


def shortened(config: dict[str, Any], imagesets: dict[str, Description]) -> dict[str, Any]:
    """Return a checked config with a name of its own, discs of each set's size, few images.

    A method's constant SMOKE says which options of its `train` and `restore` a shortened run
    changes: such as those that need files.
    """
    sets = {}
    for row, about in imagesets.items():
        given = config["imagesets"][row] or {}
        field = about.configs["Config"].get("size")  # pictures of one size, or of many, have none
        size = given.get("size") or given.get("crop") or (field.default if field else SIDE)
        sets[row] = {"plugin": IMAGESET, "size": size, **COUNTS}
    return config | {
        "experiment": f"{config['experiment']}_{NAME}",
        "imagesets": sets,
        "methods": {row: _method(row, options) for row, options in config["methods"].items()},
        "seeds": config["seeds"][:1],
        "unit": "all",
        "test_images": TEST_IMAGES,
        "samples": SAMPLES,
        "tuning": {**config["tuning"], "trials": TRIALS, "images": TEST_IMAGES},
    }


def _method(row: str, options: dict[str, Any] | None) -> dict[str, Any]:
    options = dict(options or {})
    changes = describe("methods", options.get("plugin", row)).constants.get("SMOKE", {})
    for place in ("imagesets", "tasks"):
        if options.get(place):
            rows = {name: dict(inner or {}) for name, inner in options[place].items()}
            options[place] = {name: _changed(inner, changes, inner) for name, inner in rows.items()}
    return _changed(options, changes, changes)


def _changed(
    options: dict[str, Any], changes: dict[str, dict[str, Any]], parts: Iterable[str]
) -> dict[str, Any]:
    """Return options of a method with `changes` of those `parts`."""
    changed = {p: {**(options.get(p) or {}), **changes[p]} for p in parts if p in changes}
    return {**options, **changed}
