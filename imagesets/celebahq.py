"""CelebA-HQ: 30,000 faces of 1024x1024 pixels (Karras et al., ICLR 2018), from the user's own copy.

No checksum is published: how many there are and how they are numbered, from 0, is checked. They lie
in images/, or in CelebAMask-HQ, in its zip file or unpacked.
`split: celeba` follows CelebA's partition by way of CelebA-HQ-to-CelebA-mapping.txt; `blocks`
takes the first 27,000 for training, the next 1,000 for validation and the last 2,000 for test:
these may share persons.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from imagesets._celeba import LICENCE, identities, partition
from imagesets._read import FILTER, read, square
from priorbench.errors import UserError
from priorbench.pictures import Pictures
from priorbench.raw import File, home, own_file, pictures

LABEL = "CelebA-HQ"
IN_FILES = True
OWN_FILES = "."  # images/ and the mapping, or CelebAMask-HQ.zip, which has both
INSIDE = ("images", "CelebA-HQ-img")
COUNT = 30_000
BLOCKS = {"train": 27_000, "val": 1_000, "test": 2_000}
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
ORIGIN = "0.jpg to 29999.jpg, or CelebAMask-HQ.zip"


@dataclass(frozen=True)
class Config:
    size: int = 256  # pixels, side of an image
    split: Literal["blocks", "celeba"] = "blocks"  # by number, or CelebA's by identity
    enlarge: bool = False  # accept pictures that are smaller than `size`
    unreadable: float = 0.0  # greatest share of images that may be damaged


def build(cfg: Config) -> Pictures:
    """Return the faces; clusters are persons where the mapping to CelebA tells them."""
    if cfg.size < 8:
        raise UserError(f"celebahq: size {cfg.size} is too small; nearest: 8")
    files = pictures("celebahq", COUNT, ORIGIN, *INSIDE)
    for number, file in enumerate(files):
        if not file.stem.isdecimal() or int(file.stem) != number:  # splits are by number
            raise UserError(f"celebahq: {file}, where number {number} is needed ({ORIGIN})")
    split: list[str] = [name for name, count in BLOCKS.items() for _ in range(count)]
    persons = None
    if cfg.split == "celeba":
        split, persons = by_identity()

    def decode(row: int) -> NDArray[np.uint8]:
        return square(read(files[row]), cfg.size, cfg.enlarge)

    return Pictures(
        names=[file.name for file in files],
        read=decode,
        split=split,
        clusters=persons,
        card=card(cfg),
        shape=(3, cfg.size, cfg.size),
        unreadable=cfg.unreadable,
    )


def by_identity() -> tuple[list[str], list[str]]:
    """Return CelebA's split, and the person, of each face."""
    if (path := own_file("celebahq", MAPPING)) is None:
        wanted = home("celebahq") / MAPPING
        raise UserError(f"celebahq: `split: celeba` needs {wanted} (it comes with CelebAMask-HQ)")
    names = originals(path)
    if list(names) != [str(number) for number in range(COUNT)]:
        raise UserError(f"celebahq: {path} does not list the images 0 to {COUNT - 1} in order")
    split, persons = partition(), identities()
    if strange := sorted(set(names.values()) - set(split)):
        raise UserError(f"celebahq: {path}: {strange[0]} is no image of CelebA")
    return [split[name] for name in names.values()], [persons[name] for name in names.values()]


def originals(path: File) -> dict[str, str]:
    """Return, by the number of a face, the file in CelebA that it comes from.

    They are the first and the last column, below a header.
    """
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    rows = [line.split() for line in lines if line.strip()]
    return {row[0]: row[-1] for row in rows}


def card(cfg: Config) -> dict[str, Any]:
    """Return source, licence and rules."""
    rules = {
        "blocks": "by number: 27,000 training, 1,000 validation, 2,000 test; persons may be shared",
        "celeba": f"that of CelebA, by identity ({MAPPING})",
    }
    return {
        "source": "CelebA-HQ (Karras et al., Progressive Growing of GANs, ICLR 2018)",
        "licence": f"CC BY-NC 4.0; its faces are CelebA's: {LICENCE}",
        "verified": "number and names of the files; no checksum is published",
        "split_rule": rules[cfg.split],
        "cluster": "person" if cfg.split == "celeba" else "image (persons are not told)",
        "disjoint_clusters": True if cfg.split == "celeba" else None,
        "sampling": f"{cfg.size}x{cfg.size} pixels ({FILTER[cfg.enlarge]})",
    }
