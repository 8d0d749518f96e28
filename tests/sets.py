"""Image sets for tests, built or prepared by their step, and files of pictures."""

import importlib
from argparse import Namespace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from priorbench.images import Prepared
from priorbench.imageset import ImageSet

Pixels = NDArray[np.uint8]


@cache
def build(name: str, size: int = 32, **options: Any) -> ImageSet:
    """Return an image set that needs no files of the user."""
    module = importlib.import_module(f"imagesets.{name}")
    found: ImageSet = module.build(module.Config(size=size, **options))
    return found


def prepared(name: str, options: dict[str, Any], folder: Path, threads: int = 1) -> Prepared:
    """Return an image set as its step writes it into `folder`."""
    from workflow.scripts import prepare  # imports torch, which some tests do without

    spec = {"name": name, "plugin": name, "config": options}
    out = folder / "out"
    prepare.main(Namespace(spec=spec, out=out / "card.json", threads=threads), folder / "state")
    return Prepared(out)


def fill_album(root: Path) -> Path:
    """Write twenty pictures into two sub-folders of `root`, and a copy of the first."""
    for number, image in enumerate(build("disks").test[:20]):
        place = root / f"part{number % 2}"
        place.mkdir(exist_ok=True)
        picture = Image.fromarray(image.transpose(1, 2, 0)).resize((60, 40))
        picture.save(place / f"{number:02d}.png")
    (root / "copy.png").write_bytes((root / "part0" / "00.png").read_bytes())
    return root


def filled(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def scene(number: int, size: tuple[int, int] = (32, 32)) -> Image.Image:
    """Return a smooth picture in colour, a very different one for each number."""
    coarse = np.random.default_rng(number).integers(0, 256, (4, 5, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def scenes(begin: int, count: int, side: int = 32) -> Pixels:
    """Return pictures with numbers from `begin`, (count, 3, side, side)."""
    shown = [np.asarray(scene(number, (side, side))) for number in range(begin, begin + count)]
    return np.stack(shown).transpose(0, 3, 1, 2)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """Return the bytes of an image file."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def digests(images: Pixels) -> set[bytes]:
    """Return the pixels of each image, to be compared as sets."""
    return {image.tobytes() for image in images}


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, which need not be there, by their names."""
    return {path.name: path.read_bytes() for path in folder.glob("*")}
