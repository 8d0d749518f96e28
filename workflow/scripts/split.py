"""Split the errors of restorations into range, search and ambiguity, image by image."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench import error_split, step
from priorbench.contract import Observation
from priorbench.errors import UserError
from priorbench.files import read_arrays, write_rows
from priorbench.images import Prepared, named, row_of
from priorbench.observations import read_observations
from priorbench.paths import parse
from priorbench.results import ERROR_PARTS, SCORE_COLUMNS

AT_ONCE = 1_000_000  # values of images, in float64; one image at least
FIRST = torch.arange(1)


def main(arguments: Namespace, state: Path) -> None:
    """Write a row per part, method, seed, task and image, as scores are written."""
    write_rows(arguments.out, SCORE_COLUMNS, rows(arguments))


def rows(arguments: Namespace) -> Iterator[tuple[Any, ...]]:
    """Yield the parts of every restoration whose run, and whose `represent`, left images.

    One run is in memory at a time.
    """
    images = Prepared(arguments.images.parent)
    _, facts = read_arrays(arguments.observations)
    observed = read_observations(arguments.observations)
    linear = {name: seen for name, seen in observed.items() if error_split.is_linear(seen[FIRST])}
    represented = {
        (place.method, place.seed): path
        for place, path in ((parse(path), path) for path in arguments.represented)
    }
    for path in arguments.restored:
        place = parse(path)
        if (place.method, place.seed) not in represented:
            continue
        restored, _ = read_arrays(path)
        clean, _ = read_arrays(represented[place.method, place.seed])
        for name, seen in linear.items():
            task, group = row_of(name), name.partition("@")[2]
            same = named("represent", int(group) if group else None)
            if name not in restored or same not in clean:  # a diverged run left nothing
                continue
            numbers = seen.ids.tolist()
            if not len(restored[name]) == len(clean[same]) == len(numbers):
                raise UserError(f"{path}: not all images of {name}")
            original = np.stack([images.gallery[number] for number in numbers])
            parts = _parts(restored[name], clean[same], original, seen)
            head = (images.card["name"], task, place.method, place.seed)
            told = f"{error_split.PROTOCOL}; {facts['tasks'][name]['protocol']}"
            for metric, values in zip(ERROR_PARTS.values(), parts.tolist(), strict=True):
                for number, value in zip(numbers, values, strict=True):
                    yield (*head, metric, "raw", number, value, told)


def _parts(
    restored: np.ndarray, represented: np.ndarray, original: np.ndarray, seen: Observation
) -> Tensor:
    """Split the errors of uint8 images, some at a time: (3, n)."""
    found = []
    count = max(1, AT_ONCE // original[0].size)
    for chunk in torch.arange(len(original)).split(count):
        shown = (pixels[chunk.numpy()] for pixels in (restored, represented, original))
        a, b, c = (torch.from_numpy(pixels) / 255 for pixels in shown)
        found.append(error_split.split(a, b, c, seen[chunk]))
    return torch.cat(found, 1)


if __name__ == "__main__":
    step.run(main, "images", "observations", lists=("restored", "represented"))
