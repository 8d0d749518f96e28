"""Picture the observations themselves, and invert them naively: what a prior must beat."""

from argparse import Namespace
from pathlib import Path

from priorbench import step
from priorbench.files import to_uint8, write_arrays
from priorbench.observations import read_observations


def main(arguments: Namespace, state: Path) -> None:
    """Picture the observations, and make the naive inverses."""
    images = {}
    for name, seen in read_observations(arguments.observations).items():
        known = (seen.y, seen.cfg, seen.shape)
        images[f"{name}/degraded"] = seen.task.degraded(*known, **seen.parameters)
        for inverse, image in seen.task.naive(*known, **seen.parameters).items():
            images[f"{name}/{inverse}"] = image
    write_arrays(arguments.out, {name: to_uint8(image.numpy()) for name, image in images.items()})


if __name__ == "__main__":
    step.run(main, "observations")
