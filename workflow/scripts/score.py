"""Score what was made, against the originals: only this step and the controls see them.

With observations: restorations and controls of a unit. Without: what the models can represent,
and their samples.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from priorbench import step
from priorbench.errors import UserError
from priorbench.files import read_arrays, write_rows
from priorbench.images import Prepared
from priorbench.observations import read_observations
from priorbench.paths import STORE, parse
from priorbench.results import FLOOR
from priorbench.scoring import COLUMNS, Row, Scorer
from priorbench.seeds import generator

UNTOUCHED = "untouched images"  # the ceiling of a metric that knows classes


def main(arguments: Namespace, state: Path) -> None:
    """Score restorations and controls, or representations and samples, against the originals."""
    images = Prepared(arguments.images.parent)
    scorer = Scorer(images, arguments.spec["metrics"], STORE / "score")
    if arguments.observations:
        rows = list(restorations(arguments, scorer))
    else:
        rows = [*representations(arguments, scorer), *samples(arguments, scorer)]
        rows += scorer.ceiling(UNTOUCHED, arguments.spec["count"])
    write_rows(arguments.out, COLUMNS, rows)


def restorations(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score the controls and every method's restorations of a unit."""
    controls, _ = read_arrays(arguments.controls)
    _, facts = read_arrays(arguments.observations)
    if facts["original"] != scorer.images.card["sha256"]["test"]:
        raise UserError(f"{arguments.observations}: made from other images than {arguments.images}")
    found = {path: read_arrays(path)[0] for path in arguments.restored}
    for task, seen in read_observations(arguments.observations).items():
        protocol = facts["tasks"][task]["protocol"]
        for name, pictures in controls.items():
            if name.startswith(f"{task}/"):
                control = name.removeprefix(f"{task}/")
                yield from scorer.restored(task, control, -1, pictures, seen, protocol)
        for path, arrays in found.items():
            place = parse(path)
            if task in arrays:  # a diverged run left nothing
                assert place.seed is not None
                restored = arrays[task]
                yield from scorer.restored(task, place.method, place.seed, restored, seen, protocol)


def representations(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score what each method's search found for the clean test images."""
    for path in arguments.represented:
        place, (arrays, _) = parse(path), read_arrays(path)
        if "represent" in arrays:
            assert place.seed is not None
            yield from scorer.undamaged(place.method, place.seed, arrays["represent"])


def samples(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score samples against held-out images, with as many training images as the floor."""
    count = arguments.spec["samples"]
    train = scorer.images.train
    chosen = torch.randperm(len(train), generator=generator("floor"))[:count].sort().values
    floor = np.ascontiguousarray(train[chosen.numpy()])
    yield from scorer.samples(FLOOR, -1, floor)
    for path in arguments.samples:
        place, (arrays, _) = parse(path), read_arrays(path)
        if "samples" in arrays:
            assert place.seed is not None
            yield from scorer.samples(place.method, place.seed, arrays["samples"])


if __name__ == "__main__":
    step.run(
        main, "images", "observations", "controls", lists=("restored", "represented", "samples")
    )
