"""Score what was made, against the originals.

With observations: restorations and controls of a unit. Without: what the models can represent,
and their samples.
"""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from priorbench import step
from priorbench.errors import UserError
from priorbench.files import read_arrays, read_json, write_rows
from priorbench.images import Prepared, named, row_of
from priorbench.observations import read_observations
from priorbench.paths import STORE, parse
from priorbench.results import FLOOR
from priorbench.scoring import COLUMNS, Row, Scorer
from priorbench.showing import OF_IMAGES, REBUILT, drawn_training

UNTOUCHED = "untouched images"  # the ceiling of a metric that knows classes


def main(arguments: Namespace, state: Path) -> None:
    """Score restorations and controls, or representations and samples, against the originals."""
    images = Prepared(arguments.images.parent)
    scorer = Scorer(images, arguments.spec["metrics"], STORE / "score")
    if arguments.observations:
        rows = list(restorations(arguments, scorer))
    else:
        rows = [*representations(arguments, scorer), *samples(arguments, scorer)]
        rows += [] if images.sizes else scorer.ceiling(UNTOUCHED, arguments.spec["count"])
    write_rows(arguments.out, COLUMNS, rows)


def restorations(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score the controls and every method's restorations of a unit."""
    controls, _ = read_arrays(arguments.controls)
    _, facts = read_arrays(arguments.observations)
    if facts["original"] != scorer.images.card["sha256"]["test"]:
        raise UserError(f"{arguments.observations}: made from other images than {arguments.images}")
    found = {path: read_arrays(path)[0] for path in arguments.restored}
    for name, seen in read_observations(arguments.observations).items():
        task, protocol = row_of(name), facts["tasks"][name]["protocol"]
        for control, pictures in controls.items():
            if control.startswith(f"{name}/"):
                inverse = control.removeprefix(f"{name}/")
                yield from scorer.restored(task, inverse, -1, pictures, seen, protocol)
        for path, arrays in found.items():
            place = parse(path)
            if name in arrays:  # a diverged run left nothing
                assert place.seed is not None
                restored = arrays[name]
                yield from scorer.restored(task, place.method, place.seed, restored, seen, protocol)


def representations(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score what each method's search found for the clean test images."""
    # a set without training images is tested on as a whole
    count = arguments.spec["count"] if len(scorer.images.train) else None
    for path in arguments.represented:
        place, (arrays, _) = parse(path), read_arrays(path)
        for group, (numbers, originals) in enumerate(scorer.images.tested(count)):
            name = named("represent", group if scorer.images.sizes else None)
            if name in arrays:  # a diverged run left nothing
                assert place.seed is not None
                found = (arrays[name], originals, numbers)
                yield from scorer.undamaged(place.method, place.seed, *found)


def samples(arguments: Namespace, scorer: Scorer) -> Iterator[Row]:
    """Score samples, rebuilt training images and lines of codes; training images as the floor."""
    count = arguments.spec["samples"]
    train = scorer.images.train
    if not len(train):  # a set that is only tested on
        return
    floor = np.ascontiguousarray(train[drawn_training(len(train), count).numpy()])
    yield from scorer.samples(FLOOR, -1, floor)
    for path in arguments.samples:
        place, (arrays, _) = parse(path), read_arrays(path)
        assert place.seed is not None
        row = place.method, place.seed
        if "samples" in arrays:
            yield from scorer.samples(*row, arrays["samples"])
        if "rebuilt" in arrays and arguments.spec["rebuilt"]:
            yield from scorer.samples(*row, arrays["rebuilt"], REBUILT)
        if "interpolations" in arrays:
            lines = arrays["interpolations"]
            ends = None
            if read_json(path.with_name("run.json"))["interpolations"] == OF_IMAGES:
                shape = (len(lines), 2, *lines.shape[2:])
                ends = arrays["training"][: 2 * len(lines)].reshape(shape)
            yield from scorer.lines(*row, lines, ends)


if __name__ == "__main__":
    step.run(
        main, "images", "observations", "controls", lists=("restored", "represented", "samples")
    )
