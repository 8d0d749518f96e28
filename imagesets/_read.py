"""Any image file to RGB pixels."""

import struct
import zipfile
import zlib
from errno import EACCES, EIO, EMFILE, ENFILE, ENOENT, ENOMEM, ESTALE
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from priorbench import packed
from priorbench.errors import UserError
from priorbench.pictures import TooSmall, Unreadable

# what Pillow raises on files that are damaged, cut short, empty or no images at all
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    TypeError,
    LookupError,
    ArithmeticError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    Image.DecompressionBombError,
)
# errors that no damage is to blame for
MACHINE = (EACCES, EIO, EMFILE, ENFILE, ENOENT, ENOMEM, ESTALE)
GREY_16 = ("I;16", "I;16L", "I;16B", "I;16N", "I")  # Pillow's names for 16 bits of grey
WHITE = (255, 255, 255, 255)
# how pictures are brought to a size, by whether they may be enlarged
FILTER = {
    False: "bicubic, antialiased",
    True: "bicubic, antialiased; smaller pictures are enlarged",
}


def read(file: Path | zipfile.Path | IO[bytes]) -> Image.Image:
    """Return the upright picture in RGB, 8 bits: transparency on white, 16 bits rounded to 8.

    file: where it lies, be it in an archive, or its bytes. Raises Unreadable where the file is
    damaged, no image, or of grey values without a range; UserError where the machine failed.
    """
    try:
        return _read(BytesIO(packed.content(file)) if isinstance(file, zipfile.Path) else file)
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno in MACHINE:
            raise UserError(f"{file}: {error.strerror}") from error
        raise Unreadable(str(error)) from error


def _read(path: Path | IO[bytes]) -> Image.Image:
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
        image.load()
    if image.mode == "I" and 0 < np.asarray(image).max() < 256:
        raise ValueError("grey values of 32 bits, all below 256: 8 bits of range, or 16")
    if image.mode in GREY_16:
        return _from_grey(np.asarray(image, np.int64)).convert("RGB")
    if image.mode == "F":
        raise ValueError("grey values in floating point")
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colour.size, WHITE), colour)
    return image.convert("RGB")


def square(image: Image.Image, size: int, enlarge: bool) -> NDArray[np.uint8]:
    """Return the central square, its side brought to `size`: uint8 (3, size, size).

    Raises TooSmall where that would enlarge it, unless `enlarge`.
    """
    check_large(image, size, enlarge)
    return chw(ImageOps.fit(image, (size, size), method=Image.Resampling.BICUBIC))


def check_large(image: Image.Image, size: int, enlarge: bool) -> None:
    """Raise TooSmall where a side is shorter than `size` pixels, unless `enlarge`."""
    if min(image.size) < size and not enlarge:
        sides = f"{image.width}x{image.height} pixels"
        raise TooSmall(f"{sides}, smaller than {size}; `enlarge: true` accepts it")


def chw(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of a picture in RGB: uint8 (3, h, w)."""
    return np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))


def _from_grey(values: NDArray[np.int64]) -> Image.Image:
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("grey values of more than 16 bits")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))
