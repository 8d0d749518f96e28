"""What every figure of a paper is: a picture with a title and a caption, and its numbers."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from priorbench.errors import UserError
from priorbench.files import write_text
from priorbench.registry import ROOT
from workflow import rendering
from workflow.figures._style import DPI, INK, LEADING, NORMAL, SMALL, save, text_width
from workflow.rendering import Table

LEAST_WIDTH = 5.0  # inches of a page: narrower captions are hard to read
MARGIN = 0.06  # inches
WRITERS = {".csv": rendering.csv, ".md": rendering.markdown, ".tex": rendering.latex}


@dataclass(frozen=True)
class Paper:
    """A figure, and the table of the numbers in it, whose title and notes stand at the figure."""

    figure: Figure
    table: Table


def published(source: str) -> pd.DataFrame:
    """Return the rows of a file of published numbers, words as they stand there."""
    path = ROOT / "published" / f"{source}.csv"
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    return table.astype({"value": float})


def write(paper: Paper, path: Path) -> None:
    """Write the picture as PNG at `path` and as PDF beside it, its numbers as CSV, MD and TeX."""
    save(paper.figure, path, captioned(paper))
    for suffix, text in WRITERS.items():
        write_text(path.with_suffix(suffix), text(paper.table))


def captioned(paper: Paper) -> Bbox:
    """Put the title above and the notes below the figure; return the page, in whole dots."""
    figure, table = paper.figure, paper.table
    width, height = figure.get_size_inches()
    page = max(width, LEAST_WIDTH)
    title = _wrapped(table.title, 1.1 * NORMAL, page)  # bold letters are wider
    notes = "\n".join(_wrapped(note, SMALL, page) for note in table.notes)
    above = _inches(title, NORMAL) + 2 * MARGIN
    below = _inches(notes, SMALL) + 2 * MARGIN
    style: Any = {"linespacing": LEADING, "color": INK, "ha": "left"}
    figure.text(
        MARGIN / width, 1 + MARGIN / height, title, va="bottom", weight="bold", size=NORMAL, **style
    )
    figure.text(MARGIN / width, -MARGIN / height, notes, va="top", size=SMALL, **style)
    dots = [round(side * DPI) / DPI for side in (-below, page, height + above)]
    return Bbox([[0, dots[0]], [dots[1], dots[2]]])


def _wrapped(text: str, size: float, page: float) -> str:
    """Break lines so that they fit on the page, by the mean width of the text's own letters."""
    letter = text_width(text, size) / max(1, len(text))
    return "\n".join(wrap(text, max(20, int((page - 2 * MARGIN) / letter) - 4)))


def _inches(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * LEADING / 72
