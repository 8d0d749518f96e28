"""Tuning on validation images: the space of choices, and the trials drawn from it."""

import random
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from priorbench import options
from priorbench.errors import UserError, nearest
from priorbench.files import read_json, read_yaml
from priorbench.registry import ROOT, Description

SETTINGS: dict[str, Any] = {
    "trials": 8,  # of which the first is the row as it stands, the second what was published
    "images": 8,  # of the validation split
    "evaluations": 1000,  # of the gradient, per image and restoration, at most
    "metric": "psnr",  # row whose mean over tasks decides
}
PARTS = {"train": "TrainConfig", "restore": "RestoreConfig"}
Space = dict[str, dict[str, list[Any]]]  # part -> option -> choices
Choice = dict[str, dict[str, Any]]  # part -> option -> value


def check(settings: Mapping[str, Any], metrics: Mapping[str, Any], where: str) -> None:
    """Raise UserError for what tuning cannot be told."""
    for key, value in settings.items():
        if key not in SETTINGS:
            raise UserError(f"{where}: unknown key `{key}`: {nearest(str(key), SETTINGS)}")
        if key == "metric":
            scores = [n for n, e in metrics.items() if e.about.constants.get("PER") == "image"]
            if value not in scores:
                raise UserError(f"{where}.metric: `{value}`: {nearest(str(value), scores)}")
        elif type(value) is not int or value < 1:
            raise UserError(f"{where}: `{key}` must be a positive number, found {value!r}")


def read(path: Any, about: Description, where: str) -> Space:
    """Return the space in a file: lists of choices for options of training and restoring.

    The file is looked for from where the command runs, and then among those of the project.
    """
    places = [Path(path), ROOT / path] if isinstance(path, str) else []
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise UserError(f"{where}: no such file {path!r}")
    space = read_yaml(file)
    if not isinstance(space, dict) or not space:
        raise UserError(f"{path}: `train` or `restore` expected, with lists of choices")
    for part, choices in space.items():
        if part not in PARTS:
            raise UserError(f"{path}: unknown key `{part}`: {nearest(str(part), PARTS)}")
        for option, values in (choices or {}).items():
            if not isinstance(values, list) or not values:
                raise UserError(f"{path}: {part}.{option}: a list of choices expected")
            for value in values:
                options.check({option: value}, about, PARTS[part], f"{path}: {part}")
    return space


def trials(space: Space, count: int, row: Choice) -> list[Choice]:
    """Return `count` different choices, or all there are; the first changes nothing.

    The second is the first value of every list, what was published; the others are drawn.
    row: the values that options have where nothing is chosen.
    """
    names = [(part, option) for part, choices in space.items() for option in choices]
    grid = list(product(*(space[part][option] for part, option in names)))
    stands = tuple(row[part].get(option) for part, option in names)
    published, *others = grid
    random.Random(0).shuffle(others)
    grid = [values for values in (published, *others) if values != stands]
    drawn: list[Choice] = [{part: {} for part in PARTS}]
    for values in grid[: count - 1]:
        choice: Choice = {part: {} for part in PARTS}
        for (part, option), value in zip(names, values, strict=True):
            choice[part][option] = value
        drawn.append(choice)
    return drawn


def edges(space: Space, choice: Choice, row: Choice) -> list[str]:
    """Return the options whose chosen number is the least or the greatest on offer."""
    found = []
    for part, option in ((p, o) for p, choices in space.items() for o in choices):
        numbers = [v for v in space[part][option] if type(v) in (int, float)]
        value = choice[part].get(option, row[part].get(option))
        if len(numbers) > 1 and value is not None and not min(numbers) < value < max(numbers):
            found.append(option)
    return found


def chosen(file: Path | None, part: str) -> dict[str, Any]:
    """Return the options of `part` that tuning chose; none where nothing was tuned."""
    found: dict[str, Any] = read_json(file)[part] if file else {}
    return found
