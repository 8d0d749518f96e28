"""Classic test sets: a few pictures of many sizes, to be tested on and never learned from."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesets._read import chw, read
from priorbench.errors import UserError, nearest
from priorbench.pictures import Pictures, Unreadable
from priorbench.raw import File, pictures

Size = tuple[int, int]  # width, height
MULTIPLE = {"div32": 32, "mod8": 8, "whole": 1}
ALIASES = {"lena": "lenna", "peppers": "pepper"}  # names that pictures have elsewhere
RULES = {
    "div32": "sides cropped around the centre to multiples of 32 (Deep Image Prior's protocol)",
    "mod8": "cropped at the right and below to multiples of 8 (that of super-resolution papers)",
    "whole": "as published",
}


@dataclass(frozen=True)
class Config:
    """What is kept of each picture."""

    fit: Literal["div32", "mod8", "whole"] = "div32"  # sides to multiples: DIP's, SR papers', none
    crop: int = 0  # pixels: only the central square, for methods that need one size
    only: tuple[str, ...] = ()  # pictures, by the names of their files; empty: all


def own_files(
    imageset: str, sizes: Mapping[str, Size], pixels: Mapping[str, str], origin: str
) -> tuple[list[File], dict[str, Any]]:
    """Return the user's files of a set whose pictures have names, and for the card what was found.

    sizes, pixels (sha256 in RGB, of the copies compared with): by the name of a file in small
    letters, without its suffix and without "_gt". There have to be all, and no other.
    """
    files = pictures(imageset, len(sizes), origin)
    found = {shown(file): file for file in files}
    if strange := sorted(set(found) - set(sizes)):
        raise UserError(f"{imageset}: {found[strange[0]]} is none of its pictures ({origin})")
    if absent := [name for name in sizes if name not in found]:
        folder = next(iter(found.values())).parent
        raise UserError(f"{imageset}: {folder} has no picture {absent[0]} ({origin})")
    others = []
    for name, size in sizes.items():
        image = opened(imageset, found[name], (size,))
        if hashlib.sha256(image.tobytes()).hexdigest() != pixels[name]:
            others.append(name)
    verified = "names, sizes and pixels (sha256)"
    if others:
        verified = f"names and sizes; pixels other than those known: {', '.join(others)}"
    return [found[name] for name in sizes], {"verified": verified, "known_pixels": not others}


def numbered_files(
    imageset: str, count: int, size: Size, origin: str, *inside: str, grey: bool = False
) -> tuple[list[File], str]:
    """Return the user's files of a set whose pictures are numbered, each way otherwise.

    Some may lie on their side. Also returned: how they were verified. inside: as `pictures` has it.
    """
    files = pictures(imageset, count, origin, *inside)
    seen: dict[bytes, File] = {}
    for file in files:
        image = opened(imageset, file, (size, size[::-1]))
        if grey and np.ptp(chw(image), axis=0).any():
            raise UserError(f"{imageset}: {file} is in colour ({origin})")
        if (twin := seen.setdefault(hashlib.sha256(file.read_bytes()).digest(), file)) != file:
            raise UserError(f"{imageset}: {file} equals {twin.name} ({origin})")
    return files, f"{count} different files, sizes"


def opened(imageset: str, file: File, sizes: Collection[Size]) -> Image.Image:
    """Return the picture in a file; UserError where it is no image of one of `sizes`."""
    try:
        image = read(file)
    except Unreadable as error:
        raise UserError(f"{imageset}: {file} cannot be read as an image ({error})") from error
    if image.size not in sizes:
        told = " or ".join(f"{width}x{height}" for width, height in sizes)
        raise UserError(f"{imageset}: {file} has {image.width}x{image.height} pixels, not {told}")
    return image


def shown(file: File) -> str:
    """Return the name of the picture in a file: "butterfly" of Butterfly_GT.png."""
    return named(file.stem.lower().removesuffix("_gt"))


def named(name: str) -> str:
    """Return the name of a picture as the set has it: "lenna" of Lena."""
    return ALIASES.get(name.lower(), name.lower())


def classic(
    files: Sequence[File],
    cfg: Config,
    *,
    source: str,
    licence: str,
    verified: str,
    known_pixels: bool | None = None,
) -> Pictures:
    """Return the pictures of a test set; with `crop` their central squares, all of one size.

    known_pixels: whether they are those of the copies compared with; None: none were.
    """
    crop, kept = cfg.crop, {named(name) for name in cfg.only}
    names = [shown(file) for file in files]
    if unknown := sorted(kept - {*names}):
        raise UserError(f"only: no picture `{unknown[0]}`; {nearest(unknown[0], names)}")
    files = [file for file in files if not kept or shown(file) in kept]
    if crop and (crop < 8 or crop % 8):
        raise UserError(
            f"crop: {crop}: 0, or a multiple of 8 is needed; nearest: {max(8, round(crop / 8) * 8)}"
        )

    def decode(row: int) -> NDArray[np.uint8]:
        image = read(files[row])
        if not crop:
            return chw(image.crop(box(image.size, cfg.fit)))
        if min(image.size) < crop:
            raise UserError(f"crop: {files[row]} has {image.size[0]}x{image.size[1]} pixels only")
        left, top = ((side - crop) // 2 for side in image.size)
        return chw(image.crop((left, top, left + crop, top + crop)))

    sampling = f"the central {crop}x{crop} pixels" if crop else RULES[cfg.fit]
    return Pictures(
        names=[file.name for file in files],
        read=decode,
        split=["test"] * len(files),
        clusters=[file.stem for file in files],
        card={
            "split_rule": "all for test: there is nothing to learn from",
            "cluster": "picture",
            "sampling": f"{sampling}; RGB" + f"; only {', '.join(sorted(kept))}" * bool(kept),
            "source": source,
            "licence": licence,
            "verified": verified,
            **({} if known_pixels is None else {"known_pixels": known_pixels}),
        },
        shape=(3, crop, crop) if crop else None,
    )


def box(size: Size, fit: str) -> tuple[int, int, int, int]:
    """Return the part of a picture that a protocol keeps: left, top, right, bottom."""
    width, height = (side - side % MULTIPLE[fit] for side in size)
    left, top = ((size[0] - width) // 2, (size[1] - height) // 2) if fit == "div32" else (0, 0)
    return left, top, left + width, top + height
