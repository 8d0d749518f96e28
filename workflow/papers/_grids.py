"""Pictures of an experiment as a paper arranges them, with gaps that say what was not run."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from priorbench.images import mean_psnr
from workflow.figures._style import Line, Picture, pictures, said
from workflow.papers._measured import NOT_RUN
from workflow.rendering import Cell, Row, Table

COLUMNS = ["row", "column", "quantity", "value"]
PSNR = "PSNR [dB]"
# what a picture is compared with, given the lines, and the place of its line and its own in it
Origin = Callable[[Sequence[Line], int, int], Picture | None]


def draw_grid(lines: Sequence[Line], columns: Sequence[str] = ()) -> Figure:
    """Return the grid, or what says that there is none."""
    if not any(picture is not None for line in lines for picture in line.pictures):
        return said(NOT_RUN)
    return pictures(lines, columns)


def gap(label: str, reason: str) -> Line:
    """Return a line without pictures that says why."""
    return Line(label, [None], f"{NOT_RUN}: {reason}")


def first_of_line(lines: Sequence[Line], line: int, place: int) -> Picture | None:
    """Return the picture at the left: the original of restorations."""
    return lines[line].pictures[0] if place else None


def first_of_column(lines: Sequence[Line], line: int, place: int) -> Picture | None:
    """Return the picture at the top: the original of reconstructions."""
    top = lines[0].pictures
    return top[place] if line and place < len(top) else None


def table(
    name: str,
    title: str,
    lines: Sequence[Line],
    columns: Sequence[str],
    origin: Origin,
    notes: Sequence[str],
) -> Table:
    """Return the PSNR of each picture against its origin, a line per row of pictures."""
    rows: list[Row] = []
    data = []
    for number, line in enumerate(lines):
        values = [_psnr(lines, number, place, origin) for place in range(len(columns))]
        label = line.label or f"{rows[-1].label.partition(', ')[0]}, next image"
        texts = [f"{value:.2f}" if np.isfinite(value) else "" for value in values]
        told = "not run" if line.aside.startswith(NOT_RUN) else ""
        rows.append(Row(label, tuple(Cell(text or told) for text in texts)))
        data += [(label, c, PSNR, v) for c, v in zip(columns, values, strict=True)]
    return Table(
        name=name,
        title=title,
        columns=tuple(columns),
        groups=(tuple(rows),) if rows else (),
        notes=tuple(notes),
        data=pd.DataFrame(data, columns=COLUMNS),
    )


def _psnr(lines: Sequence[Line], line: int, place: int, origin: Origin) -> float:
    row = lines[line].pictures
    picture, other = row[place] if place < len(row) else None, origin(lines, line, place)
    if picture is None or other is None:
        return float("nan")
    return mean_psnr(picture[None], other[None])
