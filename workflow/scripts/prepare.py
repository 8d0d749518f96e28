"""Write the images of a set, in three splits, and its card."""

from argparse import Namespace
from pathlib import Path

from priorbench import preparing, registry, step
from priorbench.images import write_prepared
from priorbench.imageset import SPLITS
from priorbench.pictures import Pictures


def main(arguments: Namespace, state: Path) -> None:
    """Write the images of a set, in three splits, and its card."""
    spec = arguments.spec
    plugin = registry.load("imagesets", spec["plugin"])
    built = plugin.build(step.configured(plugin.Config, spec["config"]))
    if isinstance(built, Pictures):
        preparing.write(built, spec["name"], arguments.out.parent, state, arguments.threads)
        return
    labels = built.labels
    card = {
        "name": spec["name"],
        **built.card,
        "clusters": {split: list(built.clusters[split]) for split in SPLITS},
        "labels": labels and {split: [int(c) for c in labels[split]] for split in SPLITS},
    }
    write_prepared(arguments.out.parent, card, {split: getattr(built, split) for split in SPLITS})


if __name__ == "__main__":
    step.run(main, numbers=("threads",))
