"""Scores as bars (LCM post, figure 4): a panel per task, dashed lines for the controls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from priorbench.results import Results
from workflow.figures._style import GREY, INK, NORMAL, SMALL, WIDTH, colour, said, spread, ticks
from workflow.quality import GAP, marked
from workflow.summaries import (
    REPRESENT,
    Line,
    digits,
    headline,
    is_per_image,
    metric_label,
    summary,
    task_label,
    tasks_scored,
)

CAPTION = (
    "Means with 95 % intervals; dashed: degraded input and naive inverses; hatched: stopped by "
    "the budget before a plateau. An axis in dB has no zero and begins where it suits."
)
HEIGHT = 1.55  # inches of a panel
TIGHT = 10  # bars across the figure; with more, numbers stand upright
CROWDED = 10  # bars of a panel; with more, their labels do too


def draw(results: Results, imageset: str) -> Figure:
    """Return panels: a row per task, a column per metric (the first, and a perceptual one)."""
    metrics = chosen_metrics(results, imageset)
    tasks = (
        [t for t in tasks_scored(results, imageset, metrics[0]) if t != REPRESENT]
        if metrics
        else []
    )
    if not tasks:
        return said("nothing was scored")
    bars = len(results.experiment.methods_of(imageset))
    below = 1.2 if bars > CROWDED else 0.6  # inches for labels
    figure = Figure(figsize=(WIDTH, HEIGHT * len(tasks) + below), layout="constrained")
    upright = len(metrics) * bars > TIGHT
    panels = figure.subplots(len(tasks), len(metrics), squeeze=False, sharex=True)
    for row, task in zip(panels, tasks, strict=True):
        for axes, metric in zip(row, metrics, strict=True):
            region = headline(results, imageset, metric, task)
            lines = summary(results, imageset, metric, task, region)
            drawn = [
                bar(results, imageset, m, lines) for m in results.experiment.methods_of(imageset)
            ]
            panel(axes, drawn, controls_of(lines), upright=upright)
            axes.set_title(f"{task_label(results, task)}, {region}", weight="bold")
            # a long name, with what it depends on in brackets, would leave its panel
            axes.set_ylabel(metric_label(results, imageset, metric).replace(" (", "\n("))
    return figure


def chosen_metrics(results: Results, imageset: str) -> list[str]:
    """Return the first metric, and the first that needs weights (a perceptual one) if scored."""
    scored = [
        metric
        for metric in results.experiment.metrics
        if is_per_image(results, metric)
        and results.scores(imageset=imageset, metric=metric)["value"].notna().any()
    ]
    about = results.experiment.metrics
    perceptual = [m for m in scored[1:] if about[m].about.constants.get("WEIGHTS")]
    return scored[:1] + perceptual[:1]


def controls_of(lines: dict[str, Line]) -> dict[str, Line]:
    """Return those of a column's lines that are controls."""
    return {name: line for name, line in lines.items() if line.control}


@dataclass(frozen=True)
class Bar:
    """A bar with its label and colour; without a line a gap."""

    label: str
    shade: str
    line: Line | None


def bar(results: Results, imageset: str, method: str, lines: dict[str, Line]) -> Bar:
    """Return the bar of a method in a column."""
    label = marked(results, imageset, method)[0]
    return Bar(label, colour(results, method), lines.get(method))


def panel(
    axes: Axes,
    bars: Sequence[Bar],
    controls: dict[str, Line],
    *,
    upright: bool,
    beside: Iterable[Line] = (),
    from_zero: bool = False,
) -> None:
    """Draw bars with their intervals, and dashed lines for controls, whose names stand aside.

    upright: numbers stand so. beside: lines of other panels that share the axis of values.
    from_zero: also where values are large, as those in dB are.
    """
    lines = [bar.line for bar in bars if bar.line] + list(controls.values())
    decimals = digits(line.mean for line in lines)
    bottom, top = _limits([*lines, *beside], 0.3 if upright else 0.14, from_zero)
    axes.set_ylim(bottom, top)
    axes.yaxis.set_major_locator(ticks())
    axes.set_xlim(-0.6, len(bars) - 0.4)
    for place, bar in enumerate(bars):
        if bar.line is None:
            axes.text(place, bottom, GAP, ha="center", va="bottom", color=GREY)
            continue
        line = bar.line
        face, hatch = ("white", "/////") if line.excluded else (bar.shade, "")
        axes.bar(
            place,
            line.mean - bottom,
            0.74,
            bottom,
            edgecolor=bar.shade,
            facecolor=face,
            hatch=hatch,
        )
        if line.has_interval:
            axes.vlines(place, line.low, line.high, color=INK, linewidth=0.8)
        axes.annotate(
            f"{line.mean:.{decimals}f}",
            (place, line.high if line.has_interval else line.mean),
            (0, 1.5 if line.has_interval else 2.5),
            textcoords="offset points",
            ha="center",
            size=SMALL - 0.5,
            rotation=90 if upright else 0,
            color=GREY if line.excluded else INK,
            weight="bold" if line.bold else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        )
    means = {name: line.mean for name, line in controls.items()}
    _control_lines(axes, means, (bottom, top), decimals)
    if len(bars) > CROWDED:
        axes.set_xticks(range(len(bars)), [bar.label for bar in bars], rotation=90)
    else:
        labels = [fill(bar.label, 16) for bar in bars]
        axes.set_xticks(range(len(bars)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0, labelsize=NORMAL)


def _limits(lines: Sequence[Line], room: float, from_zero: bool) -> tuple[float, float]:
    """Bars of small quantities begin at zero; `room` is left for the numbers, of the height."""
    values = [value for line in lines for value in (line.mean, line.low, line.high)]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    bottom = min(0.0, low) if low < 5 or from_zero else 5 * float(np.floor((low - 1) / 5))
    return bottom, high + room * (high - bottom)


def _control_lines(
    axes: Axes, controls: dict[str, float], limits: tuple[float, float], decimals: int
) -> None:
    """Draw a dashed line per control; their names stand beside the panel, apart."""
    heights = spread(list(controls.values()), 0.1 * (limits[1] - limits[0]))
    for (name, mean), height in zip(controls.items(), heights, strict=True):
        axes.axhline(mean, color=GREY, linestyle=(0, (4, 2)), linewidth=0.8, zorder=0.5)
        axes.annotate(
            f"{name} {mean:.{decimals}f}",
            (1.02, height),
            xycoords=("axes fraction", "data"),
            size=SMALL,
            color="#555555",
            va="center",
        )
