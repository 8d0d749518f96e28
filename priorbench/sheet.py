"""A contact sheet of an image set, for the eye: as a PNG, and as coloured text in a terminal."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from priorbench.images import Gallery

GAP = 4  # pixels between pictures
LINE = 16  # pixels of a line of text
GROUND, INK = (255, 255, 255), (34, 34, 34)


def contact_sheet(rows: Mapping[str, Gallery], side: int) -> Image.Image:
    """Return pictures (3, h, w) in rows with a title each, of at most `side` pixels.

    Small ones are enlarged, by a whole number.
    """
    rows = {title: pictures for title, pictures in rows.items() if len(pictures)}
    columns = max(len(pictures) for pictures in rows.values())
    size = (columns * (side + GAP) + GAP, len(rows) * (side + LINE + 2 * GAP))
    sheet = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(sheet)
    for row, (title, pictures) in enumerate(rows.items()):
        top = row * (side + LINE + 2 * GAP)
        pen.text((GAP, top + 2), title, INK)
        for column, pixels in enumerate(pictures):
            picture = Image.fromarray(pixels.transpose(1, 2, 0))
            times = max(1, side // max(picture.size))
            picture = picture.resize([times * n for n in picture.size], Image.Resampling.NEAREST)
            picture.thumbnail((side, side), Image.Resampling.BICUBIC)
            sheet.paste(picture, (GAP + column * (side + GAP), top + LINE + GAP))
    return sheet


def as_text(sheet: Image.Image, columns: int) -> str:
    """Return a picture as text `columns` wide: each sign is two pixels, one above the other."""
    height = 2 * round(sheet.height * columns / sheet.width / 2)
    small = np.asarray(sheet.resize((columns, max(2, height)), Image.Resampling.BOX))
    lines = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        signs = (
            "\x1b[38;2;{};{};{};48;2;{};{};{}m▀".format(*above, *below)
            for above, below in zip(upper.tolist(), lower.tolist(), strict=True)
        )
        lines.append("".join(signs) + "\x1b[0m")
    return "\n".join(lines)
