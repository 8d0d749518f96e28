"""CelebA: 202,599 aligned faces of 178x218 pixels (Liu et al., ICCV 2015).

The official split into training, validation and test is kept; it is by identity. `variant` says
what becomes of a face: `whole` squashes all of it to a square, as the published code of Latent
Convolutional Models does (that reduces by scikit-image: here the filter is Pillow's bicubic);
`crop178` takes the central 178x178 first, as later work does; `crop128` is the cutout of 128x128
pixels that progressive GANs were trained on. `stretch`, as in that code, makes the darkest number
of each image 0 and the brightest 255.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesets._celeba import FACES, LICENCE, files, identities, partition
from imagesets._read import FILTER, check_large, chw, read
from priorbench.errors import UserError
from priorbench.pictures import Pictures, Unreadable
from priorbench.raw import home, pictures

LABEL = "CelebA"
IN_FILES = True
OWN_FILES = "img_align_celeba"  # unpacked; else the archive, which can be fetched
FETCHED = True
SIZE = (178, 218)  # pixels of a face
BOXES = {"whole": None, "crop178": (0, 20, 178, 198), "crop128": (25, 57, 153, 185)}


@dataclass(frozen=True)
class Config:
    size: int = 128  # pixels, side of an image
    variant: Literal["whole", "crop178", "crop128"] = "whole"  # LCM's resize, or a cutout first
    stretch: bool = False  # bring the numbers of each image to all of 0 ... 255, as LCM's code
    enlarge: bool = False  # accept pictures that are smaller than `size`
    unreadable: float = 0.0  # greatest share of images that may be damaged


def build(cfg: Config) -> Pictures:
    """Return the faces in the official split; clusters are identities."""
    if cfg.size < 8:
        raise UserError(f"celeba: size {cfg.size} is too small; nearest: 8")
    folder = home("celeba") / OWN_FILES
    files(*() if folder.is_dir() else (FACES,))
    split, person = partition(), identities()
    names = sorted(split)
    opened, verified = faces(len(names))

    def decode(row: int) -> NDArray[np.uint8]:
        face = opened(names[row])
        if face.size != SIZE:
            raise Unreadable(f"{names[row]} has {face.size[0]}x{face.size[1]} pixels")
        # cut out first: resize with a box would look at pixels around it
        part = face.crop(BOXES[cfg.variant] or (0, 0, *face.size))
        check_large(part, cfg.size, cfg.enlarge)
        image = chw(part.resize((cfg.size, cfg.size), Image.Resampling.BICUBIC))
        return stretched(image) if cfg.stretch else image

    return Pictures(
        names=names,
        read=decode,
        split=[split[name] for name in names],
        clusters=[person[name] for name in names],
        card={**card(cfg), "verified": verified},
        shape=(3, cfg.size, cfg.size),
        unreadable=cfg.unreadable,
    )


def faces(count: int) -> tuple[Callable[[str], Image.Image], str]:
    """Return what opens a face by its name, and how the files were verified.

    They are in the user's own folder, or else in the archive.
    """
    folder = home("celeba") / OWN_FILES
    if folder.is_dir():
        found = pictures("celeba", count, "img_align_celeba.zip, unpacked", OWN_FILES)
        return lambda name: read(
            found[0].parent / name
        ), "md5 of the lists; number and sizes of faces"
    archive = ZipFile(files(FACES)[-1])

    def from_archive(name: str) -> Image.Image:
        with archive.open(f"img_align_celeba/{name}") as file:
            return read(file)

    return from_archive, "md5 of the archive and of the lists"


def stretched(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image whose least number is 0 and whose greatest is 255; a flat one as it is."""
    least, greatest = int(image.min()), int(image.max())
    if least == greatest:
        return image
    values = np.rint((np.arange(256.0) - least) * 255 / (greatest - least)).clip(0, 255)
    table: NDArray[np.uint8] = values.astype(np.uint8)
    return table[image]


def card(cfg: Config) -> dict[str, Any]:
    """Return source, licence and rules."""
    box = BOXES[cfg.variant]
    stretch = ", each stretched to 0 ... 255" * cfg.stretch
    cut = "whole images" if box is None else f"the part {box} (left, top, right, bottom)"
    return {
        "source": "CelebA, aligned and cropped (Liu et al., Deep Learning Face Attributes in the "
        "Wild, ICCV 2015)",
        "licence": LICENCE,
        "split_rule": "official, by identity: list_eval_partition.txt",
        "cluster": "person",
        "sampling": f"{cfg.variant}: {cut} to {cfg.size}x{cfg.size} pixels ({FILTER[cfg.enlarge]})"
        f"{stretch}",
    }
