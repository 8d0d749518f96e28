"""Published numbers on the left, measured ones on the right: a row of two panels per quantity."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import GREY, WIDTH, colour
from workflow.figures.bars import Bar, panel
from workflow.quality import marked, number
from workflow.rendering import Cell, Row, Table
from workflow.summaries import Line, digits

HEIGHT = 1.7  # inches of a panel
TIGHT = 7  # bars of a panel; with more, numbers stand upright
COLUMNS = [
    *("quantity", "source", "kind", "name", "row", "mean", "low", "high", "seeds", "images"),
    *("clusters", "excluded", "unit", "protocol"),
]


@dataclass(frozen=True)
class Entry:
    """A number: what the paper calls it, and the row of the config that measured it."""

    name: str
    line: Line
    row: str = ""
    mark: str = ""  # of a row that was cut short or diverged


@dataclass(frozen=True)
class Side:
    """One panel: methods, controls, and what has to be known of the numbers."""

    unit: str  # with an arrow to the better side
    protocol: str
    methods: list[Entry] = field(default_factory=list)
    controls: list[Entry] = field(default_factory=list)
    gap: str = ""  # why there is nothing


@dataclass(frozen=True)
class Quantity:
    """What was published and what was measured."""

    name: str
    published: Side
    measured: Side
    alike: bool = False  # by the same protocol, on one axis
    from_zero: bool = False


def plain(value: float, *, control: bool = False) -> Line:
    """Return a number that has nothing but its value."""
    return Line(value, np.nan, np.nan, np.nan, "", 0, 0, 0, False, False, control)


def theirs(rows: pd.DataFrame, unit: str, controls: Collection[str] = ()) -> Side:
    """Return the side of published rows; `controls` are labels of those that are no methods."""
    values = dict(zip(rows["label"], rows["value"], strict=True))
    entries = [Entry(n, plain(value, control=n in controls)) for n, value in values.items()]
    return Side(
        unit=unit,
        protocol="; ".join(dict.fromkeys(rows["protocol"])),
        methods=[entry for entry in entries if not entry.line.control],
        controls=[entry for entry in entries if entry.line.control],
    )


def draw_pairs(results: Results, imageset: str, quantities: Sequence[Quantity]) -> Figure:
    """Return two panels per quantity."""
    figure = Figure(figsize=(WIDTH, HEIGHT * len(quantities)), layout="constrained")
    shades = {
        entry.name: colour(results, entry.row)
        for quantity in quantities
        for entry in reversed(quantity.measured.methods)
    }
    places = figure.subplots(len(quantities), 2, squeeze=False)
    for row, quantity in zip(places, quantities, strict=True):
        sides = quantity.published, quantity.measured
        for axes, side, how in zip(row, sides, ("published", "measured"), strict=True):
            axes.set_title(f"{quantity.name}: {how}", weight="bold")
            axes.set_ylabel(side.unit.replace(" (", "\n("))
            if side.gap:
                _empty(axes, side.gap)
                continue
            rows = [entry.row for entry in side.methods]
            bars = [
                _bar(results, imageset, entry, shades, again=entry.row in rows[:place])
                for place, entry in enumerate(side.methods)
            ]
            controls = {entry.name: entry.line for entry in side.controls}
            both = [e.line for s in sides for e in (*s.methods, *s.controls)]
            beside = both if quantity.alike else ()
            zero = quantity.from_zero
            panel(axes, bars, controls, upright=len(bars) > TIGHT, beside=beside, from_zero=zero)
    return figure


def _bar(
    results: Results, imageset: str, entry: Entry, shades: dict[str, str], *, again: bool
) -> Bar:
    """Return a bar; where a row has one already, the label of the next says what it is."""
    if not entry.row:
        return Bar(entry.name, shades.get(entry.name, GREY), entry.line)
    label = marked(results, imageset, entry.row)[0]
    which = f", {entry.name}" if again and entry.name != label else ""
    return Bar(f"{label}{which}", colour(results, entry.row), entry.line)


def _empty(axes: Axes, reason: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    style: Any = {"ha": "center", "va": "center", "color": GREY}
    axes.text(0.5, 0.5, fill(reason, 44), transform=axes.transAxes, **style)


def table(name: str, title: str, quantities: Sequence[Quantity], notes: Sequence[str]) -> Table:
    """Return the numbers of a figure: names down, each quantity published and measured across."""
    sides = [(q, how, getattr(q, how)) for q in quantities for how in ("published", "measured")]
    groups = []
    for kind in ("methods", "controls"):
        found = dict.fromkeys((e.name, e.row) for _, _, side in sides for e in getattr(side, kind))
        measured = {name for name, row in found if row}
        keys = [key for key in found if key[1] or key[0] not in measured]
        groups.append(tuple(_row(key, keys, kind, sides) for key in keys))
    return Table(
        name=name,
        title=title,
        columns=tuple(f"{q.name}, {how}" for q, how, _ in sides),
        groups=tuple(group for group in groups if group),
        notes=tuple(notes),
        data=pd.DataFrame(list(_data(sides)), columns=COLUMNS),
    )


def _row(
    key: tuple[str, str],
    keys: Sequence[tuple[str, str]],
    kind: str,
    sides: Sequence[tuple[Quantity, str, Side]],
) -> Row:
    name, row = key
    cells = []
    for _, _, side in sides:
        lines = [entry.line for entry in (*side.methods, *side.controls)]
        decimals = digits(line.mean for line in lines)
        found = [e.line for e in getattr(side, kind) if e.name == name and e.row in (row, "")]
        gap = "not run" if side.gap or kind == "methods" else ""
        cells.append(number(found[0], decimals) if found else Cell(gap))
    several = [other for other in keys if other[0] == name][1:]
    mark = next((e.mark for _, _, s in sides for e in s.methods if row and e.row == row), "")
    return Row(f"{name}{mark} ({row})" if several else f"{name}{mark}", tuple(cells), bool(mark))


def _data(sides: Sequence[tuple[Quantity, str, Side]]) -> Iterator[dict[str, Any]]:
    for quantity, how, side in sides:
        told = {"quantity": quantity.name, "source": how, "unit": side.unit}
        told["protocol"] = side.protocol
        for kind, entries in (("method", side.methods), ("control", side.controls)):
            for entry in entries:
                counted = entry.line.images > 0
                yield {
                    **told,
                    **{
                        key: getattr(entry.line, key) for key in ("mean", "low", "high", "excluded")
                    },
                    **{
                        key: getattr(entry.line, key) if counted else ""
                        for key in ("seeds", "images", "clusters")
                    },
                    "kind": kind,
                    "name": entry.name,
                    "row": entry.row,
                }
