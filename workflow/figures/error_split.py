"""Where the error of each restoration comes from: a panel per task, a bar per method."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from priorbench.results import ERROR_PARTS, Results
from workflow.figures._style import GREY, INK, SMALL, panels, said
from workflow.quality import marked
from workflow.splitting import SCALE, WHOLE, error_split, tasks_split
from workflow.summaries import REPRESENT, digits, task_label

CAPTION = (
    "Shares of the mean squared error of raw outputs; its size, times 1,000, stands at the right. "
    "Range: missed of clean images too. Search: the data explained worse than the range allows. "
    "Ambiguity: the data left it open. †: stopped by the budget before a plateau."
)
# told apart in print by their lightness
SHADES = dict(zip(ERROR_PARTS, ("#332288", "#cc6677", "#d6d6d6"), strict=True))
BAR = 0.17  # inches


def draw(results: Results, imageset: str) -> Figure:
    """Return a panel per task and a legend that they share."""
    tasks = tasks_split(results, imageset)
    if not tasks:
        return said("no error was split")
    methods = shown(results, imageset)
    height = BAR * len(methods) + 0.55
    figure, (*places, legend) = panels(len(tasks) + 1, height, share=True)
    for axes, task in zip(places, tasks, strict=True):
        _panel(axes, results, imageset, error_split(results, imageset, task))
        axes.set_title(task_label(results, task), weight="bold")
    legend.axis("off")
    handles = [
        Patch(facecolor=shade, edgecolor=INK, linewidth=0.3, label=part)
        for part, shade in SHADES.items()
    ]
    legend.legend(handles=handles, loc="center left", labelspacing=0.6)
    return figure


def shown(results: Results, imageset: str) -> list[str]:
    """Return the methods whose errors can be split: those that are shown clean images."""
    experiment = results.experiment
    return [m for m in experiment.methods_of(imageset) if experiment.does(m, REPRESENT)]


def _panel(axes: Axes, results: Results, imageset: str, found: dict[str, pd.DataFrame]) -> None:
    methods = shown(results, imageset)
    errors = found[WHOLE]["mean"]
    decimals = digits(SCALE * errors)
    for place, method in enumerate(methods):
        if method not in errors.index:
            axes.text(0, place, " not restored", va="center", size=SMALL, color=GREY)
            continue
        begin = 0.0
        for part, shade in SHADES.items():
            share = found[part].loc[method, "mean"] / errors[method] if errors[method] else 0.0
            style: Any = {"color": shade, "edgecolor": INK, "linewidth": 0.3}
            axes.barh(place, 100 * share, 0.78, begin, **style)
            begin += 100 * share
        number = f"{SCALE * errors[method]:.{decimals}f}"
        axes.text(102, place, number, va="center", size=SMALL)
    labels = [marked(results, imageset, method)[0] for method in methods]
    axes.set_yticks(range(len(methods)), labels)
    axes.set_ylim(len(methods) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 50, 100], ["0", "50", "100 %"])
    axes.tick_params(axis="x", labelbottom=True)
    axes.tick_params(axis="y", length=0)
