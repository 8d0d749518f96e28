"""Picture the observations themselves, and invert them naively: what a prior must beat."""

from argparse import Namespace
from pathlib import Path

from priorbench import step
from priorbench.files import to_uint8, write_arrays
from priorbench.observations import read_observations
from priorbench.restoring import check


def main(arguments: Namespace, state: Path) -> None:
    """Picture the observations, and make the naive inverses."""
    images = {}
    for name, seen in read_observations(arguments.observations).items():
        known = (seen.y, seen.cfg, seen.shape)
        degraded = seen.task.degraded(*known, **seen.parameters)
        pictures = {"degraded": degraded, **seen.task.naive(*known, **seen.parameters)}
        for picture, image in pictures.items():
            file = Path(str(seen.task.__file__))
            check(image, (len(seen), *seen.shape), f"{file.name}: `{picture}`")
            images[f"{name}/{picture}"] = to_uint8(image.numpy())
    write_arrays(arguments.out, images)


if __name__ == "__main__":
    step.run(main, "observations")
