"""How every figure looks: sizes, type, one colour per method, pixels that stay square."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from priorbench.results import Results

DPI = 200
WIDTH = 7.0  # inches: a page of text; a column is half of it
SMALL, NORMAL = 6.0, 7.0  # points
GREY, INK = "#8a8a8a", "#222222"
# Paul Tol's muted set (its yellow darkened), told apart by colour-blind readers; then three more,
# which markers and labels tell apart
PALETTE = (
    *("#332288", "#cc6677", "#117733", "#d9a441", "#88ccee"),
    *("#882255", "#44aa99", "#999933", "#aa4499", "#777777", "#7a4b21", "#111111"),
)
MARKERS = "osD^vP*Xhp<>"
RC: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": NORMAL,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "hatch.linewidth": 0.5,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "pdf.fonttype": 42,  # text stays text
}
LEADING = 1.2  # line spacing
GAP = 4  # pixels between pictures
ASIDE = 34  # letters in a line said aside
COLUMNS = 3  # panels in a row
CELL = 0.5  # inches: about the side of a picture
Picture = NDArray[np.uint8]


def colour(results: Results, method: str) -> str:
    """Return the colour of a method: by its place in the config, the same in every figure."""
    return PALETTE[list(results.experiment.methods).index(method) % len(PALETTE)]


def marker(results: Results, method: str) -> str:
    """Return the marker of a method."""
    return MARKERS[list(results.experiment.methods).index(method) % len(MARKERS)]


def save(figure: Figure, path: Path, box: Bbox | None = None) -> None:
    """Write a figure as PNG at `path` and as PDF beside it; the same figure, the same bytes.

    box: what is written, in inches of the figure, where that is more or less than all of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path.with_suffix(".png"), metadata={"Software": None}, bbox_inches=box)
    undated = {"CreationDate": None, "Creator": None, "Producer": None}
    figure.savefig(path.with_suffix(".pdf"), metadata=undated, bbox_inches=box)


def text_width(text: str, size: float) -> float:
    """Return the width of the longest line of `text`, in inches, with a little to spare."""
    lines = [line for line in text.split("\n") if line.strip()]
    widths = [TextPath((0, 0), line, size=size).get_extents().width for line in lines]
    return 1.04 * float(max(widths, default=0)) / 72


def said(message: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = Figure(figsize=(WIDTH / 2, 0.5))
    figure.text(0.5, 0.5, message, ha="center", va="center", color=GREY)
    return figure


def panels(count: int, height: float, *, share: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure of `count` panels, `height` inches each, three in a row; `share` axes."""
    columns = min(COLUMNS, count)
    lines = -(-count // columns)
    figure = Figure(figsize=(WIDTH, height * lines), layout="constrained")
    found = list(figure.subplots(lines, columns, squeeze=False, sharex=share, sharey=share).ravel())
    for axes in found[count:]:
        axes.axis("off")
    return figure, found[:count]


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Move `heights` apart as little as needed to be `gap` from each other; the order stays."""
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(order))
    # apart by the gap means: ascending once the gaps are taken away
    apart = np.empty(len(order))
    apart[order] = isotonic_regression(np.asarray(heights, float)[order] - steps).x + steps
    return [float(height) for height in apart]


@dataclass(frozen=True)
class Line:
    """A row of pictures; None leaves a place empty. `aside` is said in grey below the label."""

    label: str
    pictures: Sequence[Picture | None]
    aside: str = ""
    first: bool = False  # of a group: a wider gap above


def pictures(lines: Sequence[Line], columns: Sequence[str] = ()) -> Figure:
    """Return a grid of pictures (3, h, w), each pixel a square of whole dots."""
    lines = [replace(line, aside=fill(line.aside, ASIDE)) for line in lines]
    side = max(p.shape[1] for line in lines for p in line.pictures if p is not None)
    times = max(1, round(CELL * DPI / side))
    cell, count = times * side, max(len(line.pictures) for line in lines)
    left = round(DPI * (0.1 + max(_label_width(line) for line in lines)))
    tilted = any(text_width(name, NORMAL) * DPI > cell for name in columns)
    columns = [fill(name, 16) for name in columns]
    head, overhang = _head(columns, cell, tilted)
    tops, top = [], head
    for number, line in enumerate(lines):
        top += 3 * GAP if line.first and number else GAP
        tops.append(top)
        top += cell
    width, height = left + count * (cell + GAP) + overhang, top + GAP
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    canvas = np.full((height, width, 3), 255, np.uint8)
    for line, top in zip(lines, tops, strict=True):
        for place, picture in enumerate(line.pictures):
            if picture is not None:
                start = left + place * (cell + GAP)
                dots = enlarged(picture, times)
                canvas[top : top + len(dots), start : start + dots.shape[1]] = dots
        middle = 1 - (top + cell / 2) / height
        _label(figure, line, (left - 0.05 * DPI) / width, middle)
    # one image for all: an axes for each takes seconds
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.imshow(canvas, interpolation="nearest", aspect="auto")
    for place, name in enumerate(columns):
        x = (left + place * (cell + GAP) + cell * (0.35 if tilted else 0.5)) / width
        align = {"ha": "left", "rotation": 40} if tilted else {"ha": "center"}
        figure.text(x, 1 - head / height, name, va="bottom", rotation_mode="anchor", **align)
    return figure


def central(picture: Picture, side: int) -> Picture:
    """Return the central square of a picture, of `side` pixels at most."""
    top, left = (max(0, (length - side) // 2) for length in picture.shape[1:])
    return picture[:, top : top + side, left : left + side]


def _label_width(line: Line) -> float:
    return max(text_width(line.label, NORMAL), text_width(line.aside, SMALL))


def _head(columns: Sequence[str], cell: int, tilted: bool) -> tuple[int, int]:
    """Return the height of the column names, and how far the last leans out at the right."""
    if not columns:
        return 0, GAP
    if not tilted:
        return round(0.14 * DPI), GAP
    longest = max(text_width(name, NORMAL) for name in columns)
    lean = round(DPI * text_width(columns[-1], NORMAL) * np.cos(np.radians(40)) - 0.6 * cell)
    return round(DPI * (0.15 + longest * np.sin(np.radians(40)))), max(GAP, lean)


def enlarged(picture: Picture, times: int) -> Picture:
    """Repeat each pixel `times` by `times`: (3, h, w) -> (times h, times w, 3)."""
    return picture.transpose(1, 2, 0).repeat(times, 0).repeat(times, 1)


def _label(figure: Figure, line: Line, x: float, y: float) -> None:
    """Write a row's label, and below it in grey what is said aside, together centred at y."""
    if not line.aside:
        figure.text(x, y, line.label, ha="right", va="center")
        return
    height = figure.get_figheight() * 72 / LEADING  # points
    below = (line.aside.count("\n") + 1) * SMALL / height
    middle = y + (below - NORMAL / height) / 2
    figure.text(x, middle, line.label, ha="right", va="bottom")
    style: Any = {"color": GREY, "size": SMALL, "linespacing": LEADING}
    figure.text(x, middle, line.aside, ha="right", va="top", **style)


def plain_log(axis: Axis) -> None:
    """Write out the numbers of a logarithmic axis: 0.05, 0.1, 0.2, as many as there is room."""
    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    between = (1, 2, 3, 5) if decades < 0.8 else (1, 2, 5) if decades < 2.2 else (1,)
    axis.set_major_locator(LogLocator(subs=between))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def ticks() -> MaxNLocator:
    """Return about five round numbers for an axis."""
    return MaxNLocator(5, steps=[1, 2, 5, 10])
