"""Image sets for tests: built once, and a folder of pictures."""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from priorbench.imageset import ImageSet


@cache
def build(name: str, size: int = 32, **options: Any) -> ImageSet:
    """Return an image set that needs no files of the user."""
    module = importlib.import_module(f"imagesets.{name}")
    found: ImageSet = module.build(module.Config(size=size, **options))
    return found


def fill_album(root: Path) -> Path:
    """Write twenty pictures into two sub-folders of `root`, and a copy of the first."""
    for number, image in enumerate(build("disks").test[:20]):
        place = root / f"part{number % 2}"
        place.mkdir(exist_ok=True)
        picture = Image.fromarray(image.transpose(1, 2, 0)).resize((60, 40))
        picture.save(place / f"{number:02d}.png")
    (root / "copy.png").write_bytes((root / "part0" / "00.png").read_bytes())
    return root


def digests(images: NDArray[np.uint8]) -> set[bytes]:
    """Return the pixels of each image, to be compared as sets."""
    return {image.tobytes() for image in images}
