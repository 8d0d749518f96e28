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

AT_ONCE = 64  # images


def main(arguments: Namespace, state: Path) -> None:
    """Write a row per part, method, seed, task and image, as scores are written."""
    write_rows(arguments.out, SCORE_COLUMNS, rows(arguments))


def rows(arguments: Namespace) -> Iterator[tuple[Any, ...]]:
    """Yield the parts of every restoration whose run, and whose `represent`, left images."""
    images = Prepared(arguments.images.parent)
    _, facts = read_arrays(arguments.observations)
    represented = {}
    for path in arguments.represented:
        place = parse(path)
        represented[place.method, place.seed] = read_arrays(path)[0]
    restored = [(parse(path), read_arrays(path)[0]) for path in arguments.restored]
    for name, seen in read_observations(arguments.observations).items():
        if not error_split.is_linear(seen[torch.arange(1)]):
            continue
        task, group = row_of(name), name.partition("@")[2]
        clean = named("represent", int(group) if group else None)
        numbers = seen.ids.tolist()
        original = np.stack([images.gallery[number] for number in numbers])
        told = f"{error_split.PROTOCOL}; {facts['tasks'][name]['protocol']}"
        for place, arrays in restored:
            near = represented.get((place.method, place.seed), {})
            if name not in arrays or clean not in near:  # a diverged run left nothing
                continue
            if not len(arrays[name]) == len(near[clean]) == len(numbers):
                raise UserError(f"{arguments.out}: {place.method}: not all images of {name}")
            parts = _parts(arrays[name], near[clean], original, seen)
            head = (images.card["name"], task, place.method, place.seed)
            for metric, values in zip(ERROR_PARTS.values(), parts.tolist(), strict=True):
                for number, value in zip(numbers, values, strict=True):
                    yield (*head, metric, "raw", number, value, told)


def _parts(
    restored: np.ndarray, represented: np.ndarray, original: np.ndarray, seen: Observation
) -> Tensor:
    """Split the errors of uint8 images, some at a time: (3, n)."""
    found = []
    for chunk in torch.arange(len(original)).split(AT_ONCE):
        shown = (pixels[chunk.numpy()] for pixels in (restored, represented, original))
        a, b, c = (torch.from_numpy(pixels) / 255 for pixels in shown)
        found.append(error_split.split(a, b, c, seen[chunk]))
    return torch.cat(found, 1)


if __name__ == "__main__":
    step.run(main, "images", "observations", lists=("restored", "represented"))
