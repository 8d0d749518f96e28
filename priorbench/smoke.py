"""`budget: smoke`: the same graph and networks, a few steps on generated images.

It shows within minutes that a config runs, with no data and no weights at hand; its numbers
mean nothing, and its keys are its own.
"""

from typing import Any

from priorbench.registry import Description, describe

NAME = "smoke"
STEPS = 2  # of each stage of a training, and of each search
BATCH = 4  # images
TEST_IMAGES = 2
SAMPLES = 4
IMAGESET = "disks"  # generated: stands in for every image set


def shortened(config: dict[str, Any], imagesets: dict[str, Description]) -> dict[str, Any]:
    """Return a checked config with discs of each set's size, few images and one seed.

    A method's constant SMOKE says which options of its training a shortened run changes: such as
    those that need files.
    """
    sets = {}
    for row, about in imagesets.items():
        size = about.configs["Config"]["size"].default
        sets[row] = {"plugin": IMAGESET, "size": (config["imagesets"][row] or {}).get("size", size)}
    return config | {
        "imagesets": sets,
        "methods": {row: _method(row, options) for row, options in config["methods"].items()},
        "seeds": config["seeds"][:1],
        "unit": "all",
        "test_images": TEST_IMAGES,
        "samples": SAMPLES,
    }


def _method(row: str, options: dict[str, Any] | None) -> dict[str, Any]:
    options = dict(options or {})
    changed = describe("methods", options.get("plugin", row)).constants.get("SMOKE", {})
    places = {
        place: {**inner, "train": {**inner["train"], **changed}} if "train" in inner else inner
        for place, inner in (options.get("imagesets") or {}).items()
    }
    return {
        **options,
        **({"imagesets": places} if places else {}),
        **({"train": {**(options.get("train") or {}), **changed}} if changed else {}),
    }
